"""One contender of the sockets bench: python -m bench.socket_server bare|websockets|ours HOW_MANY.

Prints {"port", "doors"}; then obeys lines of its input: `rss` prints its memory in KB, `push COUNT A_SECOND` pushes 2 KB to one
socket after the other, chosen at random, and prints "done"; `board COUNT` sends 2 KB to everybody so often, pushes to some in
between, and prints {"handed": [...], "cpu": [...], "between": [...]}: seconds until the last frame was handed over, of the
processor for that, and from the moment when a push in between was due until it was written.
"""

import asyncio
import base64
import hashlib
import json
import random
import resource
import secrets
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

from core.model import ClientSummary, Direction, PastInteraction, Pop, Role
from core.values import changed
from runtime.metrics import Registry
from runtime.wire import encode
from screenpop.protocol import PopShown, plain
from screenpop.ws import Hub
from web.accounts import Accounts
from web.app import create_app
from web.memory import MemoryAccounts, MemoryAuditTrail
from web.passwords import Passwords
from web.people import User
from web.server import WebServer, take_port
from web.settings import WebSettings

Push = Callable[[int], None]
Board = Callable[[bytes], Awaitable[None]]
Running = tuple[int, list[tuple[str, str]], Push, Board]
_BETWEEN = 12


def frame() -> bytes:
    """The same message as ours, from ready values: encoding belongs to a push for everybody."""
    _MESSAGE["sent"] = f"@{time.perf_counter()}@"
    return encode(_MESSAGE)


class Bare(asyncio.Protocol):
    """The least that a WebSocket server can be: a handshake, and frames out."""

    crowd: list["Bare"] = []  # noqa: RUF012  # one server a process

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"GET "):
            return  # what pages say isn't read here
        key = data.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()).decode()
        lines = (
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept}",
        )
        self._transport.write("\r\n".join((*lines, "", "")).encode())
        Bare.crowd.append(self)

    def push(self, text: bytes) -> None:
        self._transport.write(b"\x81\x7e" + len(text).to_bytes(2, "big") + text)


@asynccontextmanager
async def bare(many: int) -> AsyncIterator[Running]:
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0, backlog=2048)
    async with server:
        door = server.sockets[0].getsockname()[1]
        yield door, [("", "")] * many, lambda nth: Bare.crowd[nth].push(frame()), _bare_board


async def _bare_board(text: bytes) -> None:
    for one in Bare.crowd:
        one.push(text)


@asynccontextmanager
async def plain_websockets(many: int) -> AsyncIterator[Running]:
    crowd: list[ServerConnection] = []
    pushing: set[asyncio.Task[None]] = set()

    async def screen(connection: ServerConnection) -> None:
        crowd.append(connection)
        with suppress(ConnectionClosed):
            async for _ in connection:
                pass

    def push(nth: int) -> None:
        task = asyncio.create_task(crowd[nth].send(frame(), text=True))
        pushing.add(task)
        task.add_done_callback(pushing.discard)

    async def board(text: bytes) -> None:
        broadcast(crowd, text, text=True)

    async with serve(screen, "127.0.0.1", 0, compression=None, backlog=2048) as server:
        yield next(iter(server.sockets)).getsockname()[1], [("", "")] * many, push, board


@asynccontextmanager
async def ours(many: int) -> AsyncIterator[Running]:
    """Meridian's port and hub, with everybody signed in at an extension of their own."""
    settings = WebSettings(port=0, ticket_s=600)
    registry, passwords = Registry(), Passwords()
    accounts = Accounts(store=_Indexed(), audit=MemoryAuditTrail(), passwords=passwords, settings=settings)
    hub = Hub(accounts=accounts, registry=registry)
    listener = take_port(settings)
    app = create_app(settings=settings, accounts=accounts, registry=registry, checks={}, routers=(hub.router(),))
    server = WebServer(app, listener, settings)
    tasks = [asyncio.create_task(server.serve()), asyncio.create_task(hub.run())]
    password_hash = await passwords.hash(secrets.token_hex(8))
    doors = [await _door(accounts, password_hash, nth) for nth in range(many)]

    async def board(text: bytes) -> None:
        handed = asyncio.Event()
        hub._everybody.tell(text)
        hub._everybody.tell(
            b"", only=lambda _screen: bool(handed.set())
        )  # to nobody: its turn comes when the first is done
        await handed.wait()

    yield server.port, doors, lambda nth: hub.show(_pop(nth)), board
    hub.close()
    server.stop()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    passwords.close()


