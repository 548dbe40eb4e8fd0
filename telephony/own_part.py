"""An operator's own part in a live call: the one channel that they may have something done to. Pure look-ups."""

from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import Conflict, NotFound
from telephony.live import Call, Channel, ChannelRole
from telephony.tracker import CallTracker


@dataclass(frozen=True, slots=True)
class Part:
    """`own` is the operator's channel in `call`, on the PBX of `tracker`."""

    pbx: str
    tracker: CallTracker
    call: Call
    own: Channel

    def client(self) -> Channel:
        """The channel of whom the operator talks with, or has put on hold; Conflict where nobody is connected."""
        client = self.call.client
        if client is not None and client.uniqueid in self.call.channels and client.bridge is not None:
            return client
        others = (c for c in self._bridged() if c is not self.own and c.role is not ChannelRole.LOCAL)
        other = next(others, None)
        if self.own.bridge is None or other is None:
            raise Conflict("You aren't connected with anybody in this call: answer it first.", code="not_talking")
        return other

    def is_asking(self) -> bool:
        """The client is on hold in one bridge while the operator is in another, with the colleague who is asked."""
        client = self.call.client
        waits = client is not None and client.uniqueid in self.call.channels and client.bridge is not None
        elsewhere = self.own.bridge is not None and client is not None and client.bridge != self.own.bridge
        return waits and elsewhere and self.own.held

    def _bridged(self) -> list[Channel]:
        return list(self.tracker.floor.bridges.get(self.own.bridge or "", {}).values())


def part_of(trackers: Mapping[str, CallTracker], site: str, agent: str, call_id: str) -> Part:
    """NotFound for a call that is over, is another site's, or in which this operator has no part (any more)."""
    for pbx, tracker in trackers.items():
        call = tracker.calls.get(call_id)
        if call is None or tracker.site != site:
            continue
        mine = [c for c in call.channels.values() if c.endpoint == agent and c.role is ChannelRole.AGENT and not c.left]
        if not mine:
            raise NotFound("You have no part in this call.")
        return Part(pbx, tracker, call, max(mine, key=lambda c: (c.bridge is not None, c.talked)))
    raise NotFound("This call is over already.")
