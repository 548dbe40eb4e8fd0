"""One open socket of one operator: a bounded outbox, a writer while it is needed, a reader always. Knows nothing of pops."""

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
_HELD_S = 0.002
GONE = (WebSocketDisconnect, RuntimeError, OSError)  # what sending to a page that left may raise


class Screen:
    """Frames in by `offer` (never waits), messages out through `heard`. `cut` ends it with a code.

    It lives in the task that the server made for its socket and has no other, but while a frame waits for the socket. `beat`: in
    which part of a heartbeat's round it is told.
    """

    __slots__ = (
        "_bytes",
        "_frames",
        "_heard",
        "_held",
        "_loop",
        "_most_bytes",
        "_reading",
        "_send_now",
        "_sending_since",
        "_tokens",
        "_tokens_s",
        "_websocket",
        "_writer",
        "beat",
        "code",
        "heard_s",
        "who",
    )

    def __init__(
        self, websocket: WebSocket, who: SignedIn, *, heard: Callable[["Screen", PageMessage], None], beat: int = 0
    ) -> None:
        self.who = who
        self.beat = beat
        self._websocket = websocket
        self._heard = heard
        # Our own server writes a frame at once while the socket is free; on another ASGI server the writer does it.
        now = (websocket.scope.get("extensions") or {}).get(SEND_NOW)
        self._send_now: Callable[[bytes], bool] = now["send"] if now else _not_now
        self._loop = asyncio.get_running_loop()
        self._frames: deque[tuple[float, bytes]] | None = None
        self._held: list[bytes] = []
        self._bytes = 0
        self._most_bytes = MOST_WAITING_BYTES
        self._sending_since: float | None = None
        self._reading: asyncio.Task[None] | None = None
        self._writer: asyncio.Task[None] | None = None
        self.code: CloseCode | None = None
        self._tokens, self._tokens_s = _BURST, self._loop.time()
        self.heard_s = self._loop.time()

    @property
    def waiting_bytes(self) -> int:
        return self._bytes

    def offer(self, frame: bytes, *, catching_up: bool = False) -> None:
        """Queue a frame; a screen that doesn't keep up is cut instead (it comes back and gets in step)."""
        if self._held:
            self._release()
        size = len(frame)
        if catching_up:  # what it missed is its due, and is bounded by the channel
            self._most_bytes += size
        if self._bytes + size > self._most_bytes or self.behind_s > MOST_BEHIND_S:
            self.cut(CloseCode.BEHIND)
            return
        if self._frames is None and self._send_now(frame):
            return
        self._bytes += size
        if self._frames is None:
            self._frames = deque()
            self._writer = self._loop.create_task(self._write(self._frames), name=f"screen-write-{self.who.login}")
        self._frames.append((self._loop.time(), frame))

    def offer_in_a_moment(self, frame: bytes) -> None:
        """For what is no news to anybody who waits: it lets the pops pass that came with it from the PBX, and is still
        before whatever this screen is offered next."""
        if not self._held:
            self._loop.call_later(_HELD_S, self._release)
        self._held.append(frame)

    def _release(self) -> None:
        held, self._held = self._held, []
        for frame in held:
            self.offer(frame)

    @property
    def behind_s(self) -> float:
        """For how long the oldest frame has been on its way."""
        oldest = self._sending_since or (self._frames[0][0] if self._frames else None)
        return 0.0 if oldest is None else self._loop.time() - oldest

    def cut(self, code: CloseCode) -> None:
        if self.code is not None:
            return
        self.code = code
        if self._reading is not None and self._reading is not asyncio.current_task():
            self._reading.cancel()

    async def run(self) -> None:
        """Until the page leaves or is cut. Afterwards nothing of it is left running."""
        task = self._reading = asyncio.current_task()
        try:
            await self._read()
        except asyncio.CancelledError:
            if self.code is None or task is None or task.uncancel() > 0:
                raise  # not by `cut`: the server itself goes away
        finally:
            self._reading = None
            self._held.clear()
            if self._writer is not None:
                self._writer.cancel()
                await asyncio.gather(self._writer, return_exceptions=True)
        if self.code is not None:
            await self._close(self.code)

    async def _close(self, code: CloseCode) -> None:
        try:
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await self._websocket.close(code, code.name.lower())
        except (TimeoutError, *GONE):
            return  # it doesn't read, or is gone already; the server drops a stalled connection by itself

    async def _write(self, frames: deque[tuple[float, bytes]]) -> None:
        """Send what waits, in order, then end: the next frame finds the socket free again."""
        while frames:
            queued_s, frame = frames.popleft()
            self._sending_since = queued_s
            try:
                await self._websocket.send({"type": "websocket.send", "text": frame.decode()})
            except GONE:
                return  # the page left while we were sending
            self._sending_since = None
            self._bytes -= len(frame)
        self._frames = self._writer = None

    async def _read(self) -> None:
        while self.code is None:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            self.heard_s = self._loop.time()
            if not self._may_speak():
                return self.cut(CloseCode.TOO_MANY)
            try:
                self._heard(self, _parsed(message.get("text")))
            except Rejected:
                return self.cut(CloseCode.BAD_MESSAGE)

    def _may_speak(self) -> bool:
        """A bucket of tokens: bursts are fine, a flood isn't."""
        now_s = self._loop.time()
        self._tokens = min(_BURST, self._tokens + (now_s - self._tokens_s) * _PER_SECOND) - 1
        self._tokens_s = now_s
        return self._tokens >= 0


def _not_now(_frame: bytes) -> bool:
    return False


def _parsed(text: str | None) -> PageMessage:
    if text is None:
        raise Rejected("binary frames are not part of the protocol", code="bad_message")
    return parse(decode(text, most_chars=MOST_CHARS))
