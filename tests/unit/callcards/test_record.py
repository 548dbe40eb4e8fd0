import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcards.ports import Annotate, AuditLine, Change, NextContact
from callcards.record import change_line, change_of, from_record, to_record
from core.effects import DiscardCard, SaveCallback, SaveCard, SaveVoicemail
from core.model import Card
from tests.cards import NOON, card, offer_ended, offer_made, open_card
from tests.items import callback, voicemail

CHANGES: list[Change] = [
    SaveCard(card=card(1)),
    SaveCard(card=open_card(1, client_number=None, legs=(), transfers=(), queues=(), queued_at=None)),
    DiscardCard(card_id="a", into=None, linkedids=()),
    DiscardCard(card_id="a", into="b", linkedids=("1.1", "1.2")),
    Annotate(annotation_id="a", card_id="b", by="anna", at=NOON),
    Annotate(
        annotation_id="a",
        card_id="b",
        by="anna",
        at=NOON,
        notes="line\nbreak\u2028",
        next_contact=NextContact(at=NOON, text="x"),
    ),
    AuditLine(audit_id="a", at=NOON, actor="x", action="y", facts={"k": "v"}),
    offer_made("a"),
    offer_ended("a"),
    SaveCallback(callback=callback()),
    SaveVoicemail(voicemail=voicemail()),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: type(change).__name__)
def test_a_change_survives_the_journal_exactly(change: Change) -> None:
    line = change_line(change)
    assert change_of(line) == change
    assert line.isascii() and "\n" not in line


@given(st.text(st.characters(exclude_categories=())))
def test_any_text_from_outside_survives_in_one_line(text: str) -> None:
    change = SaveCard(card=card(1, caller_name=text, linkedids=(text,)))
    assert change_of(change_line(change)) == change


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "[]",
        "null",
        "1",
        '["save"]',
        '["save",{}]',
        '["what",{}]',
        '["save",{"card":7}]',
        '["audit",[]]',
        "[" * 9999,
    ],
)
def test_a_damaged_line_is_a_value_error(line: str) -> None:
    with pytest.raises(ValueError):
        change_of(line)


def test_records_of_an_older_and_a_newer_program_are_understood() -> None:
    record: dict[str, Any] = to_record(card(1))
    del record["voicemail"]
    record["added_later"] = {"x": 1}
    assert from_record(Card, json.loads(json.dumps(record))) == card(1, voicemail=False)
