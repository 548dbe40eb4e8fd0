"""What the PBX told us, typed: one class per kind of message that Meridian uses, built from its headers or refused as Odd.

A fact is complete or it isn't made: every header that Asterisk always writes behind caller-controlled ones must be there
(telephony/wire.py says why). NamedTuples, since one is made for each of thousands of messages a second.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from telephony.wire import Headers, Odd


class ChannelCreated(NamedTuple):
    at: datetime
    channel: str
    uniqueid: str
    linkedid: str
    state: str
    number: str
    name: str
    exten: str
    context: str


class DialBegan(NamedTuple):
    """`uniqueid` is '' when nobody dials (Originate)."""

    at: datetime
    uniqueid: str
    dest_channel: str
    dest_uniqueid: str
    dest_linkedid: str
    dial_string: str


class DialRang(NamedTuple):
    """The far phone said that it rings."""

    at: datetime
    dest_uniqueid: str


class DialEnded(NamedTuple):
    """`forward`: where the far phone sent the call instead ('' if nowhere)."""

    at: datetime
    uniqueid: str
    dest_uniqueid: str
    status: str
    forward: str


class BridgeEntered(NamedTuple):
    at: datetime
    bridge: str
    technology: str
    creator: str
    channel: str
    uniqueid: str
    linkedid: str


class BridgeLeft(NamedTuple):
    at: datetime
    bridge: str
    channel: str
    uniqueid: str


class Held(NamedTuple):
    at: datetime
    channel: str
    uniqueid: str


class Unheld(NamedTuple):
    at: datetime
    channel: str
    uniqueid: str


class QueueJoined(NamedTuple):
    at: datetime
    channel: str
    uniqueid: str
    queue: str
    position: int


class QueueLeft(NamedTuple):
    """Left, answered or not: QueueCallerLeave comes in both cases, QueueCallerAbandon (`abandoned`) when unserved."""

    at: datetime
    channel: str
    uniqueid: str
    queue: str
    abandoned: bool


class AgentRang(NamedTuple):
    """A queue begins to ring a member (AgentCalled)."""

    at: datetime
    channel: str
    uniqueid: str
    queue: str
    dest_channel: str
    dest_uniqueid: str
    dest_linkedid: str


class BlindTransferred(NamedTuple):
    at: datetime
    result: str
    transferer: str
    transferee: str
    extension: str


class AttendedTransferred(NamedTuple):
    """Channel fields are Uniqueids; `target` and `transferee` may be ''. `dest_type`: Bridge, App, Link, Threeway, Fail."""

    at: datetime
    result: str
    original: str
    second: str
    transferee: str
    target: str
    dest_type: str


class Parked(NamedTuple):
    at: datetime
    uniqueid: str
    slot: str


class Unparked(NamedTuple):
    """`retriever` is '' when nobody fetched it (time-out, caller gone)."""

    at: datetime
    uniqueid: str
    retriever: str
    slot: str


class PickedUp(NamedTuple):
    at: datetime
    channel: str
    uniqueid: str
    target: str


class HangupAsked(NamedTuple):
    """The far side of this channel hung up (BYE or CANCEL came from there)."""

    at: datetime
    channel: str
    uniqueid: str


class HungUp(NamedTuple):
    """The channel is gone. `tech_cause`: the SIP code if there was one, else ''."""

    at: datetime
    channel: str
    uniqueid: str
    linkedid: str
    cause: int
    tech_cause: str


class Spied(NamedTuple):
    """`uniqueid` listens in on somebody's call."""

    at: datetime
    uniqueid: str


class ConferenceJoined(NamedTuple):
    at: datetime
    uniqueid: str


class LocalPaired(NamedTuple):
    """The two halves of a Local channel are connected through."""

    at: datetime
    one: str
    two: str


class Renamed(NamedTuple):
    """The channel that was called `former` is called `channel` now."""

    at: datetime
    uniqueid: str
    former: str
    channel: str


class RecordingBegan(NamedTuple):
    """`reference` is '' where the PBX doesn't name the file (MixMonitorStart never does)."""

    at: datetime
    uniqueid: str
    reference: str


class Originated(NamedTuple):
    """The outcome of our Originate: `reason` 4 answered, 3 rang out, 0 refused, 1 no such, 5 busy, 8 congestion."""

    at: datetime
    uniqueid: str
    succeeded: bool
    reason: int


