"""The record of conversations in SQL: one row a card, changed only in whole transactions by the writer thread.

Owns the statements. Never decides what a card says. An earlier revision never replaces a later one, a discarded card never
comes back, and a card finds its client by number whenever it is saved.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, StatementError

from callcards import sql_callbacks, sql_follow_ups, sql_offers, sql_voicemails
from callcards.corrections import CardChange
from callcards.follow_ups import AddFollowUp, ChangeFollowUp
from callcards.offers import KeptOffer
from callcards.past import phones_that_missed
from callcards.ports import Annotate, AuditLine, Before, Change, StoredCard
from callcards.record import to_json, to_record
from callcards.sql_rows import MISSED, STORED, CardRows, stored_card
from callcards.sql_typed import changes_of, move_typed, survivor, write_typed
from core.effects import DiscardCard, SaveCallback, SaveCard, SaveOffer, SaveVoicemail
from core.errors import Rejected
from core.model import Card, Direction, PastInteraction
from runtime.database import Database
from runtime.prepared import Prepared, PreparedWrite
from runtime.schema import (
    audit,
    client_numbers,
    discarded_cards,
    interaction_linkedids,
    interactions,
    missed_calls,
    storable,
)

_TYPED = ("notes", "disposition", "edited_by", "edited_at", "fields")
_OWNED = ("site", "pbx", "linkedid", "boot_id", "card_id")
_MOST_AT_ONCE = 500


class SqlCardStore:
    """`client_key` turns a site and a number as received into the form under which clients are kept (None: nobody)."""

    def __init__(self, database: Database, *, client_key: Callable[[str, str], str | None]) -> None:
        self._database = database
        self._client_key = client_key
        dialect = postgresql if database.dialect == "postgresql" else sqlite
        # An upsert that may change a foreign key has SQLite keep a journal of each single row: a third of a card's whole price.
        self._links_apart = dialect is sqlite
        self._insert: Callable[[sa.Table], Any] = dialect.insert
        self._save = PreparedWrite(self._save_statement(), database.dialect)
        self._rows = CardRows(self._save.names, database.dialect)
        self._own_linkedid = PreparedWrite(self._own_statement(), database.dialect)
        missed: dict[str, Any] = {name: sa.bindparam(name) for name in MISSED}
        self._miss = PreparedWrite(self._insert(missed_calls).values(missed).on_conflict_do_nothing(), database.dialect)
        self._discarded = Prepared(_discarded_query(database.dialect), database.dialect)
        self._clients_of = Prepared(_clients_query(), database.dialect) if self._links_apart else None
        self._link = PreparedWrite(_link_statement(), database.dialect)
        self._offers = sql_offers.SqlOffers(self._insert)
        self._callbacks = sql_callbacks.CallbackWrites(self._insert)
        self._voicemails = sql_voicemails.VoicemailWrites(self._insert)
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
            known_as = survivor(connection, card_id)
            row = connection.execute(STORED.where(interactions.c.card_id == known_as)).mappings().first()
            if row is None:
                return None
            return replace(stored_card(row), follow_ups=tuple(sql_follow_ups.open_of_card(connection, known_as)))

        return await self._database.read(find)

    async def changes(self, card_id: str) -> list[CardChange]:
        return await self._database.read(lambda connection: changes_of(connection, survivor(connection, card_id)))

    async def offers(self, card_id: str) -> list[KeptOffer]:
        return await self._database.read(
            lambda connection: sql_offers.of_card(connection, survivor(connection, card_id))
        )

    async def open_cards(self, site: str, pbx: str) -> list[Card]:
        c = interactions.c
        query = STORED.where(c.site == site, c.pbx == pbx, c.ended_at.is_(None)).order_by(c.started_at, c.card_id)
        return [stored.card for stored in await self._stored(query)]

    async def cards_by_linkedid(self, site: str, pbx: str, linkedids: Sequence[str]) -> list[Card]:
        found: dict[str, Card] = {}
        for owned in self._owned_among(site, pbx, linkedids):
            owners = sa.select(interaction_linkedids.c.card_id).where(owned)
            for stored in await self._stored(STORED.where(interactions.c.card_id.in_(owners))):
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
        return await self._stored(_page(STORED.where(interactions.c.site == site), limit, before))

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
        number = _owner_of(sa.bindparam("link_site"), sa.bindparam("link_number"))
        told = [c.name for c in interactions.c if c.name not in (*_TYPED, "client_id")]
        statement = self._insert(interactions).values(
            {**{name: sa.bindparam(name) for name in told}, "client_id": number}
        )
        new = statement.excluded
        changed: dict[str, Any] = {name: new[name] for name in told if name not in ("card_id", "natural_key")}
        if not self._links_apart:
            changed["client_id"] = sa.func.coalesce(interactions.c.client_id, new.client_id)
        return statement.on_conflict_do_update(
            index_elements=[interactions.c.natural_key],
            set_=changed,
            where=interactions.c.revision < new.revision,
        )

    def _own_statement(self) -> Any:
        columns: dict[str, Any] = {name: sa.bindparam(name) for name in _OWNED}
        return self._insert(interaction_linkedids).values(columns).on_conflict_do_nothing()

    def _apply(self, connection: Connection, changes: Sequence[Change]) -> None:
        # What isn't a card's goes last, and not where it came: between cards it would tear up the runs that are stored in one go.
        offers = [change for change in changes if isinstance(change, SaveOffer)]
        items = [change for change in changes if isinstance(change, SaveCallback | SaveVoicemail)]
        beside = (SaveOffer, SaveCallback, SaveVoicemail)
        others = (change for change in changes if not isinstance(change, beside)) if offers or items else changes
        for kind, run in groupby(others, key=type):
            if kind is SaveCard:
                self._save_cards(connection, [change.card for change in run if isinstance(change, SaveCard)])
                continue
            for change in run:
                match change:
                    case DiscardCard():
                        self._discard(connection, change)
                    case Annotate():
                        self._annotate(connection, change)
                    case AddFollowUp():
                        sql_follow_ups.add(connection, change)
                    case ChangeFollowUp():
                        self._change_follow_up(connection, change)
                    case AuditLine():
                        connection.execute(self._write_audit, storable(to_record(change)) | {"at": change.at})
        self._offers.save(connection, offers)
        self._callbacks.save(connection, [change for change in items if isinstance(change, SaveCallback)])
        self._voicemails.add(connection, [change for change in items if isinstance(change, SaveVoicemail)])

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
        strangers = self._strangers_among(connection, kept)
        self._save.run(connection, (self._rows.row(card, self._key_of(card)) for card in kept))
        if strangers:
            self._link.run(connection, strangers)
        waited = ((card, phones) for card in kept if (phones := phones_that_missed(card)))
        if missed := [row for card, phones in waited for row in self._rows.missed(card, phones)]:
            self._miss.run(connection, missed)
        owned = ((linkedid, card) for card in kept for linkedid in card.linkedids)
        self._own_linkedid.run(
            connection,
            ((card.site, card.pbx, storable(linkedid), card.boot_id, card.card_id) for linkedid, card in owned),
        )

    def _strangers_among(self, connection: Connection, cards: Sequence[Card]) -> list[tuple[Any, ...]]:
        """Cards that are stored already and have no client yet, where the upsert doesn't look for one."""
        if self._clients_of is None:
            return []
        asked = to_json(tuple(storable(card.natural_key) for card in cards if card.client_number is not None))
        stored = self._clients_of.rows(connection, natural_keys=asked)
        return [(natural_key,) for natural_key, client_id in stored if client_id is None]

    def _gone(self, connection: Connection, card_ids: Iterable[str]) -> set[str]:
        asked = list(card_ids) if self._database.dialect == "postgresql" else to_json(tuple(card_ids))
        return {row[0] for row in self._discarded.rows(connection, card_ids=asked)}

    def _key_of(self, card: Card) -> str | None:
        return None if card.client_number is None else self._client_key(card.site, card.client_number)

    def _discard(self, connection: Connection, change: DiscardCard) -> None:
        into = None if change.into is None else survivor(connection, change.into)
        if into == change.card_id:
            return
        connection.execute(
            self._insert(discarded_cards).on_conflict_do_nothing(),
            {"card_id": change.card_id, "into_card_id": into},
        )
        d, owned = discarded_cards.c, interaction_linkedids
        connection.execute(sa.update(discarded_cards).where(d.into_card_id == change.card_id).values(into_card_id=into))
        # With no survivor the ids stay with the card that isn't: the CDR then knows that they need none.
        owner = into or change.card_id
        connection.execute(sa.update(owned).where(owned.c.card_id == change.card_id).values(card_id=owner))
        self._own_all(connection, change, owner)
        if into is not None:
            move_typed(connection, change.card_id, into)
            sql_follow_ups.move(connection, change.card_id, into)
            sql_offers.move(connection, change.card_id, into)
            sql_voicemails.move(connection, change.card_id, into)
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
        typed = [
            name for name in ("notes", "disposition", "next_contact", "fields") if getattr(change, name) is not None
        ]
        facts = {"card_id": change.card_id, "fields": ",".join(sorted(typed))}
        if not self._first_time(connection, change.annotation_id, change, "card_annotated", facts):
            return
        write_typed(connection, change)
        if change.next_contact is not None:
            sql_follow_ups.plan_as_typed(connection, change)

    def _change_follow_up(self, connection: Connection, change: ChangeFollowUp) -> None:
        facts = {"follow_up_id": change.follow_up_id, "state": change.state.value if change.state else ""}
        if self._first_time(connection, change.change_id, change, "follow_up_changed", facts):
            sql_follow_ups.change(connection, change)

    def _first_time(
        self,
        connection: Connection,
        line_id: str,
        change: Annotate | ChangeFollowUp,
        action: str,
        facts: dict[str, str],
    ) -> bool:
        """The line in the audit trail is the proof that a change has been made."""
        line = {"audit_id": line_id, "at": change.at, "actor": change.by, "action": action, "facts": facts}
        return connection.execute(self._write_audit, storable(line)).first() is not None


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


