"""What a link records is replayed as the link heard it: the same snapshots, facts and losses, in the same order."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from commands.replay import Replay, as_contract, read_capture
from core.model import EndedBy
from telephony.capture import Capture
from telephony.facts import AgentRang, ChannelCreated, FromPbx, HungUp, InStep, LinkLost
from telephony.panoramisk_link_recorder import Recorder
from telephony.pbx_settings import AmiAccount, PbxSettings
from telephony.simulated import Account, SimulatedPbx
from telephony.simulated_exchange import Company
from telephony.simulated_plan import Plan, Ring
from tests.adapters.link_line import Line, until

COMPANY = Company(queues={"support": ("1001", "1002")}, dids={"500": "support"})
LONG = Plan(rings=(("1001", Ring(after_s=5)),), talk_s=600)  # still in the queue when the link has come


@pytest.fixture
async def pbx() -> AsyncIterator[SimulatedPbx]:
    simulated = SimulatedPbx(accounts={"u": Account(secret="s")}, company=COMPANY, speed=20)
    await simulated.start()
    yield simulated
    await simulated.stop()


def settings(pbx: SimulatedPbx) -> PbxSettings:
    return PbxSettings(
        name="capture", host="127.0.0.1", port=pbx.port, listener=AmiAccount(user="u", secret="s"),
        resync_pause_s=0.05, retry_first_s=0.02, retry_most_s=0.1, reconcile_s=0.4,
    )  # fmt: skip


def skeleton(told: list[Any]) -> list[Any]:
    """What was told, without the instants at which it was heard."""
    plain: list[Any] = []
    for one in told:
        if isinstance(one, FromPbx):
            plain.append(one.fact._replace(at=None))
        elif isinstance(one, InStep):
            snapshot = one.snapshot
            channels = sorted((c.uniqueid, c.bridge, c.state, c.application) for c in snapshot.channels)
            plain.append(("in step", snapshot.boot_id, channels, sorted(w.uniqueid for w in snapshot.waiting)))
        elif isinstance(one, LinkLost):
            plain.append("lost")
        else:
            plain.append(one._replace(at=None))
    return plain


def in_step_only(told: list[Any]) -> list[Any]:
    """Without what came between a login and its snapshot: a link doesn't believe that yet, a recording may hold nothing else."""
    believed: list[Any] = []
    in_step = False
    for one in told:
        if isinstance(one, InStep | LinkLost):
            in_step = isinstance(one, InStep)
        elif not in_step:
            continue
        believed.append(one)
    return believed


async def test_a_recording_over_two_connections_from_mid_call_on(pbx: SimulatedPbx, tmp_path: Path) -> None:
    file = tmp_path / "live.ami"
    first = pbx.calls.inbound(number="79161110001", name="Жанна", plan=LONG)
    await until(lambda: first.truth.queue)
    recorder = Recorder(file)
    line = Line(settings(pbx), recorder=recorder)
    await line.link.start()
    try:
        await line.live()
        pbx.calls.inbound(number="79161110002", plan=Plan(rings=(("1002", Ring(after_s=1)),), talk_s=600))
        await line.fact(AgentRang)
        pbx.drop()
        await until(lambda: line.of(LinkLost))
        await line.in_step(2)
        pbx.calls.inbound(number="79161110003", plan=Plan(patience_s=20))
        await line.fact(ChannelCreated, number="79161110003")
        await line.fact(HungUp)
        before = len(line.of(InStep))
        await until(lambda: len(line.of(InStep)) > before)  # a periodic one
    finally:
        await line.link.stop()
        recorder.close()
    capture, told = Capture("capture"), []
    for piece in read_capture(file):
        told += capture.feed(piece)
    told += capture.end()
    heard = skeleton(line.got)
    assert capture.odd == [] and "lost" in heard and heard[0][0] == "in step"
    assert skeleton(in_step_only(told))[: len(heard)] == heard

    replay = Replay(("PJSIP/1???",))
    for piece in read_capture(file):
        replay.feed(piece)
    replay.end()
    cards = {card.caller_number: card for card in replay.finished()}
    assert set(cards) == {"79161110001", "79161110002", "79161110003"}
    assert [card.inferred for card in cards.values()] == [True, True, False]
    assert cards["79161110001"].queues == ("support",) and cards["79161110003"].ended_by is EndedBy.CALLER
    assert as_contract(cards["79161110002"])["rang"] or cards["79161110002"].legs
