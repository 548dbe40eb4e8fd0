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
    at: datetime
    uniqueid: str
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
    if "Channel" in h:
        h["Linkedid"]  # a dialling channel, where there is one, must be whole
    return DialBegan(at, h.get("Uniqueid", ""), h["DestChannel"], h["DestUniqueid"], h["DestLinkedid"], h["DialString"])


def _dial_state(h: Headers, at: datetime) -> Fact | None:
    h["DestLinkedid"]
    return DialRang(at, h["DestUniqueid"]) if h["DialStatus"] == "RINGING" else None


def _dial_ended(h: Headers, at: datetime) -> Fact:
    h["DestLinkedid"]
    return DialEnded(at, h.get("Uniqueid", ""), h["DestUniqueid"], h["DialStatus"], h.get("Forward", ""))


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
    h["Linkedid"]
    return BridgeLeft(at, h["BridgeUniqueid"], h["Channel"], h["Uniqueid"])


def _held(h: Headers, at: datetime) -> Fact:
    h["Linkedid"]
    return Held(at, h["Channel"], h["Uniqueid"])


def _unheld(h: Headers, at: datetime) -> Fact:
    h["Linkedid"]
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
    return BlindTransferred(at, h["Result"], h["TransfererUniqueid"], h.get("TransfereeUniqueid", ""), h["Extension"])


def _attended(h: Headers, at: datetime) -> Fact:
    return AttendedTransferred(
        at,
        h["Result"],
        h["OrigTransfererUniqueid"],
        h["SecondTransfererUniqueid"],
        h.get("TransfereeUniqueid", ""),
        h.get("TransferTargetUniqueid", ""),
        h["DestType"],
    )


def _parked(h: Headers, at: datetime) -> Fact:
    return Parked(at, h["ParkeeUniqueid"], h["ParkingSpace"])


def _unparked(h: Headers, at: datetime) -> Fact:
    return Unparked(at, h["ParkeeUniqueid"], h.get("RetrieverUniqueid", ""), h["ParkingSpace"])


def _picked_up(h: Headers, at: datetime) -> Fact:
    h["Linkedid"]
    return PickedUp(at, h["Channel"], h["Uniqueid"], h["TargetUniqueid"])


def _hangup_asked(h: Headers, at: datetime) -> Fact:
    h["Linkedid"]
    return HangupAsked(at, h["Channel"], h["Uniqueid"])


def _hung_up(h: Headers, at: datetime) -> Fact:
    return HungUp(at, h["Channel"], h["Uniqueid"], h["Linkedid"], int(h["Cause"]), h.get("TechCause", ""))


def _spied(h: Headers, at: datetime) -> Fact:
    return Spied(at, h["SpyerUniqueid"])


def _conference(h: Headers, at: datetime) -> Fact:
    h["Linkedid"]
    return ConferenceJoined(at, h["Uniqueid"])


def _local_paired(h: Headers, at: datetime) -> Fact:
    return LocalPaired(at, h["LocalOneUniqueid"], h["LocalTwoUniqueid"])


def _renamed(h: Headers, at: datetime) -> Fact:
    return Renamed(at, h["Uniqueid"], h["Newname"])


def _originated(h: Headers, at: datetime) -> Fact:
    h["CallerIDName"]
    return Originated(at, known(h["Uniqueid"]), h["Response"] == "Success", int(h["Reason"]))


def _user_event(h: Headers, at: datetime) -> Fact | None:
    kind = h["UserEvent"]
    if kind == "CcConnect":
        return OfferConnected(at, h["Uniqueid"], h["Call"])
    if kind == "CcVoicemail":
        return VoicemailBegan(at, h["Uniqueid"])
    if kind == "CcRecording":
        return RecordingBegan(at, h["Call"], h["File"])
    return None


def _recording(h: Headers, at: datetime) -> Fact:
    return RecordingBegan(at, h["Uniqueid"], h.get("File", ""))


_MAKERS: dict[str, Callable[[Headers, datetime], Fact | None]] = {
    "Newchannel": _created,
    "DialBegin": _dial_began,
    "DialState": _dial_state,
    "DialEnd": _dial_ended,
    "BridgeEnter": _bridge_entered,
    "BridgeLeave": _bridge_left,
    "Hold": _held,
    "Unhold": _unheld,
    "QueueCallerJoin": _queue_joined,
    "QueueCallerLeave": _queue_left,
    "QueueCallerAbandon": _queue_left,
    "AgentCalled": _agent_rang,
    "BlindTransfer": _blind,
    "AttendedTransfer": _attended,
    "ParkedCall": _parked,
    "UnParkedCall": _unparked,
    "ParkedCallTimeOut": _unparked,
    "ParkedCallGiveUp": _unparked,
    "Pickup": _picked_up,
    "HangupRequest": _hangup_asked,
    "Hangup": _hung_up,
    "ChanSpyStart": _spied,
    "ConfbridgeJoin": _conference,
    "MeetmeJoin": _conference,
    "LocalBridge": _local_paired,
    "Rename": _renamed,
    "OriginateResponse": _originated,
    "UserEvent": _user_event,
    "MixMonitorStart": _recording,
}

USED_EVENTS = frozenset(_MAKERS)
"""The events that facts are made of; all others may be filtered at the PBX or skipped unparsed."""


def fact_of(headers: Headers, at: datetime) -> Fact | Odd | None:
    """The fact that an event's headers tell; None for events that Meridian doesn't use; Odd for incomplete ones."""
    maker = _MAKERS.get(headers.get("Event", ""))
    if maker is None:
        return None
    try:
        return maker(headers, at)
    except KeyError as missing:
        return Odd(f"{headers['Event']} without its header {missing.args[0]}", "")
    except ValueError:
        return Odd(f"{headers['Event']} with a number that is none", "")
