"""One AMI connection to the simulated PBX: reads actions, checks who may what, writes answers and events in order, and
misbehaves as its Faults say."""

import asyncio
import hmac
import logging
import re
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from hashlib import md5
from random import Random

from telephony.simulated_actions import NEEDS, carry_out, unknown
from telephony.simulated_calls import Calls
from telephony.simulated_channels import Pairs
from telephony.simulated_faults import Faults
from telephony.simulated_filters import Hearing
from telephony.simulated_request import Account, Reply, Request, read_request, success, written

log = logging.getLogger(__name__)

GREETING = b"Asterisk Call Manager/11.0.0\r\n"
_BLANK = re.compile(rb"\r?\n\r?\n")
_LONGEST_ACTION = 256 * 1024
_MOST_WAITING_BYTES = 8 * 1024 * 1024
_WRONG_PASSWORD_S = 1.0
_AUTH_TIMEOUT_S = 30.0
_CORE_ACTIONS = frozenset(("login", "logoff", "challenge", "ping", "events", "filter", "listcommands", "corestatus"))


class Session:
    """A client of the simulated manager, from the greeting to the close."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        calls: Calls,
        accounts: dict[str, Account],
        faults: Faults,
        thawed: asyncio.Event,
        seed: int,
        answering: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._reader, self._writer = reader, writer
        self._calls, self._accounts, self._faults, self._thawed = calls, accounts, faults, thawed
        self._answering = answering
        self._rng = Random(seed)
        self._challenge = ""
        self._out: deque[tuple[float, bytes]] = deque()
        self._out_bytes = 0
        self._more = asyncio.Event()
        self._said = asyncio.Event()
        self._window: list[bytes] = []
        self._closing = False
        self.hearing: Hearing | None = None
        self.user = ""

    async def run(self) -> None:
        """Until the client goes, logs off or is thrown out."""
        self._send(GREETING)
        tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.drop()

    def drop(self) -> None:
        """Cut the connection now, in the middle of whatever is being said."""
        self.hearing = None
        self._writer.transport.abort()

    def inject(self, data: bytes) -> None:
        """Say these bytes between two messages."""
        self._send(data)

    # -- in

    async def _read(self) -> None:
        buffer = b""
        while not self._closing:
            await self._thawed.wait()
            async with asyncio.timeout(None if self.hearing else _AUTH_TIMEOUT_S):
                data = await self._reader.read(65536)
            if not data or len(buffer) > _LONGEST_ACTION:
                return
            *blocks, buffer = _BLANK.split(buffer + data)
            for block in blocks:
                await self._thawed.wait()
                if block.strip() and not await self._take(read_request(block.decode("utf-8", "replace"))):
                    return

    async def _take(self, request: Request) -> bool:
        """Answer one action; False when the session is over."""
        name, faults = request.action.lower(), self._faults
        if name in faults.cut_on:
            self.drop()
            return False
        if name in faults.unanswered:
            return True
        with self._answering():
            reply, stay = self._answer(name, request)
            late = asyncio.get_running_loop().time() + faults.late_s.get(name, 0.0)
            self._send(b"".join(written(message) for message in reply), at=late)
        if name == "login" and self.hearing and reply[0][0] == ("Response", "Success") and not faults.not_booted:
            self.fully_booted()
        if not stay:
            await asyncio.sleep(_WRONG_PASSWORD_S if name == "login" else 0)
            self._closing = True
            await self._flushed()
        return stay

    def _answer(self, name: str, request: Request) -> tuple[Reply, bool]:
        if name == "logoff":
            farewell = [("Response", "Goodbye"), *request.id_header, ("Message", "Thanks for all the fish.")]
            return [farewell], False
        if name == "challenge":
            return self._challenged(request), True
        if name == "login":
            return self._log_in(request)
        if not request.action:
            return request.error("Missing action in request"), True
        if self.hearing is None:
            return request.error("Permission denied"), True
        return self._asked(name, request, self.hearing), True

    def _asked(self, name: str, request: Request, hearing: Hearing) -> Reply:
        if name not in NEEDS or (self._faults.not_booted and name not in _CORE_ACTIONS):
            return unknown(request)
        needs = NEEDS[name][1]
        if needs and not needs & hearing.account.write:
            return request.error("Permission denied")
        if name == "ping":
            return success(request, ("Ping", "Pong"), ("Timestamp", f"{self._calls.exchange.switch.wall()}.000000"))
        if name == "events":
            if not hearing.set_mask(request.get("EventMask")):
                return request.error("Invalid event mask")
            return success(request, ("Events", "On" if hearing.mask else "Off"))
        if name == "filter":
            return hearing.add_filter(request)
        if name == "listcommands":
            return self._list_commands(request, hearing)
        if name == "command":
            output = ("Output", "Asterisk (simulated)")
            return success(request, ("Message", "Command output follows"), output)
        return carry_out(self._calls, request)

    def _list_commands(self, request: Request, hearing: Hearing) -> Reply:
        may = [
            (name, f"(Priv: {','.join([*sorted(needs), 'all']) if needs else '<none>'})")
            for name, needs in NEEDS.values()
            if not needs or needs & hearing.account.write
        ]
        return success(request, *may)

    # -- who

    def _challenged(self, request: Request) -> Reply:
        if request.get("AuthType").upper() != "MD5":
            return request.error("Must specify AuthType")
        self._challenge = self._challenge or str(self._rng.randrange(10**8, 10**9))
        return success(request, ("Challenge", self._challenge))

    def _log_in(self, request: Request) -> tuple[Reply, bool]:
        if self.hearing is not None:
            return success(request, ("Message", "Already authenticated")), True
        account = self._accounts.get(request.get("Username"))
        refused = self._faults.refused_logins > 0
        if refused:
            self._faults.refused_logins -= 1
        if account is None or refused or not self._proves(account, request):
            return request.error("Authentication failed"), False
        self.user = request.get("Username")
        self.hearing = Hearing(account)
        self.hearing.set_mask(request.get("Events") or "on")
        return success(request, ("Message", "Authentication accepted")), True

    def _proves(self, account: Account, request: Request) -> bool:
        if request.get("AuthType").upper() == "MD5":
            key = md5((self._challenge + account.secret).encode(), usedforsecurity=False).hexdigest()
            return bool(self._challenge) and hmac.compare_digest(key, request.get("Key"))
        return hmac.compare_digest(account.secret.encode(), request.get("Secret").encode())

    # -- out

    def fully_booted(self) -> None:
        up = str(int(self._calls.exchange.switch.now() - self._calls.exchange.switch.started_at))
        told = [("Privilege", "system,all"), ("Uptime", up), ("LastReload", up), ("Status", "Fully Booted")]
        if self.hearing and self.hearing.hears("system", "FullyBooted", told):
            self._send(written([("Event", "FullyBooted"), *told]))

    def tell(self, klass: str, name: str, headers: Pairs, message: bytes) -> None:
        """An event happened; say it if this session hears it."""
        if self.hearing is None or not self.hearing.hears(klass, name, headers):
            return
        faults = self._faults
        self._window.extend([message] * (2 if faults.events_twice else 1))
        if len(self._window) < faults.events_shuffled:
            return
        if faults.events_shuffled:
            self._rng.shuffle(self._window)
        at = asyncio.get_running_loop().time() + faults.events_late_s
        for one in self._window:
            self._send(one, at=at)
        self._window.clear()

    def _send(self, data: bytes, *, at: float = 0.0) -> None:
        if self._writer.is_closing():
            return
        self._out.append((at, data))
        self._said.clear()
        self._out_bytes += len(data)
        if self._out_bytes > _MOST_WAITING_BYTES:
            # Asterisk too closes a session whose client doesn't read, in the middle of a message.
            self.drop()
        self._more.set()

    async def _write(self) -> None:
        while True:
            await self._more.wait()
            if not self._out:
                self._more.clear()
                self._said.set()
                continue
            at, data = self._out.popleft()
            wait_s = at - asyncio.get_running_loop().time()
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            await self._thawed.wait()
            if not await self._put(data):
                return
            self._out_bytes -= len(data)

    async def _put(self, data: bytes) -> bool:
        """Write; False when the fault says to cut here."""
        faults = self._faults
        cut = faults.cut_after_bytes
        if cut is not None:
            faults.cut_after_bytes = max(0, cut - len(data))
            data = data[:cut]
        size = faults.dribble_bytes or len(data) or 1
        for start in range(0, len(data), size):
            self._writer.write(data[start : start + size])
            await self._writer.drain()
            if faults.dribble_bytes:
                await asyncio.sleep(0)
        if cut is not None and not faults.cut_after_bytes:
            faults.cut_after_bytes = None
            self._writer.close()
            return False
        return True

    async def _flushed(self) -> None:
        """Let the last words out, but don't wait long for a client that doesn't listen."""
        try:
            async with asyncio.timeout(1.0):
                await self._said.wait()
                self._writer.close()
                await self._writer.wait_closed()
        except (TimeoutError, OSError):
            self.drop()
