"""What a simulation comes to: by queue, by local hour of the day, by site. Pure; formulas are those of DEFINITIONS 1-5 and 8."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from routing.settings import QueueSetting
from routing.simulation import Figures, Played, Worker

_QUARTER_S = 900  # every zone's offset is whole quarters of an hour, and so is every local hour's beginning
Span = tuple[float, float]


@dataclass(slots=True)
class Row:
    """`closed`: callers turned away outside hours, whom `figures` doesn't count. `present_s`: signed in, `handling_s` at work."""

    figures: Figures = field(default_factory=Figures)
    closed: int = 0
    handling_s: float = 0.0
    present_s: float = 0.0

    @property
    def occupancy(self) -> float | None:
        """Handling / (handling + ready-waiting)."""
        return self.handling_s / self.present_s if self.present_s else None


@dataclass(slots=True)
class Summary:
    """A site answers and is present; callers come to queues, so its rows know only of the answered."""

    whole: Row
    queues: dict[str, Row]
    hours: dict[int, Row]
    sites: dict[str, Row]


def summary(
    played: Played,
    *,
    queues: Mapping[str, QueueSetting],
    workers: Sequence[Worker],
    turned_away: Mapping[str, int],
    zone: str,
    ring_s: float,
) -> Summary:
    """Each queue with its own T and short abandons; hours of the day in `zone`, by when callers came."""
    site_of = {worker.login: worker.site for worker in workers}
    found = Summary(
        Row(closed=sum(turned_away.values())),
        {name: Row(closed=turned_away.get(name, 0)) for name in queues},
        {hour: Row() for hour in range(24)},
        {worker.site: Row() for worker in workers},
    )
    hour_of = _hour_in(zone)
    handled: dict[str, list[Span]] = {}
    for served in played.served:
        queue = queues[served.arrival.queue]
        rows = [found.whole, found.queues[served.arrival.queue], found.hours[hour_of(served.arrival.at_s)]]
        if served.answered_s is not None and served.login is not None:
            rows.append(found.sites[site_of[served.login]])
            handled.setdefault(served.login, []).append(
                (served.answered_s, served.answered_s + served.arrival.handle_s)
            )
        for row in rows:
            row.figures.take(served, within_s=queue.answer_within_s, short_s=queue.short_abandon_s)
    for worker in workers:
        _time_of(found, worker, handled.get(worker.login, []), hour_of, ring_s)
    return found


def _time_of(
    found: Summary, worker: Worker, handled: list[Span], hour_of: Callable[[float], int], ring_s: float
) -> None:
    """Their work and presence, which goes on after the shift until the last talk is over."""
    site = found.sites[worker.site]
    for hour, seconds in _by_hour(handled, hour_of):
        for row in (found.whole, site, found.hours[hour]):
            row.handling_s += seconds
    there = _union([*worker.shifts, *((begin - ring_s, end) for begin, end in handled)])
    for hour, seconds in _by_hour(there, hour_of):
        for row in (found.whole, site, found.hours[hour]):
            row.present_s += seconds


def _union(spans: Iterable[Span]) -> Iterator[Span]:
    current: Span | None = None
    for begin, end in sorted(spans):
        if current is not None and begin <= current[1]:
            current = (current[0], max(current[1], end))
            continue
        if current is not None:
            yield current
        current = (begin, end)
    if current is not None:
        yield current


def _by_hour(spans: Iterable[Span], hour_of: Callable[[float], int]) -> Iterator[tuple[int, float]]:
    for begin, end in spans:
        at = begin
        while at < end:
            until = min(end, (at // _QUARTER_S + 1) * _QUARTER_S)
            yield hour_of(at), until - at
            at = until


def _hour_in(zone: str) -> Callable[[float], int]:
    place = ZoneInfo(zone)

    @cache
    def of_quarter(quarter: int) -> int:
        return datetime.fromtimestamp(quarter * _QUARTER_S, UTC).astimezone(place).hour

    return lambda at_s: of_quarter(int(at_s // _QUARTER_S))
