"""What an event's headers tell -> the fact, or Odd. Owns which events Meridian uses and what Asterisk always writes of each.

A fact is complete or it isn't made: every header that Asterisk always writes behind caller-controlled ones must be there
(telephony/wire.py says why). Never what a fact means (telephony/tracker.py).
"""

from collections.abc import Callable
from datetime import UTC, datetime

from telephony import facts as f
from telephony.facts import Fact
from telephony.wire import Headers, Odd

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
    return f.ChannelCreated(
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
    return f.DialBegan(at, _other(h, ""), h["DestChannel"], h["DestUniqueid"], h["DestLinkedid"], h["DialString"])


def _dial_state(h: Headers, at: datetime) -> Fact | None:
    return f.DialRang(at, h["DestUniqueid"]) if h["DialStatus"] == "RINGING" else None


def _dial_ended(h: Headers, at: datetime) -> Fact:
    return f.DialEnded(at, _other(h, ""), h["DestUniqueid"], h["DialStatus"], h.get("Forward", ""))


def _bridge_entered(h: Headers, at: datetime) -> Fact:
    return f.BridgeEntered(
        at,
        h["BridgeUniqueid"],
        h["BridgeTechnology"],
        h["BridgeCreator"],
        h["Channel"],
        h["Uniqueid"],
        h["Linkedid"],
    )


def _bridge_left(h: Headers, at: datetime) -> Fact:
    return f.BridgeLeft(at, h["BridgeUniqueid"], h["Channel"], h["Uniqueid"])


def _held(h: Headers, at: datetime) -> Fact:
    return f.Held(at, h["Channel"], h["Uniqueid"])


def _unheld(h: Headers, at: datetime) -> Fact:
    return f.Unheld(at, h["Channel"], h["Uniqueid"])


def _queue_joined(h: Headers, at: datetime) -> Fact:
    return f.QueueJoined(at, h["Channel"], h["Uniqueid"], h["Queue"], int(h["Position"]))


def _queue_left(h: Headers, at: datetime) -> Fact:
    return f.QueueLeft(at, h["Channel"], h["Uniqueid"], h["Queue"], h["Event"] == "QueueCallerAbandon")


def _agent_rang(h: Headers, at: datetime) -> Fact:
    return f.AgentRang(
        at, h["Channel"], h["Uniqueid"], h["Queue"], h["DestChannel"], h["DestUniqueid"], h["DestLinkedid"]
    )


def _blind(h: Headers, at: datetime) -> Fact:
    return f.BlindTransferred(at, h["Result"], h["TransfererUniqueid"], _other(h, "Transferee"), h["Extension"])


def _attended(h: Headers, at: datetime) -> Fact:
    return f.AttendedTransferred(
        at,
        h["Result"],
        h["OrigTransfererUniqueid"],
        h["SecondTransfererUniqueid"],
        _other(h, "Transferee"),
        _other(h, "TransferTarget"),
        h["DestType"],
    )


def _parked(h: Headers, at: datetime) -> Fact:
    return f.Parked(at, h["ParkeeUniqueid"], h["ParkingSpace"])


def _unparked(h: Headers, at: datetime) -> Fact:
    return f.Unparked(at, h["ParkeeUniqueid"], _other(h, "Retriever"), h["ParkingSpace"])


def _picked_up(h: Headers, at: datetime) -> Fact:
    return f.PickedUp(at, h["Channel"], h["Uniqueid"], h["TargetUniqueid"])


def _hangup_asked(h: Headers, at: datetime) -> Fact:
    return f.HangupAsked(at, h["Channel"], h["Uniqueid"])


def _hung_up(h: Headers, at: datetime) -> Fact:
    return f.HungUp(at, h["Channel"], h["Uniqueid"], h["Linkedid"], int(h["Cause"]), h.get("TechCause", ""))


def _spied(h: Headers, at: datetime) -> Fact:
    return f.Spied(at, h["SpyerUniqueid"])


def _conference(h: Headers, at: datetime) -> Fact:
    return f.ConferenceJoined(at, h["Uniqueid"])


def _local_paired(h: Headers, at: datetime) -> Fact:
    return f.LocalPaired(at, h["LocalOneUniqueid"], h["LocalTwoUniqueid"])


def _renamed(h: Headers, at: datetime) -> Fact:
    return f.Renamed(at, h["Uniqueid"], h["Channel"], h["Newname"])


def _originated(h: Headers, at: datetime) -> Fact:
    return f.Originated(at, h["Channel"], known(h["Uniqueid"]), h["Response"] == "Success", int(h["Reason"]))


def _user_event(h: Headers, at: datetime) -> Fact | None:
    maker = _USER_EVENTS.get(h["UserEvent"])
    if maker is None:
        return None  # a company's own: it may look as it likes
    _check(h, _CHANNEL)
    return maker(h, at)


_USER_EVENTS: dict[str, Callable[[Headers, datetime], Fact]] = {
    "CcConnect": lambda h, at: f.OfferConnected(at, h["Uniqueid"], h["Call"]),
    "CcVoicemail": lambda h, at: f.VoicemailBegan(at, h["Uniqueid"]),
    "CcVoicemailLeft": lambda h, at: f.MessageLeft(at, h["Uniqueid"], h["Queue"], h["File"], float(h["Seconds"])),
    "CcCallback": lambda h, at: f.CallbackWished(at, h["Uniqueid"], h["Queue"]),
    "CcFellBack": lambda h, at: f.LobbyLeft(at, h["Uniqueid"], h["Queue"], h["Why"]),
    "CcRecording": lambda h, at: f.RecordingBegan(at, h["Call"], h["File"]),
}


def _recording(h: Headers, at: datetime) -> Fact:
    return f.RecordingBegan(at, h["Uniqueid"], h.get("File", ""))


def _recording_paused(h: Headers, at: datetime) -> Fact:
    return f.RecordingPaused(at, h["Uniqueid"], h["State"] == "1")


def _recording_ended(h: Headers, at: datetime) -> Fact:
    return f.RecordingEnded(at, h["Uniqueid"])


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
    "MixMonitorMute": (_recording_paused, _CHANNEL),
    "MixMonitorStop": (_recording_ended, _CHANNEL),
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
