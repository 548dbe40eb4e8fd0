"""The link and every command against a real Asterisk 22 with SIPp phones."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict, NotFound
from telephony.commands import (
    AttendedTransfer,
    BlindTransfer,
    CancelTransfer,
    HangUp,
    Mute,
    Park,
    PlaceCall,
    Spy,
    SpyMode,
    own_channel_id,
)
from telephony.facts import (
    AgentRang,
    AttendedTransferred,
    BlindTransferred,
    BridgeEntered,
    ChannelCreated,
    FromPbx,
    HungUp,
    InStep,
    LinkLost,
    LiveChannel,
    Originated,
    Parked,
    QueueJoined,
    QueueMember,
    RecordingBegan,
    Spied,
)
from telephony.link_state import LinkState
from telephony.member_commands import AddMember, PauseMember, RemoveMember, SetGlobal, SetPenalty
from telephony.panoramisk_link_recorder import Recorder
from telephony.pbx_settings import AmiAccount, PbxSettings
from telephony.recording_commands import PauseRecording, ResumeRecording, StartRecording, StopRecording
from tests.adapters.link_line import Line, until
from tests.patience import PATIENT_S
from tests.rig.driver import Ami
from tests.rig.instance import Asterisk
from tests.rig.phones import Phone, PhoneRoom

pytestmark = pytest.mark.real("asterisk")

SVC = AmiAccount(user="svc", secret="svc")


@pytest.fixture(scope="module")
def asterisk() -> Iterator[Asterisk]:
    with Asterisk() as running:
        yield running


@pytest.fixture
def watcher(asterisk: Asterisk) -> Iterator[Ami]:
    """The tests' own AMI session, to see what the link must not be trusted for."""
    ami = Ami(asterisk.ports.ami)
    yield ami
    ami.close()


@pytest.fixture
def room(asterisk: Asterisk) -> Iterator[PhoneRoom]:
    phones = PhoneRoom(asterisk.ports.sip)
    yield phones
    asterisk.cli("channel", "request", "hangup", "all")
    phones.close()


@pytest.fixture
async def line(asterisk: Asterisk) -> AsyncIterator[Line]:
    made = Line(settings(asterisk))
    await made.link.start()
    await made.live()
    await made.takes_commands()
    yield made
    await made.link.stop()


def settings(asterisk: Asterisk, **changes: Any) -> PbxSettings:
    base = PbxSettings(name="rig", host="127.0.0.1", port=asterisk.ports.ami, listener=SVC)
    return replace(base, **changes)


async def do(act: Callable[..., Any], *args: Any) -> Any:
    """Phones block; the loop must not."""
    return await asyncio.to_thread(act, *args)


async def talk(line: Line, room: PhoneRoom) -> tuple[Phone, Phone, str, str]:
    """A caller in the queue and agent 1001 talk: both phones, the Uniqueids of caller and agent."""
    await line.link.send(AddMember(queue="support", phone="PJSIP/1001", name="Иван"))
    try:
        agent = await do(room.agent, 1001)
        caller = await do(room.call, "79161110001", "500", '"Anna"')
        rang = await line.fact(AgentRang)
        await do(agent.wait, "RINGING")
        await do(agent.answer)
        await line.fact(BridgeEntered, uniqueid=rang.dest_uniqueid)
        return agent, caller, rang.uniqueid, rang.dest_uniqueid
    finally:
        await line.link.send(RemoveMember(queue="support", phone="PJSIP/1001"))


async def channels(asterisk: Asterisk) -> tuple[LiveChannel, ...]:
    """What is live now, as a link that comes anew sees it."""
    made = Line(settings(asterisk))
    await made.link.start()
    await made.live()
    await made.link.stop()
    return tuple(made.of(InStep)[-1].snapshot.channels)


def new_id(count: int = 1) -> str:
    return own_channel_id(at=datetime.now(UTC), token="t0ken", count=count)


# -- the line


@pytest.mark.parametrize("changes", [{}, {"md5_login": False}, {"tls": True}])
async def test_it_logs_in_and_is_live(asterisk: Asterisk, changes: dict[str, Any]) -> None:
    if "tls" in changes:
        ca = str(asterisk.directory / "keys" / "ami.crt")
        changes = {"tls": True, "ca_file": ca, "port": asterisk.ports.ami + 1, "host": "localhost"}
    made = Line(settings(asterisk, **changes))
    await made.link.start()
    await made.live()
    assert made.of(InStep)[0].snapshot.missing == ()
    await made.link.stop()


