"""Many pages at once, each as light as a coroutine can be: ticket, handshake, resume, heartbeats, and back as a browser does.

`Crowd` signs people in without the seconds that so many passwords would take. Waiting times are those of socket_connection.js.
"""

import asyncio
import contextlib
import json
import random
import struct
import time
from dataclasses import dataclass, field

from core.model import Role
from tests.servers.desk import Desk
from web.people import User

_SHORTEST_S, _LONGEST_S, _RESTARTING_S = 0.4, 10.0, 3.0
TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA


def masked(opcode: int, payload: bytes, *, first: int = 0x80) -> bytes:
    """A client's frame; the mask is zeros, which is allowed, and changes nothing. `first`: FIN and the reserved bits."""
    size = len(payload)
    if size < 126:
        head = bytes((first | opcode, 0x80 | size))
    elif size < 65_536:
        head = bytes((first | opcode, 0x80 | 126)) + struct.pack(">H", size)
    else:
        head = bytes((first | opcode, 0x80 | 127)) + struct.pack(">Q", size)
    return head + b"\0\0\0\0" + payload


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    first, size = await reader.readexactly(2)
    if size == 126:
        (size,) = struct.unpack(">H", await reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack(">Q", await reader.readexactly(8))
    return first & 0xF, await reader.readexactly(size)


@dataclass
class LightPage:
    """One page of one person. `heard` counts messages by type; `closes` are the codes it was closed with."""

    port: int
    cookie: str
    reads: bool = True
    came_at: list[float] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    pops: int = 0
    attempts: int = 0

    async def live(self) -> None:
        """Until cancelled: come in, stay, come back."""
        tries, code = 0, 0
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
                self.attempts += 1
                before = len(self.came_at)
                code = await self._stay(await self._ticket())
                tries = 0 if len(self.came_at) > before else tries
            most = min(_LONGEST_S, _SHORTEST_S * 2**tries) + (_RESTARTING_S if code == 1012 else 0)
            tries += 1
            await asyncio.sleep(random.random() * most + 0.05)

    async def _ticket(self) -> str:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(self._request("POST /api/socket-ticket", "Content-Length: 0", "Connection: close"))
            head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        finally:
            writer.close()
        if b" 201 " not in head[:20]:
            raise ValueError(head[:60])
        return str(json.loads(body)["ticket"])

    async def _stay(self, ticket: str) -> int:
        """The close code; 0 when the line just broke."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=65_536)
        try:
            writer.write(
                self._request(
                    "GET /api/socket",
                    "Connection: Upgrade",
                    "Upgrade: websocket",
                    "Sec-WebSocket-Version: 13",
                    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
                    f"Sec-WebSocket-Protocol: meridian.v1, ticket.{ticket}",
                )
            )
            if b" 101 " not in (await reader.readuntil(b"\r\n\r\n"))[:20]:
                raise ValueError("refused")
            writer.write(masked(TEXT, b'{"type":"resume","epoch":null,"version":null}'))
            while self.reads:
                opcode, payload = await read_frame(reader)
                if opcode == CLOSE:
                    self.closes.append(code := struct.unpack(">H", payload[:2])[0])
                    return code
                self._take(opcode, payload, writer)
            self.came_at.append(time.monotonic())
            await asyncio.Event().wait()  # connected, and never reads again
            return 0
        finally:
            writer.transport.abort()

    def _take(self, opcode: int, payload: bytes, writer: asyncio.StreamWriter) -> None:
        if opcode == PING:
            writer.write(masked(PONG, payload))
        elif payload.startswith(b'{"type":"welcome"'):
            self.came_at.append(time.monotonic())
        elif payload.startswith(b'{"type":"tick"'):
            writer.write(masked(TEXT, b'{"type":"pulse"}'))
        elif payload.startswith(b'{"type":"pop') and b"@" in payload:
            self.pops += 1
            self.waits_s.append(time.perf_counter() - float(payload.split(b"@")[1]))

    def _request(self, what: str, *headers: str) -> bytes:
        own = (f"{what} HTTP/1.1", f"Host: 127.0.0.1:{self.port}", f"Origin: http://127.0.0.1:{self.port}", self.cookie)
        return "\r\n".join((*own, *headers, "", "")).encode()


async def crowd(desk: Desk, many: int, *, port: int | None = None) -> list[LightPage]:
    """So many people with a session each, at extensions from 2000 on; nobody is connected yet."""
    pages = []
    for nth in range(many):
        user = User(
            user_id=f"u{nth}",
            login=f"op{nth}",
            name="Op",
            password_hash="",
            role=Role.OPERATOR,
            site="moscow",
            extension=str(2000 + nth),
        )
        await desk.account_store.save_user(user)
        token, _ = await desk.accounts._opened(user, user.extension, "127.0.0.1")
        pages.append(LightPage(port or desk.port, f"Cookie: meridian_session={token}"))
    return pages
