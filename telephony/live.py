"""The live picture of one PBX: channels, and the conversations that they make up. State only; the tracker's rules change it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from fnmatch import fnmatchcase

from core.model import Direction, EndedBy


class ChannelRole(Enum):
    """What a channel is for us. AGENT: an operator's phone. OUTSIDE: a trunk or any other device. LOCAL: half of a
    Local channel, never a party itself. TECHNICAL: Asterisk's own, nobody at the end."""

    AGENT = auto()
    OUTSIDE = auto()
    LOCAL = auto()
    TECHNICAL = auto()


_TECHNICAL = (
    "OutgoingSpoolFailed",
    "Message/",
    "CBAnn/",
    "CBRec/",
    "Announcer/",
    "Recorder/",
    "Snoop/",
    "Surrogate/",
    "Bridge/",
)


class Endpoints:
    """Tells agents' phones from everything else by globs over endpoints (`PJSIP/1???`)."""

    def __init__(self, agent_globs: tuple[str, ...]) -> None:
        self._globs = agent_globs
        self._roles: dict[str, ChannelRole] = {}

    def role(self, channel: str) -> tuple[ChannelRole, str]:
        """Role and name (endpoint without technology) of a channel such as `PJSIP/1001-0000002a`."""
        endpoint = channel.rpartition("-")[0] or channel
        role = self._roles.get(endpoint)
        if role is None:
            role = self._judge(endpoint)
            if len(self._roles) < 100_000:
                self._roles[endpoint] = role
        return role, endpoint.partition("/")[2] or endpoint

    def _judge(self, endpoint: str) -> ChannelRole:
        if endpoint.startswith("Local/"):
            return ChannelRole.LOCAL
        if endpoint.startswith(_TECHNICAL):
            return ChannelRole.TECHNICAL
        return ChannelRole.AGENT if any(fnmatchcase(endpoint, g) for g in self._globs) else ChannelRole.OUTSIDE


@dataclass(slots=True, eq=False)
class Channel:
    """One live channel. `asked`: its far side hung up. `left`: it passed the client on and is no party any more.
    `elsewhere`: it rang, and the call went to somebody else (picked up, forwarded). `recording`: "", "on", "paused"."""

    uniqueid: str
    name: str
    linkedid: str
    role: ChannelRole
    endpoint: str
    number: str
    created_at: datetime
    call: "Call"
    dialled: bool = False
    offered: bool = False
    rang: bool = False
    dialled_answer: bool = False
    talked: bool = False
    talking: bool = False
    held: bool = False
    asked: bool = False
    left: bool = False
    elsewhere: bool = False
    recording: str = ""
    muted: bool = False
    bridge: str | None = None

    @property
    def party(self) -> str:
        """How the card names whoever is at this channel."""
        return self.endpoint if self.role is ChannelRole.AGENT else self.number or self.endpoint


@dataclass(slots=True, eq=False)
class Call:
    """One conversation while it lives. `direction` None: somebody lifted a phone and we don't know yet what for; no card yet."""

    call_id: str
    primary: Channel = field(init=False)
    started_at: datetime
    caller_number: str
    caller_name: str
    dialled: str
    direction: Direction | None = None
    adopted: bool = False
    click: bool = False
    silent: bool = False
    answered: bool = False
    refused: bool = False
    client: Channel | None = None
    client_number: str | None = None
    channels: dict[str, Channel] = field(default_factory=dict)
    linkedids: set[str] = field(default_factory=set)
    queue: str | None = None
    waiting: bool = False
    left_queue: tuple[str, datetime] | None = None
    asked_by: EndedBy | None = None
    cause: int | None = None

    @property
    def opened(self) -> bool:
        """Does it have a card?"""
        return self.direction is not None

    def parties(self) -> list[Channel]:
        """Those who hold the conversation: the one who placed it, the client, and whoever has talked in it; not phones
        that only ring."""
        return [
            c
            for c in self.channels.values()
            if c.role in (ChannelRole.AGENT, ChannelRole.OUTSIDE)
            and not c.left
            and (c.talked or c is self.primary or c is self.client)
        ]
