"""From the AMI message that says "it rings" to the pop's frame at the operator's socket, and to what Chromium shows.

A PBX in this process plays 100 calls a second to ten operators' sockets, and 1,000 other events a second of 500 queue calls.
The service under test is a process of its own: Meridian as it is run (tracker, cards, look-ups, everything stored), or the floor,
which reads, looks up and sends and does nothing else. Ours and the floor by turns, each on a fresh copy of the same database.
"""

import asyncio
import re
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from websockets.asyncio.client import ClientConnection, connect

from bench import dataset
from bench.dataset import Size
from bench.kept_postgres import KeptPostgres, kept_postgres
from bench.measure import KEPT, ROOT, Row, command, median, milliseconds, quantile, ratios, say, spread
from bench.pop_service import PASSWORD
from bench.pop_traffic import OPERATORS, Kind, Traffic
from bench.streams import queue_calls
from tests.servers.ami_peer import AmiPeer

SIZE = Size(99_990)
_DIALLED = re.compile(r'"dialled":"(5\d{6})"')


@dataclass(slots=True)
class Seen:
    """When each call's first frame came, and the first with its history."""

    first: dict[int, float] = field(default_factory=dict)
    whole: dict[int, float] = field(default_factory=dict)

    def take(self, frame: str) -> int | None:
        at = time.perf_counter()
        found = _DIALLED.search(frame)
        if found is None:
            return None
        dialled = int(found[1])
        self.first.setdefault(dialled, at)
        if '"history_state":"ready"' in frame:
            self.whole.setdefault(dialled, at)
        return dialled


@dataclass(frozen=True, slots=True)
class Waits:
    """Seconds from AgentCalled to the frame, by how the call came. `lost`: pops that never came."""

    first: dict[Kind, list[float]]
    whole: dict[Kind, list[float]]
    lost: int


def rows(quick: bool) -> list[Row]:
    return asyncio.run(_rows(quick))


async def _rows(quick: bool) -> list[Row]:
    seconds, rounds = (4.0, 1) if quick else (12.0, 3)
    found: list[Row] = []
    with kept_postgres() as server:
        databases: dict[str, Callable[[], str]] = {"SQLite": sqlite_copy}
        if server is not None:
            databases["PostgreSQL"] = lambda: _postgres_copy(server)
        bare = [await _measured("none", None, seconds)]
        for name, copy in databases.items():
            floor, ours = [], []
            for turn in range(rounds):
                say(f"pop: {name}, round {turn + 1} of {rounds}")
                floor.append(await _measured(await asyncio.to_thread(copy), None, seconds))
                ours.append(await _measured(await asyncio.to_thread(copy), KEPT / "pop", seconds))
                bare.append(await _measured("none", None, seconds))
            found += _compared(name, floor, ours, bare[-rounds:])
    return found


def _compared(name: str, floor: list[Waits], ours: list[Waits], bare: list[Waits]) -> list[Row]:
    return [
        *_pair(f"AgentCalled -> frame, number withheld (no look-up), {name}", floor, ours, Kind.WITHHELD, "first"),
        *_pair(
            f"AgentCalled -> frame, number withheld, {name}, against no database at all",
            bare,
            ours,
            Kind.WITHHELD,
            "first",
            judged=False,
        ),
        *_pair(f"AgentCalled -> frame with history, caller waited 0.2 s, {name}", floor, ours, Kind.WAITED, "whole"),
        *_pair(f"AgentCalled -> frame with history, rings as it comes, {name}", floor, ours, Kind.AT_ONCE, "whole"),
        *_pair(
            f"AgentCalled -> first frame, rings as it comes, {name}, against no look-up",
            bare,
            ours,
            Kind.AT_ONCE,
            "first",
            judged=False,
        ),
    ]


def _pair(
    what: str, floor: list[Waits], ours: list[Waits], kind: Kind, which: str, *, judged: bool = True
) -> list[Row]:
    found = []
    for share, bar in ((0.5, "<= 2"), (0.99, "<= 3")):
        under = [quantile(getattr(waits, which)[kind], share) for waits in floor]
        over = [quantile(getattr(waits, which)[kind], share) for waits in ours]
        slower = ratios(over, under)
        found.append(
            Row(
                part="pop",
                what=f"{what}, p{share * 100:g}",
                baseline=milliseconds(median(under)),
                ours=milliseconds(median(over)),
                ratio=median(slower),
                spread=spread(slower),
                bar=bar if judged else "",
                note=f"{sum(w.lost for w in ours)} of ours lost",
            )
        )
    return found


