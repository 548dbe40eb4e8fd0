"""Rows of plain values: what no database can hold is made visible, whatever column it is in; nothing else changes."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from callcards.record import from_record
from callcards.sql_rows import CardRows
from core.model import Card, Leg
from runtime.wire import encode
from tests.cards import NOON, card

NAMES = ("caller_name", "client_key", "linkedids", "queues", "legs", "last_queue", "started_at", "direction")


def row(of: Card, key: str | None = None, *, dialect: str = "sqlite") -> dict[str, Any]:
    return dict(zip(NAMES, CardRows(NAMES, dialect).row(of, key), strict=True))


def test_a_clean_card_is_stored_as_it_is() -> None:
    clean = replace(card(1), caller_name="Иван", queues=("поддержка", 'a"b'))
    assert row(clean, "+7916") == {
        "caller_name": "Иван",
        "client_key": "+7916",
        "linkedids": json.dumps(clean.linkedids, separators=(",", ":")),
        "queues": '["поддержка","a\\"b"]',
        "legs": encode(clean.legs).decode(),
        "last_queue": 'a"b',
        "started_at": int(clean.started_at.timestamp() * 1_000_000),
        "direction": clean.direction.value,
    }
    assert row(replace(clean, legs=()))["legs"] == "[]"
    legs = json.loads(row(clean)["legs"])
    assert tuple(from_record(Leg, leg) for leg in legs) == clean.legs
    assert row(clean, dialect="postgresql")["started_at"] == clean.started_at


@pytest.mark.parametrize(
    ("bad", "seen"), [("a\x00b", "a\ufffdb"), ("b\ud800", "b\ufffd"), ("\x00\udfff", "\ufffd\ufffd")]
)
def test_what_no_database_holds_is_made_visible_in_every_text(bad: str, seen: str) -> None:
    first = card(1)
    hostile = replace(first, caller_name=bad, queues=(bad,), legs=(replace(first.legs[0], agent=bad),))
    found = row(hostile, bad)
    assert (found["caller_name"], found["client_key"], found["last_queue"]) == (seen, seen, seen)
    assert json.loads(found["queues"]) == [seen]
    assert from_record(Leg, json.loads(found["legs"])[0]) == replace(first.legs[0], agent=seen)


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql"])
def test_an_instant_without_a_zone_is_refused(dialect: str) -> None:
    naive: datetime = NOON.replace(tzinfo=None)
    with pytest.raises((TypeError, ValueError)):
        row(replace(card(1), ended_at=naive), dialect=dialect)
