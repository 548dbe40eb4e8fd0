"""A small manager port for tests of the link: answers as Asterisk 22 does, and misbehaves where a test tells it to.

Not a PBX (telephony/simulated_*.py is): it knows no calls but the list items that the test gives it.
"""

import asyncio
import contextlib
from collections.abc import Callable
from hashlib import md5
from typing import Self

Action = dict[str, str]
LISTENER_ACTIONS = (
    "CoreStatus CoreShowChannels BridgeList QueueStatus DeviceStateList Events Filter UserEvent CoreSettings"
)
ACTING_ACTIONS = "Hangup BlindTransfer MixMonitor MixMonitorMute QueuePause Originate Setvar"
ALWAYS = ("Login", "Challenge", "Ping", "ListCommands")
STARTED = {"CoreStartupDate": "2026-11-21", "CoreStartupTime": "08:00:00"}
COMPLETE = {"CoreShowChannels": "CoreShowChannelsComplete", "BridgeList": "BridgeListComplete",
            "QueueStatus": "QueueStatusComplete", "DeviceStateList": "DeviceStateListComplete"}  # fmt: skip


def message(**headers: str) -> bytes:
    """Headers -> one AMI message."""
    return "".join(f"{key}: {value}\r\n" for key, value in headers.items()).encode() + b"\r\n"


class Session:
    """One connection to the peer."""

    def __init__(self, peer: "AmiPeer", writer: asyncio.StreamWriter) -> None:
        self.peer = peer
        self.writer = writer
        self.user = ""
        self.mask = "off"

    def write(self, data: bytes) -> None:
        if not self.peer.frozen:
            self.writer.write(data)

    def reset(self) -> None:
        """Cut it without a FIN's politeness."""
        self.writer.transport.abort()


class AmiPeer:
    """`overrides[action](session, headers)` answers in place of the ordinary answer; None of its bytes are sent for us."""

    def __init__(self, accounts: dict[str, str] | None = None) -> None:
        self.accounts = accounts or {"svc": "secret"}
        self.allowed = f"{LISTENER_ACTIONS} {ACTING_ACTIONS}".split()
        self.overrides: dict[str, Callable[[Session, Action], None]] = {}
        self.items: dict[str, list[bytes]] = {}
        self.core_status = dict(STARTED)
        self.version = "22.10.1"
        self.booted = True
        self.frozen = False
        self.echo_after_s: float | None = 0.0
        self.seen: list[Action] = []
        self.received = bytearray()
        self.sessions: list[Session] = []
        self.connects = 0
        self.port = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop listening and cut all sessions."""
        self._server.close()
        self.cut()
        await self._server.wait_closed()

    def cut(self) -> None:
        for session in self.sessions:
            session.reset()

    def count(self, action: str) -> int:
        return sum(seen["Action"] == action for seen in self.seen)

    def events(self, data: bytes) -> None:
        """Send these bytes to every session that hears events."""
        for session in self.sessions:
            if session.mask != "off":
                session.write(data)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = Session(self, writer)
        self.sessions.append(session)
        self.connects += 1
        session.write(b"Asterisk Call Manager/11.0.0\r\n")
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                frame = await reader.readuntil(b"\r\n\r\n")
                self.received += frame
                lines = frame.decode().rstrip("\r\n").split("\r\n")
                action = dict(line.split(": ", 1) for line in lines)
                self.seen.append(action)
                self._answer(session, action)
        self.sessions.remove(session)
        writer.close()

    def _answer(self, session: Session, action: Action) -> None:
        name, action_id = action["Action"], action["ActionID"]
        if name in self.overrides:
            self.overrides[name](session, action)
        elif name not in self.allowed and name not in ALWAYS:
            session.write(message(Response="Error", ActionID=action_id, Message="Permission denied"))
        elif name == "Login":
            self._log_in(session, action)
        elif name == "CoreStatus":
            session.write(message(Response="Success", ActionID=action_id, **self.core_status))
        elif name in COMPLETE:
            session.write(self.listing(action))
        elif name == "ListCommands":
            rights = {a: "does it  (Priv: <none>)" for a in self.allowed}
            session.write(message(Response="Success", ActionID=action_id, **rights))
        elif name == "Challenge":
            session.write(message(Response="Success", ActionID=action_id, Challenge="4711"))
        elif name == "CoreSettings":
            session.write(message(Response="Success", ActionID=action_id, AsteriskVersion=self.version))
        else:
            if name == "Events":
                session.mask = action["EventMask"]
            session.write(message(Response="Success", ActionID=action_id, Message="done"))
            if name == "UserEvent" and self.echo_after_s is not None:
                echo = message(Event="UserEvent", UserEvent=action["UserEvent"], Token=action["Token"])
                asyncio.get_running_loop().call_later(self.echo_after_s, self.events, echo)

    def _log_in(self, session: Session, action: Action) -> None:
        secret = self.accounts.get(action["Username"], "")
        key = md5(f"4711{secret}".encode()).hexdigest()
        if secret and secret in (action.get("Secret"), key == action.get("Key") and secret):
            session.user, session.mask = action["Username"], action["Events"]
            session.write(message(Response="Success", ActionID=action["ActionID"], Message="Authentication accepted"))
            if self.booted and "system" in session.mask:
                session.write(message(Event="FullyBooted", Status="Fully Booted", Uptime="1"))
        else:
            session.write(message(Response="Error", ActionID=action["ActionID"], Message="Authentication failed"))

    def listing(self, action: Action) -> bytes:
        """The whole answer to a list action. Items are bytes with `{id}` for the ActionID."""
        action_id, name = action["ActionID"], action["Action"]
        items = [item.replace(b"{id}", action_id.encode()) for item in self.items.get(name, [])]
        return b"".join(
            [
                message(Response="Success", ActionID=action_id, EventList="start"),
                *items,
                message(Event=COMPLETE[name], ActionID=action_id, EventList="Complete", ListItems=str(len(items))),
            ]
        )
