"""One AMI session: bytes in, messages out in order; actions out, answers back by ActionID and deadline.

It never logs in by itself, never reconnects and never repeats an action: when it is lost every open action fails at once.
Reading is cut into slices, so that a burst from the PBX never holds the loop for long.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import perf_counter
from typing import cast

from core.errors import ResultUnknown, Unavailable
from telephony.action_text import Fields, action_bytes
from telephony.link_state import LinkFigures
from telephony.listing import Listing
from telephony.snapshot import Listed
from telephony.wire import AmiStream, Headers, Odd

log = logging.getLogger(__name__)

SLICE_S = 0.0006
_PIECE = 8 * 1024
_MOST_UNREAD = 32 * 1024 * 1024
_MOST_UNSENT = 256 * 1024
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Hears:
    """Who is told what the session meets. All are called from the read loop: synchronous and short."""

    event: Callable[[Headers], None]
    odd: Callable[[Odd], None]
    lost: Callable[[str], None]
    read: Callable[[bytes], None] = lambda data: None


@dataclass(slots=True, kw_only=True)
class _Asked:
    """An action under way. `listing` is None for those that have one answer only."""

    name: str
    acting: bool
    answered: "asyncio.Future[Headers]"
    on_answer: Callable[[], None] | None = None
    listing: Listing | None = None
    started: Headers = field(default_factory=dict)


class AmiSession(asyncio.Protocol):
    """Speaks AMI over one transport; made by panoramisk's Manager through its `protocol_factory`."""

    def __init__(
        self,
        hears: Hears,
        figures: LinkFigures,
        *,
        ping_s: float,
        action_deadline_s: float,
        parsed: frozenset[str],
    ) -> None:
        self._hears = hears
        self._figures = figures
        self._ping_s = ping_s
        self._action_deadline_s = action_deadline_s
        self._stream = AmiStream(parsed)
        self._unread: deque[bytes] = deque()
        self._unread_size = 0
        self._messages: deque[Headers | Odd] = deque()
        self._digesting = False
        self._asked: dict[str, _Asked] = {}
        self._listing: Listing | None = None
        self._ping = ("", 0.0)
        self._told: deque[str] = deque(maxlen=_MOST_TOLD)
        self._tick: asyncio.TimerHandle | None = None
        self._over: str | None = None
        self.lost = asyncio.Event()
        self.why_lost = ""
        self._closed = asyncio.Event()

    # -- asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._loop = asyncio.get_running_loop()
        self._last_byte_at = self._loop.time()
        self._tick = self._loop.call_later(self._ping_s, self._on_tick)

    def data_received(self, data: bytes) -> None:
        self._last_byte_at = self._loop.time()
        self._figures.bytes_in += len(data)
        self._hears.read(data)
        self._unread.extend(data[i : i + _PIECE] for i in range(0, len(data), _PIECE))
        self._unread_size += len(data)
        if self._unread_size > _MOST_UNREAD:
            self._lose("it sends more than we can digest")
        elif not self._digesting:
            self._digest()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()
        self._over = f"the connection broke ({exc})" if exc else "the PBX closed the connection"
        if not self._digesting:
            self._lose(self._over)

    # -- reading

    def _digest(self) -> None:
        """Read for one slice; go on in the loop's next turn if there is more."""
        self._digesting = True
        began = perf_counter()
        while self._messages or self._unread:
            if not self._messages:
                piece = self._unread.popleft()
                self._unread_size -= len(piece)
                self._messages.extend(self._stream.feed(piece))
            while self._messages:
                self._take_safely(self._messages.popleft())
                if perf_counter() - began > SLICE_S:
                    break
            if perf_counter() - began > SLICE_S:
                break
        self._figures.longest_slice_s = max(self._figures.longest_slice_s, perf_counter() - began)
        if self._messages or self._unread:
            self._loop.call_soon(self._digest)
            return
        self._digesting = False
        if self._over is not None:
            self._lose(self._over)

    def _take_safely(self, message: Headers | Odd) -> None:
        try:
            self._take(message)
        except Exception:
            # Nothing that a message makes us do may cost the link (panoramisk's trap P1).
            self._figures.handler_failures += 1
            log.exception("message failed", extra={"action": "message_failed"})

    def _take(self, message: Headers | Odd) -> None:
        if isinstance(message, Odd):
            self._take_odd(message)
            return
        self._figures.messages += 1
        asked = self._asked.get(message.get("ActionID", ""))
        if "Event" not in message:  # not by Response: OriginateResponse is an event and has that too
            self._take_answer(asked, message)
        elif asked is not None and asked.listing is not None:
            if asked.listing.take(message):
                self._finish(asked, asked.started)
        elif self._listing is not None and self._listing.take_stray(message):
            self._figures.dropped += 1
        else:
            self._hears.event(message)

    def _take_odd(self, odd: Odd) -> None:
        self._figures.odd += 1
        if self._listing is None:
            self._hears.odd(odd)
            return
        # An item of a list with a caller's line breaks in it: the list knows what to do, events stay believable.
        self._listing.take_stray(odd)
        log.warning("list item torn: %s", odd.why, extra={"action": "list_item_torn", "excerpt": odd.excerpt})

    def _take_answer(self, asked: _Asked | None, message: Headers) -> None:
        if asked is None:
            self._take_unasked_answer(message)
            return
        success = message["Response"] == "Success"
        if success and asked.on_answer is not None:
            asked.on_answer()
        if success and asked.listing is not None:
            asked.started, self._listing = message, asked.listing
        else:
            self._finish(asked, message)

    def _take_unasked_answer(self, message: Headers) -> None:
        action_id, sent_at = self._ping
        if action_id and message.get("ActionID") == action_id:
            self._figures.ping_s = self._loop.time() - sent_at
            self._ping = ("", 0.0)
        elif message.get("ActionID") in self._told:
            self._told.remove(message["ActionID"])
        else:
            self._figures.late_answers += 1

    def _finish(self, asked: _Asked, message: Headers) -> None:
        if asked.listing is not None and self._listing is asked.listing:
            self._listing = None
        if not asked.answered.done():
            asked.answered.set_result(message)

    # -- asking

    async def ask(
        self, fields: Fields, *, acting: bool = False, on_answer: Callable[[], None] | None = None
    ) -> Headers:
        """The answer to this action. `on_answer` is called at the answer's place in the stream.

        No answer in time: ResultUnknown for acting verbs (it may have happened), Unavailable for others.
        """
        action_id = secrets.token_hex(12)
        return await self._ask(fields, action_id=action_id, acting=acting, on_answer=on_answer)

    async def ask_list(self, fields: Fields) -> Listed:
        """All items of a list action."""
        action_id = secrets.token_hex(12)
        listing = Listing(action_id)
        answer = await self._ask(fields, action_id=action_id, listing=listing)
        if answer.get("Response") != "Success":
            return Listed(refused=answer.get("Message", "refused"))
        return Listed(items=listing.items)

    async def _ask(
        self,
        fields: Fields,
        *,
        action_id: str,
        listing: Listing | None = None,
        acting: bool = False,
        on_answer: Callable[[], None] | None = None,
    ) -> Headers:
        name = fields[0][1]
        self._write(name, action_bytes(fields, action_id=action_id))
        answered: asyncio.Future[Headers] = self._loop.create_future()
        asked = _Asked(name=name, acting=acting, answered=answered, on_answer=on_answer, listing=listing)
        self._asked[action_id] = asked
        self._figures.pending_actions += 1
        try:
            async with asyncio.timeout(self._action_deadline_s):
                return await answered
        except TimeoutError as late:
            self._figures.unanswered_actions += 1
            raise _no_answer(name, acting, f"no answer within {self._action_deadline_s:g} s") from late
        finally:
            self._figures.pending_actions -= 1
            del self._asked[action_id]
            if listing is not None and self._listing is listing:
                self._listing = None

    def tell(self, fields: Fields) -> None:
        """Send an action whose answer nobody waits for."""
        action_id = secrets.token_hex(12)
        self._write(fields[0][1], action_bytes(fields, action_id=action_id))
        self._told.append(action_id)

    def _write(self, name: str, data: bytes) -> None:
        if self.lost.is_set() or self._transport.is_closing():
            raise Unavailable(
                f"{name} wasn't sent: there is no connection to the PBX. Try again when the line is back."
            )
        if self._transport.get_write_buffer_size() > _MOST_UNSENT:
            raise Unavailable(f"{name} wasn't sent: the PBX doesn't read. Try again when the line is back.")
        self._transport.write(data)

    @contextlib.contextmanager
    def not_reading(self) -> Iterator[None]:
        """Leave what comes to the socket, whose room grows only for who reads: what a slow reader does to the PBX."""
        self._transport.pause_reading()
        try:
            yield
        finally:
            if not self._transport.is_closing():
                self._transport.resume_reading()

    # -- living and dying

    def _on_tick(self) -> None:
        silent_s = self._loop.time() - self._last_byte_at
        if silent_s >= self._ping_s * 1.99:
            self._lose(f"no byte came for {silent_s:.1f} s although we asked")
            return
        self._tick = self._loop.call_later(self._ping_s, self._on_tick)
        try:
            action_id = secrets.token_hex(12)
            self._write("Ping", action_bytes((("Action", "Ping"),), action_id=action_id))
            self._ping = (action_id, self._loop.time())
        except Unavailable:
            pass  # the next tick will see the silence

    def _lose(self, why: str) -> None:
        """Tell everybody at once that this session is over. Only the first time counts."""
        if self.lost.is_set():
            return
        self.why_lost = why
        self.lost.set()
        self._drop_all()
        for asked in self._asked.values():
            if not asked.answered.done():
                asked.answered.set_exception(_no_answer(asked.name, asked.acting, why))
        self._hears.lost(why)

    def _drop_all(self) -> None:
        if self._tick is not None:
            self._tick.cancel()
        self._unread.clear()
        self._messages.clear()
        self._unread_size = 0
        self._transport.abort()

    async def close(self) -> None:
        """End it from our side, without a word to `lost`, and wait until the socket is gone."""
        if not self.lost.is_set():
            self.why_lost = "closed by us"
            self.lost.set()
        self._drop_all()
        await self._closed.wait()

    @property
    def greeting(self) -> str:
        """What the far side said first ('' if it didn't speak AMI)."""
        return self._stream.greeting


def _no_answer(name: str, acting: bool, why: str) -> Unavailable:
    if acting:
        return ResultUnknown(f"{name} was sent, but {why}: it may have happened. Look before you try again.")
    return Unavailable(f"{name} failed: {why}.")
