"""The plan put together: its tables from the file, its changes from the database, its routes, and reading the file again. Part of
the composition root; no logic of its own."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi import APIRouter

import configuration as files
from configuration import Configuration
from core.errors import BadConfiguration, ContactCentreError
from routing import http_plan, http_plan_views
from routing.holiday_lists import public_holidays
from routing.http_plan_shapes import FeedState, Reloaded
from routing.ical_feeds import Feeds
from routing.live_plan import PlanChanged
from routing.planner import Planner
from routing.sql_plan import SqlPlanStore
from runtime.database import Database
from web.people import AccountStore

log = logging.getLogger(__name__)
_LIVE = ("routing", "sites", "skills", "hours", "queues", "people")
"""The tables that count anew without a restart; of [site] the hours."""
_LOOK_EVERY_S = 5.0


class Planning:
    """`path`: the file that the configuration came from; None: there is none to read again. `tell`: the engine's step."""

    def __init__(
        self,
        configuration: Configuration,
        database: Database,
        users: AccountStore,
        *,
        path: Path | None,
        tell: Callable[[PlanChanged], None],
        now: Callable[[], datetime],
    ) -> None:
        self._configuration, self._path, self._users, self._now = configuration, path, users, now
        store = SqlPlanStore(database)
        site = configuration.site
        self.feeds = Feeds(store, configuration.routing, site=site.name, zone=site.timezone, now=now)
        self.planner = Planner(
            configuration.tables,
            store,
            tell=tell,
            now=now,
            holiday_lists=public_holidays,
            aside=asyncio.to_thread,
            refuse_holes=configuration.routing.refuse_holes,
        )
        self._year = now().year
        self._asked_to_reload = asyncio.Event()
        self.look_every_s = _LOOK_EVERY_S

    async def load(self) -> None:
        """At the start: the plan comes into force, with the changes that people made."""
        await self.feeds.load()
        await self.planner.take_feeds(dict(self.feeds.known))
        for change, error in self.planner.left_out:
            log.warning(
                "%s's change of %s %s doesn't fit the configuration file and is left out: %s",
                change.by,
                change.kind,
                change.name,
                error,
                extra={"action": "plan_change_left_out"},
            )

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        return {"plan": self._keep_up(), "reload": self._reload_when_asked()}

    def routers(self) -> tuple[APIRouter, ...]:
        titles = {name: one.title or name for name, one in self._configuration.desk.queues.items()}
        views = http_plan_views.router(
            self.planner, now=self._now, names=self._names, titles=titles, feeds=self._feed_states
        )
        return views, http_plan.router(self.planner, now=self._now, reload=self.reload)

    async def reload(self) -> Reloaded:
        """The file anew. BadConfiguration (with file, line and mend) leaves everything as it was; no call notices either way."""
        if self._path is None:
            raise BadConfiguration("this Meridian runs without a configuration file: there is none to read again")
        file = await asyncio.to_thread(files.load, self._path)
        before = self._configuration
        if file.site.name != before.site.name:
            raise BadConfiguration(
                f"{self._path}: [site] name is {file.site.name!r} and was {before.site.name!r}: restart Meridian for another site"
            )
        await self.planner.reload(file.tables)
        self.planner.refuse_holes, self.feeds.settings = file.routing.refuse_holes, file.routing
        changed = [f"[{name}]" for name in _LIVE if getattr(file, name) != getattr(before, name)]
        changed += ["[site] hours"] if file.site.hours != before.site.hours else []
        waiting = needs_restart(before, file)
        kept = {name: getattr(file, name) for name in _LIVE}
        self._configuration = replace(before, site=replace(before.site, hours=file.site.hours), **kept)
        log.info(
            "%s read again: %s", self._path, ", ".join(changed) or "nothing is another", extra={"action": "reloaded"}
        )
        if waiting:
            log.warning("after a restart only: %s", ", ".join(waiting), extra={"action": "needs_restart"})
        return Reloaded(version=self.planner.plan.version, changed=changed, needs_restart=waiting)

    def reload_soon(self) -> None:
        """The same for a signal, which nobody waits for: what is wrong goes to the log."""
        self._asked_to_reload.set()

    async def _reload_when_asked(self) -> None:
        while True:
            await self._asked_to_reload.wait()
            self._asked_to_reload.clear()
            try:
                await self.reload()
            except ContactCentreError as error:
                log.error("the configuration stays as it was: %s", error, extra={"action": "reload_refused"})

    async def _names(self) -> Mapping[str, str]:
        site = self.planner.site
        return {user.login: user.name for user in await self._users.users() if user.site == site and not user.disabled}

    def _feed_addresses(self) -> list[str]:
        return [address for hours in self.planner.plan.tables.hours.values() for address in hours.feeds]

    def _feed_states(self) -> list[FeedState]:
        return [
            FeedState(
                address=kept.address,
                fetched_at=kept.fetched_at,
                tried_at=kept.tried_at,
                stale=stale,
                error=kept.error,
                days=days,
            )
            for kept, days, stale in self.feeds.standings(self._feed_addresses())
        ]

    async def _keep_up(self) -> None:
        """Changes of other processes on the same database; calendars kept elsewhere; public holidays, when a year ends."""
        while True:
            await asyncio.sleep(self.look_every_s)
            with contextlib.suppress(ContactCentreError):  # the database is away: the plan in memory counts
                if self._now().year != self._year:
                    await self.planner.load()
                    self._year = self._now().year
                await self.planner.catch_up()
                if await self.feeds.keep_up(self._feed_addresses()):
                    await self.planner.take_feeds(dict(self.feeds.known))


def needs_restart(before: Configuration, after: Configuration) -> list[str]:
    """The keys whose new value counts after a restart only; never the values, some of which are secret."""
    found: list[str] = []
    for table in fields(Configuration):
        if table.name not in _LIVE:
            found += _differing(getattr(before, table.name), getattr(after, table.name), table.name)
    return [name for name in found if name != "[site] hours"]


def _differing(before: Any, after: Any, name: str) -> list[str]:
    if before == after:
        return []
    if is_dataclass(before) and is_dataclass(after):
        return [
            f"[{name}] {field.name}"
            for field in fields(before)
            if getattr(before, field.name) != getattr(after, field.name)
        ]
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(key for key in after if key not in before)]
        return [
            line
            for key in names
            for line in (
                _differing(before[key], after[key], f"{name}.{key}")
                if key in before and key in after
                else [f"[{name}.{key}]"]
            )
        ]
    return [f"[{name}]"]
