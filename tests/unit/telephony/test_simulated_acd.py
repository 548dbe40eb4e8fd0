"""Meridian's dialplan on the simulated PBX: callers in a lobby, offers, and what takes over, told as a real Asterisk 22 told it."""

from collections import Counter
from collections.abc import Callable

import pytest

from telephony.simulated_calls import Call, Calls
from telephony.simulated_channels import Channel
from telephony.simulated_exchange import Company, founded
from telephony.simulated_line import HungUp, Moved
from telephony.simulated_lobby import PATIENCE_S, SLICE_S, SPOOL, TAKEOVER_S
from telephony.simulated_origination import Origination
from telephony.simulated_plan import Hand, Plan, Ring, Transfer
from tests.unit.telephony.simulated_shapes import APART, START, Pairs, by_channel, recorded, run_for, to_the_end

# The recordings are of the rig's first dialplan, whose contexts and extensions had other names.
OLD_NAMES = {"meridian-lobby": "lobby", "meridian-agent": "acd-agent", "meridian-takeover": "native"}
OLD_EXTENSIONS = {"meridian-takeover": "support"}
OLD_EVENTS = {"CcFellBack": "CcLobbyFallback"}
BUSY, REJECTED = Ring(outcome=Hand.BUSY, after_s=1), Ring(outcome=Hand.REJECTED, after_s=1)
AWAY, SILENT = Ring(outcome=Hand.UNAVAILABLE, after_s=1), Ring(outcome=Hand.NOANSWER)


class Centre:
    """One ACD queue, `lobby` (600, 601), which falls back to `support`, another (602) to a message. Meridian's part is played by
    hand."""

    def __init__(self, *, beats: bool = True) -> None:
        company = Company(
            queues={"support": ("1006",)},
            dids={"500": "support", "600": "lobby", "601": "lobby", "602": "alone"},
            acd={"lobby": "support", "alone": ""},
        )
        self.calls: Calls = founded(company, now=START, seed=1)
        self.said: list[Pairs] = []
        self.calls.exchange.switch.tell = lambda klass, name, headers: self.said.append([("Event", name), *headers])
        if beats:
            self.beat()

    def beat(self, *, seconds_ago: int = 0) -> None:
        """Meridian lives."""
        self.calls.exchange.switch.set_global("CC_HEARTBEAT", str(self.calls.exchange.switch.wall() - seconds_ago))

    def caller(self, number: str, plan: Plan, *, dialled: str = "600") -> tuple[Call, Channel]:
        """Somebody who waits after half a second."""
        call = self.calls.inbound(number=number, plan=plan, dialled=dialled)
        self.run(1.5)
        return call, next(c for c in self.channels if c.uniqueid == call.truth.uniqueid)

    def offer(self, caller: Channel, agent: str, attempt: str = "1", *, ring_s: float = 15.0, **variables: str) -> str:
        """What RingAgent makes of an offer."""
        offer_id = f"cc.{caller.uniqueid}.{attempt}"
        told = {"CC_CALLER": caller.name, "CC_CALLID": caller.uniqueid, "CC_AGENT": agent, **variables}
        self.calls.offer(
            Origination(
                agent=agent,
                context="meridian-agent",
                exten="s",
                number=caller.number,
                name=caller.caller_name,
                channel_id=offer_id,
                timeout_s=ring_s,
                action_id="7",
                variables=tuple(told.items()),
            )
        )
        return offer_id

    @property
    def channels(self) -> list[Channel]:
        return list(self.calls.exchange.switch.channels.values())

    def run(self, seconds: float) -> None:
        run_for(self.calls, seconds)

    def to_the_end(self) -> None:
        to_the_end(self.calls)

    def events(self, name: str, **headers: str) -> list[dict[str, str]]:
        told = [dict(reversed(event)) for event in self.said]
        return [e for e in told if e["Event"] == name and all(e.get(k) == v for k, v in headers.items())]

    def names(self, caller: Channel) -> list[str]:
        return [
            dict(e)["Event"]
            for e in self.said
            if dict(e).get("Channel") == caller.name and dict(e)["Event"] not in APART
        ]


def answered(centre: Centre) -> None:
    _, caller = centre.caller("79161230001", Plan(rings=(("1001", Ring()),)))
    centre.offer(caller, "1001")


def not_answered_next_hangs_up(centre: Centre) -> None:
    plan = Plan(rings=(("1001", SILENT), ("1002", Ring())), ended_by="agent")
    _, caller = centre.caller("79161230002", plan)
    centre.offer(caller, "1001", ring_s=4)
    centre.run(5)
    centre.offer(caller, "1002", "2")