async def test_a_certificate_of_somebody_else_is_refused(asterisk: Asterisk) -> None:
    made = Line(settings(asterisk, tls=True, port=asterisk.ports.ami + 1))
    await made.link.start()
    await until(lambda: made.link.state is LinkState.LOST)
    assert "ca_file" in made.link.state_text
    await made.link.stop()


async def test_the_two_accounts_with_least_rights_do(asterisk: Asterisk) -> None:
    two = {user: AmiAccount(user=user, secret=user) for user in ("listener", "controller")}
    made = Line(settings(asterisk, **two))
    await made.link.start()
    await made.live()
    await made.takes_commands()
    await made.link.send(SetGlobal(variable="CC_HEARTBEAT", value="1"))
    await made.link.stop()


@pytest.mark.parametrize(
    ("user", "state", "words"),
    [
        ("deaf", LinkState.MISSING_RIGHTS, "read class system"),
        ("frugal", LinkState.MISSING_RIGHTS, "read class system"),
        ("mighty", LinkState.EXCESS_RIGHTS, "command"),
        ("nobody", LinkState.BAD_CREDENTIALS, "'nobody'"),
    ],
)
async def test_wrong_accounts_are_named(asterisk: Asterisk, user: str, state: LinkState, words: str) -> None:
    quick = {"booted_deadline_s": 0.3, "boot_patience_s": 0.3}
    made = Line(settings(asterisk, listener=AmiAccount(user=user, secret=user), **quick))
    await made.link.start()
    assert await asyncio.wait_for(made.link.settled(), PATIENT_S) is state
    assert words in made.link.state_text
    await made.link.stop()


async def test_a_snapshot_during_calls_tells_who_waits_and_who_talks(
    asterisk: Asterisk, line: Line, room: PhoneRoom
) -> None:
    _, _, caller_id, agent_id = await talk(line, room)
    await do(room.call, "79161110002", "600", '"O\'Brien"')
    await line.fact(QueueJoined, queue="lobby")
    await line.link.send(AddMember(queue="sales", phone="PJSIP/1002", name="Мария", penalty=3, paused=True))
    late = Line(settings(asterisk))
    await late.link.start()
    await late.live()
    snapshot = late.of(InStep)[0].snapshot
    channels = {c.uniqueid: c for c in snapshot.channels}
    assert channels[caller_id].bridge == channels[agent_id].bridge != ""
    assert channels[agent_id].dialled_by_pbx and not channels[caller_id].dialled_by_pbx
    assert abs((snapshot.at - channels[caller_id].created_at).total_seconds()) < 10
    assert [c.name for c in snapshot.channels if c.number == "79161110002"] == ["O'Brien"]
    assert [w.queue for w in snapshot.waiting] == ["lobby"]
    assert QueueMember("sales", "PJSIP/1002", "Мария", True, "", 3, 1) in snapshot.members
    assert {"PJSIP/1001"} <= {d.device for d in snapshot.devices}
    assert [b.bridge for b in snapshot.bridges] == [channels[caller_id].bridge]
    await late.link.stop()
    await line.link.send(RemoveMember(queue="sales", phone="PJSIP/1002"))


async def test_filters_leave_only_events_that_are_used(asterisk: Asterisk, room: PhoneRoom, tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "line.ami")
    made = Line(settings(asterisk), recorder=recorder)
    await made.link.start()
    await made.live()
    await made.takes_commands()
    before = len(made.of(FromPbx))
    at = (tmp_path / "line.ami").stat().st_size
    _, caller, caller_id, _ = await talk(made, room)
    await do(caller.hangup)
    await made.fact(HungUp, uniqueid=caller_id)
    await made.link.stop()
    recorder.close()
    sent = (tmp_path / "line.ami").read_bytes()[at:].count(b"Event: ")
    used = len(made.of(FromPbx)) - before
    assert sent - used <= 3  # our own probes, and at most one of the lists
    assert used <= 16  # 34 without filters


