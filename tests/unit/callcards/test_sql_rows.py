"""Rows of plain values: what no database can hold is made visible, whatever column it is in; nothing else changes."""

from dataclasses import replace
from datetime import datetime

import pytest

from callcards.record import to_json, to_record
from callcards.sql_rows import CardRows
from core.model import Card
from tests.cards import NOON, card

BAD, SEEN = "a\x00b\ud800", "a\ufffdb\ufffd"
NAMES = ("caller_name", "client_key", "linkedids", "queues", "legs", "last_queue", "started_at", "direction")


def row(of: Card, key: str | None = None, *, dialect: str = "sqlite") -> dict[str, object]:
    return dict(zip(NAMES, CardRows(NAMES, dialect).row(of, key), strict=True))


def test_a_clean_card_is_stored_as_it_is() -> None:
    clean = replace(card(1), caller_name="Иван", queues=("поддержка", 'a"b'))
    assert row(clean, "+7916") == {
        "caller_name": "Иван",
        "client_key": "+7916",
        "linkedids": to_json(clean.linkedids),
        "queues": to_json(to_record(clean.queues)),
        "legs": to_json(to_record(clean.legs)),
        "last_queue": 'a"b',
        "started_at": int(clean.started_at.timestamp() * 1_000_000),
        "direction": clean.direction.value,
    }
    assert row(replace(clean, legs=()))["legs"] == "[]"
    assert row(clean, dialect="postgresql")["started_at"] == clean.started_at


def test_what_no_database_holds_is_made_visible_in_every_text() -> None:
    first = card(1)
    hostile = replace(first, caller_name=BAD, queues=(BAD,), legs=(replace(first.legs[0], agent=BAD),))
    found = row(hostile, BAD)
    assert (found["caller_name"], found["client_key"], found["last_queue"]) == (SEEN, SEEN, SEEN)
    assert found["queues"] == to_json([SEEN])
    assert found["legs"] == to_json([replace(first.legs[0], agent=SEEN)])


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_an_instant_without_a_zone_is_refused(dialect: str) -> None:
    naive: datetime = NOON.replace(tzinfo=None)
    with pytest.raises((TypeError, ValueError)):
        row(replace(card(1), ended_at=naive), dialect=dialect)
