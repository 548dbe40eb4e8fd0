"""Clients in SQL. The look-up of a caller is one statement in one reader thread, prepared once.

Owns the statements. Never decides which numbers are the same (match.py). Two calls at once from one stranger make one
client: the number's primary key decides.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Row

from clients.match import client_key, first_name
from clients.ports import Answer, Client, Found
from core.errors import Conflict, NotFound, Rejected
from core.ids import fresh_id
from core.model import ClientSummary, Direction, PastInteraction
from runtime.database import Database
from runtime.prepared import Prepared, instant
from runtime.schema import client_numbers, clients, interactions, storable

HISTORY = 20
_DIRECTIONS = {direction.value: direction for direction in Direction}


class SqlClientDirectory:
    """`region_of` says how numbers are dialled at a site (ISO 3166). Passes the contract tests of ports.py."""

    def __init__(self, database: Database, *, region_of: Callable[[str], str]) -> None:
        self._database = database
        self._region_of = region_of
        dialect = postgresql if database.dialect == "postgresql" else sqlite
        self._insert: Callable[[sa.Table], Any] = dialect.insert
        self._look_up = Prepared(_look_up_query(), database.dialect)

    async def find(self, site: str, number: str) -> Found:
        key = self.key(site, number)
        if key is None:
            return Found(client=None)
        return await self._database.read(lambda connection: self._found(connection, site, key))

    def look_up(self, site: str, number: str, answer: Answer) -> None:
        key = self.key(site, number)
        if key is None:
            asyncio.get_running_loop().call_soon(answer, Found(client=None), None)
            return
        self._database.read_soon(lambda connection: self._found(connection, site, key), answer)

    async def find_or_create(self, site: str, number: str, *, name: str, at: datetime) -> Found:
        found = await self.find(site, number)
        key = self.key(site, number)
        if found.client is not None or key is None:
            return found
        new = _New(site=site, name=first_name(name, number), note="", numbers=(key,), at=at)
        return await self._database.write(lambda connection: self._meet(connection, new, key))

    def key(self, site: str, number: str) -> str | None:
        return client_key(number, self._region_of(site))

    async def client(self, site: str, client_id: str) -> Client:
        return await self._database.read(lambda connection: _client(connection, site, client_id))

    async def search(self, site: str, text: str, *, limit: int = 20) -> list[Client]:
        c = clients.c
        wanted = c.site == site
        if sought := text.strip():
            by_number = sa.select(client_numbers.c.client_id).where(
                client_numbers.c.site == site, client_numbers.c.number == (self.key(site, sought) or sought)
            )
            wanted &= c.client_id.in_(by_number) | c.folded_name.contains(sought[:100].casefold(), autoescape=True)
        query = sa.select(*_CLIENT).where(wanted).order_by(c.created_at.desc(), c.client_id.desc()).limit(limit)

        def read(connection: Connection) -> list[Client]:
            return _with_numbers(connection, connection.execute(query).all())

        return await self._database.read(read)

    async def create(self, site: str, *, name: str, numbers: Sequence[str], at: datetime, note: str = "") -> Client:
        keys = tuple(dict.fromkeys(self._required_key(site, number) for number in numbers))
        new = _New(site=site, name=name.strip(), note=note, numbers=keys, at=at)

        def write(connection: Connection) -> Client:
            client_id = self._add(connection, new)
            for key in keys:
                self._take_number(connection, site, client_id, key, at)
            return _client(connection, site, client_id)

        return await self._database.write(write)

    async def change(self, site: str, client_id: str, *, name: str | None = None, note: str | None = None) -> Client:
        given = {"name": name, "note": note}
        values = {column: storable(text.strip()) for column, text in given.items() if text is not None}
        if "name" in values:
            values["folded_name"] = values["name"].casefold()

        def write(connection: Connection) -> Client:
            if values:
                mine = sa.and_(clients.c.client_id == client_id, clients.c.site == site)
                connection.execute(sa.update(clients).where(mine).values(values))
            return _client(connection, site, client_id)

        return await self._database.write(write)

    async def add_number(self, site: str, client_id: str, number: str, *, at: datetime) -> Client:
        key = self._required_key(site, number)

        def write(connection: Connection) -> Client:
            _client(connection, site, client_id)
            self._take_number(connection, site, client_id, key, at)
            return _client(connection, site, client_id)

        return await self._database.write(write)

    async def remove_number(self, site: str, client_id: str, number: str) -> Client:
        c = client_numbers.c
        mine = sa.and_(c.site == site, c.client_id == client_id, c.number == self.key(site, number))

        def write(connection: Connection) -> Client:
            connection.execute(sa.delete(client_numbers).where(mine))
            return _client(connection, site, client_id)

        return await self._database.write(write)

    def _required_key(self, site: str, number: str) -> str:
        key = self.key(site, number)
        if key is None:
            raise Rejected(f"“{number[:40]}” is no number that a client can be known by", code="bad_number")
        return key

    def _found(self, connection: Connection, site: str, key: str, *, is_new: bool = False) -> Found:
        client: ClientSummary | None = None
        history: list[PastInteraction] = []
        for row in self._look_up.rows(connection, site=site, number=key):
            if row[0] == 0:
                client = ClientSummary(client_id=row[1], name=row[2], note=row[3], number=key, is_new=is_new)
            else:
                history.append(_past(row))
        history.sort(key=attrgetter("started_at"), reverse=True)
        return Found(client=client, history=tuple(history))

    def _meet(self, connection: Connection, new: "_New", key: str) -> Found:
        """In one transaction: the client who has the number by now, or a new one who gets it."""
        found = self._found(connection, new.site, key)
        if found.client is not None:
            return found
        client_id = self._add(connection, new)
        if not self._claim(connection, new.site, client_id, key, new.at):
            # Another node was faster between our look and our claim: theirs it is.
            connection.execute(sa.delete(clients).where(clients.c.client_id == client_id))
            return self._found(connection, new.site, key)
        return self._found(connection, new.site, key, is_new=True)

    def _add(self, connection: Connection, new: "_New") -> str:
        client_id = fresh_id(new.at, os.urandom(10))
        row = {"client_id": client_id, "site": new.site, "name": new.name, "note": new.note, "created_at": new.at}
        connection.execute(sa.insert(clients), storable(row | {"folded_name": new.name.casefold()}))
        return client_id

    def _take_number(self, connection: Connection, site: str, client_id: str, key: str, at: datetime) -> None:
        if self._claim(connection, site, client_id, key, at):
            return
        c = client_numbers.c
        owner = connection.scalar(sa.select(c.client_id).where(c.site == site, c.number == key))
        if owner != client_id:
            raise Conflict(f"{key} belongs to another client already", code="number_taken")

    def _claim(self, connection: Connection, site: str, client_id: str, key: str, at: datetime) -> bool:
        """Make the number this client's, with the earlier calls that came from it. False: somebody has it."""
        number = {"site": site, "number": key, "client_id": client_id, "added_at": at}
        claim = self._insert(client_numbers).on_conflict_do_nothing().returning(client_numbers.c.number)
        if connection.execute(claim, number).first() is None:
            return False
        i = interactions.c
        orphans = sa.and_(i.site == site, i.client_key == key, i.client_id.is_(None))
        connection.execute(sa.update(interactions).where(orphans).values(client_id=client_id))
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class _New:
    site: str
    name: str
    note: str
    numbers: tuple[str, ...]
    at: datetime


