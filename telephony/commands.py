"""What Meridian may ask a PBX to do: one frozen class per command, whole and checked when made, turned into AMI headers.

There is no way to put free text, an application or a file path of the asker's choosing into one (core/errors.Rejected says
what is wrong). `acting` commands change the world, so the link never repeats them. Tried on Asterisk 22.10.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Protocol

from core.errors import Rejected
from telephony import command_checks as check

Fields = list[tuple[str, str]]


class Command(Protocol):
    """Anything in this module that can be sent."""

    @property
    def acting(self) -> bool: ...

    def headers(self) -> Fields: ...


def own_channel_id(*, at: datetime, token: str, count: int) -> str:
    """An id for a channel that we make: nobody can guess it (`token` is random), and it tells its second as Asterisk's do."""
    if not token.isalnum() or not token.isascii():
        raise Rejected("The token of a channel id must be letters and digits.")
    return f"mc.{token}.{int(at.timestamp())}.{count}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCall:
    """Click-to-call: ring the operator's phone; when it is answered, dial `number` in `context`. Outcome: Originated."""

    acting: ClassVar[bool] = True
    phone: str
    context: str
    number: str
    channel_id: str
    shown_number: str = ""
    shown_name: str = ""
    timeout_s: int = 30
    variables: Sequence[tuple[str, str]] = field(default=())

    def __post_init__(self) -> None:
        check.endpoint(self.phone)
        check.context(self.context)
        check.number(self.number)
        check.channel(self.channel_id)
        check.shown(self.shown_name)
        if self.shown_number:
            check.number(self.shown_number)
        check.whole(self.timeout_s, least=1, most=300, what="The ringing time")
        for name, value in self.variables:
            check.variable(name)
            check.variable_value(value)

    def headers(self) -> Fields:
        return [
            ("Action", "Originate"),
            ("Channel", self.phone),
            ("Context", self.context),
            ("Exten", self.number),
            ("Priority", "1"),
            ("Timeout", str(self.timeout_s * 1000)),
            ("CallerID", f'"{self.shown_name}" <{self.shown_number or self.number}>'),
            ("ChannelId", self.channel_id),
            ("Async", "true"),
            *(("Variable", f"{name}={value}") for name, value in self.variables),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class HangUp:
    """End this channel; the other side hears the cause (16 normal)."""

    acting: ClassVar[bool] = True
    uniqueid: str
    cause: int = 16

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)
        check.whole(self.cause, least=1, most=127, what="The cause")

    def headers(self) -> Fields:
        return [("Action", "Hangup"), ("Channel", self.uniqueid), ("Cause", str(self.cause))]


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindTransfer:
    """Send whoever talks with this channel (the operator's) to `number`, and let the operator go."""

    acting: ClassVar[bool] = True
    uniqueid: str
    context: str
    number: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)
        check.context(self.context)
        check.number(self.number)

    def headers(self) -> Fields:
        to = [("Context", self.context), ("Exten", self.number)]
        return [("Action", "BlindTransfer"), ("Channel", self.uniqueid), *to]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttendedTransfer:
    """Put the client on hold and connect the operator of this channel to `number`; hanging up completes the transfer.

    Asterisk presses the keys of features.conf's `atxfer` on the operator's channel, and times them by the sound that comes
    from the phone: one that sends no sound (muted with silence suppression) gets as far as the first digit.
    """

    acting: ClassVar[bool] = True
    uniqueid: str
    context: str
    number: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)
        check.context(self.context)
        check.number(self.number)

    def headers(self) -> Fields:
        to = [("Context", self.context), ("Exten", self.number)]
        return [("Action", "Atxfer"), ("Channel", self.uniqueid), *to]


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTransfer:
    """Take back an attended transfer that rings or talks: the operator is with the client again."""

    acting: ClassVar[bool] = True
    uniqueid: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)

    def headers(self) -> Fields:
        return [("Action", "CancelAtxfer"), ("Channel", self.uniqueid)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Nobody hears what comes from this channel's phone, or they do again. (Asks for the class `system`; no event tells of it.)"""

    acting: ClassVar[bool] = True
    uniqueid: str
    muted: bool

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)
        check.yes_or_no(self.muted, "Muted")

    def headers(self) -> Fields:
        state = "on" if self.muted else "off"
        return [("Action", "MuteAudio"), ("Channel", self.uniqueid), ("Direction", "in"), ("State", state)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Park:
    """Put the client's channel into a parking slot; after `timeout_s` it comes back to `origin`, the phone of who parked.

    `origin` is the *name* of that phone's channel. Of a Uniqueid Asterisk 22.10 makes a phone that can't be dialled, and hangs
    the client up; without one it rings the client's own trunk.
    """

    acting: ClassVar[bool] = True
    uniqueid: str
    origin: str
    timeout_s: int = 60
    lot: str = "default"

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)
        check.endpoint(self.origin)
        check.context(self.lot)
        check.whole(self.timeout_s, least=1, most=3600, what="The parking time")

    def headers(self) -> Fields:
        how = [("TimeoutChannel", self.origin), ("Timeout", str(self.timeout_s * 1000)), ("Parkinglot", self.lot)]
        return [("Action", "Park"), ("Channel", self.uniqueid), *how]


class SpyMode(StrEnum):
    """Listen: heard by nobody. Whisper: the operator hears the supervisor. Barge: all hear each other."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


_SPY_OPTIONS = {SpyMode.LISTEN: "qE", SpyMode.WHISPER: "qEw", SpyMode.BARGE: "qEB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spy:
    """Ring the supervisor's phone and let it into the call of `endpoint`'s phone, until that call ends."""

    acting: ClassVar[bool] = True
    supervisor: str
    endpoint: str
    mode: SpyMode
    channel_id: str
    timeout_s: int = 30

    def __post_init__(self) -> None:
        check.endpoint(self.supervisor)
        check.endpoint(self.endpoint)
        check.channel(self.channel_id)
        check.whole(self.timeout_s, least=1, most=300, what="The ringing time")
        if self.mode not in _SPY_OPTIONS:
            raise Rejected(f"{self.mode!r} is no way to listen in; choose listen, whisper or barge.")

    def headers(self) -> Fields:
        # The dash ends the endpoint's name: ChanSpy takes a prefix, and PJSIP/1001 is one of PJSIP/10011 too.
        return [
            ("Action", "Originate"),
            ("Channel", self.supervisor),
            ("Application", "ChanSpy"),
            ("Data", f"{self.endpoint}-,{_SPY_OPTIONS[self.mode]}"),
            ("Timeout", str(self.timeout_s * 1000)),
            ("CallerID", f'"{self.mode.value}" <{self.endpoint.partition("/")[2]}>'),
            ("ChannelId", self.channel_id),
            ("Async", "true"),
        ]