async def _measured(url: str, folder: Path | None, seconds: float) -> Waits:
    """One round against the service (with a `folder` of its own) or the floor."""
    others, _ = queue_calls(events=200_000, at_once=500)
    seen = Seen()
    async with AmiPeer() as peer, AsyncExitStack() as stack:
        port = await stack.enter_async_context(process(url, peer.port, folder))
        for extension in OPERATORS:
            socket = await (
                signed_in(port, extension)
                if folder
                else connect(f"ws://127.0.0.1:{port}/{extension}", compression=None)
            )
            stack.push_async_callback(socket.close)
            listening = asyncio.create_task(listen(socket, seen))
            stack.callback(listening.cancel)
        traffic = Traffic(peer, others, SIZE.regulars)
        await traffic.play(1.0, first=0)
        traffic.sent.clear()
        await traffic.play(seconds, first=1_000)
    return _waits(traffic, seen)


def _waits(traffic: Traffic, seen: Seen) -> Waits:
    waits = Waits({kind: [] for kind in Kind}, {kind: [] for kind in Kind}, 0)
    lost = 0
    for dialled, (sent, kind) in traffic.sent.items():
        if dialled not in seen.whole:
            lost += 1
            continue
        waits.first[kind].append(seen.first[dialled] - sent)
        waits.whole[kind].append(seen.whole[dialled] - sent)
    return Waits(waits.first, waits.whole, lost)


@asynccontextmanager
async def process(url: str, ami_port: int, folder: Path | None) -> AsyncIterator[int]:
    line = ["bench.pop_service", url, str(ami_port), str(folder)] if folder else ["bench.pop_floor", url, str(ami_port)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            yield_port = await process.stdout.readline()
        if not yield_port.strip():
            raise RuntimeError(f"{line[0]} didn't start")
        yield int(yield_port)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        async with asyncio.timeout(30):
            await process.wait()


async def signed_in(port: int, extension: str) -> ClientConnection:
    """A page's socket: password, ticket, handshake, resume."""
    origin = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=origin, headers={"Origin": origin}, trust_env=False) as client:
        answer = await client.post(
            "/api/session", json={"login": f"op{extension}", "password": PASSWORD, "extension": extension}
        )
        answer.raise_for_status()
        ticket = (await client.post("/api/socket-ticket")).json()["ticket"]
        socket = await connect(
            f"ws://127.0.0.1:{port}/api/socket",
            origin=origin,  # type: ignore[arg-type]
            subprotocols=["meridian.v1", f"ticket.{ticket}"],  # type: ignore[list-item]
            additional_headers={"Cookie": f"meridian_session={client.cookies['meridian_session']}"},
            proxy=None,
            compression=None,
        )
    await socket.send('{"type":"resume","epoch":null,"version":null}')
    return socket


async def listen(socket: ClientConnection, seen: Seen) -> None:
    async for frame in socket:
        text = frame if isinstance(frame, str) else frame.decode()
        if text.startswith('{"type":"tick"'):
            await socket.send('{"type":"pulse"}')
        else:
            seen.take(text)


def sqlite_copy() -> str:
    folder = KEPT / "pop"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(dataset.in_sqlite(SIZE).removeprefix("sqlite:///"), folder / "pop.db")
    return f"sqlite:///{folder}/pop.db"


def _postgres_copy(server: KeptPostgres) -> str:
    shutil.rmtree(KEPT / "pop", ignore_errors=True)
    dataset.in_postgres(server, SIZE)
    with server.connection() as connection:
        connection.execute("DROP DATABASE IF EXISTS pop WITH (FORCE)")
        connection.execute(f'CREATE DATABASE pop TEMPLATE "{SIZE.name}"')
    return server.url("pop")


if __name__ == "__main__":
    sys.exit(command("pop", __doc__ or "", rows))
