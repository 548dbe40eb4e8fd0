"""Opening hours as people write them in the configuration -> routing/hours.py. Pure; a refusal says how it is written.

week      "Mon-Fri 09:00-18:00"   "Sat,Sun 10:00-14:00 15:00-17:00"   "Fri 22:00-06:00" (into Saturday)   "daily 00:00-24:00"
dated     "2026-12-24 10:00-12:00 Christmas Eve"   "2026-12-27..2026-12-30 closed Inventory"
yearly    "12-31 closed New Year's Eve"   "05-09 10:00-14:00"   "last Mon of 08 closed Bank holiday"   "first Fri 12:00-18:00" (of
          each month)
holidays  "2026-06-24 Midsummer" (one more)   "2026-06-24" (one less)
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from core.errors import BadConfiguration
from routing.hours import DAY_MIN, DatedException, Forced, Interval, MonthlyException, YearlyException

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"(\d{1,2})(?::(\d{2}))?")
_SPAN = re.compile(r"(\d{1,2}(?::\d{2})?)\s*[-–]\s*(\d{1,2}(?::\d{2})?)")
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:\.\.(\d{4}-\d{2}-\d{2}))?(?:\s+|$)")
_MONTH_DAY = re.compile(r"(\d{2})-(\d{2})(?:\s+|$)")
_NTH = ("first", "second", "third", "fourth", "fifth")
_WEEKDAY = re.compile(rf"({'|'.join(_NTH)}|last)\s+([a-z]{{3}})[a-z]*(?:\s+of\s+(\d{{1,2}}))?(?:\s+|$)", re.IGNORECASE)
_FORCED = re.compile(r"(open|closed)(?:\s+until\s+(\S+))?")
_EVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NamedDay:
    day: date
    name: str


def week(lines: Iterable[str]) -> tuple[tuple[Interval, ...], ...]:
    """Seven tuples, Monday first. Several lines may speak of the same day; overlapping intervals are refused."""
    days: list[list[Interval]] = [[] for _ in DAYS]
    for line in lines:
        head, _, rest = line.strip().partition(" ")
        numbers = _days(head, line)
        intervals = _intervals(rest, line)
        if not intervals:
            raise _bad(line, "a day and its hours, such as 'Mon-Fri 09:00-18:00'")
        for number in numbers:
            days[number] += intervals
    _refuse_overlaps(days)
    return tuple(tuple(sorted(each, key=lambda i: i.opens)) for each in days)


def dated(lines: Iterable[str]) -> tuple[DatedException, ...]:
    return tuple(_dated(line) for line in lines)


def yearly(lines: Iterable[str]) -> tuple[YearlyException | MonthlyException, ...]:
    return tuple(_recurring(line) for line in lines)


def _recurring(line: str) -> YearlyException | MonthlyException:
    text = line.strip()
    if head := _MONTH_DAY.match(text):
        intervals, name = _hours_and_name(text[head.end() :], line)
        return YearlyException(month=int(head[1]), day=int(head[2]), intervals=intervals, name=name)
    head = _WEEKDAY.match(text)
    if head is None or head[2].lower() not in DAYS or not 1 <= int(head[3] or 1) <= 12:
        wanted = (
            "month-day and hours, such as '12-31 closed New Year's Eve', or a weekday such as 'last Mon of 08 closed'"
        )
        raise _bad(line, wanted)
    intervals, name = _hours_and_name(text[head.end() :], line)
    return MonthlyException(
        nth=-1 if head[1].lower() == "last" else _NTH.index(head[1].lower()) + 1,
        weekday=DAYS.index(head[2].lower()),
        month=int(head[3]) if head[3] else None,
        intervals=intervals,
        name=name,
    )


def forced(text: str, *, since: datetime = _EVER, by: str = "") -> Forced:
    """`open`, `closed`, either of them `until 2026-12-24T18:00:00Z`."""
    found = _FORCED.fullmatch(text.strip())
    if found is None:
        raise _bad(text, "'open' or 'closed', with 'until 2026-12-24T18:00:00Z' where it shall end by itself")
    return Forced(open=found[1] == "open", since=since, until=_instant(found[2], text) if found[2] else None, by=by)


def _instant(text: str, line: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise _bad(line, f"an instant such as 2026-12-24T18:00:00Z, not {text}") from error
    if at.tzinfo is None:
        raise _bad(line, f"an instant with its zone, such as {text}Z")
    return at.astimezone(UTC)


def named_days(lines: Iterable[str]) -> tuple[NamedDay, ...]:
    found = []
    for line in lines:
        head = _DATE.match(line.strip())
        if head is None or head[2]:
            raise _bad(line, "a day and its name, such as '2026-06-24 Midsummer'")
        found.append(NamedDay(_date(head[1], line), line.strip()[head.end() :].strip()))
    return tuple(found)


def _dated(line: str) -> DatedException:
    head = _DATE.match(line.strip())
    if head is None:
        raise _bad(line, "a day (or first..last) and hours, such as '2026-12-24 10:00-12:00 Christmas Eve'")
    first = _date(head[1], line)
    last = _date(head[2], line) if head[2] else first
    intervals, name = _hours_and_name(line.strip()[head.end() :], line)
    return DatedException(first=first, last=last, intervals=intervals, name=name)


def _hours_and_name(text: str, line: str) -> tuple[tuple[Interval, ...], str]:
    word, _, rest = text.partition(" ")
    if word.lower() == "closed":
        return (), rest.strip()
    intervals: list[Interval] = []
    while found := _SPAN.match(text):
        intervals.append(_interval(found[1], found[2], line))
        text = text[found.end() :].lstrip(" ,")
    if not intervals:
        raise _bad(line, "'closed' or hours such as 10:00-12:00 after the day")
    return tuple(intervals), text.strip()


def _days(text: str, line: str) -> list[int]:
    if text.lower() == "daily":
        return list(range(7))
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = (word.strip().lower()[:3] for word in part.partition("-"))
        if first not in DAYS or (dash and last not in DAYS):
            raise _bad(line, "days such as Mon, Mon-Fri, Sat,Sun or daily at the beginning")
        begin = DAYS.index(first)
        count = (DAYS.index(last) - begin) % 7 + 1 if dash else 1
        found += [(begin + n) % 7 for n in range(count)]
    return list(dict.fromkeys(found))


def _intervals(text: str, line: str) -> list[Interval]:
    found = []
    rest = text.strip()
    while rest:
        span = _SPAN.match(rest)
        if span is None:
            raise _bad(line, "hours such as 09:00-18:00 after the days")
        found.append(_interval(span[1], span[2], line))
        rest = rest[span.end() :].lstrip(" ,")
    return found


def _interval(opens: str, closes: str, line: str) -> Interval:
    begin, end = _minutes(opens, line), _minutes(closes, line)
    if begin == DAY_MIN:
        raise _bad(line, "a beginning before 24:00")
    if begin == end:
        raise _bad(line, "an end that isn't the beginning (all day is 00:00-24:00)")
    return Interval(begin, end if end > begin else end + DAY_MIN)


def _minutes(text: str, line: str) -> int:
    found = _CLOCK.fullmatch(text)
    hours, minutes = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if hours * 60 + minutes > DAY_MIN or minutes > 59:
        raise _bad(line, f"times from 00:00 to 24:00, not {text}")
    return hours * 60 + minutes


def _date(text: str, line: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _bad(line, f"a day that exists, not {text}") from error


def _refuse_overlaps(days: Sequence[Sequence[Interval]]) -> None:
    spans = sorted(
        (n * DAY_MIN + interval.opens, n * DAY_MIN + interval.closes, n)
        for n, intervals in enumerate(days)
        for interval in intervals
    )
    for (_, end, day), (begin, _, _) in zip(spans, [*spans[1:], *_next_week(spans[:1])], strict=True):
        if begin < end:
            raise BadConfiguration(
                f"hours that begin on {DAYS[day].title()} overlap with others: make one interval of them"
            )


def _next_week(spans: Sequence[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    return [(begin + 7 * DAY_MIN, end + 7 * DAY_MIN, day) for begin, end, day in spans]


def _bad(line: str, wanted: str) -> BadConfiguration:
    return BadConfiguration(f"hours “{line[:80]}”: expected {wanted}")
