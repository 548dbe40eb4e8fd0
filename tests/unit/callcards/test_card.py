"""From events to cards: every field, every sum, and what a late or unknown event must not do."""

from dataclasses import fields
from typing import Any

import pytest

from callcards.card import Cards, OpenCardsLoaded, last_seen, natural_key
from core import events as e
from core.effects import DiscardCard, Effect, SaveCard
from core.ids import interaction_id
from core.model import Card, Direction, EndedBy, LegOutcome, TransferKind
from core.values import changed
from tests.playbook import Playbook, at
from wiring.rules import card_rules

ID = interaction_id(site="riga", pbx="pbx1", boot_id="boot-1", uniqueid="A")
KEY = "riga|pbx1|boot-1|A"


def arrived(when: float = 0, **changes: Any) -> e.CallArrived:
    told: dict[str, Any] = {
        "at": at(when), "call_id": ID, "site": "riga", "pbx": "pbx1", "boot_id": "boot-1", "uniqueid": "A", "linkedid": "A",
        "channel": "PJSIP/trunk-1", "direction": Direction.INBOUND, "caller_number": "79161110001", "caller_name": "Жанна",
        "client_number": "79161110001", "dialled": "500",
    }  # fmt: skip
    return e.CallArrived(**told | changes)


class Desk:
    """The cards and everything that they asked to be stored."""

    def __init__(self) -> None:
        self.cards = Cards(timezone_of=lambda site: {"riga": "Europe/Riga"}[site])
        self._rules = card_rules(self.cards)
        self.effects: list[Effect] = []

    def hear(self, *events: object) -> list[Effect]:
        effects = [effect for event in events for rule in self._rules[type(event)] for effect in rule(event)]
        self.effects += effects  # type: ignore[arg-type]
        return effects  # type: ignore[return-value]

    def tell(self, kind: type, when: float, /, **values: Any) -> list[Effect]:
        return self.hear(kind(at=at(when), **{"call_id": ID, **values}))

    @property
    def saved(self) -> Card:
        return next(x.card for x in reversed(self.effects) if isinstance(x, SaveCard))


def answered_desk() -> Desk:
    """Queued at 1, rang 1001 at 2 (no answer at 7) and 1002 at 8, who answers at 10."""
    desk = Desk()
    desk.hear(arrived())
    desk.tell(e.CallQueued, 1, queue="support", position=1)
    desk.tell(e.CallOffered, 2, leg_id="B", agent="1001", queue="support")
    desk.tell(e.CallOfferEnded, 7, leg_id="B", agent="1001", outcome=LegOutcome.NOANSWER)
    desk.tell(e.CallOffered, 8, leg_id="C", agent="1002", queue="support")
    desk.tell(e.CallAnswered, 10, leg_id="C", party="1002", agent="1002")
    return desk


def test_a_card_opens_with_the_call_and_is_stored_at_once() -> None:
    desk = Desk()
    (saved,) = desk.hear(arrived(agent="1003"))
    assert isinstance(saved, SaveCard)
    assert saved.card == Card(
        card_id=ID, natural_key=KEY, site="riga", pbx="pbx1", boot_id="boot-1", uniqueid="A", linkedids=("A",),
        channel="voice", direction=Direction.INBOUND, caller_number="79161110001", caller_name="Жанна",
        client_number="79161110001", dialled="500", started_at=at(0), timezone="Europe/Riga", agent="1003",
    )  # fmt: skip
    assert desk.cards.open == {ID: saved.card}


def test_an_adopted_card_says_that_its_beginning_is_inferred() -> None:
    desk = Desk()
    desk.hear(arrived(adopted=True))
    desk.tell(e.CallEnded, 9, ended_by=EndedBy.CALLER, cause=16)
    assert desk.saved.inferred


