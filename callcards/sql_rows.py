"""Between a card and its row. Owns which column holds what; never runs a statement."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from operator import attrgetter, itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from callcards.past import served_by
from callcards.ports import StoredCard
from callcards.record import from_record, to_record
from core.model import Card, Direction, EndedBy, Leg, TransferStep
from runtime.prepared import instant_writer
from runtime.schema import clients, interactions, storable
from runtime.wire import encode

_NESTED = ("linkedids", "queues", "legs", "transfers", "recordings")
_PLAIN = tuple(field.name for field in fields(Card) if field.name not in _NESTED)
_INSTANTS = ("started_at", "queued_at", "unqueued_at", "answered_at", "talk_ended_at", "ended_at")
_UNCHANGED = ("revision", "voicemail", "cause", "inferred")
_DERIVED = ("direction", "ended_by", "hold_s", "talk_s")
_TEXTS = tuple(name for name in _PLAIN if name not in (*_INSTANTS, *_UNCHANGED, *_DERIVED))
# `link_site` and `link_number` are the keys of the client look-up.
_DERIVED_TEXTS = ("client_key", "link_number", "last_queue", "served_by", "link_site")
_ORDER = (*_UNCHANGED, *_DERIVED, *_TEXTS, *_DERIVED_TEXTS, *_INSTANTS, *_NESTED)
_TYPED = ("client_id", "notes", "disposition", "edited_by", "edited_at", "fields")
_ESCAPED = b"\\u"
MISSED = ("site", "agent", "started_at", "card_id")

# What `stored_card` reads.
STORED = sa.select(interactions, clients.c.name.label("client_name")).outerjoin(clients)

_unchanged, _texts, _instants, _nested = (attrgetter(*each) for each in (_UNCHANGED, _TEXTS, _INSTANTS, _NESTED))


class CardRows:
    """Rows of plain driver values in the order of `names`. Thousands of cards a second pass here."""

    def __init__(self, names: Sequence[str], dialect: str) -> None:
        self._in_order = itemgetter(*(_ORDER.index(name) for name in names))
        self._stored_at = instant_writer(dialect)

    def row(self, card: Card, client_key: str | None) -> tuple[Any, ...]:
        texts = (
            *_texts(card),
            client_key,
            client_key,
            card.queues[-1] if card.queues else None,
            served_by(card),
            card.site,
        )
        together = "".join([text for text in texts if text])
        if storable(together) != together:
            texts = tuple(map(storable, texts))
        stored_at = self._stored_at
        values = (
            *_unchanged(card),
            card.direction.value,
            card.ended_by and card.ended_by.value,
            float(card.hold_s),  # SQLite would keep whatever an old journal says
            card.talk_s,
            *texts,
            *[None if at is None else stored_at(at) for at in _instants(card)],
            *[_json(items) if items else "[]" for items in _nested(card)],
        )
        in_order: tuple[Any, ...] = self._in_order(values)
        return in_order

    def missed(self, card: Card, phones: Collection[str]) -> list[tuple[Any, ...]]:
        """Rows of missed_calls in the order of MISSED."""
        return [
            (storable(card.site), storable(phone), self._stored_at(card.started_at), card.card_id) for phone in phones
        ]


def _json(items: tuple[Any, ...]) -> str:
    try:
        text = encode(items)
    except TypeError:  # half a character
        text = _ESCAPED
    if _ESCAPED not in text:  # only what is escaped can be something that no database holds
        return text.decode()
    return encode(storable(to_record(items))).decode()


def stored_card(row: RowMapping) -> StoredCard:
    """The card of a row of interactions, with the client's name beside it."""
    values = {name: row[name] for name in _PLAIN}
    values["direction"] = Direction(row["direction"])
    values["ended_by"] = EndedBy(row["ended_by"]) if row["ended_by"] is not None else None
    values |= {name: tuple(row[name]) for name in ("linkedids", "queues", "recordings")}
    values["legs"] = tuple(from_record(Leg, leg) for leg in row["legs"])
    values["transfers"] = tuple(from_record(TransferStep, step) for step in row["transfers"])
    return StoredCard(card=Card(**values), client_name=row["client_name"] or "", **{name: row[name] for name in _TYPED})
