"""Sessions as the store last told them, for the minutes in which it can't be asked. Pure: the caller says what time it is."""

from datetime import datetime, timedelta

from web.people import Session, User

Pair = tuple[Session, User]
TRUSTED = timedelta(minutes=30)
_MOST = 20_000


class RecentSessions:
    """By the hash of the cookie; the oldest go first when there are too many."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[datetime, Pair]] = {}

    def put(self, token_hash: str, found: Pair | None, now: datetime) -> None:
        self._seen.pop(token_hash, None)
        if found is None:
            return
        self._seen[token_hash] = (now, found)
        if len(self._seen) > _MOST:
            del self._seen[next(iter(self._seen))]

    def get(self, token_hash: str, now: datetime) -> Pair | None:
        """What the store said of it less than half an hour ago."""
        at, found = self._seen.get(token_hash, (None, None))
        return found if at is not None and now - at <= TRUSTED else None

    def forget(self, session_id: str) -> None:
        for token_hash in [k for k, (_, (session, _user)) in self._seen.items() if session.session_id == session_id]:
            del self._seen[token_hash]
