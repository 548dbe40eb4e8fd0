"""Changes of the plan in memory: for tests. Same contract as sql_plan.py."""

from core.errors import Conflict
from routing.plan_store import ChangeLine, KeptFeed, KeptPlan
from routing.tables import Kind, PlanChange


class MemoryPlanStore:
    def __init__(self) -> None:
        self._lines: dict[str, list[ChangeLine]] = {}
        self._feeds: dict[tuple[str, str], KeptFeed] = {}

    async def load(self, site: str) -> KeptPlan:
        latest: dict[tuple[Kind, str], PlanChange] = {}
        for line in self._lines.get(site, ()):
            latest[line.change.kind, line.change.name] = line.change
        return KeptPlan(await self.version(site), sorted(latest.values(), key=lambda change: change.version))

    async def version(self, site: str) -> int:
        lines = self._lines.get(site)
        return lines[-1].change.version if lines else 0

    async def add(self, site: str, line: ChangeLine) -> None:
        if line.change.version != await self.version(site) + 1:
            raise Conflict("Somebody else changed the plan at the same moment.", code="plan_changed")
        self._lines.setdefault(site, []).append(line)

    async def history(
        self, site: str, *, before: int | None = None, most: int = 50, kind: Kind | None = None, name: str | None = None
    ) -> list[ChangeLine]:
        found = [
            line
            for line in reversed(self._lines.get(site, []))
            if (before is None or line.change.version < before)
            and kind in (None, line.change.kind)
            and name in (None, line.change.name)
        ]
        return found[:most]

    async def feeds(self, site: str) -> list[KeptFeed]:
        return [feed for (where, _), feed in sorted(self._feeds.items()) if where == site]

    async def keep_feed(self, site: str, feed: KeptFeed) -> None:
        self._feeds[site, feed.address] = feed