async def test_an_orderly_restart_and_a_crash_are_recognised(asterisk: Asterisk, line: Line, room: PhoneRoom) -> None:
    await do(room.call, "79161110001", "600")
    joined = await line.fact(QueueJoined, queue="lobby")
    await do(asterisk.restart)
    await line.in_step(2, 20)
    assert (await line.fact(HungUp, uniqueid=joined.uniqueid)).channel == joined.channel
    await do(room.call, "79161110002", "600")
    await until(lambda: len(line.facts(QueueJoined)) == 2)
    await do(asterisk.kill)
    await until(lambda: len(line.of(LinkLost)) == 2)
    await do(lambda: asterisk.start(fresh=False))
    await line.in_step(3, 20)
    snapshots = [got.snapshot for got in line.of(InStep)]
    assert len({snapshot.boot_id for snapshot in snapshots}) == 3
    assert snapshots[-1].channels == () and snapshots[-1].waiting == () and snapshots[-1].missing == ()
    await line.takes_commands()


# -- commands


async def test_place_call_and_hang_up(line: Line, room: PhoneRoom) -> None:
    agent, outside = await do(room.agent, 1001), await do(room.trunk)
    leg = new_id()
    await line.link.send(
        PlaceCall(phone="PJSIP/1001", context="from-agent", number="979161110001", channel_id=leg, shown_name="Анна")
    )
    await do(agent.wait, "RINGING")
    assert "Анна" in agent.last or "79161110001" in agent.last
    await do(agent.answer)
    await do(outside.wait, "RINGING")
    await do(outside.answer)
    assert (await line.fact(Originated, uniqueid=leg)).succeeded
    await until(lambda: len(line.facts(BridgeEntered)) == 2)
    await line.link.send(HangUp(uniqueid=leg))
    assert (await line.fact(HungUp, uniqueid=leg)).cause == 16
    await do(outside.wait, "ENDED")
    with pytest.raises(NotFound):
        await line.link.send(HangUp(uniqueid=leg))


async def test_blind_transfer(line: Line, room: PhoneRoom) -> None:
    _, _, caller_id, agent_id = await talk(line, room)
    second = await do(room.agent, 1002)
    await line.link.send(BlindTransfer(uniqueid=agent_id, context="from-agent", number="1002"))
    await do(second.wait, "RINGING")
    await do(second.answer)
    done = await line.fact(BlindTransferred)
    assert (done.transferer, done.transferee, done.extension) == (agent_id, caller_id, "1002")


async def test_attended_transfer(asterisk: Asterisk, line: Line, room: PhoneRoom) -> None:
    first, _, caller_id, agent_id = await talk(line, room)
    second = await do(room.agent, 1002)
    await line.link.send(AttendedTransfer(uniqueid=agent_id, context="from-agent", number="1002"))
    await do(first.speak, 80)  # Atxfer times its keys by the sound that comes
    await do(second.wait, "RINGING")
    await do(second.answer)
    await asyncio.sleep(0.5)
    await line.link.send(HangUp(uniqueid=agent_id))
    await line.fact(AttendedTransferred)
    second_leg = next(f.uniqueid for f in line.facts(ChannelCreated) if f.channel.startswith("PJSIP/1002-"))
    await line.fact(HungUp, uniqueid=agent_id)
    bridges = {c.uniqueid: c.bridge for c in await channels(asterisk)}
    assert bridges[caller_id] and agent_id not in bridges and second_leg in bridges


async def test_an_attended_transfer_can_be_taken_back(line: Line, room: PhoneRoom) -> None:
    first, _, caller_id, agent_id = await talk(line, room)
    second = await do(room.agent, 1002)
    await line.link.send(AttendedTransfer(uniqueid=agent_id, context="from-agent", number="1002"))
    await do(first.speak, 80)  # Atxfer times its keys by the sound that comes
    await do(second.wait, "RINGING")
    await do(second.answer)
    await asyncio.sleep(0.3)
    mark = len(line.facts(BridgeEntered))
    await line.link.send(CancelTransfer(uniqueid=agent_id))
    await until(lambda: agent_id in [f.uniqueid for f in line.facts(BridgeEntered)[mark:]])
    assert caller_id not in [f.uniqueid for f in line.facts(HungUp)]


async def test_park(line: Line, room: PhoneRoom) -> None:
    agent, _, caller_id, agent_id = await talk(line, room)
    origin = next(f.channel for f in line.facts(ChannelCreated) if f.uniqueid == agent_id)
    await line.link.send(Park(uniqueid=caller_id, origin=origin, timeout_s=2))
    assert (await line.fact(Parked, uniqueid=caller_id)).slot == "701"
    await do(agent.wait, "RINGING")  # nobody fetched the client, who comes back to the one who parked


