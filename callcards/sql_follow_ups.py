"""Promised next contacts in SQL. Owns the statements; those that write run inside the transaction of the card writer."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from callcards.follow_ups import (
    AddFollowUp,
    ChangeFollowUp,
    FollowUp,
    FollowUpState,
    ShownFollowUp,
    changed_by,
)
from callcards.ports import Annotate
from callcards.sql_typed import survivor
from runtime.database import Database
from runtime.schema import client_numbers, clients, follow_ups, interactions, storable

_COLUMNS = tuple(follow_ups.c.keys())
_number = (
    sa.select(sa.func.min(client_numbers.c.number))
    .where(client_numbers.c.client_id == follow_ups.c.client_id)
    .scalar_subquery()
)
_SHOWN = (
    sa.select(
        follow_ups,
        sa.func.coalesce(clients.c.name, "").label("client_name"),
        sa.func.coalesce(interactions.c.client_number, _number, "").label("number"),
    )
    .outerjoin(clients, clients.c.client_id == follow_ups.c.client_id)
    .outerjoin(interactions, interactions.c.card_id == follow_ups.c.card_id)
)


class SqlFollowUps:
    """Reads them. Passes the contract tests of follow_ups.py."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, follow_up_id: str) -> ShownFollowUp | None:
        found = await self._shown(_SHOWN.where(follow_ups.c.follow_up_id == follow_up_id))
        return found[0] if found else None

    async def of_client(
        self, site: str, client_id: str, *, state: FollowUpState | None = None, limit: int = 100
    ) -> list[ShownFollowUp]:
        c = follow_ups.c
        query = _SHOWN.where(c.client_id == client_id, c.site == site)
        if state is not None:
            query = query.where(c.state == state.value)
        return await self._shown(_soonest(query, limit))

    async def of_owner(
        self,
        site: str,
        owner: str,
        *,
        due_from: datetime | None = None,
        due_before: datetime | None = None,
        state: FollowUpState = FollowUpState.OPEN,
        limit: int = 100,
    ) -> list[ShownFollowUp]:
        c = follow_ups.c
        query = _SHOWN.where(c.site == site, c.owner == owner, c.state == state.value)
        if due_from is not None:
            query = query.where(c.due_at >= due_from)
        if due_before is not None:
            query = query.where(c.due_at < due_before)
        return await self._shown(_soonest(query, limit))

    async def of_card(self, card_id: str) -> list[ShownFollowUp]:
        return await self._database.read(lambda connection: open_of_card(connection, card_id))

    async def site_of_client(self, client_id: str) -> tuple[str, str | None] | None:
        query = sa.select(clients.c.site, clients.c.timezone).where(clients.c.client_id == client_id)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else (row.site, row.timezone)

    async def _shown(self, query: sa.Select[Any]) -> list[ShownFollowUp]:
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_shown(row) for row in rows]


def open_of_card(connection: Connection, card_id: str) -> list[ShownFollowUp]:
    c = follow_ups.c
    query = _SHOWN.where(c.card_id == card_id, c.state == FollowUpState.OPEN.value)
    return [_shown(row) for row in connection.execute(_soonest(query, 20)).mappings()]


def add(connection: Connection, change: AddFollowUp) -> None:
    """Once: its id is made where it is promised."""
    new = change.follow_up
    c = interactions.c
    row = storable(_row(new))
    if new.card_id is not None:
        row["card_id"] = survivor(connection, new.card_id)
        card = connection.execute(sa.select(c.site, c.client_id).where(c.card_id == row["card_id"])).first()
        if card is None or card.site != new.site:
            return
        row["client_id"] = new.client_id or card.client_id
    if row["client_id"] is not None:
        site = connection.scalar(sa.select(clients.c.site).where(clients.c.client_id == row["client_id"]))
        if site != new.site:
            return
    if connection.scalar(sa.select(follow_ups.c.site).where(follow_ups.c.follow_up_id == new.follow_up_id)) is None:
        connection.execute(sa.insert(follow_ups), row)


def change(connection: Connection, change: ChangeFollowUp) -> None:
    """The caller has made sure that it is done once."""
    c = follow_ups.c
    query = sa.select(follow_ups).where(c.follow_up_id == change.follow_up_id, c.site == change.site)
    row = connection.execute(query).mappings().first()
    if row is not None:
        _put(connection, changed_by(_follow_up(row), change))


def plan_as_typed(connection: Connection, typed: Annotate) -> None:
    """What the form of a card says of the next contact: makes, changes or cancels the card's one open promise."""
    contact = typed.next_contact
    card_id = survivor(connection, typed.card_id)
    c = interactions.c
    card = connection.execute(sa.select(c.site, c.client_id, c.timezone).where(c.card_id == card_id)).first()
    if contact is None or card is None or typed.site not in (None, card.site):
        return
    known = open_of_card(connection, card_id)
    gone = contact.at is None and not contact.text
    if known:
        edit = ChangeFollowUp(
            change_id=typed.annotation_id,
            follow_up_id=known[0].follow_up.follow_up_id,
            site=card.site,
            by=typed.by,
            at=typed.at,
            due_at=contact.at,
            text=None if gone else contact.text,
            state=FollowUpState.CANCELLED if gone else None,
        )
        _put(connection, changed_by(known[0].follow_up, edit))
    elif not gone:
        new = FollowUp(
            follow_up_id=typed.annotation_id,
            site=card.site,
            client_id=card.client_id,
            card_id=card_id,
            owner=typed.by,
            due_at=contact.at or typed.at,  # no time said: as soon as can be
            zone=card.timezone,
            text=contact.text,
            created_by=typed.by,
            created_at=typed.at,
        )
        connection.execute(sa.insert(follow_ups), storable(_row(new)))


def move(connection: Connection, from_card: str, to_card: str) -> None:
    c = follow_ups.c
    connection.execute(sa.update(follow_ups).where(c.card_id == from_card).values(card_id=to_card))


def _put(connection: Connection, follow_up: FollowUp) -> None:
    row = storable(_row(follow_up))
    connection.execute(sa.update(follow_ups).where(follow_ups.c.follow_up_id == row.pop("follow_up_id")).values(row))


def _soonest(query: sa.Select[Any], limit: int) -> sa.Select[Any]:
    return query.order_by(follow_ups.c.due_at, follow_ups.c.follow_up_id).limit(limit)


def _row(follow_up: FollowUp) -> dict[str, Any]:
    return {name: getattr(follow_up, name) for name in _COLUMNS} | {"state": follow_up.state.value}


def _follow_up(row: RowMapping) -> FollowUp:
    return FollowUp(**{name: row[name] for name in _COLUMNS} | {"state": FollowUpState(row["state"])})


def _shown(row: RowMapping) -> ShownFollowUp:
    return ShownFollowUp(follow_up=_follow_up(row), client_name=row["client_name"], number=row["number"])
