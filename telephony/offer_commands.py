"""Commands of the ACD mode: ring an operator for a waiting caller, send a caller through a door, and the questions asked before
that. telephony/commands.py says what holds for all commands, telephony/dialplan what the contexts do. Tried on Asterisk 22.10.
"""

from dataclasses import dataclass
from typing import ClassVar

from core.errors import Rejected
from core.model import Door
from telephony import command_checks as check
from telephony.commands import Fields

AGENT_CONTEXT = "meridian-agent"
DOOR_CONTEXTS = {
    Door.QUEUE: "meridian-acd",
    Door.FALLBACK: "meridian-fallback",
    Door.VOICEMAIL: "meridian-voicemail",
    Door.CALLBACK: "meridian-callback",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RingForCaller:
    """Ring `phone`; whoever answers is joined by the dialplan to the caller, if that still waits and nobody was faster.

    `announce` is a sound that only the operator hears first, `record` the file that the talk goes into. The second of two with
    one `channel_id` fails: repeating it rings once. Outcome: Originated.
    """

    acting: ClassVar[bool] = True
    phone: str
    channel_id: str
    agent: str
    queue: str
    caller_channel: str
    caller_uniqueid: str
    shown_number: str = ""
    shown_name: str = ""
    ring_s: int = 15
    announce: str = ""
    record: str = ""

    def __post_init__(self) -> None:
        check.endpoint(self.phone)
        check.channel(self.channel_id)
        check.agent(self.agent)
        check.token(self.queue)
        check.channel_name(self.caller_channel)
        check.channel(self.caller_uniqueid)
        check.shown(self.shown_name)
        check.whole(self.ring_s, least=1, most=300, what="The ringing time")
        if self.shown_number:
            check.number(self.shown_number)
        if self.announce:
            check.sound(self.announce)
        if self.record:
            check.file_name(self.record)

    def headers(self) -> Fields:
        variables = {
            "CC_CALLER": self.caller_channel,
            "CC_CALLID": self.caller_uniqueid,
            "CC_AGENT": self.agent,
            "CC_QUEUE": self.queue,
            "CC_ANNOUNCE": self.announce,
            "CC_RECORD": self.record,
        }
        return [
            ("Action", "Originate"),
            ("Channel", self.phone),
            ("Context", AGENT_CONTEXT),
            ("Exten", "s"),
            ("Priority", "1"),
            ("Timeout", str(self.ring_s * 1000)),
            ("CallerID", f'"{self.shown_name}" <{self.shown_number}>'),
            ("ChannelId", self.channel_id),
            ("Async", "true"),
            *(("Variable", f"{name}={value}") for name, value in variables.items() if value),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class SendThrough:
    """Take a waiting caller out of the queue and through `door` of `queue`. Asterisk does it to a caller who talks, too, and
    with a door that isn't there the caller is lost: ask first (AskServed, AskDoor)."""

    acting: ClassVar[bool] = True
    uniqueid: str
    door: Door
    queue: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)
        check.token(self.queue)
        if self.door not in DOOR_CONTEXTS:
            raise Rejected(f"{self.door!r} is no door; choose one of {', '.join(DOOR_CONTEXTS)}.")

    def headers(self) -> Fields:
        to = [("Context", DOOR_CONTEXTS[self.door]), ("Exten", self.queue), ("Priority", "1")]
        return [("Action", "Redirect"), ("Channel", self.uniqueid), *to]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskDoor:
    """Whether the dialplan has this door; the answer's `Value` is then 1."""

    acting: ClassVar[bool] = False
    door: Door
    queue: str

    def __post_init__(self) -> None:
        check.token(self.queue)

    def headers(self) -> Fields:
        return [("Action", "Getvar"), ("Variable", f"DIALPLAN_EXISTS({DOOR_CONTEXTS[self.door]},{self.queue},1)")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskServed:
    """Whether an operator has this caller already; the answer's `Value` is then 1."""

    acting: ClassVar[bool] = False
    uniqueid: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)

    def headers(self) -> Fields:
        return [("Action", "Getvar"), ("Channel", self.uniqueid), ("Variable", "CC_SERVED")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskEntered:
    """Since when this caller waits in our queues, by the PBX's clock, as the answer's `Value`."""

    acting: ClassVar[bool] = False
    uniqueid: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)

    def headers(self) -> Fields:
        return [("Action", "Getvar"), ("Channel", self.uniqueid), ("Variable", "CC_ENTERED")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskChannelState:
    """How far this channel is; the answer's `Value`: Down, Ringing, Up."""

    acting: ClassVar[bool] = False
    uniqueid: str

    def __post_init__(self) -> None:
        check.channel(self.uniqueid)

    def headers(self) -> Fields:
        return [("Action", "Getvar"), ("Channel", self.uniqueid), ("Variable", "CHANNEL(state)")]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskEpoch:
    """The PBX's own clock, in seconds, as the answer's `Value`."""

    acting: ClassVar[bool] = False

    def headers(self) -> Fields:
        return [("Action", "Getvar"), ("Variable", "EPOCH")]
