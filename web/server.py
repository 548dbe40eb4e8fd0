"""uvicorn inside our own loop: port taken before anything else starts, bounded shutdown, stalled sockets cut.

Never installs signal handlers: when to stop is service.py's business.
"""

import asyncio
import contextlib
import errno
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from core.errors import Unavailable
from web.connections import HttpConnection, Lobby
from web.settings import WebSettings

MOST_FRAME_BYTES = 65_536


SEND_NOW = "meridian.send_now"


class _Socket(WebSocketsSansIOProtocol):
    """uvicorn's own, with two additions: a slow peer gets `stalled_s` and is then dropped, where uvicorn would wait for ever;
    and an application may write a frame at once (scope extension SEND_NOW), without a task's turn of the loop."""

    stalled_s = 5.0
    _deadline: asyncio.TimerHandle | None = None

    async def run_asgi(self) -> None:
        self.scope["extensions"] = {**(self.scope["extensions"] or {}), SEND_NOW: {"send": self.send_now}}
        await super().run_asgi()

    def send_now(self, text: bytes) -> bool:
        """Write this text (UTF-8), if nothing stands in the way. False: nothing was written, send it the usual way.

        Past the protocol object, which has nothing to add to a whole message without extensions, and takes as long as all else.
        """
        if not self.writable.is_set() or not self.handshake_complete or self.close_sent or self.transport.is_closing():
            return False
        if self.conn.state is not State.OPEN or self.conn.extensions:
            return False
        self.transport.write(text_frame(text))
        return True

    def pause_writing(self) -> None:
        super().pause_writing()
        self._deadline = self._deadline or self.loop.call_later(self.stalled_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._cancel_deadline()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


def text_frame(text: bytes) -> bytes:
    """A whole text message of a server in one frame (RFC 6455, 5.2)."""
    size = len(text)
    if size < 126:
        return bytes((0x81, size)) + text
    return (b"\x81\x7e" + size.to_bytes(2, "big") if size < 65_536 else b"\x81\x7f" + size.to_bytes(8, "big")) + text


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def take_port(settings: WebSettings) -> socket.socket:
    """Listen, or say in one sentence why not. Done first at start: a second Meridian must not touch anything."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Said to be TCP, because asyncio turns Nagle's delay off only for those: else a pop now and then waits 40 ms for an ACK.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise Unavailable(_why_not(settings, error), code="port_unavailable") from error
    listener.setblocking(False)
    return listener


def _why_not(settings: WebSettings, error: OSError) -> str:
    where = f"{settings.host}:{settings.port}"
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use by another program: stop that one, or choose another port ([web] port; for the demo: --port)."
    if error.errno == errno.EACCES:
        return f"{where} may not be used without root: choose a port from 1024 on ([web] port)."
    return f"Can't listen on {where} ({error.strerror}): check [web] host and port."


class WebServer:
    """The running port. `serve` is a coroutine for a task of service.py; `stop` lets it end."""

    def __init__(self, app: ASGIApp, listener: socket.socket, settings: WebSettings) -> None:
        self._listener = listener
        self._server = _Server(
            uvicorn.Config(
                app,
                http=type(
                    "Http",
                    (HttpConnection,),
                    {"lobby": Lobby(settings.connections_per_address), "request_s": settings.request_s},
                ),
                ws=type("Socket", (_Socket,), {"stalled_s": settings.stalled_s}),
                ws_max_size=MOST_FRAME_BYTES,
                ws_per_message_deflate=False,
                ws_ping_interval=20,
                ws_ping_timeout=20,
                timeout_graceful_shutdown=settings.shutdown_s,
                timeout_keep_alive=round(settings.request_s),
                h11_max_incomplete_event_size=32_768,
                access_log=False,
                log_config=None,
                server_header=False,
                lifespan="off",
            )
        )

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many are open, sockets and plain requests."""
        return len(self._server.server_state.connections)

    async def serve(self) -> None:
        await self._server.serve(sockets=[self._listener])

    def stop(self) -> None:
        """Ask it to end: no new connections, open ones get a moment, then they are cut."""
        self._server.should_exit = True
