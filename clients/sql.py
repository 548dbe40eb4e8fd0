"""Clients in SQL. The look-up of a caller is one statement in one reader thread, prepared once; each change one transaction.

Owns which thread does what. Never decides which numbers are the same (match.py) nor what may be said (edits.py). Two calls at
once from one stranger make one client: whoever makes it holds the number.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from clients.edits import check_answers, checked, email_key
from clients.match import client_key, first_name
from clients.ports import NOTHING, Answer, Changed, Checked, Client, Confirmed, Edit, Found
from clients.sql_book import Book
from clients.sql_look_up import LookUp
from clients.sql_rows import CLIENT, changes_of, client, in_full, surviving_card
from core.desk import Desk
from core.errors import NotFound, Rejected
from core.model import ClientKind
from runtime.database import Database
from runtime.schema import card_checks, client_emails, client_numbers, clients, discarded_cards, interactions, storable


class SqlClientDirectory:
    """`region_of` says how numbers are dialled at a site (ISO 3166), `desk` which fields and check questions there are. Passes the
    contract tests of ports.py."""

    def __init__(self, database: Database, *, region_of: Callable[[str], str], desk: Desk | None = None) -> None:
        self._database = database
        self._region_of = region_of
        self._desk = desk or Desk()
        self._look_up = LookUp(database.dialect)
        self._book = Book(database.dialect, key_of=self._required_key)
        insert: Any = (postgresql if database.dialect == "postgresql" else sqlite).insert(card_checks)
        new = insert.excluded
        self._keep_check = insert.on_conflict_do_update(
            index_elements=["card_id"], set_={name: new[name] for name in ("client_id", "answers", "by", "at")}
        )

    async def find(self, site: str, number: str) -> Found:
        key = self.key(site, number)
        if key is None:
            return Found(client=None)
        return await self._database.read(lambda connection: self._look_up.found(connection, site, key))

    def look_up(self, site: str, number: str, answer: Answer) -> None:
        if not any(map(str.isdigit, number)) and self.key(site, number) is None:
            asyncio.get_running_loop().call_soon(answer, Found(client=None), None)
            return
        # A number that is new to us takes long to read: in the thread, while the loop shows the pop.
        self._database.read_soon(
            lambda connection: self._look_up.found(connection, site, self._required_key(site, number)), answer
        )

    async def find_or_create(self, site: str, number: str, *, name: str, at: datetime) -> Found:
        found = await self.find(site, number)
        key = self.key(site, number)
        if not found.is_stranger or key is None:
            return found
        new = Client(client_id="", site=site, name=first_name(name, number), created_at=at)
        return await self._database.write(lambda connection: self._meet(connection, new, key))

    async def about(self, site: str, client_id: str, *, number: str) -> Found:
        def read(connection: Connection) -> Found:
            known = client(connection, site, client_id)
            return self._look_up.about(connection, site, known.client_id, self.key(site, number) or number)

        return await self._database.read(read)

    async def as_confirmed(self, site: str, card_id: str, found: Found, *, number: str) -> Found:
        i = interactions.c

        def read(connection: Connection) -> Found:
            asked = surviving_card(connection, card_id)
            whose = connection.scalar(sa.select(i.client_id).where(i.card_id == asked, i.site == site))
            if whose is None or (found.client is not None and found.client.client_id == whose):
                return found
            return self._look_up.about(connection, site, whose, self.key(site, number) or number)

        return await self._database.read(read)

    def key(self, site: str, number: str) -> str | None:
        return client_key(number, self._region_of(site))

    async def client(self, site: str, client_id: str) -> Client:
        return await self._database.read(lambda connection: client(connection, site, client_id))

    async def search(
        self, site: str, text: str, *, limit: int = 20, kind: ClientKind | None = None, number: str = ""
    ) -> list[Client]:
        c, n, e = clients.c, client_numbers.c, client_emails.c
        wanted = c.site == site

        def owning(typed: str) -> sa.ColumnElement[bool]:
            key = self.key(site, typed) or typed
            return c.client_id.in_(sa.select(n.client_id).where(n.site == site, n.number == key))

        if sought := storable(text.strip()):
            by_email = sa.select(e.client_id).where(e.site == site, e.email == sought.lower())
            by_name = c.folded_name.contains(sought[:100].casefold(), autoescape=True)
            wanted &= owning(sought) | c.client_id.in_(by_email) | by_name
        if number.strip():
            wanted &= owning(storable(number.strip()))
        if kind is not None:
            wanted &= c.kind == kind.value
        return await self._listed(wanted, c.created_at.desc(), c.client_id.desc(), limit=limit)

    async def members(self, site: str, client_id: str, *, limit: int = 200) -> list[Client]:
        c = clients.c
        organisation = await self.client(site, client_id)
        theirs = c.organisation_id == organisation.client_id
        return await self._listed(theirs, c.folded_name, c.client_id, limit=limit)

    async def changes(self, site: str, client_id: str) -> list[Changed]:
        return await self._database.read(lambda connection: changes_of(connection, site, client_id))

    async def home_of(self, *, client_id: str = "", card_id: str = "") -> str | None:
        i, c = interactions.c, clients.c
        by_card = sa.select(i.site).where(i.card_id == card_id)
        by_id = sa.select(c.site).where(c.client_id == client_id)
        return await self._database.read(lambda connection: connection.scalar(by_card if card_id else by_id))

    async def live_calls(self, site: str, client_id: str) -> Sequence[tuple[str, str]]:
        i = interactions.c
        theirs = sa.and_(i.client_id == client_id, i.site == site, i.ended_at.is_(None), i.client_number.is_not(None))
        query = sa.select(i.card_id, i.client_number).where(theirs).limit(20)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [(card_id, number) for card_id, number in rows]

    async def create(
        self, site: str, *, name: str, numbers: Sequence[str], at: datetime, by: str = "", more: Edit = NOTHING
    ) -> Client:
        asked = checked(replace(more, name=name, numbers=tuple(numbers)), self._desk.fields)
        new = Client(client_id="", site=site, name="", created_at=at, made_by=by)

        def write(connection: Connection) -> Client:
            made = self._book.create(connection, new)
            return self._book.write(connection, made, self._book.with_edit(connection, made, asked), by=by, at=at)

        return await self._database.write(write)

    async def change(
        self, site: str, client_id: str, edit: Edit, *, by: str, at: datetime, version: int | None = None
    ) -> Client:
        asked = checked(edit, self._desk.fields)
        return await self._database.write(
            lambda connection: self._book.change(connection, site, client_id, asked, by=by, at=at, version=version)
        )

    async def add_number(self, site: str, client_id: str, number: str, *, by: str, at: datetime) -> Client:
        key = self._required_key(site, number)
        return await self._changed(
            site, client_id, lambda known: Edit(numbers=tuple(dict.fromkeys((*known.numbers, key)))), by, at
        )

    async def remove_number(self, site: str, client_id: str, number: str, *, by: str, at: datetime) -> Client:
        key = self.key(site, number)
        return await self._changed(
            site, client_id, lambda known: Edit(numbers=tuple(each for each in known.numbers if each != key)), by, at
        )

    async def add_email(self, site: str, client_id: str, email: str, *, by: str, at: datetime) -> Client:
        key = email_key(email)
        return await self._changed(
            site, client_id, lambda known: Edit(emails=tuple(dict.fromkeys((*known.emails, key)))), by, at
        )

    async def remove_email(self, site: str, client_id: str, email: str, *, by: str, at: datetime) -> Client:
        key = email.strip().lower()
        return await self._changed(
            site, client_id, lambda known: Edit(emails=tuple(each for each in known.emails if each != key)), by, at
        )

    async def merge(self, site: str, client_id: str, *, into: str, by: str, at: datetime) -> Client:
        return await self._database.write(
            lambda connection: self._book.merge(connection, site, client_id, into, by=by, at=at)
        )

    async def confirm(
        self, site: str, card_id: str, who: str | Edit, *, learn: bool, by: str, at: datetime
    ) -> Confirmed:
        asked = checked(who, self._desk.fields) if isinstance(who, Edit) else who
        return await self._database.write(
            lambda connection: self._book.confirm(connection, site, card_id, asked, learn=learn, by=by, at=at)
        )

    async def note_check(
        self, site: str, card_id: str, answers: Mapping[str, str], *, by: str, at: datetime
    ) -> Checked:
        check_answers(answers, self._desk.checks)
        i = interactions.c

        def write(connection: Connection) -> Checked:
            asked = surviving_card(connection, card_id)
            card = connection.execute(sa.select(i.client_id).where(i.card_id == asked, i.site == site)).first()
            if card is None:
                raise NotFound("There is no such card.")
            row = {"card_id": asked, "client_id": card.client_id, "answers": dict(answers), "by": by, "at": at}
            connection.execute(self._keep_check, row)
            return Checked(answers=dict(answers), by=by, at=at)

        return await self._database.write(write)

    async def check_of(self, site: str, card_id: str) -> Checked | None:
        c, i, d = card_checks.c, interactions.c, discarded_cards.c

        def read(connection: Connection) -> Checked | None:
            asked = surviving_card(connection, card_id)
            if connection.execute(sa.select(i.card_id).where(i.card_id == asked, i.site == site)).first() is None:
                raise NotFound("There is no such card.")
            # Answers that were noted on a card which became part of this one count here.
            swallowed = sa.select(d.card_id).where(d.into_card_id == asked)
            latest = sa.select(c.answers, c.by, c.at).where((c.card_id == asked) | c.card_id.in_(swallowed))
            row = connection.execute(latest.order_by(c.at.desc()).limit(1)).first()
            return None if row is None else Checked(**row._mapping)

        return await self._database.read(read)

    async def _changed(
        self, site: str, client_id: str, edit_of: Callable[[Client], Edit], by: str, at: datetime
    ) -> Client:
        def write(connection: Connection) -> Client:
            known = self._book.held(connection, site, client_id)
            asked = checked(edit_of(known), self._desk.fields)
            return self._book.write(connection, known, self._book.with_edit(connection, known, asked), by=by, at=at)

        return await self._database.write(write)

    async def _listed(self, wanted: sa.ColumnElement[bool], *order: Any, limit: int) -> list[Client]:
        query = CLIENT.where(wanted).order_by(*order).limit(limit)
        return await self._database.read(lambda connection: in_full(connection, connection.execute(query).all()))

    def _required_key(self, site: str, number: str) -> str:
        key = self.key(site, number)
        if key is None:
            raise Rejected(f"“{number[:40]}” is no number that a client can be known by", code="bad_number")
        return key

    def _meet(self, connection: Connection, new: Client, key: str) -> Found:
        """In one transaction: the client who has the number by now, or a new one who gets it."""
        self._book.hold_number(connection, new.site, key)
        found = self._look_up.found(connection, new.site, key)
        if not found.is_stranger:
            return found  # another call, or another node, was faster
        made = self._book.create(connection, new)
        self._book.own(connection, new.site, made.client_id, key, new.created_at)
        return self._look_up.found(connection, new.site, key, is_new=True)
