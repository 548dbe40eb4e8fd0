"""Connections that have not become anything yet: how many from one address, for how long a request may take to arrive, and an
answer to be taken.

uvicorn bounds none of these. Sockets that were let in don't count: behind a proxy everybody comes from one address.
"""

import asyncio
import logging
from collections import Counter

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

log = logging.getLogger(__name__)
_WHOLE = frozenset({h11.DONE, h11.MUST_CLOSE, h11.CLOSED, h11.SWITCHED_PROTOCOL})


class Lobby:
    """Who is at the door, by address."""

    def __init__(self, most_per_address: int) -> None:
        self._most = most_per_address
        self._there: Counter[str] = Counter()

    def enter(self, address: str) -> bool:
        """False: there are too many from there already."""
        if self._there[address] >= self._most:
            return False
        self._there[address] += 1
        if self._there[address] == self._most:
            log.warning("%d connections from %s: no more are taken", self._most, address, extra={"action": "crowded"})
        return True

    def leave(self, address: str) -> None:
        self._there[address] -= 1
        if self._there[address] <= 0:
            del self._there[address]


class HttpConnection(H11Protocol):
    """uvicorn's own, with three additions: an address has so many places in the `lobby`; a request is whole within `request_s`
    of the connection's first moment or of the answer before; and whoever takes nothing of an answer for as long is cut."""

    lobby: Lobby
    request_s: float
    _address: str | None = None
    _late: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        address = self.client[0] if self.client else ""
        if not self.lobby.enter(address):
            transport.abort()
            return
        self._address = address
        self._await_request()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in _WHOLE:
            self._stop_waiting()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing() and self.conn.their_state not in _WHOLE:
            self._await_request()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._leave()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self._stalled or self.loop.call_later(self.request_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_stalling()

    def _await_request(self) -> None:
        self._stop_waiting()
        self._late = self.loop.call_later(self.request_s, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _stop_stalling(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _leave(self) -> None:
        self._stop_waiting()
        self._stop_stalling()
        if self._address is not None:
            self.lobby.leave(self._address)
            self._address = None
