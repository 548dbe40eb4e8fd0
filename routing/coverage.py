"""Which queues will stand open with nobody on shift who could serve them: found before it happens. Pure.

A hole is a span in which a queue is open and no operator on shift passes a step: `nobody` where none of its steps has anybody,
`relaxed` where only a later step than the first has.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

from routing.hours import Hours, Span, minus, spans
from routing.open_sites import OpenSites
from routing.policy import QueuePolicy, Step
from routing.staff import CAPACITY


class Severity(StrEnum):
    NOBODY = "nobody"
    RELAXED = "relaxed"


class Hole(NamedTuple):
    """From `opens` up to `closes` (UTC) the queue has nobody for `requirement`, its first step."""

    queue: str
    severity: Severity
    opens: datetime
    closes: datetime
    requirement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnShift:
    """An operator as the plan knows them. `shifts`: when they work (any of these calendars), `breaks` are taken off."""

    login: str
    site: str
    skills: Mapping[str, int]
    queues: frozenset[str]
    shifts: tuple[Hours, ...]
    breaks: tuple[Hours, ...] = ()
    capacity: Mapping[str, int] = field(default_factory=lambda: dict(CAPACITY))

    def serves(self, policy: QueuePolicy, step: Step) -> bool:
        """At this step, whenever they work."""
        room = self.capacity.get(policy.channel, 0) > 0
        return room and policy.name in self.queues and step.requirement.passes(self)

    def spans(self, start: datetime, end: datetime) -> list[Span]:
        working = union(span for shift in self.shifts for span in spans(shift, start, end))
        return minus(working, union(span for each in self.breaks for span in spans(each, start, end)))


def holes(
    policies: Iterable[QueuePolicy],
    hours_of: Mapping[str, Hours],
    people: Sequence[OnShift],
    start: datetime,
    end: datetime,
    *,
    sites: OpenSites | None = None,
) -> list[Hole]:
    """Of all queues between two instants, by queue and time. A queue without hours of its own is always open. `sites` are for
    requirements that ask which centres are open."""
    working = {person.login: person.spans(start, end) for person in people}
    found: list[Hole] = []
    for policy in policies:
        hours = hours_of.get(policy.name)
        open_spans = [Span(start, end)] if hours is None else list(spans(hours, start, end))
        edges = [start, *(sites.changes([policy], start, end) if sites else ()), end]
        able = [
            union(
                Span(max(span.opens, begin), min(span.closes, until))
                for begin, until in pairwise(edges)
                for person in _who_serve(people, policy, step, sites, begin)
                for span in working[person.login]
                if span.opens < until and begin < span.closes
            )
            for step in policy.steps
        ]
        without_first = minus(open_spans, able[0])
        without_any = minus(open_spans, union(span for each in able for span in each))
        asked = str(policy.steps[0].requirement)
        found += [Hole(policy.name, Severity.NOBODY, *span, asked) for span in without_any]
        found += [Hole(policy.name, Severity.RELAXED, *span, asked) for span in minus(without_first, without_any)]
    return sorted(found, key=lambda hole: (hole.queue, hole.opens))


def _who_serve(
    people: Sequence[OnShift], policy: QueuePolicy, step: Step, sites: OpenSites | None, at: datetime
) -> list[OnShift]:
    read = step if sites is None else Step(step.after_s, sites.read(step.requirement, at))
    return [person for person in people if person.serves(policy, read)]


def opened(before: Iterable[Hole], after: Iterable[Hole]) -> list[Hole]:
    """The holes that a change of calendars, shifts or skills opens: what was no hole before, or is a worse one now."""
    earlier: dict[tuple[str, Severity], list[Span]] = {}
    for hole in before:
        kinds = [hole.severity] if hole.severity is Severity.RELAXED else list(Severity)
        for kind in kinds:
            earlier.setdefault((hole.queue, kind), []).append(Span(hole.opens, hole.closes))
    return [
        hole._replace(opens=span.opens, closes=span.closes)
        for hole in after
        for span in minus([Span(hole.opens, hole.closes)], union(earlier.get((hole.queue, hole.severity), ())))
    ]


def union(many: Iterable[Span]) -> list[Span]:
    """In order, without overlaps; what touches is one."""
    found: list[Span] = []
    for span in sorted(many):
        if found and span.opens <= found[-1].closes:
            found[-1] = Span(found[-1].opens, max(found[-1].closes, span.closes))
        else:
            found.append(span)
    return found
