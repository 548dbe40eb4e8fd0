"""Records of a real Asterisk 22 against what was really played: tests/cdr and tests/scenarios."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callcards.back_fill import BackFill
from callcards.cdr import CdrRow, Conversation, conversation_id, conversations
from core.model import Card, Direction, Leg, LegOutcome
from tests.cdr.reading import read

TESTS = Path(__file__).parents[2]
BACK_FILL = BackFill(
    site="lab",
    pbx="lab",
    timezone="UTC",
    agents=("PJSIP/10??",),
    boot_at=lambda at: "boot-1" if at.year >= 2026 else "old",
)
# What the records can't know: these calls end in a card of their own, or their legs differ, and why.
NO_CARD = {"conference", "spy"}
PART_OF_ANOTHER = {"consult", "pickup", "unpark"}
BLIND_SPOTS = {
    "click_agent_noanswer": "no row names the agent's phone as called",
    "forwarded_by_phone": "a forwarding looks like no answer",
    "forwarded_outside": "a forwarding looks like no answer",
    "blonde_transfer_noanswer": "no row joins the consultation to the call",
    "attended_by_keys": "truth leaves out whom the consultation rang",
    "blonde_transfer": "truth leaves out whom the consultation rang",
}
OUTCOMES = {
    "answered": {"answered"},
    "noanswer": {"noanswer"},
    # app_queue and Dial write NO ANSWER for all of these.
    **{
        said: {"noanswer", "busy", "cancelled", "unavailable"}
        for said in ("rejected", "busy", "unavailable", "cancelled")
    },
    **{said: {"noanswer", "cancelled"} for said in ("answered elsewhere", "answered too late", "picked up by 1002")},
}


def recordings() -> Iterator[Any]:
    for path in sorted(TESTS.glob("cdr/*.csv")):
        yield pytest.param(path, path.with_suffix(".json"), id=path.stem)
    for path in sorted(TESTS.glob("scenarios/*/cdr.csv")):
        yield pytest.param(path, path.with_name("truth.json"), id=f"scenario-{path.parent.name}")


def cards_of(path: Path) -> list[Card]:
    return [BACK_FILL.card(each) for each in conversations(read(path))]


@pytest.mark.parametrize(("records", "truth"), list(recordings()))
def test_every_conversation_that_was_played_has_its_card(records: Path, truth: Path) -> None:
    played = json.loads(truth.read_text())
    calls = played["calls"] if isinstance(played, dict) else played
    cards = {card.uniqueid: card for card in cards_of(records)}
    name = records.parent.name if records.name == "cdr.csv" else records.stem
    own = [call for call in calls if call.get("direction") not in NO_CARD | PART_OF_ANOTHER]
    missing = {call["uniqueid"] for call in own} - cards.keys()
    assert not missing
    if name not in BLIND_SPOTS:
        assert len(cards) == len(own)
    for call in own:
        compare(call, cards[call["uniqueid"]], strict=name not in BLIND_SPOTS)
    ids = [linkedid for card in cards.values() for linkedid in card.linkedids]
    assert len(ids) == len(set(ids)), "an id with two cards"


def compare(call: dict[str, Any], card: Card, *, strict: bool) -> None:
    direction = {"click": "outbound"}.get(call.get("direction") or "inbound", call.get("direction") or "inbound")
    assert card.direction == direction
    if "caller_number" in call and card.direction is Direction.INBOUND:
        assert card.caller_number == card.client_number == call["caller_number"]
    if direction == "outbound":
        assert card.agent == call.get("agent", call.get("caller_number"))
    if call.get("queue") and not card.voicemail and card.queues:
        assert card.queues[0] == call["queue"]
    if call.get("answered_by"):
        assert card.answered_by == call["answered_by"]
    assert (card.answered_at is None) == (call.get("talk_s") is None)
    if strict and "rang" in call and not call.get("transfers"):
        rang = [(leg.agent, leg.outcome.value) for leg in card.legs]
        for expected in call["rang"]:
            assert any((expected["agent"], outcome) in rang for outcome in OUTCOMES[expected["outcome"]]), expected
    if (
        call.get("talk_s") is not None
        and card.talk_s is not None
        and not call.get("transfers")
        and not call.get("hold_s")
    ):
        assert abs(card.talk_s - call["talk_s"]) <= 2.1


def test_all_ids_of_the_records_are_on_a_card_but_those_of_rooms_and_spies() -> None:
    for path in TESTS.glob("c*/**/*.csv"):
        rows = read(path)
        owned = {linkedid for card in cards_of(path) for linkedid in card.linkedids}
        for row in rows:
            if row.linkedid not in owned:
                assert row.lastapp in ("ConfBridge", "ChanSpy"), (path, row)


def test_offers_of_the_acd_belong_to_the_caller() -> None:
    (card,) = cards_of(TESTS / "cdr" / "acd_noanswer_next.csv")
    caller = card.uniqueid
    assert card.linkedids == (caller, f"cc.{caller}.1")
    assert [(leg.leg_id, leg.agent, leg.outcome) for leg in card.legs] == [
        (f"cc.{caller}.1", "1001", LegOutcome.NOANSWER),
        (f"cc.{caller}.2", "1002", LegOutcome.ANSWERED),
    ]


def test_the_number_that_went_out_is_the_clients_without_the_prefix() -> None:
    (card,) = cards_of(TESTS / "cdr" / "outbound_answered.csv")
    assert (card.agent, card.dialled, card.client_number) == ("1001", "979035550001", "79035550001")
    (click,) = cards_of(TESTS / "cdr" / "click_to_call.csv")
    assert (click.agent, click.client_number, click.answered_by) == ("1001", "79035550010", "79035550010")


def test_a_consultation_is_part_of_the_call_it_was_about() -> None:
    (card,) = cards_of(TESTS / "cdr" / "attended_transfer.csv")
    assert len(card.linkedids) == 2
    assert [(leg.agent, leg.outcome) for leg in card.legs] == [("1001", "answered"), ("1002", "answered")]


def test_names_come_out_of_the_caller_id() -> None:
    (card,) = cards_of(TESTS / "cdr" / "acd_answered.csv")
    assert card.caller_name == "Lobby One"


def test_the_boot_is_that_of_the_time_of_the_call() -> None:
    (card,) = cards_of(TESTS / "cdr" / "abandon.csv")
    assert card.boot_id == "boot-1"
    assert card.natural_key == f"lab|lab|boot-1|{card.uniqueid}"
    assert (card.inferred, card.end_reason, card.revision) == (True, "cdr", 0)


def conversation(name: str) -> Conversation:
    (found,) = conversations(read(TESTS / "cdr" / f"{name}.csv"))
    return found


def unseen(card: Card, **changes: Any) -> Card:
    """The same call as it looked to us when we died, closed by the snapshot that found it gone."""
    return replace(card, revision=7, end_reason="gone_while_away", inferred=True, **changes)


def test_a_card_closed_by_inference_gets_its_true_end() -> None:
    told = BACK_FILL.card(conversation("acd_answered"))
    assert told.answered_at is not None
    guess = told.answered_at + timedelta(seconds=1)
    leg = replace(told.legs[0], ended_at=guess)
    closed = unseen(told, ended_at=guess, talk_ended_at=guess, legs=(leg,), linkedids=told.linkedids)
    mended = BACK_FILL.mended(closed, conversation("acd_answered"))
    assert mended is not None
    assert (mended.ended_at, mended.talk_ended_at) == (told.ended_at, told.talk_ended_at)
    assert mended.legs[0].ended_at == told.legs[0].ended_at
    assert (mended.revision, mended.end_reason) == (8, "gone_while_away")
    assert BACK_FILL.mended(mended, conversation("acd_answered")) is None


def test_a_phone_that_rang_when_we_died_and_the_one_that_answered_after() -> None:
    whole = conversation("acd_noanswer_next")
    told = BACK_FILL.card(whole)
    ringing = replace(told.legs[0], outcome=LegOutcome.CANCELLED, ended_at=told.legs[0].rang_at)
    closed = unseen(
        told, answered_at=None, answered_by=None, talk_ended_at=None, legs=(ringing,), ended_at=ringing.rang_at
    )
    mended = BACK_FILL.mended(closed, whole)
    assert mended is not None
    assert [(leg.agent, leg.outcome) for leg in mended.legs] == [("1001", "noanswer"), ("1002", "answered")]
    assert (mended.answered_by, mended.answered_at, mended.ended_at) == ("1002", told.answered_at, told.ended_at)
    assert BACK_FILL.mended(mended, whole) is None


def test_a_card_that_was_seen_to_its_end_is_never_changed_but_may_get_an_id() -> None:
    whole = conversation("acd_noanswer_next")
    seen = replace(BACK_FILL.card(whole), inferred=False, end_reason=None, ended_at=whole.ended_at + timedelta(hours=1))
    assert BACK_FILL.mended(seen, whole) is None
    mended = BACK_FILL.mended(replace(seen, linkedids=seen.linkedids[:1], revision=3), whole)
    assert mended == replace(seen, revision=4)


def test_rows_that_come_later_lengthen_a_card_made_before() -> None:
    whole = conversation("acd_noanswer_next")
    early = Conversation(rows=whole.rows[:2], linkedids=whole.linkedids)
    made = BACK_FILL.card(early)
    mended = BACK_FILL.mended(made, whole)
    assert mended is not None
    assert {leg.agent for leg in mended.legs} == {"1001", "1002"}
    assert (mended.ended_at, mended.answered_by) == (whole.ended_at, "1002")


def test_a_leg_answered_before_we_died_keeps_what_was_seen_of_it() -> None:
    whole = conversation("acd_answered")
    told = BACK_FILL.card(whole)
    rang = told.legs[0].rang_at + timedelta(milliseconds=321)
    end = told.ended_at
    assert end is not None
    seen = Leg(
        leg_id=told.legs[0].leg_id,
        agent="1001",
        rang_at=rang,
        outcome=LegOutcome.ANSWERED,
        answered_at=rang,
        ended_at=rang,
    )
    mended = BACK_FILL.mended(unseen(told, legs=(seen,), ended_at=rang), whole)
    assert mended is not None
    assert mended.legs == (replace(seen, ended_at=told.legs[0].ended_at),)


def row(**changes: Any) -> CdrRow:
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    plain = CdrRow(
        pbx="lab", uniqueid="1795262400.1", linkedid="1795262400.1", src="79160000001", dst="500", dcontext="from-trunk",
        clid="", channel="PJSIP/trunk-00000001", dstchannel="", lastapp="Playback", lastdata="", start=at, answer=None,
        end=at, duration=0, billsec=0, disposition="NO ANSWER",
    )  # fmt: skip
    return replace(plain, **changes)


def test_a_caller_who_only_heard_the_menu_is_a_call() -> None:
    (found,) = conversations([row()])
    card = BACK_FILL.card(found)
    assert (card.direction, card.client_number, card.legs, card.queues) == (Direction.INBOUND, "79160000001", (), ())


@pytest.mark.parametrize(
    ("changes", "voicemail"),
    [
        ({"lastapp": "VoiceMail", "lastdata": "100@default,u"}, True),
        ({"lastapp": "Record", "lastdata": "/spool/meridian/1.wav,10,180,kq", "dcontext": "meridian-message"}, True),
        ({"lastapp": "Record", "lastdata": "greeting.wav", "dcontext": "record-a-greeting"}, False),
    ],
)
def test_a_caller_who_left_a_message_unseen(changes: dict[str, str], voicemail: bool) -> None:
    (found,) = conversations([row(**changes)])
    assert BACK_FILL.card(found).voicemail is voicemail


@pytest.mark.parametrize(
    "channel",
    ["OutgoingSpoolFailed", "CBAnn/room-1;2", "Message/ast_msg_queue", "Local/s@meridian-doctor-00000001;1"],
)
def test_asterisks_own_machinery_makes_no_card(channel: str) -> None:
    assert conversations([row(channel=channel)]) == []


def test_a_client_who_goes_from_an_agent_into_a_conference_keeps_the_card() -> None:
    talk = row(lastapp="Dial", dstchannel="PJSIP/1001-00000002", disposition="ANSWERED", answer=row().start)
    (found,) = conversations([talk, row(lastapp="ConfBridge", start=row().start + timedelta(seconds=1))])
    assert len(found.rows) == 2


@pytest.mark.parametrize(
    ("linkedid", "conversation"),
    [("cc.17.0.1", "17.0"), ("cc.pbx-17.0.b1", "pbx-17.0"), ("17.0", "17.0"), ("cc.", "cc."), ("click-1", "click-1")],
)
def test_the_conversation_of_an_id(linkedid: str, conversation: str) -> None:
    assert conversation_id(row(linkedid=linkedid)) == conversation


def test_a_channel_name_that_comes_again_after_a_restart_joins_nothing() -> None:
    later = row().start + timedelta(hours=1)
    again = row(uniqueid="1795266000.1", linkedid="1795266000.1", start=later, end=later)
    assert len(conversations([row(), again])) == 2
