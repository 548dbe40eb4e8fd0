"""Changes of the plan in SQL. Owns the statements; same contract as memory_plan.py."""

from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from core.errors import Conflict
from routing.plan_store import ChangeLine, KeptFeed, KeptPlan
from routing.tables import Kind, PlanChange
from runtime.database import Database
from runtime.schema import plan_changes, plan_feeds, storable

_CHANGE = ("kind", "name", "value", "version", "by", "at")


class SqlPlanStore:
    """The PlanStore on a Database. The log is the truth: what is in force is the latest line of each entry."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, site: str) -> KeptPlan:
        log = plan_changes.c
        latest = (
            sa.select(sa.func.max(log.version).label("version"))
            .where(log.site == site)
            .group_by(log.kind, log.name)
            .subquery()
        )
        wanted = (
            sa.select(plan_changes)
            .join(latest, log.version == latest.c.version)
            .where(log.site == site)
            .order_by(log.version)
        )
        changes = await self._database.read(lambda c: [_change(row) for row in c.execute(wanted).mappings()])
        return KeptPlan(changes[-1].version if changes else 0, changes)

    async def version(self, site: str) -> int:
        latest = sa.select(sa.func.max(plan_changes.c.version)).where(plan_changes.c.site == site)
        return await self._database.read(lambda c: c.scalar(latest) or 0)

    async def add(self, site: str, line: ChangeLine) -> None:
        change = line.change
        row = storable({name: getattr(change, name) for name in _CHANGE} | {"kind": str(change.kind), "site": site})
        row |= {"before": storable(line.before), "after": storable(line.after), "holes": line.holes}
        latest = sa.select(sa.func.max(plan_changes.c.version)).where(plan_changes.c.site == site)

        def add(connection: Connection) -> None:
            if change.version != (connection.scalar(latest) or 0) + 1:
                raise Conflict("Somebody else changed the plan at the same moment.", code="plan_changed")
            connection.execute(sa.insert(plan_changes).values(row))

        try:
            await self._database.write(add)
        except IntegrityError as error:  # another node was faster between the look and the insert
            raise Conflict("Somebody else changed the plan at the same moment.", code="plan_changed") from error

    async def history(
        self, site: str, *, before: int | None = None, most: int = 50, kind: Kind | None = None, name: str | None = None
    ) -> list[ChangeLine]:
        log = plan_changes.c
        wanted = sa.select(plan_changes).where(log.site == site).order_by(log.version.desc()).limit(most)
        if before is not None:
            wanted = wanted.where(log.version < before)
        if kind is not None:
            wanted = wanted.where(log.kind == str(kind))
        if name is not None:
            wanted = wanted.where(log.name == name)
        return await self._database.read(lambda c: [_line(row) for row in c.execute(wanted).mappings()])

    async def feeds(self, site: str) -> list[KeptFeed]:
        wanted = sa.select(plan_feeds).where(plan_feeds.c.site == site).order_by(plan_feeds.c.address)
        return await self._database.read(lambda c: [_feed(row) for row in c.execute(wanted).mappings()])

    async def keep_feed(self, site: str, feed: KeptFeed) -> None:
        row = storable(asdict(feed)) | {"site": site}
        there = sa.delete(plan_feeds).where(plan_feeds.c.site == site, plan_feeds.c.address == row["address"])

        def keep(connection: Connection) -> None:
            connection.execute(there)
            connection.execute(sa.insert(plan_feeds).values(row))

        await self._database.write(keep)


def _change(row: sa.RowMapping) -> PlanChange:
    return PlanChange(**{**{name: row[name] for name in _CHANGE}, "kind": Kind(row["kind"])})


def _line(row: sa.RowMapping) -> ChangeLine:
    return ChangeLine(change=_change(row), before=row["before"], after=row["after"], holes=row["holes"])


def _feed(row: sa.RowMapping) -> KeptFeed:
    return KeptFeed(**{name: row[name] for name in KeptFeed.__dataclass_fields__})
