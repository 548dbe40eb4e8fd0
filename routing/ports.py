"""What the dispatcher asks of the plan that is in force (live_plan.py answers), by shape."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol

from routing.hours import Hours
from routing.policy import QueuePolicy
from routing.settings import PersonSetting, QueueSetting


class Presence(Protocol):
    """`open`: they work at this instant; `changes_at`: when that next becomes otherwise (None: not to be foreseen)."""

    @property
    def open(self) -> bool: ...
    @property
    def changes_at(self) -> datetime | None: ...


class PlanInForce(Protocol):
    """Instants are aware. `queue_hours` has the calendars of the queues that have one; the others are always open."""

    @property
    def queues(self) -> Mapping[str, QueueSetting]: ...
    @property
    def queue_hours(self) -> Mapping[str, Hours]: ...
    def policies(self) -> list[QueuePolicy]: ...
    def policies_at(self, at: datetime) -> list[QueuePolicy]:
        """As they are to be read at this instant: with the centres that are open then."""
        ...

    def sites_change_at(self, at: datetime) -> datetime | None:
        """When they will be read otherwise."""
        ...

    def person(self, login: str) -> PersonSetting | None:
        """None: the plan doesn't know them."""
        ...

    def site_of(self, login: str) -> str: ...
    def logins_of(self, queue: str) -> Collection[str]:
        """Everybody to whom the plan gives this queue."""
        ...

    def shift(self, login: str, at: datetime) -> Presence:
        """Who has no shifts in the plan always works."""
        ...
