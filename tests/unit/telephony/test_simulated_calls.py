"""The simulated PBX says for each kind of call what a real Asterisk 22 said: per channel, in order, with its whole state."""

from collections import Counter

import pytest

from telephony.simulated_calls import Calls
from telephony.simulated_cdr import CallRecord
from telephony.simulated_exchange import Company, founded
from telephony.simulated_line import ConsultAsked, HungUp, Moved, ParkAsked, TransferAsked
from telephony.simulated_origination import Origination
from telephony.simulated_plan import Hand, Plan, Ring, Transfer
from tests.unit.telephony.simulated_shapes import (
    APART,
    DIDS,
    START,
    Pairs,
    Play,
    by_channel,
    played,
    recorded,
    run_for,
    to_the_end,
)


def answered(*agents: str) -> Plan:
    return Plan(rings=tuple((agent, Ring()) for agent in agents))


def click(calls: Calls) -> None:
    asked = Origination(
        agent="1001",
        context="from-agent",
        exten="979035550010",
        number="79035550010",
        name="Click",
        channel_id="click-1",
        action_id="rig-4",
    )
    calls.originate(asked, Plan(ended_by="agent"))


BUSY, REJECTED = Ring(outcome=Hand.BUSY, after_s=1), Ring(outcome=Hand.REJECTED, after_s=1)
SILENT = Ring(outcome=Hand.NOANSWER)
TO_1002, TO_501 = Transfer(kind="blind", to="1002"), Transfer(kind="blind", to="501")
ASK_1002 = Transfer(kind="attended", to="1002")
ONE: dict[str, tuple[str, ...]] = {"support": ("1001",)}
TWO: dict[str, tuple[str, ...]] = {"support": ("1001", "1002")}
CHAIN: dict[str, tuple[str, ...]] = {"billing": ("1001", "1002", "1003", "1004")}
NOBODY: dict[str, tuple[str, ...]] = {}


def inbound(number: str, plan: Plan, dialled: str = "500") -> Play:
    return lambda calls: calls.inbound(number=number, plan=plan, dialled=dialled)