class _Indexed(MemoryAccounts):
    """The store in memory looks through all sessions for a token; five thousand would make the handshakes quadratic."""

    def __init__(self) -> None:
        super().__init__()
        self._by_token: dict[str, str] = {}

    async def open_session(self, session):  # type: ignore[no-untyped-def]
        await super().open_session(session)
        self._by_token[session.token_hash] = session.session_id

    async def session(self, token_hash):  # type: ignore[no-untyped-def]
        found = self._sessions[self._by_token[token_hash]]
        return found, self._users[found.user_id]

    async def user_by_login(self, login):  # type: ignore[no-untyped-def]
        return None


async def _door(accounts: Accounts, password_hash: str, nth: int) -> tuple[str, str]:
    """A signed-in session's cookie and ticket, without the seconds that five thousand real passwords would take."""
    user = User(
        user_id=f"u{nth}",
        login=f"op{nth}",
        name="Op",
        password_hash=password_hash,
        role=Role.OPERATOR,
        site="bench",
        extension=str(10_000 + nth),
        language=None,
    )
    await accounts._store.save_user(user)
    token, who = await accounts._opened(user, user.extension, "127.0.0.1")
    return f"meridian_session={token}", f"meridian.v1, ticket.{accounts.ticket(who)}"


_BEGAN = datetime(2026, 11, 21, tzinfo=UTC)
_HISTORY = tuple(
    PastInteraction(
        card_id=f"018bcfe5-6800-7000-9000-{n:012x}",
        channel="voice",
        direction=Direction.INBOUND,
        started_at=_BEGAN - timedelta(days=n),
        queue="support",
        agent="1001",
        talk_s=61.0,
        disposition="callback",
        notes="Asked about the bill of last month; promised to call back when the books are closed",
        answered=True,
    )
    for n in range(4)
)
_POP = Pop(
    pop_id="",
    card_id="018bcfe5-6800-7000-9000-00000000002a",
    leg_id="1",
    agent="",
    state="ringing",
    direction=Direction.INBOUND,
    number="+79161234567",
    caller_name="",
    dialled="500",
    queue="support",
    offered_at=_BEGAN,
    waiting_since=_BEGAN,
    client=ClientSummary(client_id="c", name="Ivan", number="+79161234567", note="Calls every month " * 20),
    history=_HISTORY,
    history_state="ready",
)
_MESSAGE = plain(PopShown(version=1, pop=_POP, unseen=False))


def _pop(nth: int) -> Pop:
    """About 2 KB as a frame."""
    return changed(_POP, pop_id=secrets.token_hex(8), agent=str(10_000 + nth), caller_name=f"@{time.perf_counter()}@")


CONTENDERS = {"bare": bare, "websockets": plain_websockets, "ours": ours}


async def main(name: str, many: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    async with CONTENDERS[name](many) as (port, doors, push, board):
        print(json.dumps({"port": port, "doors": doors}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            match line.split():
                case ["rss"]:
                    print(_rss_kb(), flush=True)
                case ["push", count, a_second]:
                    for _ in range(int(count)):
                        await asyncio.sleep(random.expovariate(float(a_second)))
                        push(random.randrange(many))
                    print("done", flush=True)
                case ["board", count]:
                    print(json.dumps(await _boards(int(count), many, push, board)), flush=True)


async def _boards(count: int, many: int, push: Push, board: Board) -> dict[str, list[float]]:
    loop = asyncio.get_running_loop()
    handed: list[float] = []
    cpu: list[float] = []
    between: list[float] = []

    def push_due(due: float) -> None:
        push(random.randrange(many))
        between.append(loop.time() - due)

    text = encode(_MESSAGE)
    for _ in range(count):
        await asyncio.sleep(0.5)
        began, cpu_began = loop.time(), time.thread_time()
        for nth in range(_BETWEEN):  # all over the time that it takes, some 15 us a socket
            after_s = 0.002 + nth * many * 1.2e-6
            loop.call_at(began + after_s, push_due, began + after_s)
        await board(text)
        handed.append(loop.time() - began)
        cpu.append(time.thread_time() - cpu_began)
    await asyncio.sleep(0.5)
    return {"handed": handed, "cpu": cpu, "between": between}


def _rss_kb() -> int:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
