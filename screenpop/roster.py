"""What everybody of a site is doing, and the frames that tell a newcomer so. Pure: the caller sends them.

A thousand pages that come back after a restart must not cost a thousand encodings of a thousand operators: the whole is
encoded once and kept with the changes since, until those outgrow it.
"""

from collections.abc import Callable

from core.model import AgentState, AgentStatus
from screenpop.protocol import Colleagues

Encode = Callable[[Colleagues], bytes]
_FEW = 16


class Roster:
    """The last status of each operator, and what changed since the last `changes`."""

    def __init__(self, *, encode: Encode) -> None:
        self._encode = encode
        self._known: dict[str, AgentStatus] = {}
        self._changed: dict[str, AgentStatus] = {}
        self._whole: bytes | None = None
        self._since: list[bytes] = []
        self._since_count = 0

    def put(self, status: AgentStatus) -> None:
        self._known[status.agent] = self._changed[status.agent] = status

    def of(self, agent: str) -> AgentStatus | None:
        return self._known.get(agent)

    def changes(self) -> bytes | None:
        """One frame with everything that changed since the last time, for everybody; None: nothing did."""
        if not self._changed:
            return None
        frame = self._encode(Colleagues(statuses=tuple(self._changed.values()), whole=False))
        self._since.append(frame)
        self._since_count += len(self._changed)
        self._changed.clear()
        if self._since_count > max(_FEW, len(self._known) // 4):
            self._whole = None
        return frame

    def frames(self) -> list[bytes]:
        """What a newcomer must be told; what is in no frame yet comes with the next `changes`."""
        if not self._known:
            return []
        if self._whole is None:
            present = (s for s in self._known.values() if s.state is not AgentState.SIGNED_OUT)
            self._whole = self._encode(Colleagues(statuses=tuple(present), whole=True))
            self._since.clear()
            self._since_count = 0
        return [self._whole, *self._since]