SHAPES: dict[str, tuple[dict[str, tuple[str, ...]], Play]] = {
    "inbound_answered": (ONE, inbound("79161234567", answered("1001"))),
    "inbound_agent_hangs_up": (ONE, inbound("79161234568", Plan(rings=(("1001", Ring()),), ended_by="agent"))),
    "abandon": (ONE, inbound("79161234569", Plan(patience_s=5))),
    "agent_busy": (TWO, inbound("79161234572", Plan(rings=(("1001", BUSY), ("1002", Ring()))))),
    "reject_chain": (
        CHAIN,
        inbound(
            "79161260001",
            Plan(ring_timeout_s=6, rings=(("1001", BUSY), ("1002", REJECTED), ("1003", SILENT), ("1004", Ring()))),
            "502",
        ),
    ),
    "hold_unhold": (ONE, inbound("79161234573", Plan(rings=(("1001", Ring()),), holds=(2, 1), ended_by="agent"))),
    "queue_timeout_voicemail": (ONE, inbound("79161234575", Plan(queue_timeout_s=5), "503")),
    "blind_transfer": (ONE, inbound("79161240001", Plan(rings=(("1001", Ring()),), transfer=TO_1002))),
    "attended_transfer": (ONE, inbound("79161240003", Plan(rings=(("1001", Ring()),), transfer=ASK_1002))),
    "outbound_answered": (
        NOBODY,
        lambda c: c.outbound(agent="1001", number="79035550001", plan=Plan(ended_by="called")),
    ),
    "outbound_busy": (NOBODY, lambda c: c.outbound(agent="1001", number="79035550002", plan=Plan(), ring=BUSY)),
    "outbound_noanswer": (
        NOBODY,
        lambda c: c.outbound(agent="1001", number="79035550003", plan=Plan(patience_s=4), ring=SILENT),
    ),
    "internal_call": (NOBODY, lambda c: c.internal(agent="1001", to="1002", plan=Plan())),
    "click_to_call": (NOBODY, click),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_says_of_each_channel_what_asterisk_said(shape: str) -> None:
    queues, play = SHAPES[shape]
    said, calls = played(play, **queues)
    assert by_channel(said) == by_channel(recorded(shape))
    assert not calls.exchange.switch.channels


RACING: dict[str, tuple[dict[str, tuple[str, ...]], Play]] = {
    # In these recordings the phone was faster than the queue's thread, or a bridge's thread than the other's.
    "abandon_ringing": (ONE, inbound("79161234570", Plan(rings=(("1001", Ring(after_s=9)),), patience_s=3))),
    "noanswer_next": (
        {"billing": ("1001", "1002"), "support": ("1001", "1002")},
        inbound("79161234571", Plan(ring_timeout_s=6, rings=(("1001", SILENT), ("1002", Ring()))), "502"),
    ),
    "blind_transfer_noanswer": (
        ONE,
        inbound(
            "79161240002",
            Plan(rings=(("1001", Ring()),), transfer=Transfer(kind="blind", to="1002", ring=BUSY)),
        ),
    ),
    "transfer_to_queue": (
        {"support": ("1001",), "sales": ("1002",)},
        inbound("79161240005", Plan(rings=(("1001", Ring()), ("1002", Ring())), transfer=TO_501)),
    ),
}


@pytest.mark.parametrize("shape", RACING)
def test_says_the_same_events_where_threads_of_asterisk_raced(shape: str) -> None:
    queues, play = RACING[shape]
    said, _ = played(play, **queues)
    ours, theirs = (Counter(dict(reversed(e))["Event"] for e in events) for events in (said, recorded(shape)))
    for apart in APART:
        ours.pop(apart, None), theirs.pop(apart, None)
    assert ours == theirs


@pytest.mark.parametrize("shape", [*SHAPES, *RACING])
def test_writes_the_headers_of_asterisk_in_its_order(shape: str) -> None:
    queues, play = {**SHAPES, **RACING}[shape]
    said, _ = played(play, **queues)
    theirs: dict[str, set[tuple[str, ...]]] = {}
    for event in recorded(shape):
        keys = tuple(key for key, _ in event if key not in ("Event", "Privilege", "Timestamp"))
        theirs.setdefault(event[0][1], set()).add(keys)
    for event in said:
        name, keys = event[0][1], tuple(key for key, _ in event[1:])
        if name in theirs and name != "VarSet":
            assert keys in theirs[name], name


def test_the_truth_is_what_was_planned() -> None:
    plan = Plan(rings=(("1001", BUSY), ("1002", Ring(after_s=3))), holds=(2,), talk_s=6)
    _, calls = played(inbound("7916", plan), **TWO)
    truth = calls.exchange.truth[0]
    assert truth.rang == [{"agent": "1001", "outcome": "busy"}, {"agent": "1002", "outcome": "answered"}]
    assert (truth.answered_by, truth.talk_s, truth.hold_s, truth.ended_by, truth.cause) == (
        "1002",
        8.0,
        2.0,
        "caller",
        16,
    )
    assert truth.wait_s == pytest.approx(0.5 + 1 + 0.5 + 3, abs=0.1)


def test_the_cdr_has_a_line_per_pair_of_channels() -> None:
    records: list[CallRecord] = []
    calls = founded(Company(queues=TWO, dids=DIDS), now=START, seed=1, record=records.append)
    played(inbound("7916", Plan(rings=(("1001", BUSY), ("1002", Ring())))), calls=calls)
    assert [(r.dstchannel[:10], r.disposition) for r in records] == [("PJSIP/1001", "BUSY"), ("PJSIP/1002", "ANSWERED")]
    assert {r.linkedid for r in records} == {calls.exchange.truth[0].linkedid}
    assert records[1].row()[8] == "2026-11-21 21:03:52"


def talking(**queues: tuple[str, ...]) -> tuple[Calls, list[Pairs]]:
    calls = founded(Company(queues=queues or ONE, dids=DIDS), now=START, seed=1)
    said: list[Pairs] = []
    calls.exchange.switch.tell = lambda klass, name, headers: said.append([("Event", name), *headers])
    calls.inbound(number="79161234567", plan=Plan(rings=(("1001", Ring()),), talk_s=600))
    run_for(calls, 4)
    return calls, said


@pytest.mark.parametrize("what", ["hang up caller", "hang up agent", "blind", "consult", "park", "redirect"])
def test_an_action_moves_a_talk(what: str) -> None:
    calls, said = talking()
    caller, leg = calls.exchange.switch.channels.values()
    interrupt = {
        "hang up caller": HungUp(caller, by_phone=False),
        "hang up agent": HungUp(leg, by_phone=False),
        "blind": TransferAsked(leg, "from-agent", "1002"),
        "consult": ConsultAsked(leg, "1002"),
        "park": ParkAsked(caller, 20),
        "redirect": Moved(caller, "from-agent", "1002"),
    }[what]
    assert caller.story
    calls.exchange.stage.interrupt(caller.story, interrupt)
    run_for(calls, 1)
    names = [event[0][1] for event in said]
    expected = {"blind": "BlindTransfer", "park": "ParkedCall", "consult": "Hold"}.get(what, "BridgeLeave")
    assert expected in names
    to_the_end(calls)
    assert not calls.exchange.switch.channels
    assert not calls.exchange.switch.bridges
    assert names.count("AgentComplete") <= 1


@pytest.mark.parametrize("after_s", [1, 3])
def test_a_client_who_goes_while_being_discussed_ends_both_calls(after_s: float) -> None:
    calls, _ = talking()
    caller, leg = calls.exchange.switch.channels.values()
    assert caller.story
    calls.exchange.stage.interrupt(caller.story, ConsultAsked(leg, "1002"))
    run_for(calls, after_s)
    calls.exchange.stage.interrupt(caller.story, HungUp(caller, by_phone=True))
    run_for(calls, 1)
    assert not calls.exchange.switch.channels
    assert not calls.exchange.switch.bridges
    assert calls.exchange.truth[0].ended_by == "caller"


def test_a_waiting_caller_can_be_hung_up_and_redirected() -> None:
    for interrupt in ("hang up", "redirect"):
        calls = founded(Company(queues=ONE, dids=DIDS), now=START, seed=1)
        call = calls.inbound(number="79161234567", plan=Plan())
        run_for(calls, 2)
        (caller,) = calls.exchange.switch.channels.values()
        moved = Moved(caller, "from-agent", "1001") if interrupt == "redirect" else HungUp(caller, by_phone=False)
        calls.exchange.stage.interrupt(call.performance, moved)
        run_for(calls, 1)
        assert not calls.exchange.queues.by_name["support"].entries
        to_the_end(calls)
        assert not calls.exchange.switch.channels


def test_a_number_goes_out_raw_and_cut_and_a_name_escaped() -> None:
    said, _ = played(
        lambda c: c.inbound(number="7\r\nX: y" + "9" * 90, name="O'Br\tien", plan=Plan(patience_s=1)), **ONE
    )
    headers = dict(said[0])
    assert headers["CallerIDNum"].startswith("7\r\nX: y9") and len(headers["CallerIDNum"]) == 79
    assert headers["CallerIDName"] == "O\\'Br\\tien"
