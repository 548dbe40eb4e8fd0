"""Whose phone rings and who talks; the stories are in test_agents.py, here the corners."""

from core import events as e
from core.model import Direction, LegOutcome
from queues.phones import NOTHING, Phones
from tests.cards import NOON


def arrived(phones: Phones, call: str = "c1", *, agent: str | None = None) -> None:
    phones.arrived(
        e.CallArrived(
            at=NOON, call_id=call, site="riga", pbx="one", boot_id="b", uniqueid="u", linkedid="u", channel="x",
            direction=Direction.INBOUND, caller_number="7916", caller_name="", client_number="7916", dialled="500",
            agent=agent,
        )
    )  # fmt: skip


def offered(phones: Phones, leg: str = "l1", agent: str = "1001") -> object:
    return phones.offered(e.CallOffered(at=NOON, call_id="c1", leg_id=leg, agent=agent, queue="support"))


def answered(phones: Phones, leg: str = "l1", agent: str | None = "1001") -> object:
    return phones.answered(e.CallAnswered(at=NOON, call_id="c1", leg_id=leg, party="x", agent=agent))


def test_calls_that_never_arrived_change_nothing() -> None:
    phones = Phones()
    ended = e.CallOfferEnded(at=NOON, call_id="c1", leg_id="l1", agent="1001", outcome=LegOutcome.NOANSWER)
    assert offered(phones) == answered(phones) == phones.offer_ended(ended) == NOTHING
    assert phones.leg_ended(e.LegEnded(at=NOON, call_id="c1", leg_id="l1")) == NOTHING
    assert phones.over(e.CallDropped(at=NOON, call_id="c1")) == NOTHING
    assert phones.parts("1001") == ()


def test_what_is_told_twice_counts_once() -> None:
    phones = Phones()
    arrived(phones)
    offered(phones)
    assert offered(phones) == NOTHING
    answered(phones)
    arrived(phones)
    assert len(phones.parts("1001")) == 1


def test_an_offer_that_ends_after_the_answer_ends_no_talk() -> None:
    phones = Phones()
    arrived(phones)
    offered(phones)
    answered(phones)
    late = e.CallOfferEnded(at=NOON, call_id="c1", leg_id="l1", agent="1001", outcome=LegOutcome.CANCELLED)
    assert phones.offer_ended(late) == NOTHING
    assert phones.talks("1001")


def test_the_far_end_is_no_operator() -> None:
    phones = Phones()
    arrived(phones)
    assert answered(phones, agent=None) == NOTHING


def test_an_ended_call_leaves_nothing_behind() -> None:
    phones = Phones()
    arrived(phones)
    offered(phones, "l1", "1001")
    offered(phones, "l2", "1002")
    answered(phones, "l1", "1001")
    change = phones.over(e.CallEnded(at=NOON, call_id="c1", ended_by=None, cause=16))
    assert change.agents == ("1001", "1002")
    assert [spoken.agent for spoken in change.spoken] == ["1001"]
    assert (phones.parts("1001"), phones.parts("1002"), phones._calls, phones._of_agent) == ((), (), {}, {})
