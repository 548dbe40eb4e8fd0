"""The ACD mode on a real Asterisk with the dialplan that we ship: offers ring, are lost, answered and raced for; doors; and callers
whom nobody chooses for, who are never stranded."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import configuration
from commands.dialplan import acd_queues
from core import events as e
from core.effects import RingAgent, SendCaller, StopRinging
from core.lobby import Lobby
from core.model import Door, LegOutcome
from telephony.ami_heartbeat import Heartbeat
from telephony.ami_offers import Offers
from telephony.commands import AttendedTransfer
from telephony.dialplan import dialplan_of
from telephony.facts import FromPbx, InStep, LinkLost
from telephony.link_state import LinkState
from telephony.live import Endpoints
from telephony.member_commands import AddMember, RemoveMember, SetGlobal
from telephony.panoramisk_link import PbxLink
from telephony.pbx_settings import AmiAccount, PbxSettings
from telephony.tracker import CallTracker
from tests.adapters.link_line import until
from tests.rig.driver import Ami
from tests.rig.instance import RIG, Asterisk
from tests.rig.phones import Phone, PhoneRoom

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]
RIG_FOLDER = Path(RIG).parent


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def asterisk() -> Iterator[Asterisk]:
    with Asterisk("acd") as running:
        yield running


@pytest.fixture
def room(asterisk: Asterisk) -> Iterator[PhoneRoom]:
    phones = PhoneRoom(asterisk.ports.sip)
    yield phones
    asterisk.cli("channel", "request", "hangup", "all")
    phones.close()


class Node:
    """One service node, but for its choosing: link, tracker, offers and heartbeat; all that was told."""

    def __init__(self, asterisk: Asterisk, *, beats: bool = True) -> None:
        two = {role: AmiAccount(user=role, secret=role) for role in ("listener", "controller")}
        self.asterisk = asterisk
        self.told: list[Any] = []
        self.tracker = CallTracker(site="riga", pbx="rig", endpoints=Endpoints(("PJSIP/1???",)))
        self.link = PbxLink(PbxSettings(name="rig", host="127.0.0.1", port=asterisk.ports.ami, **two), self._take)
        self.offers = Offers({"rig": self.link}, {"rig": "PJSIP/{extension}"}, self.told.append, now)
        self.heartbeat = Heartbeat({"rig": self.link}, lambda pbx: beats, every_s=0.5)
        self.snapshots: list[InStep] = []

    def _take(self, got: Any) -> None:
        match got:
            case FromPbx():
                self.told += self.tracker.on_from_pbx(got)
            case InStep():
                self.snapshots.append(got)
                self.told += self.tracker.on_in_step(got)
            case LinkLost():
                self.told += self.tracker.on_link_lost(got)

    @contextlib.asynccontextmanager
    async def at_work(self) -> AsyncIterator["Node"]:
        await self.link.start()
        await until(lambda: self.link.state is LinkState.LIVE and self.link.commands_text == "")
        async with asyncio.TaskGroup() as tasks:
            work = [tasks.create_task(self.offers.run()), tasks.create_task(self.heartbeat.run())]
            yield self
            for task in work:
                task.cancel()
        await self.link.stop()

    def of(self, kind: type, **fields: Any) -> list[Any]:
        found = [event for event in self.told if isinstance(event, kind)]
        return [event for event in found if all(getattr(event, k) == v for k, v in fields.items())]

    async def hears(self, kind: type, at_most_s: float = 10.0, **fields: Any) -> Any:
        await until(lambda: self.of(kind, **fields), at_most_s)
        return self.of(kind, **fields)[0]

    def story(self, call_id: str) -> list[str]:
        """What was told of a call, in order, without what every call has."""
        left_out = (e.CallLinked, e.LegGone)
        events = [event for event in self.told if isinstance(event, e.CallEvent) and event.call_id == call_id]
        return [type(event).__name__ for event in events if not isinstance(event, left_out)]

    # -- what a dispatcher would ask for

    def ring(self, arrived: e.CallArrived, agent: str, attempt: str = "1", *, ring_s: int = 20) -> str:
        offer_id = f"cc.{arrived.uniqueid}.{attempt}"
        self.offers.put(
            RingAgent(
                pbx="rig", call_id=arrived.call_id, offer_id=offer_id, agent=agent, queue="support-acd",
                caller_channel=arrived.channel, caller_uniqueid=arrived.uniqueid, shown_number=arrived.caller_number,
                shown_name=arrived.caller_name, ring_s=ring_s,
            )
        )  # fmt: skip
        return offer_id

    def stop(self, offer_id: str) -> None:
        self.offers.put(StopRinging(pbx="rig", offer_id=offer_id))

    def send(self, arrived: e.CallArrived, door: Door, queue: str) -> None:
        self.offers.put(
            SendCaller(
                pbx="rig", call_id=arrived.call_id, caller_uniqueid=arrived.uniqueid, caller_channel=arrived.channel,
                door=door, queue=queue,
            )
        )  # fmt: skip


@pytest.fixture
async def node(asterisk: Asterisk) -> AsyncIterator[Node]:
    async with Node(asterisk).at_work() as working:
        await asyncio.sleep(0.1)  # the first beat
        yield working


async def do(act: Any, *args: Any) -> Any:
    """Phones block; the loop must not."""
    return await asyncio.to_thread(act, *args)


async def waiting(node: Node, room: PhoneRoom, to: str = "610") -> tuple[Phone, e.CallArrived]:
    """A caller who waits in our queue."""
    before = len(node.of(e.CallArrived))
    caller = await do(room.call, "79161110001", to, '"Anna"')
    await until(lambda: len(node.of(e.CallArrived)) > before)
    arrived = node.of(e.CallArrived)[-1]
    await node.hears(e.CallQueued, call_id=arrived.call_id)
    return caller, arrived


async def talking(node: Node, room: PhoneRoom, to: str = "610") -> tuple[Phone, Phone, e.CallArrived, str]:
    """A caller and agent 1001 talk: caller's phone, agent's phone, the call, the offer."""
    agent = await do(room.agent, 1001)
    caller, arrived = await waiting(node, room, to)
    offer_id = node.ring(arrived, "1001")
    await do(agent.wait, "RINGING")
    await do(agent.answer)
    await node.hears(e.CallAnswered, leg_id=offer_id)
    return caller, agent, arrived, offer_id


async def variable(node: Node, arrived: e.CallArrived, name: str) -> str:
    shown = await do(node.asterisk.cli, "core", "show", "channel", arrived.channel)
    return next((line.partition("=")[2] for line in shown.splitlines() if line.startswith(f"{name}=")), "")


# -- offers


async def test_an_offer_rings_and_whoever_answers_talks(node: Node, room: PhoneRoom) -> None:
    caller, agent, arrived, offer_id = await talking(node, room)
    offered = await node.hears(e.CallOffered, leg_id=offer_id)
    assert (offered.agent, offered.queue) == ("1001", "support-acd")
    await do(caller.hangup)
    await do(agent.wait, "ENDED")
    await node.hears(e.CallEnded, call_id=arrived.call_id)
    assert node.story(arrived.call_id) == [
        "CallArrived", "CallQueued", "CallOffered", "CallAnswered", "LegEnded", "CallEnded",
    ]  # fmt: skip


async def test_when_the_operator_hangs_up_the_caller_is_let_go(node: Node, room: PhoneRoom) -> None:
    caller, agent, arrived, _ = await talking(node, room)
    await do(agent.hangup)
    await do(caller.wait, "ENDED")
    assert (await node.hears(e.CallEnded, call_id=arrived.call_id)).ended_by == "agent"


@pytest.mark.parametrize(
    ("code", "outcome"),
    [(486, LegOutcome.BUSY), (603, LegOutcome.REJECTED), (480, LegOutcome.UNAVAILABLE), (None, LegOutcome.NOANSWER)],
)
async def test_a_lost_offer_costs_the_caller_nothing(
    node: Node, room: PhoneRoom, code: int | None, outcome: LegOutcome
) -> None:
    first, second = await do(room.agent, 1001), await do(room.agent, 1002)
    caller, arrived = await waiting(node, room)
    lost = node.ring(arrived, "1001", "1", ring_s=1)
    await do(first.wait, "RINGING")
    if code is not None:
        await do(first.reject, code)
    assert (await node.hears(e.CallOfferEnded, leg_id=lost)).outcome is outcome
    won = node.ring(arrived, "1002", "2")
    await do(second.wait, "RINGING")
    await do(second.answer)
    await node.hears(e.CallAnswered, leg_id=won)
    assert node.story(arrived.call_id) == [
        "CallArrived", "CallQueued", "CallOffered", "CallOfferEnded", "CallOffered", "CallAnswered",
    ]  # fmt: skip
    await do(caller.hangup)


@pytest.mark.parametrize("agent", ["1099", "1010"], ids=["unknown", "unregistered"])
async def test_a_phone_that_cannot_ring_is_told(node: Node, room: PhoneRoom, agent: str) -> None:
    _, arrived = await waiting(node, room)
    offer_id = node.ring(arrived, agent)
    failed = await node.hears(e.RingFailed, offer_id=offer_id)
    assert (failed.agent, failed.call_id, failed.certain) == (agent, arrived.call_id, True)
    assert agent in failed.why and not node.of(e.CallOffered)


async def test_the_same_offer_twice_rings_once(node: Node, room: PhoneRoom) -> None:
    agent = await do(room.agent, 1001)
    _, arrived = await waiting(node, room)
    node.ring(arrived, "1001")
    node.ring(arrived, "1001")
    await do(agent.wait, "RINGING")
    await asyncio.sleep(0.5)
    assert len(node.of(e.CallOffered)) == 1 and agent.poll("RINGING") is None


async def test_the_phone_falls_silent(node: Node, room: PhoneRoom) -> None:
    agent = await do(room.agent, 1001)
    _, arrived = await waiting(node, room)
    offer_id = node.ring(arrived, "1001")
    await do(agent.wait, "RINGING")
    node.stop(offer_id)
    await do(agent.wait, "CANCELLED", 2)
    assert (await node.hears(e.CallOfferEnded, leg_id=offer_id)).outcome is LegOutcome.CANCELLED


async def test_the_phone_falls_silent_before_it_could_ring(node: Node, room: PhoneRoom) -> None:
    await do(room.agent, 1001)
    _, arrived = await waiting(node, room)
    offer_id = node.ring(arrived, "1001")
    node.stop(offer_id)  # at once: Asterisk hasn't made the channel yet
    await until(lambda: node.of(e.CallOfferEnded, leg_id=offer_id) + node.of(e.RingFailed, offer_id=offer_id), 2)


async def test_silence_does_not_cut_a_talk(node: Node, room: PhoneRoom) -> None:
    _, agent, arrived, offer_id = await talking(node, room)
    node.stop(offer_id)
    await until(lambda: not node.offers.under_way)
    await asyncio.sleep(0.3)
    assert agent.poll("ENDED") is None and not node.of(e.CallEnded, call_id=arrived.call_id)


async def test_of_two_nodes_one_wins(asterisk: Asterisk, node: Node, room: PhoneRoom) -> None:
    first, second = await do(room.agent, 1001), await do(room.agent, 1002)
    async with Node(asterisk).at_work() as other:
        _, arrived = await waiting(node, room)
        won = node.ring(arrived, "1001", "1")
        lost = other.ring(arrived, "1002", "b1")
        await do(first.wait, "RINGING")
        await do(second.wait, "RINGING")
        await asyncio.gather(do(first.answer), do(second.answer))
        winner = await node.hears(e.CallAnswered)
        loser, phone = (lost, second) if winner.leg_id == won else (won, first)
        await do(phone.wait, "ENDED")
        await node.hears(e.CallOfferEnded, leg_id=loser)
        await asyncio.sleep(0.3)
        assert len(node.of(e.CallAnswered)) == 1 and not node.of(e.CallEnded, call_id=arrived.call_id)


@pytest.fixture
def watcher(asterisk: Asterisk) -> Iterator[Ami]:
    """The tests' own AMI session."""
    ami = Ami(asterisk.ports.ami)
    yield ami
    ami.close()


