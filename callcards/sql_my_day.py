"""My day in SQL: both questions walk an index of their own, newest first."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from callcards.ports import StoredCard
from callcards.sql_rows import STORED, stored_card
from core.model import Direction
from runtime.database import Database
from runtime.schema import interactions, missed_calls

_later = interactions.alias("later")
# Whoever was talked with since, or called, waits no longer. Anonymous callers can't be known again.
_CALLED_BACK = (
    sa.select(sa.literal(1))
    .select_from(_later)
    .where(
        _later.c.site == interactions.c.site,
        _later.c.client_key == interactions.c.client_key,
        _later.c.client_key.is_not(None),
        _later.c.started_at > interactions.c.started_at,
        sa.or_(_later.c.answered_at.is_not(None), _later.c.direction == Direction.OUTBOUND.value),
    )
    .exists()
)


class SqlMyDay:
    """Passes the contract tests of my_day.py."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def missed(self, site: str, agent: str, *, since: datetime, limit: int = 50) -> list[StoredCard]:
        m = missed_calls.c
        query = (
            STORED.join(missed_calls, m.card_id == interactions.c.card_id)
            .where(m.site == site, m.agent == agent, m.started_at >= since)
            .where(interactions.c.answered_at.is_(None), ~_CALLED_BACK)
            .order_by(m.started_at.desc(), m.card_id.desc())
        )
        return await self._stored(query.limit(limit))

    async def last(self, site: str, agent: str, *, limit: int = 20) -> list[StoredCard]:
        c = interactions.c
        query = STORED.where(c.site == site, c.served_by == agent, c.ended_at.is_not(None))
        return await self._stored(query.order_by(c.started_at.desc()).limit(limit))

    async def _stored(self, query: sa.Select[Any]) -> list[StoredCard]:
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [stored_card(row) for row in rows]
