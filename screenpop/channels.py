"""One operator's numbered stream of pops: what was said, in order, and how a screen that was away gets back in step.

Owns numbering, the last messages for a replay, the last state of recent pops for a resync, and which pops no screen saw in
time. Never touches a socket and never reads a clock: `now_s` is the caller's monotonic clock.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from core.model import Pop
from screenpop.pops import OVER
from screenpop.protocol import Mode, PopChanged, PopRemoved, PopShown

Encode = Callable[[PopShown | PopChanged | PopRemoved], bytes]
_GRACE_S = 2.0
_STALE_S = 4 * 3600.0


@dataclass(slots=True)
class _Retained:
    """The last state of a pop, and when the operator's screens could first know of it."""

    pop: Pop
    first_version: int
    last_version: int
    shown_s: float
    watched: bool
    seen: bool = False
    unseen: bool = False
    over_s: float | None = None


class Channel:
    """The stream of one operator. `epoch` changes with the server and with the person at the extension."""

    def __init__(
        self, *, epoch: str, encode: Encode, keep: int = 200, keep_bytes: int = 1_000_000, retain: int = 30
    ) -> None:
        self.epoch = epoch
        self.version = 0
        self._encode = encode
        self._keep = keep
        self._keep_bytes = keep_bytes
        self._retain = retain
        self._log: deque[tuple[int, bytes]] = deque()
        self._log_bytes = 0
        self._pops: dict[str, _Retained] = {}

    @property
    def live(self) -> list[Pop]:
        return [r.pop for r in self._pops.values() if r.pop.state not in OVER]

    def put(self, pop: Pop, *, now_s: float, watched: bool) -> bytes:
        """Number this state of the pop and return its frame. `watched`: a screen of this operator is connected."""
        self.version += 1
        kept = self._pops.get(pop.pop_id)
        same_history = kept is not None and kept.pop.history is pop.history
        if kept is None:
            kept = self._pops[pop.pop_id] = _Retained(pop, self.version, self.version, shown_s=now_s, watched=watched)
        kept.pop, kept.last_version = pop, self.version
        if pop.state in OVER and kept.over_s is None:
            kept.over_s = now_s
        if pop.state in OVER and not kept.seen and (not watched or now_s - kept.shown_s > _GRACE_S):
            kept.unseen = True
        message = PopChanged if same_history else PopShown
        frame = self._encode(message(version=self.version, pop=pop, unseen=kept.unseen))
        self._remember(frame)
        return frame

    def forget_oldest(self) -> None:
        """Of more pops than are retained, those that are over go. To be called after each `put`."""
        surplus = len(self._pops) - self._retain
        if surplus <= 0:
            return
        over = (k for k, kept in self._pops.items() if kept.pop.state in OVER)  # nearly always the first of all
        for pop_id in list(islice(over, surplus)):
            del self._pops[pop_id]

    def remove(self, pop_id: str) -> bytes | None:
        """Put a pop away on all screens of this operator; a live one stays."""
        kept = self._pops.get(pop_id)
        if kept is None or kept.pop.state not in OVER:
            return None
        del self._pops[pop_id]
        self.version += 1
        frame = self._encode(PopRemoved(version=self.version, pop_id=pop_id))
        self._remember(frame)
        return frame

    def acknowledge(self, version: int, *, now_s: float) -> list[float]:
        """A screen has rendered up to `version`: the seconds that each newly seen pop took to get there."""
        waits: list[float] = []
        for kept in self._pops.values():
            if not kept.seen and kept.first_version <= version <= self.version:
                kept.seen = True
                if kept.watched:
                    waits.append(now_s - kept.shown_s)
        return waits

    def since(self, epoch: str | None, version: int | None, *, now_s: float) -> tuple[Mode, list[bytes]]:
        """The frames that bring a screen which stopped at `version` of `epoch` in step, in order."""
        self._forget_stale(now_s)
        if epoch == self.epoch and version is not None and self._reaches_back_to(version):
            return Mode.REPLAY, [frame for number, frame in self._log if number > version]
        newest_last = sorted(self._pops.values(), key=lambda kept: kept.last_version)
        frames = (PopShown(version=k.last_version, pop=k.pop, unseen=k.unseen) for k in newest_last)
        return Mode.RESYNC, [self._encode(frame) for frame in frames]

    def hand_over(self, epoch: str) -> None:
        """Another person sits at this extension: what is over isn't theirs; what is live is."""
        self._pops = {k: kept for k, kept in self._pops.items() if kept.pop.state not in OVER}
        self._log.clear()
        self._log_bytes = 0
        self.epoch = epoch

    def _reaches_back_to(self, version: int) -> bool:
        oldest = self._log[0][0] if self._log else self.version + 1
        return oldest - 1 <= version <= self.version

    def _remember(self, frame: bytes) -> None:
        self._log.append((self.version, frame))
        self._log_bytes += len(frame)
        while len(self._log) > self._keep or (self._log_bytes > self._keep_bytes and len(self._log) > 1):
            self._log_bytes -= len(self._log.popleft()[1])

    def _forget_stale(self, now_s: float) -> None:
        """Who opens the laptop in the morning isn't shown yesterday's calls; they are in the cards."""
        stale = [k for k, kept in self._pops.items() if kept.over_s is not None and now_s - kept.over_s > _STALE_S]
        for pop_id in stale:
            del self._pops[pop_id]
        if stale:  # the screens that still show them are given the whole anew
            self._log.clear()
            self._log_bytes = 0
            self.version += 1


class Channels:
    """The channel of every operator, and who sits at which extension."""

    def __init__(self, *, epoch: str, encode: Encode) -> None:
        self._epoch = epoch
        self._encode = encode
        self._channels: dict[str, Channel] = {}
        self._owners: dict[str, str] = {}
        self._hand_overs = 0

    def of(self, agent: str) -> Channel:
        channel = self._channels.get(agent)
        if channel is None:
            channel = self._channels[agent] = Channel(epoch=self._epoch, encode=self._encode)
        return channel

    def known(self, agent: str) -> Channel | None:
        return self._channels.get(agent)

    def owned(self, agent: str, user_id: str) -> Channel:
        """The channel for this person; what is over there belongs to whoever sat there before."""
        channel = self.of(agent)
        if self._owners.setdefault(agent, user_id) != user_id:
            self._hand_overs += 1
            channel.hand_over(f"{self._epoch}-{self._hand_overs}")
            self._owners[agent] = user_id
        return channel