async def test_who_answers_too_late_hears_it_and_is_let_go(node: Node, room: PhoneRoom, watcher: Ami) -> None:
    agent = await do(room.agent, 1001)
    caller, arrived = await waiting(node, room)
    node.ring(arrived, "1001")
    await do(agent.wait, "RINGING")
    await do(caller.hangup)
    await node.hears(e.CallEnded, call_id=arrived.call_id)
    await do(agent.answer)
    await do(agent.wait, "ENDED", 4)
    said = [(event["UserEvent"], event.get("Why")) for event in watcher.events() if event["Event"] == "UserEvent"]
    assert [each for each in said if each[0].startswith("Cc")] == [("CcOfferLost", "caller gone")]


async def test_while_one_hears_the_whisper_nobody_else_gets_the_caller(
    node: Node, room: PhoneRoom, watcher: Ami
) -> None:
    whispers = Lobby(whisper="vm-intro")
    node.offers = Offers(
        {"rig": node.link}, {"rig": "PJSIP/{extension}"}, node.told.append, now, lambda queue: whispers
    )
    async with asyncio.TaskGroup() as tasks:
        work = tasks.create_task(node.offers.run())
        first, second = await do(room.agent, 1001), await do(room.agent, 1002)
        _, arrived = await waiting(node, room)
        won, _ = node.ring(arrived, "1001", "1"), node.ring(arrived, "1002", "2")
        for phone in (first, second):
            await do(phone.wait, "RINGING")
            await do(phone.answer)
        await do(second.wait, "ENDED")
        assert not node.of(e.CallAnswered), "the caller hears music while the operator is told"
        await node.hears(e.CallAnswered, 20, leg_id=won)
        work.cancel()
    assert watcher.event("UserEvent", UserEvent="CcOfferLost")["Why"] == "taken"


