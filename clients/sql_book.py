"""Clients written within one transaction: a change with its lines of history, a merge, a confirmation.

Owns the statements, never the transaction. Locks are taken in one order everywhere: site, card, client, number.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from clients.edits import edited, in_words, lines, merged
from clients.ports import Client, Confirmed, Edit, Stale
from clients.sql_rows import COLUMNS, MORE, client, owners_of, surviving_card, survivor
from core.errors import NotFound, Rejected
from core.ids import fresh_id
from core.model import ClientKind
from runtime.prepared import PreparedWrite, instant_writer
from runtime.schema import (
    client_changes,
    client_emails,
    client_numbers,
    clients,
    follow_ups,
    interactions,
    merged_clients,
    metadata,
    storable,
)


class Book:
    """`key_of` a site and a number as typed (Rejected where it stands for nobody)."""

    def __init__(self, dialect: str, *, key_of: Callable[[str, str], str]) -> None:
        self._key_of = key_of
        self._postgres = dialect == "postgresql"
        insert: Callable[[sa.Table], Any] = (postgresql if self._postgres else sqlite).insert
        self._own_email = insert(client_emails).on_conflict_do_nothing()
        # Run for every stranger who calls.
        self._stored_at = instant_writer(dialect)
        self._create = PreparedWrite(sa.insert(clients).values(_bound(_NEW)), dialect)
        own = insert(client_numbers).values(_bound(_OWNED)).on_conflict_do_nothing()
        self._own_number = PreparedWrite(own, dialect)
        self._adopt = PreparedWrite(_adopting(), dialect)

    def create(self, connection: Connection, new: Client) -> Client:
        """A client with nothing but a name yet."""
        client_id = fresh_id(new.created_at, os.urandom(10))
        told = (client_id, new.site, new.name, new.name.casefold(), new.note, new.made_by)
        self._create.run_once(
            connection, dict(zip(_NEW, (*map(storable, told), self._stored_at(new.created_at)), strict=True))
        )
        return replace(new, client_id=client_id)

    def change(
        self,
        connection: Connection,
        site: str,
        client_id: str,
        edit: Edit,
        *,
        by: str,
        at: datetime,
        version: int | None,
    ) -> Client:
        before = self.held(connection, site, client_id)
        if version is not None and version != before.version:
            raise Stale(before)
        return self.write(connection, before, self.with_edit(connection, before, edit), by=by, at=at)

    def with_edit(self, connection: Connection, before: Client, edit: Edit) -> Client:
        """`before` as `edit` leaves it, with the organisation known to be one of this site."""
        if edit.numbers is not None:
            keys = (self._key_of(before.site, number) for number in edit.numbers)
            edit = replace(edit, numbers=tuple(dict.fromkeys(keys)))
        after = edited(before, edit)
        if before.kind is ClientKind.ORGANISATION and after.kind is ClientKind.PERSON:
            self._refuse_with_members(connection, before)
        if after.organisation_id and after.organisation_id != before.organisation_id:
            organisation = client(connection, before.site, after.organisation_id)
            if organisation.kind is not ClientKind.ORGANISATION:
                raise Rejected(f"{organisation.name} is a person: choose an organisation", code="no_organisation")
            after = replace(after, organisation_id=organisation.client_id, organisation=organisation.name)
        return after if after.organisation_id else replace(after, organisation=None)

    def write(self, connection: Connection, before: Client, after: Client, *, by: str, at: datetime) -> Client:
        """Store what differs, and a line of history for each field. Whose numbers they become gets their earlier cards."""
        told = lines(before, after)
        if not told and before.organisation_id == after.organisation_id:
            return before
        values = {name: storable(getattr(after, name)) for name in (*COLUMNS[2:], *MORE[:2]) if name != "created_at"}
        values |= {"folded_name": values["name"].casefold(), "fields": storable(dict(after.fields))}
        values |= {"asks_check": after.check, "kind": after.kind.value, "version": clients.c.version + 1}
        connection.execute(sa.update(clients).where(clients.c.client_id == before.client_id).values(values))
        self._write_numbers(connection, before, after, at)
        self._write_emails(connection, before, after, at)
        self._tell(connection, before.client_id, told, by=by, at=at)
        return client(connection, before.site, before.client_id)

    def merge(self, connection: Connection, site: str, client_id: str, into: str, *, by: str, at: datetime) -> Client:
        """Everything of one goes to the other; whoever still asks for the first gets the second."""
        self._hold_site(connection, site)
        first, second = sorted((survivor(connection, client_id), survivor(connection, into)))
        if first == second:
            raise Rejected("These two are one client already.", code="same_client")
        held = {
            each.client_id: each for each in (self.held(connection, site, first), self.held(connection, site, second))
        }
        gone, stays = held[survivor(connection, client_id)], held[survivor(connection, into)]
        if gone.kind is not stays.kind and not gone.is_placeholder:
            raise Rejected(
                "A person and an organisation can't be one: make the person a member of the organisation.",
                code="other_kind",
            )
        for table in metadata.sorted_tables:
            if "client_id" in table.c and table not in _NOT_CARRIED:
                connection.execute(
                    sa.update(table).where(table.c.client_id == gone.client_id).values(client_id=stays.client_id)
                )
        members = clients.c.organisation_id == gone.client_id
        connection.execute(sa.update(clients).where(members).values(organisation_id=stays.client_id))
        m = merged_clients.c
        earlier = m.into_client_id == gone.client_id
        connection.execute(sa.update(merged_clients).where(earlier).values(into_client_id=stays.client_id))
        connection.execute(sa.insert(merged_clients), {"client_id": gone.client_id, "into_client_id": stays.client_id})
        connection.execute(sa.delete(clients).where(clients.c.client_id == gone.client_id))
        after = merged(stays, gone)
        if after.organisation_id == stays.client_id:
            after = replace(after, organisation_id=None, organisation=None)
        self._tell(connection, stays.client_id, [("merged", in_words(gone), "")], by=by, at=at)
        written = self.write(connection, stays, after, by=by, at=at)
        if written.version == stays.version:  # nothing new was known, and yet it isn't what others looked at
            connection.execute(_grown(stays.client_id))
            written = replace(written, version=stays.version + 1)
        return written

    def confirm(
        self, connection: Connection, site: str, card_id: str, who: str | Edit, *, learn: bool, by: str, at: datetime
    ) -> Confirmed:
        """See ClientDirectory.confirm. A placeholder that only a call made of this number becomes part of the confirmed one."""
        i = interactions.c
        self._hold_site(connection, site)
        asked = surviving_card(connection, card_id)
        query = (
            sa.select(i.client_key, i.client_id, i.client_number)
            .where(i.card_id == asked, i.site == site)
            .with_for_update()
        )
        card = connection.execute(query).first()
        if card is None:
            raise NotFound("There is no such card.")
        if isinstance(who, Edit):
            new = self.create(connection, Client(client_id="", site=site, name="", created_at=at, made_by=by))
            confirmed = self.write(connection, new, self.with_edit(connection, new, who), by=by, at=at)
        else:
            confirmed = self.held(connection, site, who)
        connection.execute(sa.update(interactions).where(i.card_id == asked).values(client_id=confirmed.client_id))
        # What was promised on this card was promised to whom it turned out to be.
        connection.execute(
            sa.update(follow_ups).where(follow_ups.c.card_id == asked).values(client_id=confirmed.client_id)
        )
        linked = 0
        if learn and card.client_key is not None:
            confirmed, linked = self._learn(connection, confirmed, card.client_key, besides=asked, by=by, at=at)
        return Confirmed(
            card_id=asked, number=card.client_number or "", client=confirmed, linked=linked, before=card.client_id
        )

    def _learn(
        self, connection: Connection, confirmed: Client, key: str, *, besides: str, by: str, at: datetime
    ) -> tuple[Client, int]:
        i, site = interactions.c, confirmed.site
        self.hold_number(
            connection, site, key
        )  # after the client, as everybody does: else two would wait for each other
        mine = sa.and_(i.client_id == confirmed.client_id, i.card_id != besides)
        count = sa.select(sa.func.count()).select_from(interactions).where(i.site == site, i.client_key == key, mine)
        already = connection.scalar(count) or 0
        for owner in owners_of(connection, site, key):
            if owner.client_id != confirmed.client_id and owner.is_placeholder:
                confirmed = self.merge(connection, site, owner.client_id, confirmed.client_id, by=by, at=at)
        if key not in confirmed.numbers:
            after = replace(confirmed, numbers=(*confirmed.numbers, key))
            confirmed = self.write(connection, confirmed, after, by=by, at=at)
        self._adopt.run_once(connection, {"site": site, "number": key, "client_id": confirmed.client_id})
        return confirmed, (connection.scalar(count) or 0) - already

    def hold_number(self, connection: Connection, site: str, key: str) -> None:
        """Until the end of the transaction nobody else decides whose number this is. SQLite has one writer anyway."""
        if self._postgres:
            lock = sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"{site}\n{key}", 0))
            connection.execute(sa.select(lock))

    def _hold_site(self, connection: Connection, site: str) -> None:
        """Merges and confirmations touch several clients and cards: at a site they take turns, whatever node does them."""
        self.hold_number(connection, site, "")

    def own(self, connection: Connection, site: str, client_id: str, key: str, at: datetime) -> None:
        """One more owner of a number; with only one its earlier cards become theirs."""
        owned = {"site": site, "number": key, "client_id": client_id}
        self._own_number.run_once(connection, owned | {"added_at": self._stored_at(at)})
        self._adopt.run_once(connection, owned)

    def held(self, connection: Connection, site: str, client_id: str) -> Client:
        """A client whom nobody else changes until the end of the transaction."""
        c = clients.c
        known = survivor(connection, client_id)
        lock = sa.select(c.client_id).with_for_update()
        while connection.execute(lock.where(c.client_id == known)).first() is None:
            if (later := survivor(connection, client_id)) == known:
                break  # there is none
            known = later  # merged by another node while we waited for the lock
        return client(connection, site, known)

    def _write_numbers(self, connection: Connection, before: Client, after: Client, at: datetime) -> None:
        n = client_numbers.c
        for key in set(before.numbers) - set(after.numbers):
            mine = sa.and_(n.site == before.site, n.number == key, n.client_id == before.client_id)
            connection.execute(sa.delete(client_numbers).where(mine))
        for key in after.numbers:
            if key not in before.numbers:
                self.hold_number(connection, before.site, key)
                self.own(connection, before.site, before.client_id, key, at)

    def _write_emails(self, connection: Connection, before: Client, after: Client, at: datetime) -> None:
        e, site, client_id = client_emails.c, before.site, before.client_id
        for email in set(before.emails) - set(after.emails):
            mine = sa.and_(e.site == site, e.email == email, e.client_id == client_id)
            connection.execute(sa.delete(client_emails).where(mine))
        for email in after.emails:
            if email not in before.emails:
                row = {"site": site, "email": storable(email), "client_id": client_id, "added_at": at}
                connection.execute(self._own_email, row)

    def _tell(
        self, connection: Connection, client_id: str, told: Sequence[tuple[str, str, str]], *, by: str, at: datetime
    ) -> None:
        if not told:
            return
        connection.execute(
            sa.insert(client_changes),
            [
                storable({"client_id": client_id, "by": by, "field": field, "before": before, "after": after})
                | {"change_id": fresh_id(at, os.urandom(10)), "at": at}
                for field, before, after in told
            ],
        )

    def _refuse_with_members(self, connection: Connection, organisation: Client) -> None:
        member = clients.c.organisation_id == organisation.client_id
        if connection.execute(sa.select(clients.c.client_id).where(member).limit(1)).first():
            raise Rejected(f"{organisation.name} has members: it can't become a person", code="has_members")


# A merge moves every table that knows a client but these: two follow the client's own row, one says where it went.
_NOT_CARRIED = (clients, client_numbers, client_emails, merged_clients)
_NEW = ("client_id", "site", "name", "folded_name", "note", "made_by", "created_at")
_OWNED = ("site", "number", "client_id", "added_at")


def _bound(names: Sequence[str]) -> dict[str, Any]:
    return {name: sa.bindparam(name) for name in names}


def _adopting() -> sa.Update:
    """The cards of a number that has one owner by now become theirs."""
    i, n = interactions.c, client_numbers.c
    site, number, client_id = (sa.bindparam(name, type_=sa.Text) for name in _OWNED[:3])
    owners = sa.select(sa.func.count()).where(n.site == site, n.number == number).scalar_subquery()
    orphans = sa.and_(i.site == site, i.client_key == number, i.client_id.is_(None), owners == sa.literal_column("1"))
    return sa.update(interactions).where(orphans).values({i.client_id: client_id})


def _grown(client_id: str) -> sa.Update:
    c = clients.c
    return sa.update(clients).where(c.client_id == client_id).values(version=c.version + 1)
