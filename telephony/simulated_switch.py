"""What the simulated PBX holds (channels, bridges, parked calls) and the message for every change of it.

State changes only through these methods and each writes its event in the same breath, so lists answered from the state
always fit what was told. Names, headers and their order are those of Asterisk 22.10. Knows no sockets and no people.
"""

import uuid
from collections.abc import Callable
from random import Random

from telephony.simulated_channels import CAUSES, UNKNOWN, Bridge, Channel, Pairs, Parking, cut, escaped
from telephony.simulated_stage import Performance

Listener = Callable[[str, str, Pairs], None]


class Switch:
    """The PBX's memory. `tell` gets (class of privilege, event name, headers) of every event, in order."""

    def __init__(self, *, now: Callable[[], float], seed: int, system_name: str = "") -> None:
        self.now = now
        self.clock_offset_s = 0.0
        self.tell: Listener | None = None
        self.system_name = system_name
        self._rng = Random(seed)
        self.variables: dict[str, str] = {}
        self.boot()

    def boot(self) -> None:
        """A fresh start: no calls, counters from zero again."""
        self.started_at = self.now()
        self.channels: dict[str, Channel] = {}
        self.bridges: dict[str, Bridge] = {}
        self.parked: dict[int, Parking] = {}
        self.devices: dict[str, str] = {}
        self.variables.clear()
        self._uniqueids = 0
        self._names = 0
        self.processed_calls = 0

    def wall(self) -> int:
        """The second that this PBX's own clock shows (it may be wrong); waits and durations never use it."""
        return int(self.now() + self.clock_offset_s)

    def event(self, klass: str, name: str, *parts: Pairs) -> None:
        """Tell an event. Building the headers costs, so nothing is built when nobody listens."""
        if self.tell is not None:
            self.tell(klass, name, [pair for part in parts for pair in part])

    def find(self, name_or_id: str) -> Channel | None:
        """Channel actions take a name or a Uniqueid, as Asterisk does."""
        found = self.channels.get(name_or_id)
        if found is None and name_or_id:
            return next((c for c in self.channels.values() if c.uniqueid == name_or_id), None)
        return found

    def busy(self, endpoint: str) -> bool:
        return any(c.endpoint == endpoint for c in self.channels.values())

    # -- channels

    def new_channel(
        self,
        endpoint: str,
        *,
        context: str,
        exten: str,
        state: int = 0,
        number: str = UNKNOWN,
        name: str = UNKNOWN,
        linked_to: Channel | None = None,
        uniqueid: str | None = None,
        story: Performance | None = None,
    ) -> Channel:
        if uniqueid is None:
            prefix = f"{self.system_name}-" if self.system_name else ""
            uniqueid = f"{prefix}{self.wall()}.{self._uniqueids}"
        self._uniqueids += 1
        channel = Channel(
            f"PJSIP/{endpoint}-{self._names:08x}",
            uniqueid,
            linked_to.linkedid if linked_to else uniqueid,
            endpoint,
            context,
            exten,
            self.now(),
            state=state,
            number=cut(number),
            caller_name=escaped(name),
            story=story or (linked_to.story if linked_to else None),
        )
        self._names += 1
        self.channels[channel.name] = channel
        self.event("call", "Newchannel", channel.snapshot())
        self.device(endpoint)
        return channel

    def state(self, channel: Channel, state: int) -> None:
        channel.state = state
        if state == 6 and channel.answered_at is None:
            channel.answered_at = self.now()
        self.event("call", "Newstate", channel.snapshot())
        self.device(channel.endpoint)

    def caller_id(self, channel: Channel, number: str, name: str | None = None) -> None:
        channel.number = cut(number)
        if name is not None:
            channel.caller_name = escaped(name)
        presentation = [("CID-CallingPres", "0 (Presentation Allowed, Not Screened)")]
        self.event("call", "NewCallerid", channel.snapshot(), presentation)

    def connected(self, channel: Channel, number: str, name: str) -> None:
        channel.connected_number, channel.connected_name = number, name
        self.event("call", "NewConnectedLine", channel.snapshot())

    def runs(self, channel: Channel, application: str, data: str) -> None:
        """The dialplan of this channel executes an application."""
        channel.application, channel.data = application, data
        what = [("Extension", channel.exten), ("Application", application), ("AppData", data)]
        self.event("dialplan", "Newexten", channel.snapshot(), what)

    def set_variable(self, channel: Channel, name: str, value: str) -> None:
        channel.variables[name] = value
        self.event("dialplan", "VarSet", channel.snapshot(), [("Variable", name), ("Value", value)])

    def set_global(self, name: str, value: str) -> None:
        self.variables[name] = value
        self.event(
            "dialplan", "VarSet", [("Channel", "none"), ("Uniqueid", "none"), ("Variable", name), ("Value", value)]
        )

    def about(self, name: str, channel: Channel, *more: tuple[str, str]) -> None:
        """An event of class call about one channel."""
        self.event("call", name, channel.snapshot(), list(more))

    def user_event(self, channel: Channel, name: str, *more: tuple[str, str]) -> None:
        self.event("user", "UserEvent", channel.snapshot(), [("UserEvent", name), *more])

    def music(self, channel: Channel, *, on: bool) -> None:
        if on:
            self.about("MusicOnHoldStart", channel, ("Class", "default"))
        else:
            self.about("MusicOnHoldStop", channel)

    def hang_up(self, channel: Channel, cause: int, sip: int | None = None) -> None:
        """The channel is gone."""
        if self.channels.pop(channel.name, None) is None:
            return
        self.processed_calls += 1
        tech = [("TechCause", str(sip))] if sip else []
        self.about("Hangup", channel, ("Cause", str(cause)), ("Cause-txt", CAUSES.get(cause, "Unknown")), *tech)
        self.device(channel.endpoint)

    def device(self, endpoint: str) -> None:
        """Work out the device's state from its channels and tell it when it changed."""
        states = {c.state for c in self.channels.values() if c.endpoint == endpoint and c.state}
        state = "NOT_INUSE" if not states else "RINGING" if states == {5} else "INUSE"
        if self.devices.get(f"PJSIP/{endpoint}", "NOT_INUSE") != state:
            self.devices[f"PJSIP/{endpoint}"] = state
            self.event("call", "DeviceStateChange", [("Device", f"PJSIP/{endpoint}"), ("State", state)])

    # -- dialling and bridges

    def dial(self, name: str, source: Channel | None, dest: Pairs, *more: tuple[str, str]) -> None:
        """DialBegin, DialState, DialEnd: without a source channel when the PBX itself dials (Originate)."""
        self.event("call", name, source.snapshot() if source else [], dest, list(more))

    def new_bridge(self) -> Bridge:
        bridge = Bridge(str(uuid.UUID(int=self._rng.getrandbits(128), version=4)))
        self.bridges[bridge.bridge_id] = bridge
        self.event("call", "BridgeCreate", bridge.snapshot())
        return bridge

    def enter(self, bridge: Bridge, channel: Channel, *, instead_of: Channel | None = None) -> None:
        """A channel that joins an older conversation takes that one's Linkedid."""
        bridge.channels.append(channel)
        channel.bridge = bridge
        channel.linkedid = min((c.linkedid for c in bridge.channels), key=self._age)
        swap = [("SwapUniqueid", instead_of.uniqueid)] if instead_of else []
        self.event("call", "BridgeEnter", bridge.snapshot(), channel.snapshot(), swap)

    def leave(self, channel: Channel) -> None:
        bridge = channel.bridge
        if bridge is not None:
            bridge.channels.remove(channel)
            channel.bridge = None
            self.event("call", "BridgeLeave", bridge.snapshot(), channel.snapshot())

    def destroy(self, bridge: Bridge) -> None:
        if self.bridges.pop(bridge.bridge_id, None) is not None:
            self.event("call", "BridgeDestroy", bridge.snapshot())

    def _age(self, linkedid: str) -> tuple[float, str]:
        first = next((c.created_at for c in self.channels.values() if c.uniqueid == linkedid), 0.0)
        return first, linkedid