async def test_who_talks_with_the_fallback_is_not_taken_away(node: Node, room: PhoneRoom) -> None:
    late, member = await do(room.agent, 1001), await do(room.agent, 1002)
    await node.link.send(AddMember(queue="support", phone="PJSIP/1002", name="Ivan"))
    try:
        _, arrived = await waiting(node, room, "612")
        node.ring(arrived, "1001", ring_s=40)
        await do(late.wait, "RINGING")
        await do(member.wait, "RINGING")
        await do(member.answer)
        talk = await node.hears(e.CallAnswered, agent="1002")
        await do(late.answer)
        await do(late.wait, "ENDED", 4)
        assert node.of(e.LegEnded, leg_id=talk.leg_id) == [] and len(node.of(e.CallAnswered)) == 1
    finally:
        await node.link.send(RemoveMember(queue="support", phone="PJSIP/1002"))


async def test_an_operator_may_transfer_and_the_caller_waits_anew(node: Node, room: PhoneRoom) -> None:
    _, agent, arrived, _ = await talking(node, room)
    first_entry = await variable(node, arrived, "CC_ENTERED")
    await asyncio.sleep(1.1)
    await do(agent.refer, "611")
    await node.hears(e.CallQueued, queue="sales-acd")
    assert int(await variable(node, arrived, "CC_ENTERED")) > int(first_entry)
    second = await do(room.agent, 1002)
    won = node.ring(arrived, "1002", "2")
    await do(second.wait, "RINGING")
    await do(second.answer)
    await node.hears(e.CallAnswered, leg_id=won)


