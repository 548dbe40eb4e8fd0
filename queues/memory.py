"""Operators' states in memory: for tests and the demo. Same contract as sql.py."""

from collections.abc import Sequence
from datetime import datetime

from core.model import AgentStatus
from queues.ports import StateLine


class MemoryAgentStore:
    def __init__(self) -> None:
        self._statuses: dict[tuple[str, str], AgentStatus] = {}
        self._lines: dict[str, StateLine] = {}

    async def load(self, site: str) -> list[AgentStatus]:
        return [status for (where, _), status in sorted(self._statuses.items()) if where == site]

    async def save(self, statuses: Sequence[AgentStatus], lines: Sequence[StateLine]) -> None:
        self._statuses.update({(status.site, status.agent): status for status in statuses})
        for line in lines:
            self._lines.setdefault(line.line_id, line)

    async def lines(self, site: str, *, since: datetime, before: datetime) -> list[StateLine]:
        found = [line for line in self._lines.values() if line.site == site and since <= line.at < before]
        return sorted(found, key=lambda line: (line.at, line.line_id))
