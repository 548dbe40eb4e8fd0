"""What the hours of queues do to live callers: let in, or sent through a door. Pure.

One question when a caller comes, one at closing time for those who still wait. A queue without hours is always open. Who can't be
called back gets to leave a message where a callback is the rule.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple, assert_never
from zoneinfo import ZoneInfo

from core.model import Door
from routing.hours import Hours, Reason, day_plan, is_open, next_closing, next_opening, why
from routing.settings import Mode, QueueSetting, WhenClosed

HoursOf = Callable[[str], Hours | None]


class Way(NamedTuple):
    """Through which door, and where it leads. `reason`: what closes the queue that they came for."""

    door: Door
    queue: str
    reason: Reason


class LiveDoors:
    """`queues` and `hours_of` are asked anew each time: the plan may change while callers wait."""

    def __init__(self, queues: Mapping[str, QueueSetting], hours_of: HoursOf) -> None:
        self._queues, self._hours_of = queues, hours_of

    def is_open(self, queue: str, at: datetime) -> bool:
        hours = self._hours_of(queue)
        return hours is None or is_open(hours, at)

    def next_closing(self, queue: str, at: datetime) -> datetime | None:
        """When those who wait must be asked about again; None: not to be foreseen."""
        hours = self._hours_of(queue)
        return None if hours is None else next_closing(hours, at)

    def next_opening(self, queue: str, at: datetime) -> datetime | None:
        """`at` itself where it is open; None: not within two years."""
        hours = self._hours_of(queue)
        return at if hours is None else next_opening(hours, at)

    def at_arrival(self, queue: str, at: datetime, *, number: str | None) -> Way | None:
        """None: let them wait. `number` is where they could be called back, None for nobody."""
        hours = self._hours_of(queue)
        if hours is None or is_open(hours, at):
            return None
        setting = self._queues[queue]
        policy = setting.closed if setting.holiday is None or not _is_holiday(hours, at) else setting.holiday
        return self._way(policy, queue, at, number, why(hours, at))

    def at_closing(self, queue: str, at: datetime, *, number: str | None) -> Way | None:
        """What becomes of one who came while it was open and waits still. None: they go on waiting."""
        hours = self._hours_of(queue)
        if hours is None or is_open(hours, at):
            return None
        return self._way(self._queues[queue].closing, queue, at, number, why(hours, at))

    def _way(self, policy: WhenClosed, queue: str, at: datetime, number: str | None, reason: Reason) -> Way | None:
        match policy:
            case WhenClosed.WAIT:
                return None
            case WhenClosed.VOICEMAIL:
                return Way(Door.VOICEMAIL, queue, reason)
            case WhenClosed.CALLBACK:
                return Way(Door.VOICEMAIL if number is None else Door.CALLBACK, queue, reason)
            case WhenClosed.OVERFLOW:
                return self._overflow(queue, at, number, reason)
            case _:
                assert_never(policy)

    def _overflow(self, queue: str, at: datetime, number: str | None, reason: Reason) -> Way | None:
        """On to the next queue, or through its door where that is closed as well (never in a circle: settings.py refuses those)."""
        following = self._queues[queue].overflow
        if following is None or following not in self._queues:
            return Way(Door.VOICEMAIL, queue, reason)
        beyond = self.at_arrival(following, at, number=number)
        if beyond is not None:
            return Way(beyond.door, beyond.queue, reason)
        native = self._queues[following].mode is Mode.NATIVE
        return Way(Door.FALLBACK if native else Door.QUEUE, following, reason)


def _is_holiday(hours: Hours, at: datetime) -> bool:
    """Whether the local day is a holiday, or an exception on which nothing is open; forced closed is neither."""
    if why(hours, at).kind == "forced":
        return False
    reason, intervals = day_plan(hours, at.astimezone(ZoneInfo(hours.zone)).date())
    return reason.kind == "holiday" or (reason.kind in ("dated", "yearly") and not intervals)