async def test_an_attended_transfer_works_from_here_too(node: Node, room: PhoneRoom) -> None:
    _, agent, arrived, offer_id = await talking(node, room)
    colleague = await do(room.agent, 1002)
    await node.link.send(AttendedTransfer(uniqueid=offer_id, context="from-agent", number="1002"))
    await do(agent.speak, 80)  # Atxfer times its keys by the sound that comes
    await do(colleague.wait, "RINGING")
    await do(colleague.answer)
    await asyncio.sleep(0.5)
    await do(agent.hangup)
    await node.hears(e.CallTransferred, call_id=arrived.call_id)


async def test_a_client_who_is_passed_on_into_a_queue_waits_there(node: Node, room: PhoneRoom) -> None:
    _, agent, arrived, _ = await talking(node, room)
    asking = await do(room.call, "1001", "611")
    await node.hears(e.CallQueued, queue="sales-acd")
    await do(agent.refer_replaces, "611", asking)
    await node.hears(e.CallQueued, call_id=arrived.call_id, queue="sales-acd")
    colleague = await do(room.agent, 1002)
    offer_id = node.ring(arrived, "1002", "2")
    await do(colleague.wait, "RINGING")
    await do(colleague.answer)
    await node.hears(e.CallAnswered, leg_id=offer_id)


