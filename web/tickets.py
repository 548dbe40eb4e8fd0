"""Single-use tickets for opening a socket. Pure: the caller brings the secret and the time."""

from dataclasses import dataclass

_MOST = 50_000


@dataclass(frozen=True, slots=True)
class _Ticket:
    session_id: str
    expires_s: float


class Tickets:
    """Which session a ticket was given to; each is good once and for `life_s` seconds."""

    def __init__(self, *, life_s: float) -> None:
        self._life_s = life_s
        self._open: dict[str, _Ticket] = {}

    def __len__(self) -> int:
        return len(self._open)

    def issue(self, secret: str, *, session_id: str, now_s: float) -> None:
        self._drop_expired(now_s)
        if len(self._open) >= _MOST:
            del self._open[next(iter(self._open))]
        self._open[secret] = _Ticket(session_id, now_s + self._life_s)

    def redeem(self, secret: str, *, now_s: float) -> str | None:
        """The session, exactly once; None for a used, expired or invented ticket."""
        ticket = self._open.pop(secret, None)
        return ticket.session_id if ticket and ticket.expires_s > now_s else None

    def _drop_expired(self, now_s: float) -> None:
        """Tickets lie in order of issue, hence of expiry: stop at the first that is still good."""
        while self._open:
            secret, ticket = next(iter(self._open.items()))
            if ticket.expires_s > now_s:
                return
            del self._open[secret]
