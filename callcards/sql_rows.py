"""Between a card and its row. Owns which column holds what; never runs a statement."""

from dataclasses import fields
from typing import Any

from sqlalchemy.engine import RowMapping

from callcards.past import served_by
from callcards.ports import StoredCard
from callcards.record import from_record, to_record
from core.model import Card, Direction, EndedBy, Leg, TransferStep
from runtime.schema import storable

_NESTED = ("linkedids", "queues", "legs", "transfers", "recordings")
_PLAIN = tuple(field.name for field in fields(Card) if field.name not in _NESTED)
_TYPED = ("client_id", "notes", "disposition", "next_contact_at", "next_contact_text", "edited_by", "edited_at")


def card_row(card: Card, client_key: str | None) -> dict[str, Any]:
    """The values to store, the derived ones and the keys of the client look-up (`link_*`) included."""
    row = {name: storable(getattr(card, name)) for name in _PLAIN}
    row |= {name: storable(to_record(getattr(card, name))) for name in _NESTED}
    key = storable(client_key)
    row |= {
        "client_key": key,
        "last_queue": storable(card.queues[-1]) if card.queues else None,
        "served_by": storable(served_by(card)),
        "talk_s": card.talk_s,
        "link_site": row["site"],
        "link_number": key,
    }
    return row


def stored_card(row: RowMapping) -> StoredCard:
    """The card of a row of interactions, with the client's name beside it."""
    values = {name: row[name] for name in _PLAIN}
    values["direction"] = Direction(row["direction"])
    values["ended_by"] = EndedBy(row["ended_by"]) if row["ended_by"] is not None else None
    values |= {name: tuple(row[name]) for name in ("linkedids", "queues", "recordings")}
    values["legs"] = tuple(from_record(Leg, leg) for leg in row["legs"])
    values["transfers"] = tuple(from_record(TransferStep, step) for step in row["transfers"])
    return StoredCard(card=Card(**values), client_name=row["client_name"] or "", **{name: row[name] for name in _TYPED})
