"""Operators' states in SQL. Owns the statements; same contract as memory.py."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from core.model import AgentState, AgentStatus
from queues.ports import StateLine
from runtime.database import Database
from runtime.schema import agent_state_log, agent_states, storable


class SqlAgentStore:
    """The AgentStore on a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        insert: Any = (postgresql if database.dialect == "postgresql" else sqlite).insert
        new = insert(agent_states)
        self._keep_state = new.on_conflict_do_update(
            index_elements=list(agent_states.primary_key),
            set_={c.name: new.excluded[c.name] for c in agent_states.c if not c.primary_key},
        )
        self._keep_line = insert(agent_state_log).on_conflict_do_nothing()

    async def load(self, site: str) -> list[AgentStatus]:
        wanted = sa.select(agent_states).where(agent_states.c.site == site).order_by(agent_states.c.agent)
        return await self._database.read(lambda c: [_status(row) for row in c.execute(wanted).mappings()])

    async def save(self, statuses: Sequence[AgentStatus], lines: Sequence[StateLine]) -> None:
        def keep(connection: Connection) -> None:
            if statuses:
                connection.execute(self._keep_state, [storable(asdict(status)) for status in statuses])
            if lines:
                connection.execute(self._keep_line, [storable(asdict(line)) for line in lines])

        await self._database.write(keep)

    async def lines(self, site: str, *, since: datetime, before: datetime) -> list[StateLine]:
        log = agent_state_log.c
        wanted = (
            sa.select(agent_state_log)
            .where(log.site == site, log.at >= since, log.at < before)
            .order_by(log.at, log.line_id)
        )
        return await self._database.read(lambda c: [_line(row) for row in c.execute(wanted).mappings()])


def _status(row: sa.RowMapping) -> AgentStatus:
    return AgentStatus(**{**row, "state": AgentState(row["state"])})


def _line(row: sa.RowMapping) -> StateLine:
    return StateLine(**{**row, "before": AgentState(row["before"]), "after": AgentState(row["after"])})