def test_a_whole_call_fills_every_field() -> None:
    desk = answered_desk()
    desk.tell(e.CallLinked, 10, linkedid="C")
    desk.tell(e.CallRecorded, 11, reference="a.wav")
    desk.tell(e.CallHeld, 12, leg_id="C")
    desk.tell(e.CallResumed, 15, leg_id="C")
    desk.tell(e.LegEnded, 20, leg_id="C")
    desk.tell(e.CallTransferred, 20, kind=TransferKind.BLIND, from_agent="1002", to="1003")
    desk.tell(e.CallOffered, 20, leg_id="D", agent="1003", queue=None)
    desk.tell(e.CallAnswered, 24, leg_id="D", party="1003", agent="1003")
    desk.tell(e.LegEnded, 30, leg_id="D")
    desk.tell(e.CallEnded, 31, ended_by=EndedBy.AGENT, cause=16)
    card = desk.saved
    assert (card.queues, card.queued_at, card.unqueued_at) == (("support",), at(1), None)
    assert (card.answered_at, card.answered_by, card.talk_ended_at) == (at(10), "1002", at(30))
    assert (card.wait_s, card.talk_s, card.hold_s) == (9, 20, 3)
    assert (card.linkedids, card.recordings, card.voicemail) == (("A", "C"), ("a.wav",), False)
    assert [(t.kind, t.from_agent, t.to, t.at, t.answered) for t in card.transfers] == [
        (TransferKind.BLIND, "1002", "1003", at(20), True)
    ]
    assert [(x.agent, x.outcome, x.ring_s, x.talk_s, x.hold_s, x.queue, x.rang) for x in card.legs] == [
        ("1001", LegOutcome.NOANSWER, 5, None, 0, "support", True),
        ("1002", LegOutcome.ANSWERED, 2, 10, 3, "support", True),
        ("1003", LegOutcome.ANSWERED, 4, 6, 0, None, True),
    ]
    assert (card.ended_at, card.ended_by, card.cause, card.end_reason) == (at(31), EndedBy.AGENT, 16, None)
    assert not card.inferred and not desk.cards.open
    untouched = {"agent", "unqueued_at", "end_reason"}
    empty = {field.name for field in fields(card) if getattr(card, field.name) in (None, "", ())}
    assert empty == untouched


def test_revisions_only_grow() -> None:
    desk = answered_desk()
    desk.tell(e.CallHeld, 12, leg_id="C")
    desk.tell(e.CallResumed, 15, leg_id="C")
    desk.tell(e.CallEnded, 31, ended_by=EndedBy.AGENT, cause=16)
    revisions = [x.card.revision for x in desk.effects if isinstance(x, SaveCard)]
    assert revisions == list(range(len(revisions)))


# ---- waiting


def test_who_gave_up_waited_until_leaving_the_queue() -> None:
    desk = Desk()
    desk.hear(arrived())
    desk.tell(e.CallQueued, 1, queue="support")
    desk.tell(e.CallUnqueued, 21, queue="support")
    desk.tell(e.CallToVoicemail, 22)
    desk.tell(e.CallEnded, 40, ended_by=EndedBy.CALLER, cause=16)
    assert (desk.saved.wait_s, desk.saved.talk_s, desk.saved.voicemail) == (20, None, True)


def test_who_hangs_up_in_the_queue_waited_until_the_end() -> None:
    desk = Desk()
    desk.hear(arrived())
    desk.tell(e.CallQueued, 1, queue="support")
    desk.tell(e.CallEnded, 9, ended_by=EndedBy.CALLER, cause=16)
    assert desk.saved.wait_s == 8


def test_a_second_queue_is_added_and_the_wait_counts_from_the_first() -> None:
    desk = Desk()
    desk.hear(arrived())
    for when, queue in ((1, "support"), (11, "billing"), (15, "support")):
        desk.tell(e.CallQueued, when, queue=queue)
    desk.tell(e.CallAnswered, 20, leg_id="B", party="1001", agent="1001")
    assert desk.saved.queues == ("support", "billing") and desk.saved.wait_s == 19


def test_leaving_a_queue_after_an_answer_is_no_end_of_the_wait() -> None:
    desk = answered_desk()
    assert desk.tell(e.CallUnqueued, 12, queue="support") == []


def test_a_call_without_a_queue_waited_for_nothing() -> None:
    desk = Desk()
    desk.hear(arrived())
    desk.tell(e.CallAnswered, 4, leg_id="B", party="1001", agent="1001")
    assert desk.saved.wait_s is None


