"""The record of conversations in SQL: one row a card, changed only in whole transactions by the writer thread.

Owns the statements. Never decides what a card says. An earlier revision never replaces a later one, a discarded card never
comes back, and a card finds its client by number whenever it is saved.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from callcards.ports import Annotate, AuditLine, Before, Change, StoredCard
from callcards.record import to_json, to_record
from callcards.sql_rows import CardRows, stored_card
from core.effects import DiscardCard, SaveCard
from core.errors import Rejected
from core.model import Card, Direction, PastInteraction
from runtime.database import Database
from runtime.prepared import Prepared, PreparedWrite
from runtime.schema import (
    audit,
    client_numbers,
    clients,
    discarded_cards,
    interaction_linkedids,
    interactions,
    storable,
)

_TYPED = ("notes", "disposition", "next_contact_at", "next_contact_text", "edited_by", "edited_at", "fields")
_OWNED = ("site", "pbx", "linkedid", "boot_id", "card_id")
_MOST_AT_ONCE = 500


class SqlCardStore:
    """`client_key` turns a site and a number as received into the form under which clients are kept (None: nobody)."""

    def __init__(self, database: Database, *, client_key: Callable[[str, str], str | None]) -> None:
        self._database = database
        self._client_key = client_key
        dialect = postgresql if database.dialect == "postgresql" else sqlite
        self._insert: Callable[[sa.Table], Any] = dialect.insert
        self._save = PreparedWrite(self._save_statement(), database.dialect)
        self._rows = CardRows(self._save.names, database.dialect)
        self._own_linkedid = PreparedWrite(self._own_statement(), database.dialect)
        self._discarded = Prepared(_discarded_query(database.dialect), database.dialect)
        self._write_audit = self._insert(audit).on_conflict_do_nothing().returning(audit.c.audit_id)

    async def apply(self, changes: Sequence[Change]) -> None:
        try:
            await self._database.write(lambda connection: self._apply(connection, changes))
        except (StatementError, TypeError, ValueError, OverflowError) as error:
            if isinstance(error, DBAPIError) and not isinstance(error, IntegrityError | DataError):
                raise
            raise Rejected(f"a change of the cards can't be stored: {error}", code="unstorable") from error

    async def card(self, card_id: str) -> StoredCard | None:
        def find(connection: Connection) -> StoredCard | None:
            survivor = _survivor(connection, card_id)
            row = connection.execute(_STORED.where(interactions.c.card_id == survivor)).mappings().first()
            return None if row is None else stored_card(row)

        return await self._database.read(find)

    async def open_cards(self, site: str, pbx: str) -> list[Card]:
        c = interactions.c
        query = _STORED.where(c.site == site, c.pbx == pbx, c.ended_at.is_(None)).order_by(c.started_at, c.card_id)
        return [stored.card for stored in await self._stored(query)]

    async def cards_by_linkedid(self, site: str, pbx: str, linkedids: Sequence[str]) -> list[Card]:
        found: dict[str, Card] = {}
        for owned in self._owned_among(site, pbx, linkedids):
            owners = sa.select(interaction_linkedids.c.card_id).where(owned)
            for stored in await self._stored(_STORED.where(interactions.c.card_id.in_(owners))):
                found[stored.card.card_id] = stored.card
        return sorted(found.values(), key=lambda card: (card.started_at, card.card_id))

    async def known_linkedids(self, site: str, pbx: str, linkedids: Sequence[str]) -> frozenset[str]:
        linkedid = interaction_linkedids.c.linkedid
        queries = [sa.select(linkedid).where(owned) for owned in self._owned_among(site, pbx, linkedids)]
        return await self._database.read(lambda connection: frozenset(_each(connection, queries)))

    async def last_started_at(self, site: str, pbx: str) -> datetime | None:
        c = interactions.c
        query = sa.select(c.started_at).where(c.site == site, c.pbx == pbx).order_by(c.started_at.desc()).limit(1)
        return await self._database.read(lambda connection: connection.scalar(query))

    async def recent(self, site: str, *, limit: int = 50, before: Before | None = None) -> list[StoredCard]:
        return await self._stored(_page(_STORED.where(interactions.c.site == site), limit, before))

    async def history(self, client_id: str, *, limit: int = 20, before: Before | None = None) -> list[PastInteraction]:
        query = _page(_PAST.where(interactions.c.client_id == client_id), limit, before)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [PastInteraction(**{**row._mapping, "direction": Direction(row.direction)}) for row in rows]

    def _owned_among(self, site: str, pbx: str, linkedids: Sequence[str]) -> Iterator[sa.ColumnElement[bool]]:
        c = interaction_linkedids.c
        for start in range(0, len(linkedids), _MOST_AT_ONCE):
            some = [storable(linkedid) for linkedid in linkedids[start : start + _MOST_AT_ONCE]]
            yield sa.and_(c.site == site, c.pbx == pbx, c.linkedid.in_(some))

    async def _stored(self, query: sa.Select[Any]) -> list[StoredCard]:
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [stored_card(row) for row in rows]

    def _save_statement(self) -> Any:
        owner = client_numbers.c
        number = (
            sa.select(sa.func.min(owner.client_id))  # of several nobody is chosen blindly: a person confirms
            .where(owner.site == sa.bindparam("link_site"), owner.number == sa.bindparam("link_number"))
            .having(sa.func.count() == sa.literal_column("1"))
        )
        told = [c.name for c in interactions.c if c.name not in (*_TYPED, "client_id")]
        statement = self._insert(interactions).values(
            {**{name: sa.bindparam(name) for name in told}, "client_id": number.scalar_subquery()}
        )
        new = statement.excluded
        changed = {name: new[name] for name in told if name not in ("card_id", "natural_key")}
        return statement.on_conflict_do_update(
            index_elements=[interactions.c.natural_key],
            set_={**changed, "client_id": sa.func.coalesce(interactions.c.client_id, new.client_id)},
            where=interactions.c.revision < new.revision,
        )

    def _own_statement(self) -> Any:
        columns: dict[str, Any] = {name: sa.bindparam(name) for name in _OWNED}
        return self._insert(interaction_linkedids).values(columns).on_conflict_do_nothing()

    def _apply(self, connection: Connection, changes: Sequence[Change]) -> None:
        for kind, run in groupby(changes, key=type):
            if kind is SaveCard:
                self._save_cards(connection, [change.card for change in run if isinstance(change, SaveCard)])
                continue
            for change in run:
                match change:
                    case DiscardCard():
                        self._discard(connection, change)
                    case Annotate():
                        self._annotate(connection, change)
                    case AuditLine():
                        connection.execute(self._write_audit, storable(to_record(change)) | {"at": change.at})

    def _save_cards(self, connection: Connection, cards: Iterable[Card]) -> None:
        latest: dict[str, Card] = {}
        for card in cards:
            if card.card_id not in latest or latest[card.card_id].revision <= card.revision:
                latest[card.card_id] = card
        gone = self._gone(connection, latest)
        # Always in the same order, so that two nodes can't wait for each other's rows.
        kept = sorted((card for card in latest.values() if card.card_id not in gone), key=lambda c: c.natural_key)
        if not kept:
            return
        self._save.run(connection, (self._rows.row(card, self._key_of(card)) for card in kept))
        owned = ((linkedid, card) for card in kept for linkedid in card.linkedids)
        self._own_linkedid.run(
            connection,
            ((card.site, card.pbx, storable(linkedid), card.boot_id, card.card_id) for linkedid, card in owned),
        )

    def _gone(self, connection: Connection, card_ids: Iterable[str]) -> set[str]:
        asked = list(card_ids) if self._database.dialect == "postgresql" else to_json(tuple(card_ids))
        return {row[0] for row in self._discarded.rows(connection, card_ids=asked)}

    def _key_of(self, card: Card) -> str | None:
        return None if card.client_number is None else self._client_key(card.site, card.client_number)

    def _discard(self, connection: Connection, change: DiscardCard) -> None:
        survivor = None if change.into is None else _survivor(connection, change.into)
        if survivor == change.card_id:
            return
        connection.execute(
            self._insert(discarded_cards).on_conflict_do_nothing(),
            {"card_id": change.card_id, "into_card_id": survivor},
        )
        d, owned = discarded_cards.c, interaction_linkedids
        connection.execute(
            sa.update(discarded_cards).where(d.into_card_id == change.card_id).values(into_card_id=survivor)
        )
        # With no survivor the ids stay with the card that isn't: the CDR then knows that they need none.
        owner = survivor or change.card_id
        connection.execute(sa.update(owned).where(owned.c.card_id == change.card_id).values(card_id=owner))
        self._own_all(connection, change, owner)
        if survivor is not None:
            _move_typed(connection, change.card_id, survivor)
        connection.execute(sa.delete(interactions).where(interactions.c.card_id == change.card_id))

    def _own_all(self, connection: Connection, change: DiscardCard, owner: str) -> None:
        c = interactions.c
        known = [card_id for card_id in (change.card_id, owner) if card_id]
        place = connection.execute(sa.select(c.site, c.pbx, c.boot_id).where(c.card_id.in_(known)).limit(1)).first()
        if place is None or not change.linkedids:
            return
        insert = self._insert(interaction_linkedids)
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=list(interaction_linkedids.primary_key), set_={"card_id": insert.excluded.card_id}
            ),
            [{**place._mapping, "linkedid": storable(linkedid), "card_id": owner} for linkedid in change.linkedids],
        )

    def _annotate(self, connection: Connection, change: Annotate) -> None:
        """Once each: the line in the audit trail is the proof that it has been done."""
        typed = _typed_values(change)
        line = {
            "audit_id": change.annotation_id,
            "at": change.at,
            "actor": change.by,
            "action": "card_annotated",
            "facts": {"card_id": change.card_id, "fields": ",".join(sorted(typed))},
        }
        if connection.execute(self._write_audit, storable(line)).first() is None:
            return
        connection.execute(
            sa.update(interactions)
            .where(interactions.c.card_id == _survivor(connection, change.card_id))
            .values(**typed, edited_by=change.by, edited_at=change.at)
        )


_STORED = sa.select(interactions, clients.c.name.label("client_name")).outerjoin(clients)
_PAST = sa.select(
    interactions.c.card_id,
    interactions.c.channel,
    interactions.c.direction,
    interactions.c.started_at,
    interactions.c.last_queue.label("queue"),
    interactions.c.served_by.label("agent"),
    interactions.c.talk_s,
    interactions.c.disposition,
    interactions.c.notes,
    interactions.c.answered_at.is_not(None).label("answered"),
)


def _each(connection: Connection, queries: Iterable[sa.Select[str]]) -> Iterator[str]:
    for query in queries:
        yield from connection.scalars(query)


def _page(query: sa.Select[Any], limit: int, before: Before | None) -> sa.Select[Any]:
    c = interactions.c
    if before is not None:
        query = query.where(
            c.started_at <= before.started_at,
            sa.or_(c.started_at < before.started_at, c.card_id < before.card_id),
        )
    return query.order_by(c.started_at.desc(), c.card_id.desc()).limit(limit)


def _discarded_query(dialect: str) -> sa.Select[str]:
    """Which of many ids are discarded, with a text that doesn't change with how many they are."""
    c = discarded_cards.c
    if dialect == "postgresql":
        return sa.select(c.card_id).where(c.card_id == sa.any_(sa.bindparam("card_ids", type_=sa.ARRAY(sa.Text))))
    asked = sa.func.json_each(sa.bindparam("card_ids")).table_valued("value")
    return sa.select(c.card_id).where(c.card_id.in_(sa.select(asked.c.value)))


