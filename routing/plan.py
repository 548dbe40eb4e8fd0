"""What the configuration's tables say about who serves what and when, put together: policies, calendars, people. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from core.errors import BadConfiguration
from routing.coverage import OnShift, union
from routing.hours import ALWAYS, Closure, Forced, Hours, Span, spans
from routing.open_sites import OpenSites
from routing.policy import QueuePolicy, Strategy
from routing.requirement import ever_passes
from routing.settings import HoursSetting, PersonSetting, QueueSetting
from routing.simulation import Worker
from routing.staff import CAPACITY

NO_FEEDS: Mapping[str, "FeedDays"] = {}
NO_SITES: Mapping[str, str | None] = {}
NOTHING_FORCED: Mapping[str, Forced] = {}
HolidayLists = Callable[[str, Iterable[int]], Mapping[date, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedDays:
    """What an iCalendar feed closes: whole local days with their names, and parts of days."""

    days: Mapping[date, str]
    closures: tuple[Closure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`site` is this centre's name. `people` are those who have shifts; `unplanned` the logins of those who haven't.
    `forced`: queues that stand open or closed whatever their calendar says. `site_hours`: the calendars of the `sites` that have
    one."""

    site: str
    queues: Mapping[str, QueueSetting]
    calendars: Mapping[str, Hours]
    people: tuple[OnShift, ...]
    unplanned: tuple[str, ...]
    forced: Mapping[str, Forced] = field(default_factory=dict)
    sites: tuple[str, ...] = ()
    site_hours: Mapping[str, str] = field(default_factory=dict)

    @property
    def open_sites(self) -> OpenSites:
        return OpenSites(self.sites or (self.site,), self.site_spans)

    def site_spans(self, site: str, start: datetime, end: datetime) -> list[Span]:
        """When a centre is open: by its hours; without any, while one of its people is on shift; without shifts, always."""
        if (calendar := self.site_hours.get(site)) is not None:
            return list(spans(self.calendars[calendar], start, end))
        there = [person for person in self.people if person.site == site]
        return union(span for person in there for span in person.spans(start, end)) if there else [Span(start, end)]

    def policies(self, strategy: Strategy | None = None) -> list[QueuePolicy]:
        """Of all queues; `strategy` instead of their own."""
        made = [queue.policy(name) for name, queue in self.queues.items()]
        return made if strategy is None else [replace(policy, strategy=strategy) for policy in made]

    def hours_of(self) -> dict[str, Hours]:
        """The calendars of the queues that have one, or are forced; the others are always open."""
        found = {name: self.calendars[q.hours] for name, q in self.queues.items() if q.hours is not None}
        for name, forced in self.forced.items():
            found[name] = replace(found.get(name) or Hours(zone="UTC", week=ALWAYS), forced=forced)
        return found

    def workers(self, start: datetime, end: datetime) -> list[Worker]:
        """Everybody with their shifts (without breaks) between two instants, for the simulation."""
        return [
            Worker(
                login=person.login,
                site=person.site,
                skills=person.skills,
                queues=person.queues,
                capacity=person.capacity,
                shifts=tuple((span.opens.timestamp(), span.closes.timestamp()) for span in person.spans(start, end)),
            )
            for person in self.people
        ]

    def served_by_nobody(self) -> list[str]:
        """The queues that nobody in the plan could serve at any step, on whatever shift."""
        return [
            policy.name
            for policy in self.policies()
            if not any(
                policy.name in person.queues
                and person.capacity.get(policy.channel)
                and ever_passes(step.requirement, person)
                for person in self.people
                for step in policy.steps
            )
        ]


def planned(
    site: str,
    *,
    queues: Mapping[str, QueueSetting],
    hours: Mapping[str, HoursSetting],
    people: Mapping[str, PersonSetting],
    years: Iterable[int],
    holiday_lists: HolidayLists,
    feeds: Mapping[str, FeedDays] = NO_FEEDS,
    forced: Mapping[str, Forced] = NOTHING_FORCED,
    sites: Mapping[str, str | None] = NO_SITES,
) -> Plan:
    """`years` are those for which public holidays are wanted; `holiday_lists` knows them. `feeds`: what is known of the calendars
    kept elsewhere, by address. `sites`: all centres, each with the name of its calendar."""
    wanted = sorted(set(years))
    calendars = {name: _calendar(name, one, wanted, holiday_lists, feeds) for name, one in hours.items()}
    return Plan(
        site=site,
        queues=queues,
        calendars=calendars,
        people=tuple(
            OnShift(
                login=login,
                site=one.site or site,
                skills=one.skills,
                queues=frozenset(one.queues),
                shifts=tuple(calendars[shift] for shift in one.shifts),
                breaks=tuple(calendars[each] for each in one.breaks),
                capacity={**CAPACITY, **one.capacity},
            )
            for login, one in people.items()
            if one.shifts
        ),
        unplanned=tuple(login for login, one in people.items() if not one.shifts),
        forced=forced,
        sites=tuple(sites),
        site_hours={name: calendar for name, calendar in sites.items() if calendar is not None},
    )


def _calendar(
    name: str, setting: HoursSetting, years: list[int], holiday_lists: HolidayLists, feeds: Mapping[str, FeedDays]
) -> Hours:
    read = [feeds[address] for address in setting.feeds if address in feeds]
    try:
        days = {} if setting.holidays is None else dict(holiday_lists(setting.holidays, years))
        for feed in read:
            days = {**feed.days, **days}
        return setting.calendar(days, sorted(closure for feed in read for closure in feed.closures))
    except BadConfiguration as error:
        raise BadConfiguration(f"[hours.{name}]: {error}", place=("hours", name, *error.place)) from error
