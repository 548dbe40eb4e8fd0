"""Whose browser is asleep: signed in, and not one of their screens was heard of for longer than a heartbeat may take.

Pure: `..._s` are instants of the caller's monotonic clock. A closed browser is asleep too until its person signs out.
"""

from collections.abc import Mapping

ASLEEP_AFTER_S = 12.0
_FORGET_AFTER_S = 12 * 3600.0


class Sleepers:
    """Remembers the operators whose last screen went; the caller tells of the screens that are open."""

    def __init__(self) -> None:
        self._gone: dict[str, tuple[str, float]] = {}

    def left(self, agent: str, session_id: str, *, heard_s: float) -> None:
        """A screen of this operator is gone; it was heard of last at `heard_s`."""
        _, before_s = self._gone.get(agent, ("", heard_s))
        self._gone[agent] = (session_id, max(before_s, heard_s))

    def signed_out(self, session_id: str) -> None:
        """Whoever goes home isn't asleep."""
        self._gone = {agent: gone for agent, gone in self._gone.items() if gone[0] != session_id}

    def asleep(self, heard_s: Mapping[str, float], *, now_s: float) -> dict[str, float]:
        """Operator -> when last heard of. `heard_s`: of each with open screens, the last word of any of them."""
        self._gone = {agent: gone for agent, gone in self._gone.items() if now_s - gone[1] < _FORGET_AFTER_S}
        last_s = {agent: gone_s for agent, (_, gone_s) in self._gone.items()}
        for agent, at_s in heard_s.items():
            last_s[agent] = max(at_s, last_s.get(agent, at_s))
        return {agent: at_s for agent, at_s in last_s.items() if now_s - at_s > ASLEEP_AFTER_S}