def _survivor(connection: Connection, card_id: str) -> str:
    """The card that this one became part of, or itself. One hop: a discard re-points all that led to it."""
    c = discarded_cards.c
    into: str | None = connection.scalar(sa.select(c.into_card_id).where(c.card_id == card_id))
    return into or card_id


def _typed_values(change: Annotate) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    if change.notes is not None:
        typed["notes"] = storable(change.notes)
    if change.disposition is not None:
        typed["disposition"] = storable(change.disposition) or None
    if change.next_contact is not None:
        typed["next_contact_at"] = change.next_contact.at
        typed["next_contact_text"] = storable(change.next_contact.text)
    return typed


def _move_typed(connection: Connection, from_card: str, to_card: str) -> None:
    """What was typed on a card that is swallowed goes on in the one that stays; nothing typed there is overwritten."""
    columns = [interactions.c[name] for name in _TYPED]
    rows = {}
    for card_id in (from_card, to_card):
        rows[card_id] = connection.execute(sa.select(*columns).where(interactions.c.card_id == card_id)).first()
    old, new = rows[from_card], rows[to_card]
    if old is None or new is None or old.edited_at is None:
        return
    merged = {name: getattr(new, name) or getattr(old, name) for name in _TYPED}
    merged["notes"] = "\n".join(text for text in (new.notes, old.notes) if text)
    connection.execute(sa.update(interactions).where(interactions.c.card_id == to_card).values(merged))