class OfferConnected(NamedTuple):
    """Our dialplan joins the agent of leg `leg_uniqueid` to the waiting caller (UserEvent CcConnect)."""

    at: datetime
    leg_uniqueid: str
    caller_uniqueid: str


class VoicemailBegan(NamedTuple):
    at: datetime
    uniqueid: str


Fact = (
    ChannelCreated
    | DialBegan
    | DialRang
    | DialEnded
    | BridgeEntered
    | BridgeLeft
    | Held
    | Unheld
    | QueueJoined
    | QueueLeft
    | AgentRang
    | BlindTransferred
    | AttendedTransferred
    | Parked
    | Unparked
    | PickedUp
    | HangupAsked
    | HungUp
    | Spied
    | ConferenceJoined
    | LocalPaired
    | Renamed
    | RecordingBegan
    | Originated
    | OfferConnected
    | VoicemailBegan
)


class LiveChannel(NamedTuple):
    """One channel of a snapshot. `bridge` is '' outside a bridge; `dialled_by_pbx`: the far end of a Dial or a Queue."""

    channel: str
    uniqueid: str
    linkedid: str
    state: str
    number: str
    name: str
    exten: str
    context: str
    application: str
    data: str
    bridge: str
    created_at: datetime
    connected_number: str

    @property
    def dialled_by_pbx(self) -> bool:
        return self.application in ("AppDial", "AppDial2", "AppQueue") or "(Outgoing Line)" in self.data


class LiveBridge(NamedTuple):
    bridge: str
    technology: str
    creator: str


class Waiting(NamedTuple):
    """A caller in a queue, as QueueStatus tells."""

    queue: str
    uniqueid: str
    position: int
    joined_at: datetime


class QueueMember(NamedTuple):
    queue: str
    interface: str
    name: str
    paused: bool
    reason: str
    penalty: int
    status: int


class Device(NamedTuple):
    device: str
    state: str


class Snapshot(NamedTuple):
    """Everything that is live on this PBX at `at`. `boot_id` changes with each start of the PBX.

    `complete` is False where a list could not be had (say, the queue module is missing); `missing` names those lists.
    """

    at: datetime
    boot_id: str
    channels: tuple[LiveChannel, ...]
    bridges: tuple[LiveBridge, ...]
    waiting: tuple[Waiting, ...]
    members: tuple[QueueMember, ...]
    devices: tuple[Device, ...]
    missing: tuple[str, ...] = ()


class FromPbx(NamedTuple):
    """The fact as it enters the engine: from which PBX."""

    pbx: str
    fact: Fact


class InStep(NamedTuple):
    """The link is up and a snapshot was taken; facts that came meanwhile follow it."""

    pbx: str
    snapshot: Snapshot


class LinkLost(NamedTuple):
    pbx: str
    at: datetime
    why: str


class StreamTainted(NamedTuple):
    """A message that Asterisk would not have written: for the audit trail. The link resyncs by itself."""

    pbx: str
    at: datetime
    odd: Odd


UNKNOWN = ("<unknown>", "<null>", "(null)", "unknown")


def instant(headers: Headers, arrived_at: datetime) -> datetime:
    """The PBX's own Timestamp where `timestampevents` is on, else the time of arrival."""
    stamp = headers.get("Timestamp")
    if stamp is None:
        return arrived_at
    try:
        return datetime.fromtimestamp(float(stamp), UTC)
    except (ValueError, OverflowError, OSError):
        return arrived_at


def unescaped(name: str) -> str:
    r"""A name as Asterisk writes it to AMI -> as people write it: C escapes and SIP's quoted pairs undone (`A \\\"b\\\"`)."""
    if "\\" not in name:
        return name
    for _ in range(2):
        name = _unescape_once(name)
    return name


_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v", "a": "\a"}


def _unescape_once(text: str) -> str:
    out, i = [], 0
    while i < len(text):
        if text[i] == "\\" and i + 1 < len(text):
            out.append(_ESCAPES.get(text[i + 1], text[i + 1]))
            i += 2
        else:
            out.append(text[i])
            i += 1
    return "".join(out)


def known(value: str) -> str:
    """'' for the ways in which Asterisk says that it doesn't know."""
    return "" if value in UNKNOWN else value


def _written(prefix: str = "") -> frozenset[str]:
    """What Asterisk (13 and later) writes of a channel, as far as it takes to tell a whole one from a forged one: these names
    alone are longer than what a caller can slip in."""
    names = ("ChannelStateDesc", "ConnectedLineName", "AccountCode", "Context", "Priority", "Uniqueid", "Linkedid")
    return frozenset(prefix + name for name in names)


