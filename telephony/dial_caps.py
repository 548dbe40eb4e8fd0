"""How often click-to-call may be used: by one person in a minute and in a day, by a site in a minute. Pure: the caller says
what time it is. In memory and bounded; `remember` brings back, after a restart, what the audit trail knows of the last day.
"""

from collections import deque
from datetime import datetime, timedelta

from core.desk import DialPolicy
from core.errors import Forbidden

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_MOST_USERS = 10_000


class DialCaps:
    """The calls of the last day, a bounded row of instants for each person and for each site."""

    def __init__(self, policy: DialPolicy) -> None:
        self._policy = policy
        self._users: dict[str, deque[datetime]] = {}
        self._sites: dict[str, deque[datetime]] = {}

    def take(self, site: str, user: str, at: datetime) -> None:
        """One more call, or Forbidden (`too_many_calls`) with when it may be tried again. A refusal counts for nothing."""
        policy = self._policy
        mine, ours = self._of(user, at), self._sites.setdefault(site, deque(maxlen=policy.per_site_minute))
        _forget_future(mine, at)
        _forget_future(ours, at)
        for row, most, window, whose in (
            (mine, policy.per_user_minute, _MINUTE, "you may place {} calls a minute"),
            (ours, policy.per_site_minute, _MINUTE, "all of you together may place {} calls a minute"),
            (mine, policy.per_user_day, _DAY, "you may place {} calls in 24 hours"),
        ):
            wait_s = _wait_s(row, most, window, at)
            if wait_s > 0:
                raise Forbidden(
                    f"Too many calls: {whose.format(most)}. Try again in {_spoken(wait_s)}; if you need more, ask your "
                    "administrator ([dialling] in the configuration).",
                    code="too_many_calls",
                )
        mine.append(at)
        ours.append(at)

    def remember(self, user: str, at: datetime) -> None:
        """A call that was placed before we were started; the oldest first."""
        self._of(user, at).append(at)

    def _of(self, user: str, at: datetime) -> deque[datetime]:
        row = self._users.get(user)
        if row is None:
            if len(self._users) >= _MOST_USERS:
                self._make_room(at)
            most = max(self._policy.per_user_day, self._policy.per_user_minute)
            row = self._users[user] = deque(maxlen=most)
        return row

    def _make_room(self, at: datetime) -> None:
        """Whoever hasn't called for a day goes; where nobody has been so quiet, the one who called longest ago."""
        quiet = [user for user, row in self._users.items() if not row or at - row[-1] >= _DAY]
        for user in quiet or [min(self._users, key=lambda user: self._users[user][-1])]:
            del self._users[user]


def _forget_future(row: deque[datetime], at: datetime) -> None:
    """The clock was set back: what seems to come yet would lock people out for that long."""
    while row and row[-1] > at:
        row.pop()


def _wait_s(row: deque[datetime], most: int, window: timedelta, at: datetime) -> float:
    """Until the oldest of the last `most` calls is older than the window; 0 when it is already."""
    if len(row) < most:
        return 0.0
    return max(0.0, (row[-most] + window - at).total_seconds())


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5_400 else f"{round(seconds / 3_600)} hours"