# ---- talking and holding


def test_an_outbound_call_is_answered_by_the_far_end_not_by_its_own_phone() -> None:
    desk = Desk()
    desk.hear(arrived(direction=Direction.OUTBOUND, agent="1001"))
    desk.tell(e.CallAnswered, 4, leg_id="B", party="79035550001", agent=None)
    desk.tell(e.CallAnswered, 4, leg_id="A", party="1001", agent="1001")
    desk.tell(e.LegEnded, 9, leg_id="B")
    desk.tell(e.LegEnded, 9, leg_id="A")
    desk.tell(e.CallEnded, 9, ended_by=EndedBy.CALLED, cause=16)
    card = desk.saved
    assert (card.answered_by, card.talk_s) == ("79035550001", 5)
    assert [(x.leg_id, x.agent, x.rang, x.talk_s) for x in card.legs] == [("A", "1001", False, 5)]


def test_the_own_phone_alone_answers_nothing() -> None:
    desk = Desk()
    desk.hear(arrived(direction=Direction.OUTBOUND, agent="1001"))
    desk.tell(e.CallAnswered, 4, leg_id="A", party="1001", agent="1001")
    assert desk.saved.answered_at is None and desk.saved.legs[0].outcome is LegOutcome.ANSWERED


def test_two_holds_add_up_on_leg_and_card() -> None:
    desk = answered_desk()
    for held, resumed in ((11, 13), (15, 18)):
        desk.tell(e.CallHeld, held, leg_id="C")
        desk.tell(e.CallResumed, resumed, leg_id="C")
    assert desk.saved.hold_s == desk.saved.legs[1].hold_s == 5


def test_a_clock_that_steps_back_takes_no_hold_away() -> None:
    desk = answered_desk()
    desk.tell(e.CallHeld, 13, leg_id="C")
    desk.tell(e.CallResumed, 11, leg_id="C")
    assert desk.saved.hold_s == 0


def test_resumed_without_a_hold_counts_nothing() -> None:
    desk = answered_desk()
    assert desk.tell(e.CallResumed, 11, leg_id="C") == []


def test_whoever_talks_again_has_one_leg_and_the_first_answer() -> None:
    desk = answered_desk()
    desk.tell(e.LegEnded, 12, leg_id="C")
    desk.tell(e.CallAnswered, 14, leg_id="C", party="1002", agent="1002")
    assert desk.saved.legs[1].ended_at is None
    desk.tell(e.LegEnded, 20, leg_id="C")
    assert len(desk.saved.legs) == 2 and desk.saved.legs[1].talk_s == 10
    assert desk.saved.answered_at == at(10)


def test_a_leg_offered_twice_is_one_leg() -> None:
    desk = answered_desk()
    assert desk.tell(e.CallOffered, 11, leg_id="C", agent="1002", queue=None) == []


def test_an_offer_that_ends_twice_keeps_its_first_outcome() -> None:
    desk = answered_desk()
    assert desk.tell(e.CallOfferEnded, 11, leg_id="B", agent="1001", outcome=LegOutcome.BUSY) == []
    assert desk.tell(e.CallOfferEnded, 11, leg_id="C", agent="1002", outcome=LegOutcome.BUSY) == []
    assert desk.tell(e.CallOfferEnded, 11, leg_id="Z", agent="1009", outcome=LegOutcome.BUSY) == []


def test_a_recording_or_a_linkedid_told_twice_is_kept_once() -> None:
    desk = answered_desk()
    for kind, values in ((e.CallRecorded, {"reference": "a.wav"}), (e.CallLinked, {"linkedid": "L"})):
        assert len(desk.tell(kind, 11, **values)) == 1
        assert desk.tell(kind, 12, **values) == []


def test_parking_costs_no_card_change() -> None:
    play = Playbook()
    assert e.CallParked not in card_rules(play.cards) and e.CallUnparked not in card_rules(play.cards)


# ---- transfers