# -- doors


async def test_on_to_another_queue_of_ours_with_the_age_kept(node: Node, room: PhoneRoom) -> None:
    _, arrived = await waiting(node, room)
    entered = await variable(node, arrived, "CC_ENTERED")
    await asyncio.sleep(2.1)
    node.send(arrived, Door.QUEUE, "sales-acd")
    await node.hears(e.CallQueued, call_id=arrived.call_id, queue="sales-acd")
    assert await variable(node, arrived, "CC_ENTERED") == entered
    assert node.story(arrived.call_id) == ["CallArrived", "CallQueued", "CallUnqueued", "CallQueued"]
    async with Node(node.asterisk, beats=False).at_work() as restarted:
        adopted = await restarted.hears(e.CallQueued, call_id=arrived.call_id)
        assert abs(adopted.at - datetime.fromtimestamp(int(entered), UTC)) < timedelta(seconds=1.5)


async def test_after_a_restart_an_offer_that_rings_is_adopted(node: Node, room: PhoneRoom) -> None:
    agent = await do(room.agent, 1001)
    _, arrived = await waiting(node, room)
    offer_id = node.ring(arrived, "1001")
    await do(agent.wait, "RINGING")
    async with Node(node.asterisk, beats=False).at_work() as restarted:
        offered = await restarted.hears(e.CallOffered, leg_id=offer_id)
        assert (offered.call_id, offered.agent, offered.queue) == (arrived.call_id, "1001", "support-acd")


@pytest.mark.parametrize(
    "entered", ["", "soon", "99999999999", "1", "-5"], ids=["none", "text", "to come", "1970", "minus"]
)
async def test_an_entry_time_that_cannot_be_is_not_believed(
    node: Node, room: PhoneRoom, watcher: Ami, entered: str
) -> None:
    _, arrived = await waiting(node, room)
    await do(lambda: watcher.action("Setvar", Channel=arrived.channel, Variable="CC_ENTERED", Value=entered))
    async with Node(node.asterisk, beats=False).at_work() as restarted:
        adopted = await restarted.hears(e.CallQueued, call_id=arrived.call_id)
        assert abs(adopted.at - now()) < timedelta(seconds=10)


async def test_to_the_queue_that_takes_over(node: Node, room: PhoneRoom) -> None:
    _, arrived = await waiting(node, room)
    node.send(arrived, Door.FALLBACK, "support-acd")
    await node.hears(e.CallQueued, call_id=arrived.call_id, queue="support")


async def test_to_a_message(node: Node, room: PhoneRoom) -> None:
    caller, arrived = await waiting(node, room)
    node.send(arrived, Door.VOICEMAIL, "support-acd")
    await node.hears(e.CallToVoicemail, call_id=arrived.call_id)
    await until(lambda: messages(node), 20)  # after the words that ask for it
    await asyncio.sleep(1.2)
    await do(caller.hangup)
    left = await node.hears(e.VoicemailLeft, call_id=arrived.call_id)
    assert (left.queue, Path(left.reference).name) == ("support-acd", f"{arrived.uniqueid}.wav")
    assert left.seconds >= 1 and [file.name for file in messages(node)] == [f"{arrived.uniqueid}.wav"]
    assert node.story(arrived.call_id)[-4:] == ["CallUnqueued", "CallToVoicemail", "VoicemailLeft", "CallEnded"]


def messages(node: Node) -> list[Path]:
    return list((node.asterisk.directory / "spool" / "meridian").glob("*.wav"))