def refused_by_all_but_one(centre: Centre) -> None:
    rings = (("1001", BUSY), ("1002", REJECTED), ("1003", AWAY), ("1004", Ring()))
    _, caller = centre.caller("79161230003", Plan(rings=rings))
    for attempt, (agent, _) in enumerate(rings, 1):
        centre.offer(caller, agent, str(attempt))
        centre.run(1.2)


def caller_gone(centre: Centre) -> None:
    _, caller = centre.caller("79161230004", Plan(rings=(("1001", Ring(after_s=3)),), patience_s=2))
    centre.offer(caller, "1001")


def two_answer(centre: Centre) -> None:
    _, caller = centre.caller("79161230005", Plan(rings=(("1001", Ring(after_s=2)), ("1002", Ring(after_s=3)))))
    centre.offer(caller, "1001")
    centre.offer(caller, "1002", "b1")


def meridian_silent(centre: Centre) -> None:
    centre.beat(seconds_ago=8)
    queues, support = centre.calls.exchange.queues, centre.calls.exchange.queues.by_name["support"]
    queues.remove(support, "PJSIP/1006")
    queues.add(support, "PJSIP/1002", "Agent 1002")
    centre.caller("79161230006", Plan(rings=(("1002", Ring()),)), dialled="601")


def passed_on(centre: Centre) -> None:
    transfer = Transfer(kind="blind", to="1002")
    plan = Plan(rings=(("1001", Ring()),), transfer=transfer, ended_by="agent")
    _, caller = centre.caller("79161240004", plan)
    centre.offer(caller, "1001")


SHAPES: dict[str, Callable[[Centre], None]] = {
    "acd_answered": answered,
    "acd_noanswer_next": not_answered_next_hangs_up,
    "acd_reject_chain": refused_by_all_but_one,
    "acd_caller_gone": caller_gone,
    "acd_blind_transfer": passed_on,
    "acd_service_dead": meridian_silent,
}


def translated(events: list[Pairs]) -> list[Pairs]:
    """Our events in the old dialplan's names; at which of its lines a channel stands isn't compared, nor which agent it was."""

    def old(event: Pairs) -> Pairs:
        told = dict(reversed(event))
        context, exten = told.get("Context", ""), told.get("Exten", "")
        renamed = {
            "UserEvent": OLD_EVENTS.get(told.get("UserEvent", ""), told.get("UserEvent", "")),
            "Context": OLD_NAMES.get(context, context),
            "Exten": OLD_EXTENSIONS.get(context, exten) if exten == "s" else exten,
        }
        return [(key, renamed.get(key, value)) for key, value in event if not key.endswith("Priority")]

    return [old(event) for event in events]


@pytest.mark.parametrize("shape", SHAPES)
def test_says_of_each_channel_what_asterisk_said(shape: str) -> None:
    centre = Centre()
    SHAPES[shape](centre)
    centre.to_the_end()
    assert by_channel(translated(centre.said)) == by_channel(translated(recorded(shape)))
    assert not centre.channels and not centre.calls.exchange.lobby


def test_two_who_answer_at_once_are_told_as_asterisk_told_it() -> None:
    centre = Centre()
    two_answer(centre)
    centre.to_the_end()
    # In the recording one phone rang before its DialBegin was told.
    ours, theirs = (
        Counter(dict(reversed(e))["Event"] for e in events) for events in (centre.said, recorded("acd_two_nodes"))
    )
    for apart in APART:
        ours.pop(apart, None), theirs.pop(apart, None)
    assert ours == theirs
    (lost,) = centre.events("UserEvent", UserEvent="CcOfferLost")
    assert (lost["Why"], lost["Uniqueid"][-2:]) == ("taken", "b1")


@pytest.mark.parametrize("shape", [*SHAPES, "acd_two_nodes"])
def test_writes_the_headers_of_asterisk_in_its_order(shape: str) -> None:
    centre = Centre()
    {**SHAPES, "acd_two_nodes": two_answer}[shape](centre)
    centre.to_the_end()
    theirs: dict[str, set[tuple[str, ...]]] = {}
    for event in recorded(shape):
        keys = tuple(key for key, _ in event if key not in ("Event", "Privilege", "Timestamp"))
        theirs.setdefault(event[0][1], set()).add(keys)
    for event in centre.said:
        name, keys = event[0][1], tuple(key for key, _ in event[1:])
        if name in theirs and name != "VarSet" and ("UserEvent", "CcFellBack") not in event:
            assert keys in theirs[name], name


