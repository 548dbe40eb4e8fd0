"""Many clients at once, in SQL: a batch of rows in one short transaction, and all clients of a site as a stream.

Owns the statements. Never decides whom a row means (bulk_match.py). A batch is stored whole or not at all together with the
digests of its rows, so an import that was killed is simply done again: what is in already is recognised and left alone.
"""

import itertools
import json
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from clients.bulk_match import Import, Known, Plan, planned
from clients.bulk_rows import Incoming
from clients.edits import lines
from clients.ports import Client
from clients.sql_book import Book
from clients.sql_rows import CLIENT, in_full
from core.ids import fresh_id
from core.model import ClientKind
from runtime.database import Database
from runtime.prepared import Prepared, PreparedWrite, instant_writer
from runtime.schema import (
    client_changes,
    client_emails,
    client_numbers,
    client_origins,
    clients,
    interactions,
    numbers_to_link,
    storable,
)

PAGE = 1_000
_DEADLINE_S = 120.0
_ID_LENGTH = 36  # a key that may be the id of a client of ours
_COLUMNS = (
    "client_id", "site", "name", "folded_name", "note", "created_at", "kind", "vip", "warning", "language", "timezone", "owner",
    "fields", "asks_check", "made_by", "version", "organisation_id",
)  # fmt: skip
_PLACE = {"this_client": "client_id"}
_CHANGING = tuple(name for name in _COLUMNS if name not in ("client_id", "site", "created_at", "made_by"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of a batch: rows by outcome, organisations made because people named them, and (line, reason) of refusals."""

    created: int
    updated: int
    same: int
    organisations: int
    refused: tuple[tuple[int, str], ...]


class SqlClientImport:
    """Stores the rows of one import. `by` is told in the clients' histories; `source` sets keys of different systems apart."""

    def __init__(self, database: Database, *, site: str, source: str, by: str) -> None:
        self._database, self._site, self._source, self._by = database, site, source, by
        self._sql = _Statements(database.dialect)
        self._book = Book(database.dialect, key_of=lambda _site, number: number)

    def in_company(self) -> bool:
        """Whether somebody else writes into the same SQLite file, to whom turns must be left."""
        return self._database.has_neighbour()

    async def store(self, rows: Sequence[Incoming], *, at: datetime) -> Stored:
        """In one transaction. Unavailable leaves it open whether it happened: storing the same rows again is right."""
        about = self._about(at)

        def write(connection: Connection) -> Plan:
            plan = planned(rows, self._known(connection, rows), about)
            self._apply(connection, plan, about)
            return plan

        return _stored(await self._database.write(write, deadline_s=_DEADLINE_S))

    async def rehearse(self, rows: Sequence[Incoming], *, at: datetime) -> Stored:
        """What `store` would do now; nothing is written."""
        about = self._about(at)

        def read(connection: Connection) -> Plan:
            return planned(rows, self._known(connection, rows), about)

        return _stored(await self._database.read(read, deadline_s=_DEADLINE_S))

    async def link_cards(self, *, most: int = 2_000) -> int:
        """Earlier cards of imported numbers that have exactly one owner become that client's, `most` numbers at a time.

        Returns how many numbers were looked at; 0 when there is nothing left to do.
        """
        w = numbers_to_link.c
        query = sa.select(w.number).where(w.site == self._site).order_by(w.number).limit(most)

        def write(connection: Connection) -> int:
            numbers = list(connection.scalars(query))
            if numbers:
                asked = self._sql.asked(numbers)
                connection.execute(self._sql.link, {"this_site": self._site, "asked": asked})
                connection.execute(self._sql.linked, {"this_site": self._site, "asked": asked})
            return len(numbers)

        return await self._database.write(write, deadline_s=_DEADLINE_S)

    def _about(self, at: datetime) -> Import:
        count = itertools.count()

        def new_id() -> str:
            # The 12 bits behind the instant grow, so that clients keep the order of the file.
            return fresh_id(at, (next(count) & 0xFFF).to_bytes(2, "big") + os.urandom(8))

        return Import(site=self._site, by=self._by, at=at, fresh_id=new_id)

    def _known(self, connection: Connection, rows: Sequence[Incoming]) -> Known:
        """Only what these rows can mean; rows that came before unchanged cost one look at their digest."""
        sql, known, site = self._sql, Known(), self._site
        origins = {row.origin: row for row in rows}
        for origin, client_id, digest in sql.rows(connection, "origins", origins, this_site=site):
            known.origins[origin] = (client_id, digest)
        fresh = [row for o, row in origins.items() if o not in known.origins or known.origins[o][1] != row.digest]
        if not fresh:
            return known
        ids = {known.origins[o][0] for o in origins if o in known.origins} | {
            row.key for row in fresh if len(row.key) == _ID_LENGTH
        }
        numbers = {number for row in fresh for number in row.numbers}
        emails = {email for row in fresh if not row.numbers for email in row.emails}
        names = {row.organisation.casefold() for row in fresh} | {
            row.name.casefold() for row in fresh if row.kind is ClientKind.ORGANISATION
        }
        ids.update(client_id for (client_id,) in sql.rows(connection, "by_number", numbers, this_site=site))
        ids.update(client_id for (client_id,) in sql.rows(connection, "by_email", emails, this_site=site))
        ids.update(client_id for (client_id,) in sql.rows(connection, "organisations", names - {""}))
        if ids:
            for client in in_full(connection, connection.execute(CLIENT.where(clients.c.client_id.in_(ids))).all()):
                if client.site == site:
                    known.learn(client)
            if any(row.key for row in fresh):
                own = f"{self._source}#"
                found = sql.rows(connection, "claims", ids)
                known.claimed = {client_id for client_id, origin in found if origin.startswith(own)}
        return known

    def _apply(self, connection: Connection, plan: Plan, about: Import) -> None:
        sql, at = self._sql, self._sql.stored_at(about.at)
        new = list(plan.created.values())
        changed = list(plan.changed.values())
        sql.insert_client.run(connection, sql.new_rows(new))
        if changed:
            sql.update_client.run(connection, sql.changed_rows(changed))
            sql.insert_change.run(connection, self._history(changed, at, about))
        added = [(None, client) for client in new] + changed
        numbers = [
            (self._site, n, c.client_id, at) for old, c in added for n in c.numbers if not old or n not in old.numbers
        ]
        emails = [
            (self._site, e, c.client_id, at) for old, c in added for e in c.emails if not old or e not in old.emails
        ]
        if numbers:
            sql.insert_number.run(connection, numbers)
            connection.execute(sql.remember, {"this_site": self._site, "asked": sql.asked({row[1] for row in numbers})})
        if emails:
            sql.insert_email.run(connection, emails)
        for placeholder, client_id in plan.absorbed:
            self._book.merge(connection, self._site, placeholder, client_id, by=self._by, at=about.at)
        if plan.origins:
            rows = [(self._site, origin, client_id, digest) for origin, (client_id, digest) in plan.origins.items()]
            sql.save_origin.run(connection, rows)

    def _history(self, changed: Iterable[tuple[Client, Client]], at: object, about: Import) -> list[tuple[object, ...]]:
        return [
            storable([about.fresh_id(), after.client_id, at, about.by, field, old, new])
            for before, after in changed
            for field, old, new in lines(before, after)
        ]


class SqlClientExport:
    """All clients of a site, a page at a time, so that memory doesn't grow with their number."""

    def __init__(self, database: Database, *, site: str) -> None:
        self._database, self._site = database, site

    async def count(self) -> int:
        query = sa.select(sa.func.count()).where(clients.c.site == self._site)
        return await self._database.read(lambda connection: int(connection.scalar(query) or 0), deadline_s=_DEADLINE_S)

    async def clients(self) -> AsyncIterator[list[Client]]:
        """Organisations first, so that whoever reads the file knows them before their people; oldest first."""
        for kind in (ClientKind.ORGANISATION, ClientKind.PERSON):
            last: tuple[datetime, str] | None = None
            while page := await self._page(kind, last):
                yield page
                last = page[-1].created_at, page[-1].client_id

    async def _page(self, kind: ClientKind, last: tuple[datetime, str] | None) -> list[Client]:
        c = clients.c
        query = CLIENT.where(c.site == self._site, c.kind == kind.value)
        if last is not None:
            query = query.where(c.created_at >= last[0], sa.or_(c.created_at > last[0], c.client_id > last[1]))
        query = query.order_by(c.created_at, c.client_id).limit(PAGE)
        return await self._database.read(
            lambda connection: in_full(connection, connection.execute(query).all()), deadline_s=_DEADLINE_S
        )


def _stored(plan: Plan) -> Stored:
    return Stored(
        created=len(plan.created) - plan.organisations,
        updated=len(plan.changed) + plan.joined,
        same=plan.same,
        organisations=plan.organisations,
        refused=tuple(plan.refused),
    )


class _Statements:
    """Every statement compiled once. Lists of values are one parameter, so that a text doesn't change with their length."""

    def __init__(self, dialect: str) -> None:
        self._postgres = dialect == "postgresql"
        self.stored_at = instant_writer(dialect)
        insert: Any = (postgresql if self._postgres else sqlite).insert
        n, e, o, c = client_numbers.c, client_emails.c, client_origins.c, clients.c
        among = self._among
        queries = {
            "origins": sa.select(o.origin, o.client_id, o.digest).where(_at(o), among(o.origin)),
            "by_number": sa.select(n.client_id).where(_at(n), among(n.number)),
            "by_email": sa.select(e.client_id).where(_at(e), among(e.email)),
            # Not by site from here on: SQLite would take that for the better index, and look at every client of it.
            "organisations": sa.select(c.client_id).where(
                c.organisation_id.is_(None), among(c.folded_name), c.kind == ClientKind.ORGANISATION.value
            ),
            "claims": sa.select(o.client_id, o.origin).where(among(o.client_id)),
        }
        self._queries = {name: Prepared(query, dialect) for name, query in queries.items()}
        bound: Any = {name: sa.bindparam(name) for name in _COLUMNS}
        self.insert_client = PreparedWrite(sa.insert(clients).values(bound), dialect)
        mine = clients.c.client_id == sa.bindparam("this_client")
        changing: Any = {name: sa.bindparam(name) for name in _CHANGING}
        self.update_client = PreparedWrite(sa.update(clients).where(mine).values(changing), dialect)
        self._for_insert = itemgetter(*map(_COLUMNS.index, self.insert_client.names))
        self._for_update = itemgetter(*(_COLUMNS.index(_PLACE.get(name, name)) for name in self.update_client.names))
        self.insert_number = PreparedWrite(_named(insert(client_numbers)).on_conflict_do_nothing(), dialect)
        self.insert_email = PreparedWrite(_named(insert(client_emails)).on_conflict_do_nothing(), dialect)
        self.insert_change = PreparedWrite(_named(insert(client_changes)), dialect)
        origin = _named(insert(client_origins))
        self.save_origin = PreparedWrite(
            origin.on_conflict_do_update(
                index_elements=["site", "origin"],
                set_={"client_id": origin.excluded.client_id, "digest": origin.excluded.digest},
            ),
            dialect,
        )
        self._cards(insert)

    def _cards(self, insert: Any) -> None:
        """Cards without a client: noted by number while rows come in, linked when all are in."""
        i, n, w = interactions.c, client_numbers.c, numbers_to_link.c
        orphan = sa.and_(_at(i), i.client_id.is_(None))
        noted = sa.select(i.site, i.client_key).where(orphan, self._among(i.client_key)).distinct()
        self.remember = insert(numbers_to_link).from_select(["site", "number"], noted).on_conflict_do_nothing()
        theirs = sa.and_(_at(n), n.number == i.client_key)
        how_many = sa.select(sa.func.count()).where(theirs).correlate(interactions).scalar_subquery()
        owner = sa.select(sa.func.min(n.client_id)).where(theirs).correlate(interactions).scalar_subquery()
        sole = sa.and_(orphan, self._among(i.client_key), how_many == sa.literal_column("1"))
        self.link = sa.update(interactions).where(sole).values(client_id=owner)
        self.linked = sa.delete(numbers_to_link).where(_at(w), self._among(w.number))

    def _among(self, column: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        if self._postgres:
            return column == sa.any_(sa.bindparam("asked", type_=sa.ARRAY(sa.Text)))
        asked = sa.func.json_each(sa.bindparam("asked")).table_valued("value")
        return column.in_(sa.select(asked.c.value))

    def asked(self, values: Iterable[str]) -> object:
        texts = [storable(value) for value in values]
        return texts if self._postgres else json.dumps(texts)

    def rows(self, connection: Connection, name: str, asked: Iterable[str], **more: str) -> list[tuple[Any, ...]]:
        values = list(asked)
        return self._queries[name].rows(connection, asked=self.asked(values), **more) if values else []

    def _row(self, client: Client) -> tuple[Any, ...]:
        """Plain driver values in the order of _COLUMNS."""
        name = storable(client.name)
        return (
            client.client_id,
            client.site,
            name,
            name.casefold(),
            storable(client.note),
            self.stored_at(client.created_at),
            client.kind.value,
            client.vip,
            storable(client.warning),
            client.language,
            client.timezone,
            storable(client.owner),
            json.dumps(storable(dict(client.fields))) if client.fields else "{}",
            client.check,
            storable(client.made_by),
            client.version,
            client.organisation_id,
        )

    def new_rows(self, new: Iterable[Client]) -> list[tuple[Any, ...]]:
        """For insert_client."""
        return [self._for_insert(self._row(client)) for client in new]

    def changed_rows(self, changed: Iterable[tuple[Client, Client]]) -> list[tuple[Any, ...]]:
        """For update_client: (as it was, as it is to be)."""
        return [self._for_update(self._row(after)) for _, after in changed]


def _at(columns: Any) -> sa.ColumnElement[bool]:
    return columns.site == sa.bindparam("this_site")  # type: ignore[no-any-return]


def _named(statement: Any) -> Any:
    """All columns of the table, in its order, as parameters."""
    return statement.values({column.name: sa.bindparam(column.name) for column in statement.table.columns})