_CHANNEL = _written()
_DIALLED = _written("Dest")


def _check(h: Headers, written: frozenset[str]) -> None:
    if not h.keys() >= written:
        raise KeyError(min(written - h.keys()))


def _other(h: Headers, prefix: str) -> str:
    """The Uniqueid of a channel that isn't part of every message of its kind; '' where there is none."""
    named = f"{prefix}Channel" in h or f"{prefix}Linkedid" in h
    return h[f"{prefix}Uniqueid"] if named else ""


def _created(h: Headers, at: datetime) -> Fact:
    return ChannelCreated(
        at,
        h["Channel"],
        h["Uniqueid"],
        h["Linkedid"],
        h["ChannelStateDesc"],
        known(h["CallerIDNum"]),
        unescaped(known(h["CallerIDName"])),
        h["Exten"],
        h["Context"],
    )


def _dial_began(h: Headers, at: datetime) -> Fact:
    return DialBegan(at, _other(h, ""), h["DestChannel"], h["DestUniqueid"], h["DestLinkedid"], h["DialString"])


def _dial_state(h: Headers, at: datetime) -> Fact | None:
    return DialRang(at, h["DestUniqueid"]) if h["DialStatus"] == "RINGING" else None


def _dial_ended(h: Headers, at: datetime) -> Fact:
    return DialEnded(at, _other(h, ""), h["DestUniqueid"], h["DialStatus"], h.get("Forward", ""))


def _bridge_entered(h: Headers, at: datetime) -> Fact:
    return BridgeEntered(
        at,
        h["BridgeUniqueid"],
        h["BridgeTechnology"],
        h["BridgeCreator"],
        h["Channel"],
        h["Uniqueid"],
        h["Linkedid"],
    )


def _bridge_left(h: Headers, at: datetime) -> Fact:
    return BridgeLeft(at, h["BridgeUniqueid"], h["Channel"], h["Uniqueid"])


def _held(h: Headers, at: datetime) -> Fact:
    return Held(at, h["Channel"], h["Uniqueid"])


def _unheld(h: Headers, at: datetime) -> Fact:
    return Unheld(at, h["Channel"], h["Uniqueid"])


def _queue_joined(h: Headers, at: datetime) -> Fact:
    return QueueJoined(at, h["Channel"], h["Uniqueid"], h["Queue"], int(h["Position"]))


def _queue_left(h: Headers, at: datetime) -> Fact:
    return QueueLeft(at, h["Channel"], h["Uniqueid"], h["Queue"], h["Event"] == "QueueCallerAbandon")


def _agent_rang(h: Headers, at: datetime) -> Fact:
    return AgentRang(
        at, h["Channel"], h["Uniqueid"], h["Queue"], h["DestChannel"], h["DestUniqueid"], h["DestLinkedid"]
    )


def _blind(h: Headers, at: datetime) -> Fact:
    return BlindTransferred(at, h["Result"], h["TransfererUniqueid"], _other(h, "Transferee"), h["Extension"])


def _attended(h: Headers, at: datetime) -> Fact:
    return AttendedTransferred(
        at,
        h["Result"],
        h["OrigTransfererUniqueid"],
        h["SecondTransfererUniqueid"],
        _other(h, "Transferee"),
        _other(h, "TransferTarget"),
        h["DestType"],
    )


def _parked(h: Headers, at: datetime) -> Fact:
    return Parked(at, h["ParkeeUniqueid"], h["ParkingSpace"])


def _unparked(h: Headers, at: datetime) -> Fact:
    return Unparked(at, h["ParkeeUniqueid"], _other(h, "Retriever"), h["ParkingSpace"])


def _picked_up(h: Headers, at: datetime) -> Fact:
    return PickedUp(at, h["Channel"], h["Uniqueid"], h["TargetUniqueid"])


def _hangup_asked(h: Headers, at: datetime) -> Fact:
    return HangupAsked(at, h["Channel"], h["Uniqueid"])


def _hung_up(h: Headers, at: datetime) -> Fact:
    return HungUp(at, h["Channel"], h["Uniqueid"], h["Linkedid"], int(h["Cause"]), h.get("TechCause", ""))


def _spied(h: Headers, at: datetime) -> Fact:
    return Spied(at, h["SpyerUniqueid"])


