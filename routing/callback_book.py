"""The open callbacks of a site, in memory, and what follows from each change of one: it is kept, it stands in its queue or no more,
a time is set at which it is looked at again. Pure. Who may do what when is callback_states.py; why it happens, callbacks.py.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.callback import AttemptOutcome, Callback, CallbackState
from core.effects import AnnounceItems, Effect, SaveCallback, WakeAt
from core.events import Event
from core.values import changed
from routing.callback_events import CallbackWaits, CallbackWaitsNoMore
from routing.callback_hours import good_until, local_hours, next_moment
from routing.callback_states import OPEN, TABLE, Moment, Word
from routing.hours import Hours
from routing.settings import CallbackSetting

Outcome = list[Event | Effect]
S, M, A = CallbackState, Moment, AttemptOutcome
TIMER = "callback "
_LOOK_AGAIN = timedelta(minutes=10)
_OUTCOMES = {
    M.MISSED: A.OPERATOR_MISSED,
    M.UNANSWERED: A.UNANSWERED,
    M.EXHAUSTED: A.UNANSWERED,
    M.BARRED: A.NOT_DIALLED,
    M.TALKED: A.TALKED,
    M.LOST: A.UNKNOWN,
    M.SERVED: A.CANCELLED,
    M.CANCEL: A.CANCELLED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """`setting_of` a queue, its `hours_of` (None: always open); `zone` is the site's, for clients whose own isn't known."""

    zone: str
    setting_of: Callable[[str], CallbackSetting]
    hours_of: Callable[[str], Hours | None]

    def client(self, one: Callback) -> Hours:
        """When they may be called, by their own clock."""
        return local_hours(one.zone or self.zone, self.setting_of(one.queue).window())

    def next_moment(self, one: Callback, at: datetime) -> datetime | None:
        return next_moment(at, self.hours_of(one.queue), self.client(one))

    def good_until(self, one: Callback, at: datetime) -> datetime | None:
        return good_until(at, self.hours_of(one.queue), self.client(one))

    def lives_until(self, queue: str, at: datetime) -> datetime:
        return at + timedelta(seconds=self.setting_of(queue).expires_s)


class Book:
    """By id, and by number: of one number one is open."""

    def __init__(self, times: Times) -> None:
        self.times = times
        self.open: dict[str, Callback] = {}
        self._of_number: dict[str, str] = {}
        self.last_closed: Callback | None = None

    def of_number(self, number: str | None) -> Callback | None:
        return self.open.get(self._of_number.get(number or "", ""))

    def put(self, one: Callback) -> None:
        """In memory only; closed ones are forgotten."""
        if one.state in OPEN:
            self.open[one.callback_id] = one
            self._of_number.setdefault(one.number, one.callback_id)
            return
        self.last_closed = one
        if self.open.pop(one.callback_id, None) is not None and self._of_number.get(one.number) == one.callback_id:
            del self._of_number[one.number]

    def saved(self, one: Callback) -> Outcome:
        """Kept for good, as its next revision; whoever looks at the list sees it."""
        now = changed(one, revision=one.revision + 1)
        self.put(now)
        return [SaveCallback(callback=now), AnnounceItems(channel="callback")]

    def moved(self, one: Callback, moment: Moment, at: datetime, **facts: object) -> Outcome:
        """What the table says, with these facts; nothing where it says that nothing happens."""
        state = TABLE[one.state][moment]
        if isinstance(state, Word):
            return []
        now = changed(one, state=state, **facts)
        if one.state in (S.RINGING, S.TALKING) and now.attempts:
            now = changed(now, attempts=(*now.attempts[:-1], _ended(now, moment, at)))
        if state not in OPEN:
            now = changed(now, closed_at=at)
        out = self.saved(now)
        if state is S.WAITING:
            out.append(CallbackWaits(at=at, callback=self.open[one.callback_id]))
        elif one.state in (S.WAITING, S.RINGING) and state is not S.RINGING and state is not S.TALKING:
            out.append(CallbackWaitsNoMore(at=at, callback_id=one.callback_id))
        if state not in (S.PLANNED, S.WAITING, S.RINGING):
            out.append(WakeAt(timer_id=TIMER + one.callback_id, at=None))
        return out + self.looked_at(one.callback_id, at)

    def looked_at(self, callback_id: str, at: datetime) -> Outcome:
        """Of those that are planned or wait: expired, put off, their turn; and when to look again."""
        one = self.open.get(callback_id)
        if one is None or one.state not in (S.PLANNED, S.WAITING):
            return []
        if at >= one.expires_at:
            return self.moved(one, M.EXPIRED, at, reason="expired")
        due_at = self.times.next_moment(one, max(at, one.not_before)) or one.expires_at
        if due_at <= at:
            if one.state is S.PLANNED:
                return self.moved(one, M.DUE, at)
            until = self.times.good_until(one, at) or one.expires_at
        else:
            until = due_at
            if one.state is S.WAITING:
                return self.moved(one, M.NOT_NOW, at, due_at=due_at)
            if due_at != one.due_at:
                return [*self.saved(changed(one, due_at=due_at)), self._wake(one, min(until, one.expires_at), at)]
        return [self._wake(one, min(until, one.expires_at), at)]

    @staticmethod
    def _wake(one: Callback, until: datetime, at: datetime) -> WakeAt:
        """The plan may change meanwhile, and so may the clock: look again before long."""
        return WakeAt(timer_id=TIMER + one.callback_id, at=min(until, at + _LOOK_AGAIN))


def _ended(one: Callback, moment: Moment, at: datetime) -> object:
    attempt = one.attempts[-1]
    outcome = _OUTCOMES.get(moment, attempt.outcome)
    ended_at = None if moment is M.TALKED else at
    return changed(attempt, outcome=outcome, why=one.reason, ended_at=ended_at)