# -- waiting


def test_a_caller_waits_slice_by_slice_while_meridian_lives() -> None:
    centre = Centre()
    call, caller = centre.caller("7916", Plan(patience_s=SLICE_S * 2.5))
    for _ in range(3):
        centre.beat()
        centre.run(SLICE_S)
    names = [n for n in centre.names(caller) if n.startswith("Queue")]
    assert names == ["QueueCallerJoin", *("QueueCallerAbandon", "QueueCallerLeave", "QueueCallerJoin") * 2, *names[-2:]]
    assert names[-2:] == ["QueueCallerAbandon", "QueueCallerLeave"]
    assert (call.truth.queue, call.truth.ended_by, call.truth.answered_by) == ("lobby", "caller", None)
    assert call.truth.wait_s == pytest.approx(SLICE_S * 2.5 + 0.5, abs=0.1)


def test_nobody_waits_for_a_meridian_that_is_silent() -> None:
    centre = Centre()
    call, caller = centre.caller("7916", Plan(rings=(("1006", Ring()),)))
    centre.run(SLICE_S * 2 + 1)
    assert caller.context == "meridian-takeover", "the heartbeat is older than 15 s after the second slice"
    (told,) = centre.events("UserEvent", UserEvent="CcFellBack")
    assert (told["Queue"], told["Why"], told["Waited"]) == ("lobby", "silent", "20")
    centre.to_the_end()
    assert call.truth.answered_by == "1006"


def test_where_no_queue_takes_over_or_nobody_answers_there_a_message_is_left() -> None:
    for dialled in ("600", "602"):
        centre = Centre(beats=False)
        call, caller = centre.caller("7916", Plan(message_s=7), dialled=dialled)
        centre.run(TAKEOVER_S if dialled == "600" else 0)
        assert caller.context == "meridian-message"
        centre.to_the_end()
        assert call.truth.voicemail and not centre.channels
        (began,) = centre.events("UserEvent", UserEvent="CcVoicemail")
        (left,) = centre.events("UserEvent", UserEvent="CcVoicemailLeft")
        queue = call.truth.queue
        assert (began["Queue"], began["From"]) == (queue, "7916")
        assert (left["Queue"], left["File"], left["Seconds"]) == (queue, f"{SPOOL}/{caller.uniqueid}.wav", "7")


def test_a_caller_who_presses_the_key_is_promised_a_callback() -> None:
    centre = Centre()
    call, caller = centre.caller("7916", Plan(callback_after_s=4, patience_s=60))
    centre.to_the_end()
    assert "QueueCallerAbandon" not in centre.names(caller)
    assert [n for n in centre.names(caller) if n.startswith("Queue")] == ["QueueCallerJoin", "QueueCallerLeave"]
    (asked,) = centre.events("UserEvent", UserEvent="CcCallback")
    assert (asked["Queue"], asked["From"], asked["Uniqueid"]) == ("lobby", "7916", caller.uniqueid)
    assert call.truth.callback and call.truth.ended_by == "system"


def test_a_callback_that_nobody_could_make_becomes_a_message() -> None:
    for number, beats in (("anonymous", True), ("7916", False)):
        centre = Centre()
        _, caller = centre.caller(number, Plan(callback_after_s=6))
        if not beats:
            centre.beat(seconds_ago=20)
        centre.run(6)
        assert caller.context == "meridian-message" and not centre.events("UserEvent", UserEvent="CcCallback")


def test_who_came_first_stands_first_whenever_the_slices_begin_anew() -> None:
    centre = Centre()
    callers = [centre.caller(number, Plan(patience_s=300))[1] for number in ("1", "2", "3")]
    centre.run(SLICE_S - 3.5)  # of the first one the slice is over, of the others not yet
    assert "QueueCallerLeave" in centre.names(callers[0]) and "QueueCallerLeave" not in centre.names(callers[1])
    entries = centre.calls.exchange.queues.by_name["lobby"].entries
    assert [entry.channel for entry in entries] == callers


def test_a_long_wait_is_over_when_the_queue_s_patience_is() -> None:
    centre = Centre()
    centre.caller("7916", Plan(rings=(("1006", Ring()),)))
    while not (told := centre.events("UserEvent", UserEvent="CcFellBack")):
        centre.beat()
        centre.run(SLICE_S)
    assert (told[0]["Why"], int(told[0]["Waited"])) == ("patience", PATIENCE_S)