def _owner_of(site: Any, number: Any) -> Any:
    """The client who has this number; of several nobody is chosen blindly: a person confirms."""
    owner = client_numbers.c
    found = sa.select(sa.func.min(owner.client_id)).where(owner.site == site, owner.number == number)
    return found.having(sa.func.count() == sa.literal_column("1")).scalar_subquery()


def _clients_query() -> sa.Select[str, str | None]:
    c = interactions.c
    asked = sa.func.json_each(sa.bindparam("natural_keys")).table_valued("value")
    # Asked for those without a client, SQLite would go through all of them.
    return sa.select(c.natural_key, c.client_id).where(c.natural_key.in_(sa.select(asked.c.value)))


def _link_statement() -> sa.Update:
    c = interactions.c
    mine = sa.update(interactions).where(c.natural_key == sa.bindparam("stranger"), c.client_id.is_(None))
    return mine.values(client_id=_owner_of(c.site, c.client_key))


def _discarded_query(dialect: str) -> sa.Select[str]:
    """Which of many ids are discarded, with a text that doesn't change with how many they are."""
    c = discarded_cards.c
    if dialect == "postgresql":
        return sa.select(c.card_id).where(c.card_id == sa.any_(sa.bindparam("card_ids", type_=sa.ARRAY(sa.Text))))
    asked = sa.func.json_each(sa.bindparam("card_ids")).table_valued("value")
    return sa.select(c.card_id).where(c.card_id.in_(sa.select(asked.c.value)))