def test_a_transfer_is_answered_by_whoever_answers_next_but_not_by_the_own_channel() -> None:
    desk = answered_desk()
    desk.tell(e.CallTransferred, 20, kind=TransferKind.BLIND, from_agent="1002", to="1003")
    assert not desk.saved.transfers[0].answered
    desk.tell(e.CallAnswered, 21, leg_id="A", party="79161110001", agent=None)
    assert not desk.saved.transfers[0].answered
    desk.tell(e.CallAnswered, 22, leg_id="X", party="79035550001", agent=None)
    assert desk.saved.transfers[0].answered


def test_the_colleague_who_was_consulted_talks_with_the_client_from_the_transfer_on() -> None:
    desk = answered_desk()
    desk.tell(e.CallAnswered, 15, leg_id="D", party="1003", agent="1003")
    desk.tell(e.CallTransferred, 20, kind=TransferKind.ATTENDED, from_agent="1002", to="1003", answered=True)
    desk.tell(e.LegEnded, 30, leg_id="D")
    assert desk.saved.legs[2].talk_s == 10


# ---- the end


def test_the_end_ends_everything_that_still_went_on() -> None:
    desk = answered_desk()
    desk.tell(e.CallOffered, 11, leg_id="D", agent="1003", queue=None)
    desk.tell(e.CallEnded, 31, ended_by=None, cause=None)
    card = desk.saved
    assert [(x.outcome, x.ended_at) for x in card.legs] == [
        (LegOutcome.NOANSWER, at(7)), (LegOutcome.ANSWERED, at(31)), (LegOutcome.CANCELLED, at(31)),
    ]  # fmt: skip
    assert card.talk_ended_at == at(31)


def test_no_end_lies_before_what_was_seen_already() -> None:
    """After a gap the end is told for the instant at which the link was lost; clocks may differ."""
    desk = answered_desk()
    desk.tell(e.CallEnded, 5, ended_by=None, cause=None, inferred=True, reason="pbx_restart")
    assert desk.saved.ended_at == at(10) and desk.saved.inferred and desk.saved.end_reason == "pbx_restart"