def _conference(h: Headers, at: datetime) -> Fact:
    return ConferenceJoined(at, h["Uniqueid"])


def _local_paired(h: Headers, at: datetime) -> Fact:
    return LocalPaired(at, h["LocalOneUniqueid"], h["LocalTwoUniqueid"])


def _renamed(h: Headers, at: datetime) -> Fact:
    return Renamed(at, h["Uniqueid"], h["Channel"], h["Newname"])


def _originated(h: Headers, at: datetime) -> Fact:
    return Originated(at, known(h["Uniqueid"]), h["Response"] == "Success", int(h["Reason"]))


def _user_event(h: Headers, at: datetime) -> Fact | None:
    maker = _USER_EVENTS.get(h["UserEvent"])
    if maker is None:
        return None  # a company's own: it may look as it likes
    _check(h, _CHANNEL)
    return maker(h, at)


_USER_EVENTS: dict[str, Callable[[Headers, datetime], Fact]] = {
    "CcConnect": lambda h, at: OfferConnected(at, h["Uniqueid"], h["Call"]),
    "CcVoicemail": lambda h, at: VoicemailBegan(at, h["Uniqueid"]),
    "CcRecording": lambda h, at: RecordingBegan(at, h["Call"], h["File"]),
}


def _recording(h: Headers, at: datetime) -> Fact:
    return RecordingBegan(at, h["Uniqueid"], h.get("File", ""))


_Maker = Callable[[Headers, datetime], Fact | None]

_MAKERS: dict[str, tuple[_Maker, frozenset[str]]] = {
    "Newchannel": (_created, _CHANNEL),
    "DialBegin": (_dial_began, _DIALLED),
    "DialState": (_dial_state, _DIALLED),
    "DialEnd": (_dial_ended, _DIALLED),
    "BridgeEnter": (_bridge_entered, _CHANNEL),
    "BridgeLeave": (_bridge_left, _CHANNEL),
    "Hold": (_held, _CHANNEL),
    "Unhold": (_unheld, _CHANNEL),
    "QueueCallerJoin": (_queue_joined, _CHANNEL),
    "QueueCallerLeave": (_queue_left, _CHANNEL),
    "QueueCallerAbandon": (_queue_left, _CHANNEL),
    "AgentCalled": (_agent_rang, _CHANNEL | _DIALLED),
    "BlindTransfer": (_blind, _written("Transferer")),
    "AttendedTransfer": (_attended, _written("OrigTransferer") | _written("SecondTransferer")),
    "ParkedCall": (_parked, _written("Parkee")),
    "UnParkedCall": (_unparked, _written("Parkee") | {"RetrieverUniqueid"}),
    "ParkedCallTimeOut": (_unparked, _written("Parkee")),
    "ParkedCallGiveUp": (_unparked, _written("Parkee")),
    "Pickup": (_picked_up, _CHANNEL | _written("Target")),
    "HangupRequest": (_hangup_asked, _CHANNEL),
    "Hangup": (_hung_up, _CHANNEL),
    "ChanSpyStart": (_spied, _written("Spyer") | _written("Spyee")),
    "ConfbridgeJoin": (_conference, _CHANNEL),
    "MeetmeJoin": (_conference, _CHANNEL),
    "LocalBridge": (_local_paired, _written("LocalOne") | _written("LocalTwo") | {"LocalOptimization"}),
    "Rename": (_renamed, frozenset({"Channel", "Newname", "Uniqueid"})),
    "OriginateResponse": (_originated, frozenset({"CallerIDName"})),
    "UserEvent": (_user_event, frozenset()),
    "MixMonitorStart": (_recording, _CHANNEL),
}
"""Per event: who makes the fact, and what Asterisk always writes besides that which the fact needs."""

USED_EVENTS = frozenset(_MAKERS)
"""The events that facts are made of; all others may be filtered at the PBX or skipped unparsed."""


def fact_of(headers: Headers, at: datetime) -> Fact | Odd | None:
    """The fact that an event's headers tell; None for events that Meridian doesn't use; Odd for incomplete ones."""
    found = _MAKERS.get(headers.get("Event", ""))
    if found is None:
        return None
    maker, written = found
    try:
        _check(headers, written)
        return maker(headers, at)
    except KeyError as missing:
        return Odd(f"{headers['Event']} without its header {missing.args[0]}", "")
    except ValueError:
        return Odd(f"{headers['Event']} with a number that is none", "")
