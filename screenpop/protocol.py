"""The words between a screen and the server: frozen dataclasses, their plain form, and the strict way back.

Owns what may be said and in which shape (docs/asyncapi.yaml says the same; a test compares them). Never touches a socket.
Everything a page sends is hostile until `parse` let it pass.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import assert_never

from core.errors import Rejected
from core.model import AgentStatus, Pop
from screenpop.pop_form import past_form, pop_form, status_form

SUBPROTOCOL = "meridian.v1"
TICKET_PREFIX = "ticket."
MOST_CHARS = 4_096
_LONGEST_MS = 86_400_000
_HIGHEST_VERSION = 2**53 - 1


class CloseCode(IntEnum):
    """Why the server closed a socket. The page comes back by itself except after SIGNED_OUT and REPLACED."""

    RESTARTING = 1012
    BAD_MESSAGE = 4400
    SIGNED_OUT = 4401
    SILENT = 4408
    REPLACED = 4409
    BEHIND = 4413
    TOO_MANY = 4429


class Mode(StrEnum):
    """How a screen gets in step: `replay` brings what it missed, `resync` all that is there (forget the rest)."""

    REPLAY = "replay"
    RESYNC = "resync"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """Whether a line that the screen depends on (a PBX, the database) is live, and since when it is or isn't."""

    kind: str
    name: str
    live: bool
    since: datetime
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcome:
    """First message of the server. `following` numbered ones come right after it; then the screen is at `version`."""

    epoch: str
    version: int
    following: int
    mode: Mode
    agent: str
    at: datetime
    links: tuple[LinkState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PopShown:
    """A pop with everything. `unseen`: it was over before any screen of this operator had acknowledged it."""

    version: int
    pop: Pop
    unseen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PopChanged:
    """A pop whose history is the one that the screen has already."""

    version: int
    pop: Pop
    unseen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PopRemoved:
    """One of the operator's screens put it away: it goes from all of them."""

    version: int
    pop_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What the operator of this screen is doing. After the welcome and at each change; not numbered."""

    status: AgentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleagues:
    """What others of the site are doing. `whole`: everybody who is there, forget the rest; else those who changed."""

    statuses: tuple[AgentStatus, ...]
    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """Something changed among the callbacks or the messages (`channels`) of the site: whoever shows them asks anew. Not
    numbered."""

    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """Heartbeat every few seconds. The page answers each with Pulse; none for 12 s means that the line is dead."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """First message of the page: where it stopped, or nothing at all."""

    epoch: str | None
    version: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The page has rendered everything up to `version`; the oldest of it took `rendered_ms` from arrival to painted."""

    version: int
    rendered_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The page lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dismiss:
    """The operator put a pop away."""

    pop_id: str


ServerMessage = Welcome | LinkState | PopShown | PopChanged | PopRemoved | Agent | Colleagues | Items | Tick
PageMessage = Resume | Ack | Pulse | Dismiss

TYPE_NAMES: dict[type, str] = {
    Welcome: "welcome",
    LinkState: "link",
    PopShown: "pop",
    PopChanged: "pop_changed",
    PopRemoved: "pop_removed",
    Agent: "agent",
    Colleagues: "colleagues",
    Items: "items",
    Tick: "tick",
    Resume: "resume",
    Ack: "ack",
    Pulse: "pulse",
    Dismiss: "dismiss",
}


def plain(message: ServerMessage) -> dict[str, object]:
    """The message as the codec takes it: what JSON has, and instants."""
    return {"type": TYPE_NAMES[type(message)], **_fields(message)}


def _fields(message: ServerMessage) -> dict[str, object]:
    match message:
        case Welcome():
            return {
                "epoch": message.epoch,
                "version": message.version,
                "following": message.following,
                "mode": message.mode,
                "agent": message.agent,
                "at": message.at,
                "links": [_link(link) for link in message.links],
            }
        case LinkState():
            return _link(message)
        case PopShown():
            shown = pop_form(message.pop) | {"history": [past_form(p) for p in message.pop.history]}
            return {"version": message.version, "pop": shown, "unseen": message.unseen}
        case PopChanged():
            return {"version": message.version, "pop": pop_form(message.pop), "unseen": message.unseen}
        case PopRemoved():
            return {"version": message.version, "pop_id": message.pop_id}
        case Agent():
            return {"agent": status_form(message.status)}
        case Colleagues():
            return {"agents": [status_form(s) for s in message.statuses], "whole": message.whole}
        case Items():
            return {"channels": list(message.channels)}
        case Tick():
            return {"at": message.at}
        case _:
            assert_never(message)


def parse(value: object) -> PageMessage:
    """What the page said. Anything but exactly one of the four messages is Rejected."""
    if not isinstance(value, dict):
        raise Rejected("a message is a JSON object with a type", code="bad_message")
    match value:
        case {"type": "resume", "epoch": str() | None as epoch, "version": int() | None as version}:
            return _exactly(value, 3, Resume(epoch=_short(epoch), version=_version(version)))
        case {"type": "ack", "version": int() as version}:
            took = value.get("rendered_ms")
            ack = Ack(version=_version(version) or 0, rendered_ms=_milliseconds(took))
            return _exactly(value, 3 if "rendered_ms" in value else 2, ack)
        case {"type": "pulse"}:
            return _exactly(value, 1, Pulse())
        case {"type": "dismiss", "pop_id": str() as pop_id}:
            return _exactly(value, 2, Dismiss(pop_id=_short(pop_id) or ""))
        case _:
            raise Rejected("unknown message, or a field of the wrong type", code="bad_message")


def _exactly(value: dict[object, object], fields: int, message: PageMessage) -> PageMessage:
    if len(value) != fields:
        raise Rejected("a message has unknown fields", code="bad_message")
    return message


def _version(version: int | None) -> int | None:
    if version is None:
        return None
    if isinstance(version, bool) or not 0 <= version <= _HIGHEST_VERSION:
        raise Rejected("version is a whole number from 0", code="bad_message")
    return version


def _milliseconds(took: object) -> int | None:
    if took is None:
        return None
    if not isinstance(took, int) or isinstance(took, bool) or not 0 <= took <= _LONGEST_MS:
        raise Rejected("rendered_ms is a whole number of milliseconds, at most a day", code="bad_message")
    return took


def _short(text: str | None) -> str | None:
    if text is not None and len(text) > 300:
        raise Rejected("an id is too long", code="bad_message")
    return text


def _link(link: LinkState) -> dict[str, object]:
    return {
        "kind": link.kind,
        "name": link.name,
        "live": link.live,
        "since": link.since,
        "why": link.why,
    }
