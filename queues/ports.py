"""Where operators' states are kept, and their log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.model import AgentState, AgentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class StateLine:
    """One change of one operator's state, as the log keeps it. `note`: the pause's code, or `extended` for a wrap-up prolonged."""

    line_id: str
    site: str
    agent: str
    login: str
    at: datetime
    before: AgentState
    after: AgentState
    note: str | None
    card_id: str | None


class AgentStore(Protocol):
    """Raises Unavailable while it can't be reached."""

    async def load(self, site: str) -> list[AgentStatus]:
        """What every operator of the site did last, by extension."""

    async def save(self, statuses: Sequence[AgentStatus], lines: Sequence[StateLine]) -> None:
        """Keep the statuses (one for an operator replaces the one before) and add the lines; all or nothing. A line that is
        there already stays as it is."""

    async def lines(self, site: str, *, since: datetime, before: datetime) -> list[StateLine]:
        """The log from `since` up to `before`, the earliest first."""
