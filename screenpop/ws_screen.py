"""One open socket of one operator: a bounded outbox, its writer, a reader that never stops. Knows nothing of pops."""

import asyncio
from collections import deque
from collections.abc import Callable

from starlette.websockets import WebSocket, WebSocketDisconnect

from core.errors import Rejected
from runtime.wire import decode
from screenpop.protocol import MOST_CHARS, CloseCode, PageMessage, parse
from web.people import SignedIn
from web.server import SEND_NOW

MOST_WAITING_BYTES = 262_144
MOST_BEHIND_S = 5.0
_BURST, _PER_SECOND = 60.0, 20.0
_CLOSE_WITHIN_S = 1.0
GONE = (WebSocketDisconnect, RuntimeError, OSError)  # what sending to a page that left may raise


class Screen:
    """Frames in by `offer` (never waits), messages out through `heard`. `cut` ends it with a code."""

    def __init__(self, websocket: WebSocket, who: SignedIn, *, heard: Callable[[PageMessage], None]) -> None:
        self.who = who
        self._websocket = websocket
        self._heard = heard
        # Our own server writes a frame at once while the socket is free; on another ASGI server the writer does it.
        now = (websocket.scope.get("extensions") or {}).get(SEND_NOW)
        self._send_now: Callable[[str], bool] = now["send"] if now else lambda _frame: False
        self._loop = asyncio.get_running_loop()
        self._frames: deque[tuple[float, int, str]] = deque()
        self._bytes = 0
        self._most_bytes = MOST_WAITING_BYTES
        self._sending_since: float | None = None
        self._something = asyncio.Event()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self.code: CloseCode | None = None
        self._tokens, self._tokens_s = _BURST, self._loop.time()
        self.heard_s = self._loop.time()

    @property
    def waiting_bytes(self) -> int:
        return self._bytes

    def offer(self, frame: str, *, catching_up: bool = False) -> None:
        """Queue a frame; a screen that doesn't keep up is cut instead (it comes back and gets in step)."""
        size = len(frame) if frame.isascii() else len(frame.encode())
        if catching_up:  # what it missed is its due, and is bounded by the channel
            self._most_bytes += size
        if self._bytes + size > self._most_bytes or self.behind_s > MOST_BEHIND_S:
            self.cut(CloseCode.BEHIND)
            return
        if not self._frames and self._sending_since is None and self._send_now(frame):
            return
        self._bytes += size
        self._frames.append((self._loop.time(), size, frame))
        self._something.set()

    @property
    def behind_s(self) -> float:
        """For how long the oldest frame has been on its way."""
        oldest = self._sending_since or (self._frames[0][0] if self._frames else None)
        return 0.0 if oldest is None else self._loop.time() - oldest

    def cut(self, code: CloseCode) -> None:
        if self.code is None:
            self.code = code
            self._ended.set_result(None)

    async def run(self) -> None:
        """Until the page leaves or is cut. Afterwards nothing of it is left running."""
        tasks = [
            asyncio.create_task(job, name=f"screen-{what}-{self.who.login}")
            for what, job in (("read", self._read()), ("write", self._write()))
        ]
        try:
            await asyncio.wait([*tasks, self._ended], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if self.code is not None:
            await self._close(self.code)

    async def _close(self, code: CloseCode) -> None:
        try:
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await self._websocket.close(code, code.name.lower())
        except (TimeoutError, *GONE):
            return  # it doesn't read, or is gone already; the server drops a stalled connection by itself

    async def _write(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._frames:
                queued_s, size, frame = self._frames.popleft()
                self._sending_since = queued_s
                try:
                    await self._websocket.send({"type": "websocket.send", "text": frame})
                except GONE:
                    return  # the page left while we were sending
                self._sending_since = None
                self._bytes -= size

    async def _read(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self.heard_s = self._loop.time()
            if not self._may_speak():
                return self.cut(CloseCode.TOO_MANY)
            try:
                self._heard(_parsed(message.get("text")))
            except Rejected:
                return self.cut(CloseCode.BAD_MESSAGE)

    def _may_speak(self) -> bool:
        """A bucket of tokens: bursts are fine, a flood isn't."""
        now_s = self._loop.time()
        self._tokens = min(_BURST, self._tokens + (now_s - self._tokens_s) * _PER_SECOND) - 1
        self._tokens_s = now_s
        return self._tokens >= 0


def _parsed(text: str | None) -> PageMessage:
    if text is None:
        raise Rejected("binary frames are not part of the protocol", code="bad_message")
    return parse(decode(text, most_chars=MOST_CHARS))