DOORS = {
    "meridian-fallback": ("lobby", "meridian-takeover"),
    "meridian-voicemail": ("lobby", "meridian-message"),
    "meridian-callback": ("lobby", "meridian-promise"),
    "meridian-acd": ("alone", "meridian-lobby"),
}


@pytest.mark.parametrize("context", DOORS)
def test_a_waiting_caller_is_sent_through_a_door(context: str) -> None:
    centre = Centre()
    call, caller = centre.caller("7916", Plan(patience_s=30))
    entered = caller.variables["CC_ENTERED"]
    centre.calls.exchange.stage.interrupt(call.performance, Moved(caller, context, DOORS[context][0]))
    centre.run(1)
    names = centre.names(caller)
    assert names[names.index("QueueCallerAbandon") + 1] == "QueueCallerLeave"
    assert (caller.context, caller.exten) == (DOORS[context][1], "s")
    assert caller.variables["CC_ENTERED"] == entered
    queues = centre.calls.exchange.queues.by_name
    waits_in = {"meridian-fallback": "support", "meridian-acd": "alone"}.get(context)
    assert [name for name, queue in queues.items() if queue.entries] == ([waits_in] if waits_in else [])
    centre.to_the_end()
    assert not centre.channels


def test_a_caller_who_goes_before_the_answer_never_joins() -> None:
    centre = Centre()
    call = centre.calls.inbound(number="7916", plan=Plan(), dialled="600")
    centre.run(0.2)
    (caller,) = centre.channels
    centre.calls.exchange.stage.interrupt(call.performance, HungUp(caller, by_phone=True))
    centre.run(1)
    assert not centre.channels and not centre.events("QueueCallerJoin")


# -- offers


def reasons(centre: Centre) -> list[tuple[str, str]]:
    return [(told["Response"], told["Reason"]) for told in centre.events("OriginateResponse")]


def test_a_phone_that_is_off_rings_in_vain_without_a_ring() -> None:
    centre = Centre()
    call, caller = centre.caller("7916", Plan(rings=(("1001", Ring(outcome=Hand.UNREACHABLE)),), patience_s=60))
    centre.offer(caller, "1001", ring_s=5)
    centre.run(6)
    assert reasons(centre) == [("Failure", "3")]
    assert not centre.events("DialState") and call.truth.rang == [{"agent": "1001", "outcome": "unreachable"}]


def test_somebody_who_talks_is_busy() -> None:
    centre = Centre()
    centre.calls.internal(agent="1001", to="1002", plan=Plan(talk_s=60))
    _, caller = centre.caller("7916", Plan(patience_s=60))
    offer_id = centre.offer(caller, "1001")
    centre.run(1)
    (gone,) = centre.events("Hangup", Uniqueid=offer_id)
    assert (gone["Cause"], reasons(centre)) == ("17", [("Failure", "0")])


def test_a_ringing_offer_is_stopped() -> None:
    centre = Centre()
    call, caller = centre.caller("7916", Plan(rings=(("1001", SILENT),), patience_s=60))
    offer_id = centre.offer(caller, "1001")
    centre.run(2)
    leg = centre.calls.exchange.switch.find(offer_id)
    assert leg and leg.story
    centre.calls.exchange.stage.interrupt(leg.story, HungUp(leg, by_phone=False))
    centre.run(0.1)
    assert reasons(centre) == [("Failure", "0")] and call.truth.rang == [{"agent": "1001", "outcome": "cancelled"}]
    assert "Hangup" not in centre.names(caller)


def test_the_second_ring_of_a_phone_is_the_second_in_the_plan() -> None:
    centre = Centre()
    call, caller = centre.caller("7916", Plan(rings=(("1001", REJECTED), ("1001", Ring()))))
    centre.offer(caller, "1001")
    centre.run(2)
    centre.offer(caller, "1001", "2")
    centre.to_the_end()
    assert [r["outcome"] for r in call.truth.rang] == ["rejected", "answered"]
    assert (call.truth.answered_by, call.truth.ended_by, call.truth.cause) == ("1001", "caller", 16)


def test_the_operator_hears_a_whisper_and_the_talk_is_recorded() -> None:
    centre = Centre()
    _, caller = centre.caller("7916", Plan(rings=(("1001", Ring()),)))
    offer_id = centre.offer(caller, "1001", CC_ANNOUNCE="vip", CC_RECORD="one.wav")
    centre.to_the_end()
    assert centre.events("Newexten", Application="Playback", Uniqueid=offer_id)
    assert centre.events("MixMonitorStart", Uniqueid=offer_id)
    assert [e["Variable"] for e in centre.events("VarSet", Value="one.wav", Uniqueid=offer_id)] == [
        "CC_RECORD",
        "MIXMONITOR_FILENAME",
    ]


