"""Clients read within a transaction of somebody's: rows to values. Owns the reading statements, never writes.

A client that was merged into another is that other one here.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from clients.ports import Changed, Client
from core.errors import NotFound
from core.model import ClientKind
from runtime.schema import client_changes, client_emails, client_numbers, clients, discarded_cards, merged_clients

COLUMNS = ("client_id", "site", "name", "created_at", "note", "kind", "organisation_id", "vip", "warning", "language")
MORE = ("timezone", "owner", "made_by", "version")
_O = clients.alias("o")
CLIENT = sa.select(
    *(clients.c[name] for name in (*COLUMNS, *MORE)),
    clients.c.fields.label("own_fields"),
    clients.c.asks_check.label("check"),
    _O.c.name.label("organisation"),
).outerjoin_from(clients, _O, _O.c.client_id == clients.c.organisation_id)


def client(connection: Connection, site: str, client_id: str) -> Client:
    """One client of a site, or the one it was merged into."""
    query = CLIENT.where(clients.c.client_id == survivor(connection, client_id), clients.c.site == site)
    found = in_full(connection, connection.execute(query).all())
    if not found:
        raise NotFound("There is no such client.")
    return found[0]


def owners_of(connection: Connection, site: str, key: str) -> list[Client]:
    n = client_numbers.c
    owning = sa.select(n.client_id).where(n.site == site, n.number == key)
    return in_full(connection, connection.execute(CLIENT.where(clients.c.client_id.in_(owning))).all())


def changes_of(connection: Connection, site: str, client_id: str) -> list[Changed]:
    c = client_changes.c
    whose = client(connection, site, client_id).client_id
    query = sa.select(c.at, c.by, c.field, c.before, c.after).where(c.client_id == whose)
    rows = connection.execute(query.order_by(c.at.desc(), c.change_id.desc()).limit(500)).all()
    return [Changed(**row._mapping) for row in rows]


def surviving_card(connection: Connection, card_id: str) -> str:
    """The card that this one became part of, or itself."""
    d = discarded_cards.c
    into: str | None = connection.scalar(sa.select(d.into_card_id).where(d.card_id == card_id))
    return into or card_id


def in_full(connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[Client]:
    """Clients of rows of CLIENT, with their numbers and addresses, in the order in which they were learnt."""
    ids = [row.client_id for row in rows]
    numbers = _each(connection, client_numbers.c.number, client_numbers, ids)
    emails = _each(connection, client_emails.c.email, client_emails, ids)
    found = []
    for row in rows:
        values = dict(row._mapping)
        own = values.pop("own_fields")
        values |= {"kind": ClientKind(row.kind), "fields": tuple(sorted(own.items()))}
        found.append(Client(**values, numbers=tuple(numbers[row.client_id]), emails=tuple(emails[row.client_id])))
    return found


def _each(connection: Connection, column: sa.Column[str], table: sa.Table, ids: list[str]) -> dict[str, list[str]]:
    owned: dict[str, list[str]] = {client_id: [] for client_id in ids}
    if ids:
        query = (
            sa.select(table.c.client_id, column).where(table.c.client_id.in_(ids)).order_by(table.c.added_at, column)
        )
        for client_id, value in connection.execute(query):
            owned[client_id].append(value)
    return owned


def survivor(connection: Connection, client_id: str) -> str:
    m = merged_clients.c
    into: str | None = connection.scalar(sa.select(m.into_client_id).where(m.client_id == client_id))
    return into or client_id
