"""When something is open: an IANA zone, weekly intervals, dated and yearly exceptions, holidays, a forced state. Pure and exact.

For any instant the first that says something decides: forced, dated exception, recurring exception, closure (of a feed),
holiday, week; no match is closed. An interval belongs to the day on which it begins, so that a night begun before a holiday is
finished on it. Where the clock jumps forward, what would begin (or end) in the gap begins (or ends) at the next valid instant;
where it goes back, an interval covers both passes: it begins in the first and ends in the second.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from core.errors import BadConfiguration

DAY_MIN = 24 * 60
_DAY = timedelta(days=1)
_FARTHEST = timedelta(days=800)  # two years of yearly exceptions: what isn't open by then never is


class Span(NamedTuple):
    """From `opens` up to but not including `closes`, both UTC."""

    opens: datetime
    closes: datetime


@dataclass(frozen=True, slots=True)
class Interval:
    """Minutes of the local day on which it begins: 540, 1080 is 09:00-18:00; `closes` beyond 1440 is on the next day."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens < DAY_MIN or not self.opens < self.closes <= self.opens + DAY_MIN:
            raise BadConfiguration(f"{_clock(self.opens)}-{_clock(self.closes)} is no interval of a day")

    def __str__(self) -> str:
        return f"{_clock(self.opens)}-{_clock(self.closes if self.closes <= DAY_MIN else self.closes - DAY_MIN)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedException:
    """These days have these intervals instead (none: closed). Both days included."""

    first: date
    last: date
    intervals: tuple[Interval, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise BadConfiguration(f"an exception ends ({self.last}) before it begins ({self.first})")

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class YearlyException:
    """The same day every year; 29 February only in years that have one."""

    month: int
    day: int
    intervals: tuple[Interval, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        try:
            date(2024, self.month, self.day)  # a leap year
        except ValueError as error:
            raise BadConfiguration(f"there is no day {self.day} in month {self.month}") from error

    def covers(self, day: date) -> bool:
        return (day.month, day.day) == (self.month, self.day)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyException:
    """One weekday (0: Monday) of a month: the `nth`, or counted from the end with -1; of each month, or of `month` alone."""

    nth: int
    weekday: int
    month: int | None = None
    intervals: tuple[Interval, ...] = ()
    name: str = ""

    def __post_init__(self) -> None:
        if self.nth not in (-1, 1, 2, 3, 4, 5) or not 0 <= self.weekday <= 6 or self.month not in (None, *range(1, 13)):
            raise BadConfiguration("an exception falls on the first to fifth or the last of a weekday in a month")

    def covers(self, day: date) -> bool:
        if day.weekday() != self.weekday or self.month not in (None, day.month):
            return False
        if self.nth == -1:
            return (day + 7 * _DAY).month != day.month
        return (day.day - 1) // 7 + 1 == self.nth


class Closure(NamedTuple):
    """Closed between two instants (UTC), as a calendar kept elsewhere says."""

    opens: datetime
    closes: datetime
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forced:
    """Open or closed whatever the calendar says, until further notice (`until` None) or until an instant (UTC)."""

    open: bool
    since: datetime
    until: datetime | None = None
    by: str = ""

    def rules(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """One calendar. `week` has seven entries, Monday first; `holidays` are local days and their names, on which `holiday_intervals`
    count (none: closed). `closures` are taken off what the week and holidays say, not off exceptions."""

    zone: str
    week: tuple[tuple[Interval, ...], ...]
    dated: tuple[DatedException, ...] = ()
    yearly: tuple[YearlyException | MonthlyException, ...] = ()
    closures: tuple[Closure, ...] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)
    holiday_intervals: tuple[Interval, ...] = ()
    forced: Forced | None = None

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise BadConfiguration("a week has seven days")

    def __hash__(self) -> int:
        return id(self)


class Reason(NamedTuple):
    """What decides: kind `forced`, `dated`, `yearly`, `closure`, `holiday` or `week`, and its name."""

    kind: str
    name: str


_UNDER_CLOSURES = ("holiday", "week")
ALWAYS = tuple((Interval(0, DAY_MIN),) for _ in range(7))
NEVER: tuple[tuple[Interval, ...], ...] = ((),) * 7


def day_plan(hours: Hours, day: date) -> tuple[Reason, tuple[Interval, ...]]:
    """The intervals that begin on this local day, and what says so. The forced state is apart from it."""
    for dated in hours.dated:
        if dated.covers(day):
            return Reason("dated", dated.name), dated.intervals
    for yearly in hours.yearly:
        if yearly.covers(day):
            return Reason("yearly", yearly.name), yearly.intervals
    if day in hours.holidays:
        return Reason("holiday", hours.holidays[day]), hours.holiday_intervals
    return Reason("week", ""), hours.week[day.weekday()]


def is_open(hours: Hours, at: datetime) -> bool:
    """Whether it is open at this instant (aware)."""
    if hours.forced is not None and hours.forced.rules(at):
        return hours.forced.open
    return any(span.opens <= at < span.closes for span in _planned(hours, at, at + timedelta(microseconds=1)))


def why(hours: Hours, at: datetime) -> Reason:
    """What decides at this instant: the forced state, or the plan of the local day (of yesterday's for a night that goes on)."""
    if hours.forced is not None and hours.forced.rules(at):
        return Reason("forced", hours.forced.by)
    today = at.astimezone(ZoneInfo(hours.zone)).date()
    for day in (today, today - _DAY):
        reason, _ = day_plan(hours, day)
        if any(span.opens <= at < span.closes for span in _of_day(hours, day)):
            return reason
    reason = day_plan(hours, today)[0]
    if reason.kind in _UNDER_CLOSURES:
        for closure in hours.closures:
            if closure.opens <= at < closure.closes:
                return Reason("closure", closure.name)
    return reason


def spans(hours: Hours, start: datetime, end: datetime) -> Iterator[Span]:
    """When it is open between two instants, in order, cut to them; what touches is one."""
    current: Span | None = None
    for span in _with_forced(hours, start, end):
        cut = Span(max(span.opens, start), min(span.closes, end))
        if cut.opens >= cut.closes:
            continue
        if current is not None and cut.opens <= current.closes:
            current = Span(current.opens, max(current.closes, cut.closes))
            continue
        if current is not None:
            yield current
        current = cut
    if current is not None:
        yield current


def next_opening(hours: Hours, at: datetime) -> datetime | None:
    """The first instant from `at` on at which it is open (`at` itself where it is). None: not within two years."""
    first = next(spans(hours, at, at + _FARTHEST), None)
    return None if first is None else first.opens


def next_closing(hours: Hours, at: datetime) -> datetime | None:
    """The first instant from `at` on at which it is closed. None: it is open for the next two years."""
    if not is_open(hours, at):
        return at
    first = next(spans(hours, at, at + _FARTHEST))
    return None if first.closes >= at + _FARTHEST else first.closes


def minus(open_spans: Sequence[Span], closed: Sequence[Span]) -> list[Span]:
    """What is left of the ones without the others: a shift without its breaks. Both in order and without overlaps."""
    left: list[Span] = []
    for span in open_spans:
        begin = span.opens
        for gap in closed:
            if gap.closes <= begin or gap.opens >= span.closes:
                continue
            if gap.opens > begin:
                left.append(Span(begin, gap.opens))
            begin = max(begin, gap.closes)
        if begin < span.closes:
            left.append(Span(begin, span.closes))
    return left


def instant(zone: str, day: date, minute: int, *, last: bool) -> datetime:
    """The UTC instant of a local time; `minute` may go on into the next day. In a gap: the next valid one; of two: the `last` or
    the first."""
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    return _utc(ZoneInfo(zone), local, last=last)


def _utc(zone: ZoneInfo, local: datetime, *, last: bool) -> datetime:
    earlier, later = sorted(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    exists = later.astimezone(zone).replace(tzinfo=None) == local
    if exists:
        return later if last else earlier
    # A gap: the jump lies between the two readings; it is at a whole second.
    before = earlier.astimezone(zone).utcoffset()
    while (later - earlier) > timedelta(seconds=1):
        middle = earlier + timedelta(seconds=(later - earlier) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == before:
            earlier = middle
        else:
            later = middle
    return later


@lru_cache(maxsize=4_096)
def _of_day(hours: Hours, day: date) -> tuple[Span, ...]:
    reason, intervals = day_plan(hours, day)
    found = sorted(
        Span(instant(hours.zone, day, i.opens, last=False), instant(hours.zone, day, i.closes, last=True))
        for i in intervals
    )
    there = [span for span in found if span.opens < span.closes]
    if hours.closures and reason.kind in _UNDER_CLOSURES:
        there = minus(there, sorted(Span(each.opens, each.closes) for each in hours.closures))
    return tuple(there)


def _planned(hours: Hours, start: datetime, end: datetime) -> Iterator[Span]:
    """Of the calendar alone, in order of their opening; uncut."""
    zone = ZoneInfo(hours.zone)
    # Two days back: a night from yesterday, and a zone that jumps over the date line.
    day, last = start.astimezone(zone).date() - 2 * _DAY, end.astimezone(zone).date() + _DAY
    while day <= last:
        yield from (span for span in _of_day(hours, day) if span.closes > start and span.opens < end)
        day += _DAY


def _with_forced(hours: Hours, start: datetime, end: datetime) -> Iterator[Span]:
    forced = hours.forced
    if forced is None:
        yield from _planned(hours, start, end)
        return
    begin = max(start, forced.since)
    until = end if forced.until is None else max(forced.until, begin)
    yield from _between(hours, start, min(end, begin))
    if forced.open and begin < until:
        yield Span(begin, until)
    yield from _between(hours, max(start, until), end)


def _between(hours: Hours, start: datetime, end: datetime) -> Iterator[Span]:
    if start < end:
        yield from (Span(max(span.opens, start), min(span.closes, end)) for span in _planned(hours, start, end))


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"