def test_a_caller_who_goes_during_the_whisper_leaves_nothing_behind() -> None:
    centre = Centre()
    _, caller = centre.caller("7916", Plan(rings=(("1001", Ring(after_s=0.5)),), patience_s=2))
    centre.offer(caller, "1001", CC_ANNOUNCE="vip")
    centre.to_the_end()
    (lost,) = centre.events("UserEvent", UserEvent="CcOfferLost")
    assert lost["Why"] == "caller gone" and not centre.channels and not centre.events("BridgeEnter")


def test_who_answers_while_another_hears_the_whisper_is_told() -> None:
    centre = Centre()
    call, caller = centre.caller("7916", Plan(rings=(("1001", Ring(after_s=1)), ("1002", Ring(after_s=2)))))
    centre.offer(caller, "1001", CC_ANNOUNCE="vip")
    centre.offer(caller, "1002", "b1")
    centre.to_the_end()
    (lost,) = centre.events("UserEvent", UserEvent="CcOfferLost")
    assert (lost["Why"], lost["Agent"]) == ("taken", "1002") and call.truth.answered_by == "1001"


def test_an_operator_who_hangs_up_during_the_whisper_leaves_the_caller_waiting() -> None:
    centre = Centre()
    call, caller = centre.caller("7916", Plan(rings=(("1001", Ring(after_s=1)), ("1002", Ring())), patience_s=60))
    offer_id = centre.offer(caller, "1001", CC_ANNOUNCE="vip")
    centre.run(1.5)
    leg = centre.calls.exchange.switch.find(offer_id)
    assert leg and leg.story
    centre.calls.exchange.stage.interrupt(leg.story, HungUp(leg, by_phone=True))
    centre.run(0.1)
    centre.offer(caller, "1002", "2")
    centre.to_the_end()
    assert call.truth.answered_by == "1002", "the lock went with the first one's channel"


def test_who_answers_after_the_fallback_has_begun_still_gets_the_caller() -> None:
    centre = Centre()
    call, caller = centre.caller("7916", Plan(rings=(("1001", Ring(after_s=24)),)))
    centre.offer(caller, "1001", ring_s=30)
    centre.run(SLICE_S * 2)
    assert caller.context == "meridian-takeover"
    centre.to_the_end()
    assert call.truth.answered_by == "1001" and not centre.channels
    assert not centre.calls.exchange.queues.by_name["support"].entries


def test_bridge_comes_to_nothing_while_a_member_rings_and_others_may_try() -> None:
    centre = Centre()
    plan = Plan(rings=(("1001", Ring(after_s=22)), ("1006", Ring(after_s=5))))
    call, caller = centre.caller("7916", plan)
    centre.offer(caller, "1001", ring_s=30)
    centre.calls.exchange.lobby[caller.uniqueid].tried.append("1001")
    centre.run(23)
    (ended,) = centre.events("UserEvent", UserEvent="CcBridgeEnd")
    assert ended["Result"] == "FAILED" and caller.variables["CC_SERVED"] == "0"
    centre.to_the_end()
    assert call.truth.answered_by == "1006" and not centre.channels


def test_a_restart_forgets_who_waited() -> None:
    centre = Centre()
    centre.caller("7916", Plan())
    centre.calls.exchange.stage.clear()
    centre.calls.exchange.switch.boot()
    centre.calls.exchange.boot()
    assert not centre.calls.exchange.lobby and not centre.calls.exchange.queues.by_name["lobby"].entries
    assert "CC_HEARTBEAT" not in centre.calls.exchange.switch.variables


def test_who_answers_while_the_fallback_has_found_somebody_is_told() -> None:
    centre = Centre()
    plan = Plan(rings=(("1001", Ring(after_s=28)), ("1006", Ring(after_s=2))), talk_s=60)
    call, caller = centre.caller("7916", plan)
    centre.offer(caller, "1001", ring_s=40)
    centre.calls.exchange.lobby[caller.uniqueid].tried.append("1001")
    centre.run(30)
    (lost,) = centre.events("UserEvent", UserEvent="CcOfferLost")
    assert lost["Why"] == "taken" and call.truth.answered_by == "1006"
    centre.to_the_end()
    assert not centre.channels
