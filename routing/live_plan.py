"""The plan in force: who serves what, what is open, who is on shift, for any instant, and when that changes. Pure.

Made of the tables (tables.py) whenever they change; `PlanChanged` tells everybody, and counts at once, for who waits already too.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from core.errors import NotFound
from core.events import Event
from routing import hours_text
from routing.coverage import OnShift
from routing.hours import Forced, Hours, Reason, Span, is_open, next_closing, next_opening, why
from routing.plan import NO_FEEDS, FeedDays, HolidayLists, Plan, planned
from routing.policy import QueuePolicy
from routing.settings import PersonSetting, QueueSetting
from routing.tables import ForcedSetting, Kind, PlanChange, Tables

_FARTHEST = timedelta(days=800)
_FIRST_LOOK = timedelta(days=2)


class Standing(NamedTuple):
    """Whether a queue is open (a person on shift, a site open), until when that stays so (None: two years at least), and why."""

    open: bool
    changes_at: datetime | None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """`version` grows with every change. `tables`: with the changes laid over them; `changes`: those in force, by kind and name."""

    version: int
    tables: Tables
    plan: Plan
    changes: Mapping[tuple[Kind, str], PlanChange]
    queue_hours: Mapping[str, Hours]
    people: Mapping[str, OnShift]

    # --- queues ---------------------------------------------------------------------------------------------------

    @property
    def queues(self) -> Mapping[str, QueueSetting]:
        return self.tables.queues

    def policies(self) -> list[QueuePolicy]:
        return self.plan.policies()

    def policies_at(self, at: datetime) -> list[QueuePolicy]:
        """As they are to be read at this instant: with the centres that are open then."""
        return self.plan.open_sites.bind(self.policies(), at)

    def sites_change_at(self, at: datetime) -> datetime | None:
        """When they will be read otherwise. None: never, as far as can be foreseen."""
        return self.plan.open_sites.next_change(self.policies(), at)

    def queue(self, name: str, at: datetime) -> Standing:
        """Whether the queue is open at this instant. One without hours always is, unless it is forced closed."""
        if name not in self.queues:
            raise NotFound(f"There is no queue {name} in the plan.")
        hours = self.queue_hours.get(name)
        return Standing(True, None, Reason("always", "")) if hours is None else _standing(hours, at)

    def next_opening(self, name: str, at: datetime) -> datetime | None:
        """The first instant from `at` on at which the queue is open. None: not within two years."""
        hours = self.queue_hours.get(name)
        return at if hours is None else next_opening(hours, at)

    # --- people ---------------------------------------------------------------------------------------------------

    def person(self, login: str) -> PersonSetting | None:
        """What the plan says about somebody; None: it doesn't know them."""
        return self.tables.people.get(login)

    def site_of(self, login: str) -> str:
        person = self.tables.people.get(login)
        return person.site if person is not None and person.site else self.tables.site

    def logins_of(self, queue: str) -> list[str]:
        return self.tables.logins_of(queue)

    def shift(self, login: str, at: datetime) -> Standing:
        """Whether somebody is on shift (and in no break). Who has no shifts in the plan always is."""
        person = self.people.get(login)
        if person is None:
            return Standing(True, None, Reason("always", ""))
        working = any(is_open(shift, at) for shift in person.shifts)
        resting = next((rest for rest in person.breaks if is_open(rest, at)), None)
        changes_at = _change(person.spans, at)
        if working and resting is not None:
            return Standing(False, changes_at, Reason("break", ""))
        return Standing(working, changes_at, Reason("shift" if working else "off", ""))

    # --- sites ----------------------------------------------------------------------------------------------------

    def site(self, name: str, at: datetime) -> Standing:
        """Whether a site is open: by its hours; without any, while one of its people is on shift; without shifts, always."""
        calendar = self._site_hours(name)
        if calendar is not None:
            return _standing(self.plan.calendars[calendar], at)
        if not any(person.site == name for person in self.people.values()):
            return Standing(True, None, Reason("always", ""))

        def manned(start: datetime, end: datetime) -> list[Span]:
            return self.plan.site_spans(name, start, end)

        on = bool(manned(at, at + timedelta(microseconds=1)))
        return Standing(on, _change(manned, at), Reason("shift" if on else "off", ""))

    def sites(self) -> dict[str, str]:
        """All sites and their zones, this one first."""
        return {self.tables.site: self.tables.timezone} | {n: one.timezone for n, one in self.tables.sites.items()}

    def open_sites(self, at: datetime) -> list[str]:
        return [name for name in self.sites() if self.site(name, at).open]

    def opening_sites(self, at: datetime, within: timedelta) -> list[str]:
        """Sites that are closed and will be open within that time, the first to open first."""
        closed = ((self.site(name, at), name) for name in self.sites())
        opening = [(s.changes_at, name) for s, name in closed if not s.open and s.changes_at is not None]
        return [name for opens_at, name in sorted(opening) if opens_at <= at + within]

    def _site_hours(self, name: str) -> str | None:
        if name == self.tables.site:
            return self.tables.site_hours
        if name not in self.tables.sites:
            raise NotFound(f"There is no site {name} in the plan.")
        return self.tables.sites[name].hours


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChanged(Event):
    """Another plan counts from now on: at the start, after every change, after a reload."""

    plan: LivePlan


def live_plan(
    tables: Tables,
    changes: Iterable[PlanChange],
    *,
    version: int,
    years: Iterable[int],
    holiday_lists: HolidayLists,
    feeds: Mapping[str, FeedDays] = NO_FEEDS,
) -> LivePlan:
    """`tables` have the changes laid over them already (tables.py)."""
    in_force = {(each.kind, each.name): each for each in changes}
    plan = planned(
        tables.site,
        queues=tables.queues,
        hours=tables.hours,
        people=tables.people,
        sites=tables.sites_hours(),
        years=years,
        holiday_lists=holiday_lists,
        feeds=feeds,
        forced={queue: _forced(one, in_force[Kind.FORCED, queue]) for queue, one in tables.forced.items()},
    )
    return LivePlan(
        version=version,
        tables=tables,
        plan=plan,
        changes=in_force,
        queue_hours=plan.hours_of(),
        people={person.login: person for person in plan.people},
    )


def _forced(setting: ForcedSetting, change: PlanChange) -> Forced:
    return hours_text.forced(setting.text, since=change.at, by=change.by)


def _standing(hours: Hours, at: datetime) -> Standing:
    if is_open(hours, at):
        return Standing(True, next_closing(hours, at), why(hours, at))
    return Standing(False, next_opening(hours, at), why(hours, at))


def _change(spans_between: Callable[[datetime, datetime], list[Span]], at: datetime) -> datetime | None:
    """When what is true at `at` next becomes otherwise; looked for ever farther ahead."""
    ahead = _FIRST_LOOK
    while True:
        end = at + min(ahead, _FARTHEST)
        first = next(iter(spans_between(at, end)), None)
        if first is not None and first.opens > at:
            return first.opens
        if first is not None and first.closes < end:
            return first.closes
        if ahead >= _FARTHEST:
            return None
        ahead *= 6