LATE = [
    (e.CallLinked, {"linkedid": "L"}), (e.CallQueued, {"queue": "q"}), (e.CallUnqueued, {"queue": "q"}),
    (e.CallToVoicemail, {}), (e.CallOffered, {"leg_id": "D", "agent": "1003", "queue": None}),
    (e.CallOfferEnded, {"leg_id": "C", "agent": "1002", "outcome": LegOutcome.BUSY}),
    (e.CallAnswered, {"leg_id": "C", "party": "1002", "agent": "1002"}), (e.CallHeld, {"leg_id": "C"}),
    (e.CallResumed, {"leg_id": "C"}), (e.LegEnded, {"leg_id": "C"}),
    (e.CallTransferred, {"kind": TransferKind.BLIND, "from_agent": "1002", "to": "1003"}),
    (e.CallRecorded, {"reference": "r"}), (e.CallMerged, {"into": "X"}), (e.CallDropped, {}),
    (e.CallEnded, {"ended_by": None, "cause": None}), (e.CallbackGivenUp, {"leg_id": "C", "agent": "1002"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values"), LATE, ids=lambda x: getattr(x, "__name__", ""))
def test_late_events_after_the_end_do_nothing(kind: type, values: dict[str, Any]) -> None:
    desk = answered_desk()
    desk.tell(e.CallEnded, 31, ended_by=EndedBy.AGENT, cause=16)
    assert desk.tell(kind, 32, **values) == [] and not desk.cards.open


def test_the_late_events_are_all_that_there_are() -> None:
    heard = set(card_rules(Desk().cards)) - {e.CallArrived, e.CallbackOffered, e.PbxConnected, OpenCardsLoaded}
    assert heard == {kind for kind, _ in LATE}


def test_a_merged_card_is_discarded_into_the_other() -> None:
    desk = answered_desk()
    desk.tell(e.CallLinked, 11, linkedid="L")
    assert desk.tell(e.CallMerged, 12, into="X") == [DiscardCard(card_id=ID, into="X", linkedids=("A", "L"))]
    assert not desk.cards.open


def test_a_dropped_card_is_discarded_for_good() -> None:
    desk = answered_desk()
    assert desk.tell(e.CallDropped, 12) == [DiscardCard(card_id=ID, into=None, linkedids=("A",))]


# ---- after a restart of ours, of the link, of the PBX


def connected(
    when: float, *live: str, boot: str = "boot-1", lost: float | None = None, pbx: str = "pbx1"
) -> e.PbxConnected:
    return e.PbxConnected(
        at=at(when), pbx=pbx, boot_id=boot, lost_at=None if lost is None else at(lost), live_call_ids=frozenset(live)
    )


def stored_card() -> Card:
    """A card as the process of before left it: in talk since 10."""
    card = answered_desk().saved
    assert card.ended_at is None
    return card


def test_a_dormant_card_whose_call_lives_is_taken_up_where_it_was() -> None:
    desk, card = Desk(), stored_card()
    desk.hear(OpenCardsLoaded(cards=(card,)))
    (recalled,) = desk.hear(arrived(adopted=True))
    assert isinstance(recalled, e.CallRecalled)
    assert (recalled.queue, recalled.dialled, recalled.queued_at) == ("support", "500", at(1))
    assert desk.hear(connected(60, ID)) == []
    desk.tell(e.CallAnswered, 60, leg_id="C", party="1002", agent="1002")
    desk.tell(e.CallEnded, 90, ended_by=EndedBy.CALLER, cause=16)
    ended = desk.saved
    assert ended.inferred and ended.revision > card.revision
    assert (ended.answered_at, ended.wait_s, ended.talk_s) == (at(10), 9, 80)
    assert len(ended.legs) == 2


@pytest.mark.parametrize(("boot", "reason"), [("boot-1", "gone_while_away"), ("boot-2", "pbx_restart")])
def test_a_dormant_card_whose_call_is_gone_ends_with_the_last_thing_seen(boot: str, reason: str) -> None:
    desk, card = Desk(), stored_card()
    desk.hear(OpenCardsLoaded(cards=(card,)))
    (saved,) = desk.hear(connected(60, boot=boot))
    assert isinstance(saved, SaveCard)
    ended = saved.card
    assert ended.inferred and ended.end_reason == reason and ended.revision == card.revision + 1
    assert ended.ended_at == last_seen(card) == at(10)
    assert (ended.ended_by, ended.cause) == (None, None)
    assert all(leg.ended_at for leg in ended.legs) and ended.talk_ended_at is not None
    assert desk.hear(connected(120, boot=boot)) == []  # once


def test_dormant_cards_of_another_pbx_sleep_on() -> None:
    desk = Desk()
    desk.hear(OpenCardsLoaded(cards=(stored_card(),)))
    assert desk.hear(connected(60, pbx="pbx2")) == []
    assert len(desk.hear(connected(70))) == 1


def test_a_call_of_another_run_of_the_pbx_does_not_wake_a_dormant_card() -> None:
    desk = Desk()
    desk.hear(OpenCardsLoaded(cards=(stored_card(),)))
    (saved,) = desk.hear(arrived(boot_id="boot-2", call_id="other"))
    assert isinstance(saved, SaveCard) and saved.card.card_id == "other" and saved.card.legs == ()


def test_open_cards_are_marked_once_when_the_link_was_away() -> None:
    desk = answered_desk()
    (saved,) = desk.hear(connected(60, ID, lost=50))
    assert isinstance(saved, SaveCard) and saved.card.inferred and desk.cards.open[ID].inferred
    assert desk.hear(connected(90, ID, lost=80)) == []
    assert desk.hear(connected(95, ID)) == []


def test_a_reconcile_without_a_gap_marks_nothing() -> None:
    desk = answered_desk()
    assert desk.hear(connected(60, ID)) == [] and not desk.cards.open[ID].inferred


def test_last_seen_is_the_latest_instant_of_all() -> None:
    card = stored_card()
    assert last_seen(card) == at(10)
    assert last_seen(changed(card, talk_ended_at=at(12))) == at(12)
    assert last_seen(changed(card, legs=(changed(card.legs[0], ended_at=at(70)),))) == at(70)


def test_the_natural_key_has_all_that_makes_a_conversation_unique() -> None:
    assert natural_key(site="riga", pbx="pbx1", boot_id="boot-1", uniqueid="A") == KEY
