"""What every request and every socket must pass before anything else sees it: origin, size; and the headers of every answer.

Plain ASGI, so that sockets pass it too (most middleware skips them). Never knows who is signed in.
"""

import logging
from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.failures import answer
from web.settings import WebSettings

log = logging.getLogger(__name__)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "media-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = tuple(
    (name.encode(), value.encode())
    for name, value in {
        "content-security-policy": _POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), microphone=(), geolocation=()",
    }.items()
)


class Guard:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, settings: WebSettings) -> None:
        self._app = app
        self._most_body_bytes = settings.most_body_bytes
        self._origins = frozenset(_place(origin) for origin in settings.origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
                if scope["path"].startswith("/api/"):
                    message["headers"].append((b"cache-control", b"no-store"))
            await send(message)

        if scope["method"] not in _SAFE and not self._origin_fits(scope):
            refusal = answer(403, "bad_origin", "This request must come from Meridian's own pages (Origin header).")
            await refusal(scope, receive, send_dressed)
            return
        too_large = answer(413, "too_large", f"At most {self._most_body_bytes} bytes are taken.")
        if _declared_length(scope) > self._most_body_bytes:
            await too_large(scope, receive, send_dressed)
            return
        await self._app(scope, self._counted(receive), send_dressed)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._origin_fits(scope):
            await self._app(scope, receive, send)
            return
        log.warning("socket refused: foreign origin", extra={"action": "socket_refused"})
        await send({"type": "websocket.close", "code": 1008})  # before accept: the handshake is answered with 403

    def _origin_fits(self, scope: Scope) -> bool:
        """An Origin is required, and it is one of the list; without a list, our own host."""
        headers = _headers(scope)
        origin = headers.get(b"origin", b"").decode("latin-1")
        if not origin or origin == "null":
            return False
        if self._origins:
            return _place(origin) in self._origins
        host = headers.get(b"host", b"").decode("latin-1").lower()
        return bool(host) and urlsplit(origin).netloc.lower() == host

    def _counted(self, receive: Receive) -> Receive:
        """A body of unknown length ends where the limit is."""
        taken = 0

        async def receive_counted() -> MutableMapping[str, Any]:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most_body_bytes:
                return {"type": "http.disconnect"}
            return message

        return receive_counted


def _place(origin: str) -> tuple[str, str]:
    parts = urlsplit(origin)
    return parts.scheme.lower(), parts.netloc.lower()


def _headers(scope: Scope) -> dict[bytes, bytes]:
    return dict(scope["headers"])


def _declared_length(scope: Scope) -> int:
    text = _headers(scope).get(b"content-length", b"0")
    return int(text) if text.isdigit() else 0