def _look_up_query() -> sa.SelectBase:
    """One round trip: the client's row (marked 0) and, read in index order, the last conversations (marked 1)."""
    n, k, i = client_numbers.c, clients.c, interactions.c
    who = sa.select(n.client_id).where(n.site == sa.bindparam("site"), n.number == sa.bindparam("number"))
    past = (
        sa.select(
            sa.literal_column("1").label("kind"),
            *(i.card_id, i.channel, i.direction, i.started_at, i.last_queue, i.served_by, i.talk_s),
            *(i.disposition, i.notes, i.answered_at),
        )
        .where(i.client_id == who.scalar_subquery())
        .order_by(i.started_at.desc())
        .limit(sa.literal_column(str(HISTORY)))
        .subquery()
    )
    client = sa.select(
        sa.literal_column("0").label("kind"), k.client_id, k.name, k.note, *(sa.null() for _ in range(7))
    ).where(k.client_id == who.scalar_subquery())
    return sa.union_all(client, sa.select(past))


def _past(row: tuple[Any, ...]) -> PastInteraction:
    _, card_id, channel, direction, started_at, queue, agent, talk_s, disposition, notes, answered_at = row
    began, answered = instant(started_at), answered_at is not None
    return PastInteraction(
        card_id, channel, _DIRECTIONS[direction], began, queue, agent, talk_s, disposition, notes, answered
    )


_CLIENT = [clients.c[name] for name in ("client_id", "site", "name", "note", "created_at")]


def _client(connection: Connection, site: str, client_id: str) -> Client:
    query = sa.select(*_CLIENT).where(clients.c.client_id == client_id, clients.c.site == site)
    found = _with_numbers(connection, connection.execute(query).all())
    if not found:
        raise NotFound("there is no such client")
    return found[0]


def _with_numbers(connection: Connection, rows: Sequence[Row[Any]]) -> list[Client]:
    c = client_numbers.c
    numbers: dict[str, list[str]] = {row.client_id: [] for row in rows}
    owned = sa.select(c.client_id, c.number).where(c.client_id.in_(list(numbers))).order_by(c.added_at, c.number)
    for client_id, number in connection.execute(owned):
        numbers[client_id].append(number)
    return [Client(**row._mapping, numbers=tuple(numbers[row.client_id])) for row in rows]
