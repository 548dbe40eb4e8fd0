"""What people type on a card, in SQL: notes, disposition, fields, the history of corrections, the words for search.

Owns these statements; each runs inside the transaction of whoever calls. Never touches what the PBX tells of a card.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from callcards.corrections import CardChange, both_kept, continued, is_stale, touched
from callcards.ports import Annotate
from core.words import stored_words
from runtime.schema import card_changes, card_texts, discarded_cards, interactions, storable

_TYPED = ("notes", "disposition", "edited_by", "edited_at", "fields")
_HELD = sa.select(interactions.c.site, *(interactions.c[name] for name in _TYPED))


def survivor(connection: Connection, card_id: str) -> str:
    """The card that this one became part of, or itself. One hop: a discard re-points all that led to it."""
    c = discarded_cards.c
    into: str | None = connection.scalar(sa.select(c.into_card_id).where(c.card_id == card_id))
    return into or card_id


def write_typed(connection: Connection, change: Annotate) -> None:
    """The caller has made sure that it is done once."""
    card_id = survivor(connection, change.card_id)
    held = _held(connection, card_id)
    if held is None or change.site not in (None, held.site):
        return
    values = _values(connection, card_id, change, held)
    _write_corrections(connection, card_id, change, touched(_texts(held), _told(values)))
    connection.execute(
        sa.update(interactions)
        .where(interactions.c.card_id == card_id)
        .values(**values, edited_by=change.by, edited_at=change.at)
    )
    if "notes" in values or "disposition" in values:
        notes, disposition = values.get("notes", held.notes), values.get("disposition", held.disposition)
        _write_words(connection, card_id, held.site, stored_words(notes, disposition))


def move_typed(connection: Connection, from_card: str, to_card: str) -> None:
    """What was typed on a card that is swallowed goes on in the one that stays; nothing typed there is overwritten."""
    old, new = _held(connection, from_card), _held(connection, to_card)
    c, texts = card_changes.c, card_texts.c
    connection.execute(sa.update(card_changes).where(c.card_id == from_card).values(card_id=to_card))
    connection.execute(sa.delete(card_texts).where(texts.card_id == from_card))
    if old is None or new is None or old.edited_at is None:
        return
    merged = {name: getattr(new, name) or getattr(old, name) for name in _TYPED}
    merged["notes"] = "\n".join(text for text in (new.notes, old.notes) if text)
    merged["fields"] = {**old.fields, **new.fields}
    connection.execute(sa.update(interactions).where(interactions.c.card_id == to_card).values(merged))
    _write_words(connection, to_card, new.site, stored_words(merged["notes"], merged["disposition"]))


def changes_of(connection: Connection, card_id: str) -> list[CardChange]:
    c = card_changes.c
    query = sa.select(card_changes).where(c.card_id == card_id).order_by(c.at, c.change_id)
    return [CardChange(**row._mapping) for row in connection.execute(query)]


def _held(connection: Connection, card_id: str) -> Row[Any] | None:
    return connection.execute(_HELD.where(interactions.c.card_id == card_id)).first()


def _values(connection: Connection, card_id: str, change: Annotate, held: Row[Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.notes is not None:
        notes = storable(change.notes)
        if change.based and is_stale(change.base, _changed_at(connection, card_id, "notes")):
            # Two typed at once and neither could be asked: both texts stay.
            notes = both_kept(held.notes, notes)
        values["notes"] = notes
    if change.disposition is not None:
        values["disposition"] = storable(change.disposition) or None
    if change.fields is not None:
        fields = {**held.fields, **storable(dict(change.fields))}
        values["fields"] = {code: text for code, text in fields.items() if text}
    return values


def _texts(held: Row[Any]) -> dict[str, str]:
    return {"notes": held.notes, "disposition": held.disposition or "", "fields": _lines(held.fields)}


def _told(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _lines(value) if name == "fields" else value or "" for name, value in values.items()}


def _lines(fields: Mapping[str, str]) -> str:
    return json.dumps(dict(sorted(fields.items())), ensure_ascii=False) if fields else ""


def _changed_at(connection: Connection, card_id: str, field: str) -> datetime | None:
    c = card_changes.c
    found: datetime | None = connection.scalar(
        sa.select(sa.func.max(c.at)).where(c.card_id == card_id, c.field == field)
    )
    return found


def _write_corrections(
    connection: Connection, card_id: str, change: Annotate, corrected: list[tuple[str, str, str]]
) -> None:
    c = card_changes.c
    for field, before, after in corrected:
        newest = (
            sa.select(card_changes)
            .where(c.card_id == card_id, c.field == field)
            .order_by(c.at.desc(), c.change_id.desc())
            .limit(1)
        )
        row = connection.execute(newest).first()
        last = None if row is None else CardChange(**row._mapping)
        if last is not None and continued(last, by=change.by, at=change.at):
            latest = max(last.at, change.at)
            line = sa.update(card_changes).where(c.change_id == last.change_id)
            connection.execute(line.values(after=after, at=latest))
            continue
        connection.execute(
            sa.insert(card_changes),
            {
                "change_id": f"{change.annotation_id}.{field}",
                "card_id": card_id,
                "at": change.at,
                "by": storable(change.by),
                "field": field,
                "before": before,
                "after": after,
            },
        )


def _write_words(connection: Connection, card_id: str, site: str, words: str) -> None:
    c = card_texts.c
    known = connection.scalar(sa.select(c.words).where(c.card_id == card_id))
    if known is None:
        connection.execute(sa.insert(card_texts), {"card_id": card_id, "site": site, "words": words})
    elif known != words:
        connection.execute(sa.update(card_texts).where(c.card_id == card_id).values(words=words))
