"""One week of a calendar, day by day, for a picture of it: when it is open, in UTC, and what says so. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from routing.hours import Closure, Hours, Reason, Span, day_plan, instant, spans

DAYS = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A local day of the calendar's zone; `begins` and `ends` are its midnights (23 to 25 hours apart). `spans` are cut to it."""

    day: date
    begins: datetime
    ends: datetime
    reason: Reason
    spans: tuple[Span, ...]
    closures: tuple[Closure, ...]


def week_of(hours: Hours, first: date) -> list[Day]:
    """Seven days from `first` on. A forced state is the reason of every day that it touches."""
    return [_day(hours, first + timedelta(days=n)) for n in range(DAYS)]


def midnights(zone: str, start: datetime, end: datetime) -> list[datetime]:
    """The beginnings of the local days of `zone` from `start` up to `end`."""
    day = start.astimezone(ZoneInfo(zone)).date()
    found: list[datetime] = []
    while True:
        begin = instant(zone, day, 0, last=False)
        if begin >= end:
            return found
        if begin >= start and begin not in found:
            found.append(begin)
        day += timedelta(days=1)


def monday_of(zones_day: datetime) -> date:
    """The Monday of the week in which the local time lies."""
    day = zones_day.date()
    return day - timedelta(days=day.weekday())


def times(span: Span, zones: Iterable[str]) -> list[tuple[str, str]]:
    """The wall clock of both ends in each zone; an end at midnight is 24:00."""
    return [_clock(span, zone) for zone in zones]


def _clock(span: Span, zone: str) -> tuple[str, str]:
    opens, closes = (at.astimezone(ZoneInfo(zone)) for at in span)
    end = "24:00" if closes.time() == time() and closes.date() > opens.date() else f"{closes:%H:%M}"
    return f"{opens:%H:%M}", end


def _day(hours: Hours, day: date) -> Day:
    begins = instant(hours.zone, day, 0, last=False)
    ends = instant(hours.zone, day + timedelta(days=1), 0, last=False)
    forced = hours.forced
    until = datetime.max.replace(tzinfo=UTC) if forced is None or forced.until is None else forced.until
    if forced is not None and forced.since < ends and until > begins:
        reason = Reason("forced", forced.by)
    else:
        reason = day_plan(hours, day)[0]
    return Day(
        day=day,
        begins=begins,
        ends=ends,
        reason=reason,
        spans=tuple(spans(hours, begins, ends)) if begins < ends else (),
        closures=tuple(each for each in hours.closures if each.opens < ends and each.closes > begins),
    )
