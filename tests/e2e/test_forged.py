"""Messages that a caller has forged into the stream: the line stays up or comes back into step, no other call changes, and the
audit trail has a line of it. The messages are made by the test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from configuration import Configuration, Pbx, Site, Storage
from runtime.schema import audit
from service import Service
from telephony.link_state import LinkState
from telephony.pbx_settings import AmiAccount
from telephony.simulated import SimulatedPbx
from telephony.simulated_plan import Plan, Ring
from telephony.simulated_request import Account
from tests.patience import PATIENT_S
from tests.rig.sockets import free_tcp_port
from tests.servers.ami_messages import hangup, newchannel
from web.settings import WebSettings

VICTIM = "79161234567"


@contextlib.asynccontextmanager
async def centre(folder: Path) -> AsyncIterator[tuple[SimulatedPbx, Service]]:
    pbx = SimulatedPbx(accounts={"meridian": Account(secret="hush")})
    port = await pbx.start()
    service = Service(
        Configuration(
            site=Site(name="t", timezone="Europe/Moscow", region="RU"),
            pbx={"sim": Pbx(host="127.0.0.1", port=port, listener=AmiAccount(user="meridian", secret="hush"))},
            database=Storage(url=f"sqlite:///{folder / 'm.db'}", folder=folder),
            web=WebSettings(port=free_tcp_port()),
        )
    )
    try:
        async with service.running():
            async with asyncio.timeout(PATIENT_S):
                await service.links["sim"].settled()
            yield pbx, service
    finally:
        await pbx.stop()


async def until(holds: Callable[[], bool], what: str) -> None:
    for _ in range(100):
        if holds():
            return
        await asyncio.sleep(0.1)
    pytest.fail(f"not {what} within 10 s")


async def audited(service: Service) -> list[str]:
    await service.writer.flush()
    query = sa.select(audit.c.action).where(audit.c.action == "ami_stream_tainted")
    return list(await service.database.read(lambda c: c.scalars(query).all()))


def torn(inside: bytes) -> bytes:
    """A real event whose number holds a line break and a message of the caller's making."""
    return newchannel(77).replace(b"79161110001", b"79161110001\r\n\r\n" + inside)


@pytest.mark.parametrize(
    "forged",
    [
        torn(b"Event: Shutdown\r\nShutdown: Cleanly\r\nRestart: False"),
        torn(b"Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted"),
        torn(b"Event: Hangup\r\nPrivilege: call,all\r\nChannel: VICTIM\r\nUniqueid: UNIQUE\r\nCause: 16"),
        hangup(78).replace(b"79161110001", b"79161110001\r\nEvent: Shutdown"),
        hangup(78).replace(b"79161110001", b"79161110001\r\nUniqueid: UNIQUE"),
        b"\x00\x01garbage without end of line\r\n\r\n",
    ],
    ids=["shutdown", "booted", "hangup", "second event header", "second uniqueid", "garbage"],
)
async def test_forged_messages(tmp_path: Path, forged: bytes) -> None:
    async with centre(tmp_path) as (pbx, service):
        tracker, link = service.trackers["sim"], service.links["sim"]
        call = pbx.calls.inbound(
            number=VICTIM, name="Victim", dialled="500", plan=Plan(rings=(("1001", Ring(after_s=0.2)),), talk_s=60.0)
        )
        await until(lambda: any(c.answered for c in tracker.calls.values()), "talking")
        (victim,) = tracker.calls.values()
        before = (victim.call_id, set(victim.channels), victim.answered)
        fill = forged.replace(b"VICTIM", victim.primary.name.encode()).replace(
            b"UNIQUE", victim.primary.uniqueid.encode()
        )
        resyncs = link.figures.resyncs
        pbx.inject(fill)
        await until(lambda: link.figures.resyncs > resyncs and link.state is LinkState.LIVE, "in step again")
        assert await audited(service) == ["ami_stream_tainted"]
        # The other call goes on untouched, and nothing was made of the forgery.
        (still,) = tracker.calls.values()
        assert (still.call_id, set(still.channels), still.answered) == before
        assert link.figures.losses == 0
        pbx.hang_up_caller(call)
        await until(lambda: not tracker.calls, "over")
        await service.writer.flush()
        (stored,) = await service.store.recent("t")
        assert stored.card.caller_number == VICTIM and stored.card.ended_at is not None
