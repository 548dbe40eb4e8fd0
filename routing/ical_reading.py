"""An iCalendar text (RFC 5545) -> the days and parts of days that it closes. Every event closes: whole days, or from its begin to
its end.

Recurrence comes from dateutil. Whatever can't be read is refused with a sentence; nothing in a feed may take long.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rruleset, rrulestr

from core.errors import BadConfiguration
from routing.hours import Closure
from routing.plan import FeedDays

_MOST_EVENTS = 5_000
_MOST_STEPS = 200_000
_TOO_OFTEN = ("SECONDLY", "MINUTELY", "HOURLY")
_DAY = timedelta(days=1)


def closed_days(text: str, first: date, last: date, *, zone: str) -> FeedDays:
    """Between two days. Times without a zone are taken to be in `zone`."""
    from icalendar import Calendar  # noqa: PLC0415  # a tenth of a second of modules, for those who use it

    try:
        events = [
            each for each in Calendar.from_ical(text).walk("VEVENT") if str(each.get("STATUS", "")) != "CANCELLED"
        ]
        return _read(events, first, last, ZoneInfo(zone))
    except BadConfiguration:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise BadConfiguration(f"it is no iCalendar that can be read ({error.__class__.__name__})") from error


def _read(events: list[Any], first: date, last: date, zone: ZoneInfo) -> FeedDays:
    if len(events) > _MOST_EVENTS:
        raise BadConfiguration(f"it has {len(events)} events: at most {_MOST_EVENTS} are read")
    moved = {
        (str(each.get("UID")), _local(each["RECURRENCE-ID"].dt, zone)) for each in events if "RECURRENCE-ID" in each
    }
    days: dict[date, str] = {}
    closures: list[Closure] = []
    budget = [_MOST_STEPS]
    for event in events:
        begin, name = event["DTSTART"].dt, str(event.get("SUMMARY", "")).strip()[:200]
        length, whole = _length(event, begin), not isinstance(begin, datetime)
        there = zone if whole or begin.tzinfo is None else begin.tzinfo
        for local in _occurrences(event, _local(begin, zone), first - length, last, budget):
            if "RECURRENCE-ID" not in event and (str(event.get("UID")), local) in moved:
                continue
            if whole:
                for n in range(max(1, length.days)):
                    if first <= local.date() + n * _DAY <= last:
                        days.setdefault(local.date() + n * _DAY, name)
            elif length:
                opens = local.replace(tzinfo=there).astimezone(UTC)
                closures.append(Closure(opens, opens + length, name))
    return FeedDays(days=days, closures=tuple(sorted(closures)))


def _length(event: Any, begin: date) -> timedelta:
    if "DTEND" in event:
        end = event["DTEND"].dt
        found: timedelta = end - begin
        return found
    if "DURATION" in event:
        lasts: timedelta = event["DURATION"].dt
        return lasts
    return timedelta() if isinstance(begin, datetime) else _DAY


def _local(at: date, zone: ZoneInfo) -> datetime:
    """The wall clock of the event's own zone, by which it recurs."""
    return at.replace(tzinfo=None) if isinstance(at, datetime) else datetime.combine(at, time())


def _occurrences(event: Any, begin: datetime, first: date, last: date, budget: list[int]) -> Iterator[datetime]:
    from_, until = datetime.combine(first, time()), datetime.combine(last + _DAY, time())
    for local in _all(event, begin):
        budget[0] -= 1
        if budget[0] < 0:
            raise BadConfiguration(f"its events recur too often: more than {_MOST_STEPS} times")
        if local > until:
            return
        if local >= from_ - _DAY:
            yield local


def _all(event: Any, begin: datetime) -> Iterator[datetime]:
    if "RRULE" not in event and "RDATE" not in event:
        yield begin
        return
    found = rruleset()
    found.rdate(begin)
    for rule in _many(event.get("RRULE")):
        if rule.get("FREQ", [""])[0] in _TOO_OFTEN:
            raise BadConfiguration("an event recurs every hour or more often: that can't be a closed day")
        for each in rule.get("UNTIL", []):
            rule["UNTIL"] = [_local(each, ZoneInfo("UTC")) if not _is_utc(each) else _in(each, event["DTSTART"].dt)]
        found.rrule(rrulestr(rule.to_ical().decode(), dtstart=begin))
    for key, put in (("RDATE", found.rdate), ("EXDATE", found.exdate)):
        for lines in _many(event.get(key)):
            for each in lines.dts:
                put(_local(each.dt, ZoneInfo("UTC")))
    yield from iter(found)


def _many(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _is_utc(at: date) -> bool:
    return isinstance(at, datetime) and at.tzinfo is not None


def _in(at: datetime, begin: date) -> datetime:
    """An end of recurrence, which is in UTC, by the wall clock of the event."""
    there = begin.tzinfo if isinstance(begin, datetime) and begin.tzinfo is not None else UTC
    return at.astimezone(there).replace(tzinfo=None)
