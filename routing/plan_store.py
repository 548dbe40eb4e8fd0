"""Where changes of the plan are kept, and what has been fetched of calendars kept elsewhere: values and the port. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from routing.tables import Kind, PlanChange


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLine:
    """One change as the history keeps it. `before` and `after`: what was in force (None: there was no such entry)."""

    change: PlanChange
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    holes: int = 0


class KeptPlan(NamedTuple):
    """`version`: of the latest change, 0 before the first. `changes`: the latest of each entry, in order."""

    version: int
    changes: list[PlanChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFeed:
    """What was last fetched from an address, and when; `tried_at` and `error` tell of the last attempt."""

    address: str
    text: str
    fetched_at: datetime | None
    tried_at: datetime
    error: str = ""


class PlanStore(Protocol):
    """Raises Unavailable while it can't be reached."""

    async def load(self, site: str) -> KeptPlan: ...

    async def version(self, site: str) -> int:
        """Of the latest change."""

    async def add(self, site: str, line: ChangeLine) -> None:
        """Keep a change. Its version is one more than that of the latest; Conflict where another came before it."""

    async def history(
        self, site: str, *, before: int | None = None, most: int = 50, kind: Kind | None = None, name: str | None = None
    ) -> list[ChangeLine]:
        """The latest first, those of a version below `before`."""

    async def feeds(self, site: str) -> list[KeptFeed]: ...

    async def keep_feed(self, site: str, feed: KeptFeed) -> None:
        """In place of what was kept of this address."""