async def test_mute(line: Line, room: PhoneRoom) -> None:
    _, _, _, agent_id = await talk(line, room)
    for muted in (True, False, False):
        await line.link.send(Mute(uniqueid=agent_id, muted=muted))
    with pytest.raises(NotFound):
        await line.link.send(Mute(uniqueid="1.1", muted=True))


@pytest.mark.parametrize("mode", list(SpyMode))
async def test_listen_whisper_and_barge(line: Line, room: PhoneRoom, watcher: Ami, mode: SpyMode) -> None:
    await talk(line, room)
    supervisor = await do(room.agent, 1003)
    leg = new_id()
    await line.link.send(Spy(supervisor="PJSIP/1003", endpoint="PJSIP/1001", mode=mode, channel_id=leg))
    await do(supervisor.wait, "RINGING")
    await do(supervisor.answer)
    await line.fact(Spied, uniqueid=leg)
    started = await do(watcher.event, "ChanSpyStart")
    assert started["SpyeeChannel"].startswith("PJSIP/1001-")
    spying = next(c for c in await do(watcher.listing, "CoreShowChannels") if c.get("Uniqueid") == leg)
    assert spying["ApplicationData"] == f"PJSIP/1001-,{ {'listen': 'qE', 'whisper': 'qEw', 'barge': 'qEB'}[mode] }"


async def test_recording(asterisk: Asterisk, line: Line, room: PhoneRoom, watcher: Ami) -> None:
    _, _, caller_id, _ = await talk(line, room)
    await line.link.send(StartRecording(uniqueid=caller_id, file="rec-1.wav"))
    await line.fact(RecordingBegan, uniqueid=caller_id)
    await line.link.send(PauseRecording(uniqueid=caller_id))
    assert (await do(watcher.event, "MixMonitorMute"))["State"] == "1"
    mark = watcher.mark()
    await line.link.send(ResumeRecording(uniqueid=caller_id))
    assert (await do(lambda: watcher.event("MixMonitorMute", since=mark)))["State"] == "0"
    await line.link.send(StopRecording(uniqueid=caller_id))
    await do(watcher.event, "MixMonitorStop")
    assert list(asterisk.directory.rglob("rec-1.wav"))


async def test_members(line: Line, watcher: Ami) -> None:
    async def member(queue: str) -> tuple[str, ...] | None:
        entries = await do(lambda: watcher.listing("QueueStatus", Queue=queue, Member="PJSIP/1004"))
        found = [e for e in entries if e["Event"] == "QueueMember"]
        keys = ("Name", "Paused", "PausedReason", "Penalty")
        return tuple(found[0][key] for key in keys) if found else None

    for queue in ("support", "sales"):
        await line.link.send(AddMember(queue=queue, phone="PJSIP/1004", name="Мария"))
    assert await member("support") == ("Мария", "0", "", "0")
    await line.link.send(PauseMember(phone="PJSIP/1004", paused=True, queue="support", reason="lunch"))
    assert await member("support") == ("Мария", "1", "lunch", "0")
    assert await member("sales") == ("Мария", "0", "", "0")
    await line.link.send(PauseMember(phone="PJSIP/1004", paused=False))
    await line.link.send(SetPenalty(phone="PJSIP/1004", penalty=7, queue="support"))
    assert await member("support") == ("Мария", "0", "", "7")
    with pytest.raises(Conflict):
        await line.link.send(AddMember(queue="support", phone="PJSIP/1004", name="Мария"))
    with pytest.raises(NotFound):
        await line.link.send(AddMember(queue="nowhere", phone="PJSIP/1004", name="Мария"))
    for queue in ("support", "sales"):
        await line.link.send(RemoveMember(queue=queue, phone="PJSIP/1004"))
    assert await member("support") is None
    with pytest.raises(NotFound):
        await line.link.send(RemoveMember(queue="support", phone="PJSIP/1004"))


async def test_the_heartbeat(line: Line, watcher: Ami) -> None:
    await line.link.send(SetGlobal(variable="CC_HEARTBEAT", value="1795289549"))
    assert (await do(lambda: watcher.action("Getvar", Variable="CC_HEARTBEAT")))["Value"] == "1795289549"
