"""Callers who never were: arrivals drawn from what is said about a day, the same for the same seed. Pure.

Each line of `calls` is a Poisson process of its own, whose rate holds while its hours (in the stream's zone) run: the wall clock
of summer and winter time counts. Lines that overlap add up.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from heapq import merge
from math import exp, inf, log, sqrt
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.errors import BadConfiguration
from routing import hours_text
from routing.hours import Hours, spans
from routing.requirement import Requirement, parse
from routing.simulation import Arrival

MOST_DAYS = 3 * 366
MOST_CALLS = 20_000_000
_LONGEST_S = 86_400.0


class Law(StrEnum):
    """How a time is spread. `spread`: of `lognormal`, its standard deviation over its mean."""

    CONSTANT = "constant"
    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A time that differs from call to call, in seconds."""

    mean_s: float
    law: Law = Law.EXPONENTIAL
    spread: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.mean_s <= _LONGEST_S:
            raise BadConfiguration(f"'mean_s' is {self.mean_s:g}: choose more than 0, up to {_LONGEST_S:g}")
        if not 0 < self.spread <= 10:
            raise BadConfiguration(f"'spread' is {self.spread:g}: choose more than 0, up to 10")

    def draw(self, chance: random.Random) -> float:
        match self.law:
            case Law.CONSTANT:
                return self.mean_s
            case Law.EXPONENTIAL:
                return chance.expovariate(1 / self.mean_s)
            case Law.LOGNORMAL:
                variance = log(1 + self.spread**2)
                # random.lognormvariate, but of the mean itself instead of the mean logarithm
                return self.mean_s * exp(chance.gauss(0, 1) * sqrt(variance) - variance / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """A `share` of the callers (0 to 1) needs somebody who passes this as well."""

    requirement: str
    share: float

    def __post_init__(self) -> None:
        parse(self.requirement)
        _check_share("share", self.share)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """Callers of one queue, who live in `zone`. `calls`: days, hours and calls per hour ("Mon-Fri 09:00-18:00 40"). `patience`
    none: nobody gives up. `vip`: the share of VIPs."""

    queue: str
    zone: str
    calls: tuple[str, ...]
    handle: Spread
    patience: Spread | None = None
    vip: float = 0.0
    extras: tuple[Extra, ...] = ()

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadConfiguration(f"'zone' {self.zone!r} is no IANA zone: write one such as 'Europe/Riga'") from error
        _check_share("vip", self.vip)
        if sum(extra.share for extra in self.extras) > 1:
            raise BadConfiguration(
                "the shares of 'extras' are more than 1 together: each caller has one of them at most"
            )
        for line in self.calls:
            _rate(self.zone, line)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallersSpec:
    """All callers from the local day `start` on, for `days` days."""

    start: str
    days: int
    streams: dict[str, Stream] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            date.fromisoformat(self.start)
        except ValueError as error:
            raise BadConfiguration(
                f"'start' {self.start!r} is no day: write one such as '2026-01-01'", place=("start",)
            ) from error
        if not 1 <= self.days <= MOST_DAYS:
            raise BadConfiguration(f"'days' is {self.days}: choose 1 to {MOST_DAYS}", place=("days",))
        if not self.streams:
            raise BadConfiguration("there is no [streams.NAME]: describe at least one kind of callers")
        if (calls := self.expected()) > MOST_CALLS:
            raise BadConfiguration(
                f"these are some {calls:,.0f} calls: choose fewer days, at most {MOST_CALLS:,} calls"
            )

    def expected(self) -> float:
        """About so many calls: seven days of a week stand for all."""
        weekly = sum(
            rate.per_hour * sum(i.closes - i.opens for day in rate.hours.week for i in day) / 60
            for stream in self.streams.values()
            for rate in (_rate(stream.zone, line) for line in stream.calls)
        )
        return weekly * self.days / 7

    def period(self, zone: str) -> tuple[datetime, datetime]:
        """From midnight to midnight in `zone`, as UTC."""
        first = date.fromisoformat(self.start)
        begin, end = (
            datetime.combine(day, time(), ZoneInfo(zone)) for day in (first, first + timedelta(days=self.days))
        )
        return begin.astimezone(UTC), end.astimezone(UTC)


class _Rate(NamedTuple):
    hours: Hours
    per_hour: float


def arrivals(spec: CallersSpec, zone: str, seed: int, vip: Mapping[str, float]) -> Iterator[Arrival]:
    """In order of time, between the midnights of `zone`. `vip`: queue -> the points that its VIPs have from the start."""
    begin, end = spec.period(zone)
    return merge(
        *(
            _of_line(stream, line, begin, end, random.Random(f"{seed}/{name}/{number}"), vip.get(stream.queue, 0.0))
            for name, stream in spec.streams.items()
            for number, line in enumerate(stream.calls)
        ),
        key=lambda arrival: arrival.at_s,
    )


def _of_line(  # noqa: PLR0917
    stream: Stream, line: str, begin: datetime, end: datetime, chance: random.Random, vip: float
) -> Iterator[Arrival]:
    rate = _rate(stream.zone, line)
    if not rate.per_hour:
        return
    extras = _Extras(stream.extras)
    for span in spans(rate.hours, begin, end):
        at_s, until_s = span.opens.timestamp(), span.closes.timestamp()
        while (at_s := at_s + chance.expovariate(rate.per_hour / 3_600)) < until_s:
            yield Arrival(
                at_s=at_s,
                queue=stream.queue,
                handle_s=stream.handle.draw(chance),
                patience_s=inf if stream.patience is None else stream.patience.draw(chance),
                offset=vip if stream.vip and chance.random() < stream.vip else 0.0,
                extra=extras.draw(chance),
            )


class _Extras:
    """Each requirement is parsed once, and the callers who have it share it."""

    def __init__(self, extras: tuple[Extra, ...]) -> None:
        self._parsed = [(parse(extra.requirement), extra.share) for extra in extras]

    def draw(self, chance: random.Random) -> Requirement | None:
        if not self._parsed:
            return None
        point = chance.random()
        for requirement, share in self._parsed:
            if point < share:
                return requirement
            point -= share
        return None


def _rate(zone: str, line: str) -> _Rate:
    when, _, number = line.strip().rpartition(" ")
    try:
        per_hour = float(number)
    except ValueError:
        per_hour = -1.0
    if not 0 <= per_hour <= 1_000_000:
        raise BadConfiguration(
            f"calls “{line[:80]}”: expected days, hours and calls per hour, such as 'Mon-Fri 09:00-18:00 40'"
        )
    return _Rate(Hours(zone=zone, week=hours_text.week([when])), per_hour)


def _check_share(key: str, share: float) -> None:
    if not 0 <= share <= 1:
        raise BadConfiguration(f"'{key}' is {share:g}: a share is from 0 to 1")
