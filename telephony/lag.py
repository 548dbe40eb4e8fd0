"""How late the PBX's events are. Pure: instants are seconds of a monotonic clock, given by whoever asks.

Two sources: probes (a UserEvent of ours that comes back through Asterisk's event queue), and where those aren't allowed the
events' own Timestamp against its best value so far (the clocks of PBX and ours needn't agree). An answer to Ping says
nothing about events: Asterisk writes it from another thread (asterisk#2145 delays events only).
"""

from collections import OrderedDict

_MOST_UNDERWAY = 100


class Lag:
    """`late_after_s`: from here on what comes is history, not news."""

    def __init__(self, *, late_after_s: float) -> None:
        self._late_after_s = late_after_s
        self._underway: OrderedDict[str, float] = OrderedDict()
        self._last_s = 0.0
        self._least_offset_s: float | None = None

    def sent(self, token: str, at: float) -> None:
        """A probe left."""
        self._underway[token] = at
        while len(self._underway) > _MOST_UNDERWAY:
            self._underway.popitem(last=False)

    def returned(self, token: str, at: float) -> None:
        """A probe came back (a token we never sent is somebody else's); those sent before it won't any more."""
        if token not in self._underway:
            return
        while True:
            oldest, sent_at = self._underway.popitem(last=False)
            if oldest == token:
                self._last_s = at - sent_at
                return

    def stamped(self, stamp: float, at: float) -> None:
        """An event bore this Timestamp; `at` on the same scale as `stamp`, any zero."""
        offset_s = at - stamp
        if self._least_offset_s is None or offset_s < self._least_offset_s:
            self._least_offset_s = offset_s
        self._last_s = offset_s - self._least_offset_s

    def behind_s(self, now: float) -> float:
        """How late events are, or have at least become."""
        oldest = next(iter(self._underway.values()), now)
        return max(self._last_s, now - oldest)

    def is_late(self, now: float) -> bool:
        return self.behind_s(now) > self._late_after_s
