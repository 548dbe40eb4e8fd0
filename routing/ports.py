"""What the dispatcher asks of the plan that is in force (live_plan.py answers), by shape."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from routing.hours import Hours
from routing.policy import QueuePolicy
from routing.settings import QueueSetting


class Planned(Protocol):
    """What the plan says of one person."""

    @property
    def site(self) -> str: ...
    @property
    def skills(self) -> Mapping[str, int]: ...
    @property
    def queues(self) -> frozenset[str]: ...


class PlanInForce(Protocol):
    """Instants are aware. Questions are exact for any instant."""

    @property
    def queues(self) -> Mapping[str, QueueSetting]: ...
    def policies(self) -> list[QueuePolicy]: ...
    def person(self, login: str) -> Planned | None:
        """None: the plan doesn't know them."""
        ...

    def on_shift(self, login: str, at: datetime) -> bool:
        """True for those who have no shifts in the plan."""
        ...

    def shift_changes_at(self, login: str, at: datetime) -> datetime | None: ...
    def hours_of(self, queue: str) -> Hours | None:
        """None: always open."""
        ...
