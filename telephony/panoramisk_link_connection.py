"""A connection to a manager port, opened by panoramisk's Manager. Owns which of panoramisk's opinions are let in.

Only `connect()` is: it opens the transport, TLS included, and makes our protocol. Login, ping, reconnect, parsing and the
repeating of unanswered actions are ours (docs/adr/0003-panoramisk-for-the-transport-only.md says why).
"""

import asyncio
import os
import ssl
from collections.abc import Callable
from typing import Any, cast

from panoramisk import Manager

from core.errors import Unavailable
from telephony.panoramisk_link_session import AmiSession
from telephony.pbx_settings import PbxSettings

_CERTIFICATE = "check ca_file and the name in its certificate"


class _Opener(Manager):  # type: ignore[misc]  # panoramisk is untyped
    """A Manager that opens one connection and then has no say in it."""

    def connection_made(self, f: "asyncio.Future[Any]") -> None:
        # The original logs in with a clear secret, pings without listening, and tries again for ever (P3, P9, P10).
        del f


async def connect(settings: PbxSettings, new_session: Callable[[], AmiSession]) -> AmiSession:
    """An open connection that has greeted as Asterisk does, or Unavailable with what to look at."""
    where = f"{settings.host}:{settings.port}"
    opener = _Opener(
        host=settings.host,
        port=settings.port,
        ssl=_tls(settings) if settings.tls else None,
        protocol_factory=new_session,
        loop=asyncio.get_running_loop(),
    )
    opening = opener.connect()
    try:
        async with asyncio.timeout(settings.connect_deadline_s):
            _, session = await opening
    except asyncio.CancelledError:
        opening.add_done_callback(_abandon)
        raise
    except TimeoutError as slow:
        raise Unavailable(f"{where} doesn't take the connection; is the PBX up and the port open to us?") from slow
    except ssl.SSLError as bad:
        mend = (
            "that port speaks no TLS: name tlsbindaddr's port" if bad.reason == "WRONG_VERSION_NUMBER" else _CERTIFICATE
        )
        raise Unavailable(f"TLS with {where} failed ({bad.reason}); {mend}.") from bad
    except OSError as refused:
        raise Unavailable(f"{where} can't be reached ({_why(refused)}); is Asterisk running?") from refused
    return cast(AmiSession, session)  # our own factory made it


def _why(refused: OSError) -> str:
    # asyncio puts words of its own into `strerror`; look-ups of names have negative numbers and good words.
    if refused.errno is not None and refused.errno > 0:
        return os.strerror(refused.errno)
    return refused.strerror or str(refused)


def _abandon(opening: "asyncio.Future[Any]") -> None:
    """Nobody wants this connection any more: close it, should it have come about."""
    if not opening.cancelled() and opening.exception() is None:
        transport, _ = opening.result()
        transport.abort()


def _tls(settings: PbxSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except OSError as unreadable:
        raise Unavailable(f"ca_file {settings.ca_file} can't be read ({unreadable}); mend the path.") from unreadable