async def test_a_message_that_nobody_heard_of_is_told_by_the_next_who_comes(node: Node, room: PhoneRoom) -> None:
    caller, arrived = await waiting(node, room)
    node.send(arrived, Door.VOICEMAIL, "support-acd")
    before = len(messages(node))
    await until(lambda: len(messages(node)) > before, 20)
    async with Node(node.asterisk, beats=False).at_work() as away:
        away.tracker.on_link_lost(LinkLost("rig", now(), "switched off"))
    await do(caller.hangup)
    left = await node.hears(e.VoicemailLeft, call_id=arrived.call_id)
    await away.link.start()
    again = await away.hears(e.VoicemailLeft, call_id=arrived.call_id)
    assert (again.reference, again.queue, again.seconds) == (left.reference, left.queue, left.seconds)
    async with Node(node.asterisk, beats=False).at_work() as new:
        assert new.of(e.VoicemailLeft, reference=left.reference)
    await away.link.stop()


async def test_to_a_promise(node: Node, room: PhoneRoom) -> None:
    caller, arrived = await waiting(node, room)
    node.send(arrived, Door.CALLBACK, "support-acd")
    asked = await node.hears(e.CallbackAsked, call_id=arrived.call_id)
    assert (asked.queue, asked.number) == ("support-acd", "79161110001")
    await do(caller.wait, "ENDED")


async def test_who_waits_may_press_a_key_to_be_called_back(node: Node, room: PhoneRoom) -> None:
    caller, arrived = await waiting(node, room, "611")
    await do(caller.dial, "1")
    assert (await node.hears(e.CallbackAsked, call_id=arrived.call_id)).queue == "sales-acd"
    await do(caller.wait, "ENDED")


async def test_where_it_is_not_offered_the_key_does_nothing(node: Node, room: PhoneRoom) -> None:
    caller, arrived = await waiting(node, room, "610")
    await do(caller.dial, "1")
    await asyncio.sleep(1)
    assert node.story(arrived.call_id) == ["CallArrived", "CallQueued"]


async def test_who_hides_the_number_can_leave_a_message_instead_of_being_called(node: Node, room: PhoneRoom) -> None:
    before = len(node.of(e.CallArrived))
    await do(room.call, "anonymous", "611")
    await until(lambda: len(node.of(e.CallArrived)) > before)
    arrived = node.of(e.CallArrived)[-1]
    await node.hears(e.CallQueued, call_id=arrived.call_id)
    node.send(arrived, Door.CALLBACK, "sales-acd")
    await node.hears(e.CallToVoicemail, call_id=arrived.call_id)
    assert not node.of(e.CallbackAsked, call_id=arrived.call_id)


async def test_a_caller_who_talks_is_not_sent_away(node: Node, room: PhoneRoom) -> None:
    _, agent, arrived, _ = await talking(node, room)
    node.send(arrived, Door.VOICEMAIL, "support-acd")
    await until(lambda: not node.offers.under_way)
    await asyncio.sleep(0.5)
    assert agent.poll("ENDED") is None and not node.of(e.CallToVoicemail)


async def test_a_door_that_is_not_there_costs_nobody_the_place(node: Node, room: PhoneRoom) -> None:
    _, arrived = await waiting(node, room)
    node.send(arrived, Door.QUEUE, "no-such-queue")
    await until(lambda: node.offers.refused)
    await asyncio.sleep(0.3)
    assert node.story(arrived.call_id) == ["CallArrived", "CallQueued", "SendFailed"]


# -- never stranded


