"""What the PBX told us, typed: one class per kind of message that Meridian uses, the snapshot of what is live, and how both enter
the engine. Never how they are made of headers (telephony/making.py, telephony/snapshot.py).

NamedTuples, since one is made for each of thousands of messages a second.
"""

from datetime import datetime
from typing import NamedTuple

from telephony.wire import Odd


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


class RecordingPaused(NamedTuple):
    """Silence goes into the recording from here on (`paused`), or voices again."""

    at: datetime
    uniqueid: str
    paused: bool


class RecordingEnded(NamedTuple):
    at: datetime
    uniqueid: str


class Muted(NamedTuple):
    """We had this channel muted or unmuted; Asterisk has no event for it."""

    at: datetime
    uniqueid: str
    muted: bool


class Originated(NamedTuple):
    """The outcome of our Originate: `reason` 4 answered, 3 rang out, 0 refused, 1 no such, 5 busy, 8 congestion. `channel` is the
    phone alone (`PJSIP/1001`) where none was made; `uniqueid` is the one that we chose, then too."""

    at: datetime
    channel: str
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


class MessageLeft(NamedTuple):
    """Our dialplan has recorded what the caller said (UserEvent CcVoicemailLeft)."""

    at: datetime
    uniqueid: str
    queue: str
    file: str
    seconds: float


class CallbackWished(NamedTuple):
    """The caller pressed the key for it, or was sent there (UserEvent CcCallback)."""

    at: datetime
    uniqueid: str
    queue: str


class LobbyLeft(NamedTuple):
    """Our dialplan took the caller out of an ACD queue by itself (UserEvent CcFellBack). `why`: silent (no heartbeat),
    patience, or what app_queue said."""

    at: datetime
    uniqueid: str
    queue: str
    why: str


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
    | RecordingPaused
    | RecordingEnded
    | Muted
    | Originated
    | OfferConnected
    | VoicemailBegan
    | MessageLeft
    | CallbackWished
    | LobbyLeft
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


class KeptMessage(NamedTuple):
    """A message that a caller left, as our dialplan remembers it for when we were away."""

    uniqueid: str
    queue: str
    left_at: datetime
    seconds: float
    file: str


class Snapshot(NamedTuple):
    """Everything that is live on this PBX at `at`. `boot_id` changes with each start of the PBX.

    `missing` names the lists that could not be had (say, the queue module is missing). `messages`: those of late, in the first
    snapshot of a connection only.
    """

    at: datetime
    boot_id: str
    channels: tuple[LiveChannel, ...]
    bridges: tuple[LiveBridge, ...]
    waiting: tuple[Waiting, ...]
    members: tuple[QueueMember, ...]
    devices: tuple[Device, ...]
    missing: tuple[str, ...] = ()
    messages: tuple[KeptMessage, ...] = ()


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
