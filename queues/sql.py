"""Operators' states in SQL. Owns the statements; same contract as memory.py."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.model import AgentState, AgentStatus
from queues.ports import StateLine
from runtime.database import Database
from runtime.schema import agent_state_log, agent_states, storable


class SqlAgentStore:
    """The AgentStore on a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, site: str) -> list[AgentStatus]:
        wanted = sa.select(agent_states).where(agent_states.c.site == site).order_by(agent_states.c.agent)
        return await self._database.read(lambda c: [_status(row) for row in c.execute(wanted).mappings()])

    async def save(self, statuses: Sequence[AgentStatus], lines: Sequence[StateLine]) -> None:
        rows = [storable(asdict(status)) for status in statuses]
        added = [storable(asdict(line)) for line in lines]

        def keep(connection: Connection) -> None:
            for row in rows:
                connection.execute(
                    sa.delete(agent_states).where(
                        agent_states.c.site == row["site"], agent_states.c.agent == row["agent"]
                    )
                )
                connection.execute(sa.insert(agent_states).values(row))
            known = sa.select(agent_state_log.c.line_id).where(
                agent_state_log.c.line_id.in_([row["line_id"] for row in added])
            )
            there = set(connection.scalars(known)) if added else set()
            if fresh := [row for row in added if row["line_id"] not in there]:
                connection.execute(sa.insert(agent_state_log), fresh)

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
