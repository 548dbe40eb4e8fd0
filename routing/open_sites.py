"""Requirements that ask whether a centre is open: read at an instant as the names of those that are, and when that changes. Pure.

So a decision never looks at a clock: the policies are bound when they come into force, and bound anew at the instants told here.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from routing.hours import Span
from routing.policy import QueuePolicy, Step
from routing.requirement import Requirement, bound, openings_of

_MOMENT = timedelta(microseconds=1)
_AHEAD = (timedelta(days=2), timedelta(days=20), timedelta(days=200), timedelta(days=800))
SpansOf = Callable[[str, datetime, datetime], Sequence[Span]]


@dataclass(frozen=True, slots=True)
class OpenSites:
    """`spans_of` tells when a site is open between two instants."""

    sites: tuple[str, ...]
    spans_of: SpansOf

    def within(self, minutes: int, at: datetime) -> tuple[str, ...]:
        """Those that are open, or open within so many minutes."""
        until = at + timedelta(minutes=minutes) + _MOMENT
        return tuple(site for site in self.sites if self.spans_of(site, at, until))

    def read(self, requirement: Requirement, at: datetime) -> Requirement:
        return bound(requirement, lambda minutes: self.within(minutes, at))

    def bind(self, policies: Iterable[QueuePolicy], at: datetime) -> list[QueuePolicy]:
        """The policies as they are to be read at this instant."""
        return [
            replace(policy, steps=tuple(Step(s.after_s, self.read(s.requirement, at)) for s in policy.steps))
            if _asked([policy])
            else policy
            for policy in policies
        ]

    def changes(self, policies: Iterable[QueuePolicy], start: datetime, end: datetime) -> list[datetime]:
        """The instants between these two at which the policies are to be read otherwise, in order."""
        found: set[datetime] = set()
        asked = _asked(policies)
        for site in self.sites if asked else ():
            for span in self.spans_of(site, start - _MOMENT, end + timedelta(minutes=max(asked)) + _MOMENT):
                found.update((span.closes, *(span.opens - timedelta(minutes=minutes) for minutes in asked)))
        return sorted(at for at in found if start < at < end)

    def next_change(self, policies: Iterable[QueuePolicy], at: datetime) -> datetime | None:
        """None: not to be foreseen."""
        asked = list(policies)
        for ahead in _AHEAD if _asked(asked) else ():
            if found := self.changes(asked, at, at + ahead):
                return found[0]
        return None


def _asked(policies: Iterable[QueuePolicy]) -> frozenset[int]:
    """Within how many minutes a centre shall open, by any step; 0: it shall be open."""
    return frozenset(n for policy in policies for step in policy.steps for n in openings_of(step.requirement))
