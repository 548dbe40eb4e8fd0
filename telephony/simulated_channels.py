"""The simulated PBX's channels, bridges and parking places, and how Asterisk writes each into a message. Values only."""

from dataclasses import dataclass, field

from telephony.simulated_stage import Performance

Pairs = list[tuple[str, str]]

UNKNOWN = "<unknown>"
STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}
CAUSES = {
    0: "Unknown",
    1: "Unallocated (unassigned) number",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    21: "Call Rejected",
    26: "Answered elsewhere",
    34: "Circuit/channel congestion",
    127: "Interworking, unspecified",
}
_NUMBER_BYTES = 79
_NAME_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "'": "\\'", "\0": ""}


def cut(text: str) -> str:
    """As Asterisk keeps caller ids: 79 bytes, whatever letter that cuts."""
    return text.encode()[:_NUMBER_BYTES].decode("utf-8", "replace")


def escaped(name: str) -> str:
    """Names reach AMI with control characters, quotes and backslashes C-escaped; numbers do not (that is Asterisk's flaw)."""
    return cut("".join(_NAME_ESCAPES.get(c, c) for c in name))


@dataclass(eq=False)
class Channel:
    """One leg. `story` is who plays it and must be told when it is hung up or moved."""

    name: str
    uniqueid: str
    linkedid: str
    endpoint: str
    context: str
    exten: str
    created_at: float
    priority: int = 1
    state: int = 0
    number: str = UNKNOWN
    caller_name: str = UNKNOWN
    connected_number: str = UNKNOWN
    connected_name: str = UNKNOWN
    dnid: str = ""
    application: str = ""
    data: str = ""
    bridge: "Bridge | None" = None
    variables: dict[str, str] = field(default_factory=dict)
    story: Performance | None = None
    dialled: bool = False
    answered_at: float | None = None

    def snapshot(self, prefix: str = "") -> Pairs:
        """The channel headers, mandatory ones all, in Asterisk's order."""
        return [
            (prefix + "Channel", self.name),
            (prefix + "ChannelState", str(self.state)),
            (prefix + "ChannelStateDesc", STATES[self.state]),
            (prefix + "CallerIDNum", self.number),
            (prefix + "CallerIDName", self.caller_name),
            (prefix + "ConnectedLineNum", self.connected_number),
            (prefix + "ConnectedLineName", self.connected_name),
            (prefix + "Language", "en"),
            (prefix + "AccountCode", ""),
            (prefix + "Context", self.context),
            (prefix + "Exten", self.exten),
            (prefix + "Priority", str(self.priority)),
            (prefix + "Uniqueid", self.uniqueid),
            (prefix + "Linkedid", self.linkedid),
        ]


@dataclass(eq=False)
class Bridge:
    bridge_id: str
    technology: str = "simple_bridge"
    channels: list[Channel] = field(default_factory=list)

    def snapshot(self, prefix: str = "") -> Pairs:
        return [
            (prefix + "BridgeUniqueid", self.bridge_id),
            (prefix + "BridgeType", "basic"),
            (prefix + "BridgeTechnology", self.technology),
            (prefix + "BridgeCreator", UNKNOWN),
            (prefix + "BridgeName", UNKNOWN),
            (prefix + "BridgeNumChannels", str(len(self.channels))),
            (prefix + "BridgeVideoSourceMode", "none"),
        ]


@dataclass(eq=False)
class Parking:
    """A parked caller in a slot."""

    channel: Channel
    parker: str
    since: float
    timeout_s: int

    def snapshot(self, slot: int, now: float) -> Pairs:
        spent = int(now - self.since)
        return [
            ("ParkerDialString", self.parker),
            ("Parkinglot", "default"),
            ("ParkingSpace", str(slot)),
            ("ParkingTimeout", str(max(0, self.timeout_s - spent))),
            ("ParkingDuration", str(spent)),
        ]
