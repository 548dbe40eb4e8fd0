"""When a client may be called back: while the queue is open, and within decent hours of their own day. Pure and exact."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from routing.hours import Hours, Interval, Span, next_closing, spans

_FARTHEST = timedelta(days=60)


@lru_cache(maxsize=1_024)
def local_hours(zone: str, window: tuple[Interval, ...]) -> Hours:
    """The part of each day there in which people may be called."""
    return Hours(zone=zone, week=(window,) * 7)


def next_moment(at: datetime, queue: Hours | None, client: Hours) -> datetime | None:
    """The first instant from `at` on at which both are open (`at` itself where they are). None: not within 60 days."""
    theirs = spans(client, at, at + _FARTHEST)
    ours = iter((Span(at, at + _FARTHEST),)) if queue is None else spans(queue, at, at + _FARTHEST)
    return next(_common(ours, theirs), None)


def good_until(at: datetime, queue: Hours | None, client: Hours) -> datetime | None:
    """Up to when that goes on, at an instant at which both are open; None: not to be foreseen."""
    ends = [None if queue is None else next_closing(queue, at), next_closing(client, at)]
    return min((end for end in ends if end is not None), default=None)


def _common(ours: Iterator[Span], theirs: Iterator[Span]) -> Iterator[datetime]:
    """The beginnings of what two rows of spans have in common."""
    our, their = next(ours, None), next(theirs, None)
    while our is not None and their is not None:
        begins = max(our.opens, their.opens)
        if begins < min(our.closes, their.closes):
            yield begins
        if our.closes <= their.closes:
            our = next(ours, None)
        else:
            their = next(theirs, None)
