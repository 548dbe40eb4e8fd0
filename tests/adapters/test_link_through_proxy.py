"""The link on a real Asterisk behind a network that misbehaves, and on the simulated PBX."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from core.errors import ResultUnknown
from telephony.commands import PlaceCall
from telephony.facts import BridgeEntered, ChannelCreated, HungUp, InStep, LinkLost, QueueJoined
from telephony.pbx_settings import AmiAccount, PbxSettings
from telephony.simulated import SimulatedPbx
from telephony.simulated_request import Account
from telephony.simulated_traffic import TrafficPlan
from tests.adapters.link_line import Line, until
from tests.rig.instance import Asterisk
from tests.rig.phones import PhoneRoom
from tests.servers.tcp_proxy import TcpProxy

SVC = AmiAccount(user="svc", secret="svc")


def settings(port: int, **changes: Any) -> PbxSettings:
    quick: dict[str, Any] = {"retry_first_s": 0.05, "retry_most_s": 0.3, "ping_s": 0.5, "action_deadline_s": 1.0}
    return PbxSettings(name="rig", host="127.0.0.1", port=port, listener=SVC, **quick | changes)


@pytest.fixture(scope="module")
def asterisk() -> Iterator[Asterisk]:
    with Asterisk() as running:
        yield running


@pytest.fixture
def room(asterisk: Asterisk) -> Iterator[PhoneRoom]:
    phones = PhoneRoom(asterisk.ports.sip)
    yield phones
    asterisk.cli("channel", "request", "hangup", "all")
    phones.close()


@pytest.fixture
async def proxy(asterisk: Asterisk) -> AsyncIterator[TcpProxy]:
    async with TcpProxy("127.0.0.1", asterisk.ports.ami) as between:
        yield between


@pytest.fixture
async def line(proxy: TcpProxy) -> AsyncIterator[Line]:
    made = Line(settings(proxy.port))
    await made.link.start()
    await made.live()
    await made.takes_commands()
    yield made
    await made.link.stop()


@pytest.mark.real("asterisk")
async def test_what_happens_while_the_line_is_cut_shows_in_the_next_snapshot(
    line: Line, proxy: TcpProxy, room: PhoneRoom
) -> None:
    await asyncio.to_thread(room.call, "79161110001", "600")
    first = await line.fact(QueueJoined, queue="lobby")
    proxy.cut(refuse=True)
    await until(lambda: line.of(LinkLost), 1.0)
    await asyncio.to_thread(room.call, "79161110002", "600")
    await asyncio.sleep(1.0)
    proxy.resume()
    await line.in_step(2)
    snapshot = line.of(InStep)[-1].snapshot
    assert {c.number for c in snapshot.channels} == {"79161110001", "79161110002"}
    assert {w.queue for w in snapshot.waiting} == {"lobby"} and first.uniqueid in {w.uniqueid for w in snapshot.waiting}


@pytest.mark.real("asterisk")
async def test_a_half_open_line_is_known_in_time_and_comes_back(line: Line, proxy: TcpProxy) -> None:
    proxy.freeze()
    await until(lambda: line.of(LinkLost), 3 * 0.5 + 0.3)  # with ping_s = 3, as by default: within 9.3 s
    await asyncio.sleep(0.5)
    proxy.resume()
    await line.in_step(2)


@pytest.mark.real("asterisk")
async def test_an_originate_whose_answer_is_lost_rings_once(line: Line, proxy: TcpProxy, room: PhoneRoom) -> None:
    phone = await asyncio.to_thread(room.agent, 1001)
    proxy.drop_replies()
    call = PlaceCall(
        phone="PJSIP/1001", context="from-agent", number="1002", channel_id="mc.once.1795289549.1", timeout_s=3
    )
    with pytest.raises(ResultUnknown):
        await line.link.send(call)
    proxy.cut()
    proxy.resume()
    await line.in_step(2)
    await line.takes_commands()
    await asyncio.sleep(3.5)  # long enough for a second ring after the first has ended
    assert len([seen for seen in phone.lines() if seen.startswith("RINGING")]) == 1


@pytest.mark.real("asterisk")
async def test_single_bytes_say_the_same(line: Line, proxy: TcpProxy, room: PhoneRoom) -> None:
    proxy.split()
    await asyncio.to_thread(room.call, "79161110001", "600", '"Жанна"')
    assert (await line.fact(ChannelCreated, number="79161110001")).name == "Жанна"
    assert line.of(LinkLost) == [] and line.link.figures.odd == 0


# -- the simulated PBX


@pytest.fixture
async def simulated() -> AsyncIterator[SimulatedPbx]:
    pbx = SimulatedPbx(accounts={"svc": Account(secret="svc")}, speed=20.0, traffic=TrafficPlan(calls_per_hour=7200.0))
    await pbx.start()
    yield pbx
    await pbx.stop()


async def test_the_simulated_pbx_is_one_for_the_link(simulated: SimulatedPbx) -> None:
    made = Line(settings(simulated.port))
    await made.link.start()
    await made.live()
    await made.takes_commands()
    await until(lambda: made.facts(BridgeEntered) and made.facts(HungUp), 20.0)
    assert made.link.figures.odd == 0 and made.of(InStep)[0].snapshot.missing == ()
    simulated.drop()
    await made.in_step(2)
    await made.link.stop()