async def test_when_we_fall_silent_the_fallback_takes_over(asterisk: Asterisk, room: PhoneRoom) -> None:
    member = await do(room.agent, 1002)
    async with Node(asterisk, beats=False).at_work() as silent:
        await beat(silent, age_s=8)  # it would be 15 s old at the end of the first slice
        await silent.link.send(AddMember(queue="sales", phone="PJSIP/1002", name="Ivan"))
        try:
            _, arrived = await waiting(silent, room, "611")
            fell = await silent.hears(e.CallFellBack, 14, call_id=arrived.call_id)
            assert (fell.queue, fell.why) == ("sales-acd", "silent")
            await do(member.wait, "RINGING")
            await do(member.answer)
            await silent.hears(e.CallAnswered, call_id=arrived.call_id)
            assert silent.story(arrived.call_id) == [
                "CallArrived", "CallQueued", "CallUnqueued", "CallFellBack", "CallQueued", "CallOffered", "CallAnswered",
            ]  # fmt: skip
        finally:
            await silent.link.send(RemoveMember(queue="sales", phone="PJSIP/1002"))


async def test_where_nobody_takes_over_the_caller_leaves_a_message(asterisk: Asterisk, room: PhoneRoom) -> None:
    async with Node(asterisk, beats=False).at_work() as silent:
        await beat(silent, age_s=60)
        before = len(silent.of(e.CallArrived))
        await do(room.call, "79161110001", "613")
        await until(lambda: len(silent.of(e.CallArrived)) > before)
        arrived = silent.of(e.CallArrived)[-1]
        await silent.hears(e.CallToVoicemail, call_id=arrived.call_id)
        assert silent.story(arrived.call_id) == ["CallArrived", "CallFellBack", "CallToVoicemail"]


async def test_a_promise_that_nobody_hears_is_not_made(asterisk: Asterisk, room: PhoneRoom) -> None:
    async with Node(asterisk, beats=False).at_work() as silent:
        await beat(silent, age_s=5)
        caller, arrived = await waiting(silent, room, "611")
        await beat(silent, age_s=60)
        await do(caller.dial, "1")
        await silent.hears(e.CallToVoicemail, call_id=arrived.call_id)
        assert not silent.of(e.CallbackAsked)


async def test_patience_ends_in_the_fallback_too(node: Node, room: PhoneRoom) -> None:
    _, arrived = await waiting(node, room, "612")
    assert (await node.hears(e.CallFellBack, 9, call_id=arrived.call_id)).why == "patience"


async def test_a_queue_that_is_missing_sends_its_callers_on_at_once(
    asterisk: Asterisk, node: Node, room: PhoneRoom
) -> None:
    """Not in a circle, a thousand times a second, for as long as the patience lasts."""
    file = asterisk.directory / "etc" / "meridian_queues.conf"
    whole = file.read_text()
    file.write_text(whole.replace("[message-acd]", "[another]"))
    await do(asterisk.cli, "queue", "reload", "all")
    try:
        await do(room.call, "79161110001", "613")
        fell = await node.hears(e.CallFellBack, 2)
        assert fell.why.startswith("queue")
        await node.hears(e.CallToVoicemail, call_id=fell.call_id)
    finally:
        file.write_text(whole)
        await do(asterisk.cli, "queue", "reload", "all")


async def test_who_has_waited_longer_stands_first(node: Node, room: PhoneRoom) -> None:
    _, older = await waiting(node, room, "610")
    await asyncio.sleep(1.1)
    await waiting(node, room, "611")
    node.send(older, Door.QUEUE, "sales-acd")
    joined = await node.hears(e.CallQueued, call_id=older.call_id, queue="sales-acd")
    assert joined.position == 1


async def beat(node: Node, *, age_s: int) -> None:
    await node.link.send(SetGlobal(variable="CC_HEARTBEAT", value=str(int(now().timestamp()) - age_s)))


# -- as it is shipped


def test_the_rig_has_the_dialplan_as_it_is_shipped() -> None:
    made = dialplan_of(acd_queues(configuration.load(RIG_FOLDER / "acd.toml", {})))
    kept = {name: (RIG_FOLDER / "conf" / name).read_text() for name in made.files}
    assert kept == dict(made.files), "run: meridian dialplan --config tests/rig/acd.toml --write tests/rig/conf"


async def test_the_place_in_the_queue_is_announced(node: Node, room: PhoneRoom) -> None:
    """The first at once; so that a caller knows that they are in a queue."""
    await waiting(node, room, "610")
    log = node.asterisk.directory / "log" / "full"
    await until(lambda: "queue-youarenext" in log.read_text(errors="replace"))
