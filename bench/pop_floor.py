"""The floor of the pop bench: raw asyncio reads AMI, the same SQL by the raw driver, `websockets` sends. Believes everything.

python -m bench.pop_floor DATABASE_URL|none AMI_PORT. Prints its port; ends when its standard input does. It tracks nothing, stores
nothing and signs nobody in: a socket says its extension in the path.
"""

import asyncio
import json
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import psycopg
from websockets.asyncio.server import ServerConnection, serve

from bench.dataset import SITE
from bench.pop_traffic import exten_of
from clients.sql_look_up import look_up_query
from runtime.prepared import Prepared
from runtime.process import prepare_process

Headers = dict[str, str]
Rows = list[tuple[Any, ...]]
_END = b"\r\n\r\n"


class Ami(asyncio.Protocol):
    """Logs in and hands over the headers of each AgentCalled."""

    def __init__(self, called: Callable[[Headers], None]) -> None:
        self._called = called
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(b"Action: Login\r\nActionID: 1\r\nUsername: svc\r\nSecret: secret\r\nEvents: on\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        frames = (self._rest + data).split(_END)
        self._rest = frames.pop()
        for frame in frames:
            if frame.startswith(b"Event: AgentCalled"):
                self._called(dict([line.split(": ", 1) for line in frame.decode().split("\r\n")]))


async def main(url: str, ami_port: int) -> None:
    screens: dict[str, ServerConnection] = {}
    look_up = await _look_up(url)
    waiting: asyncio.Queue[Headers] = asyncio.Queue()

    def send(h: Headers, rows: Rows) -> None:
        screen = screens.get(h["DestCallerIDNum"])
        if screen is not None:
            screen.protocol.send_text(json.dumps(_pop(h, rows), ensure_ascii=False, separators=(",", ":")).encode())
            screen.send_data()

    def called(h: Headers) -> None:
        if look_up is None or h["CallerIDNum"] == "anonymous":
            send(h, [])
        else:
            waiting.put_nowait(h)

    async def work() -> None:
        while look_up is not None:
            h = await waiting.get()
            send(h, await look_up(f"+{h['CallerIDNum']}"))

    async def screen(connection: ServerConnection) -> None:
        assert connection.request is not None
        screens[connection.request.path.strip("/")] = connection
        await connection.wait_closed()

    async with serve(screen, "127.0.0.1", 0, compression=None) as server:
        await asyncio.get_running_loop().create_connection(lambda: Ami(called), "127.0.0.1", ami_port)
        worker = asyncio.create_task(work())
        print(next(iter(server.sockets)).getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        worker.cancel()


async def _look_up(url: str) -> Callable[[str], Awaitable[Rows]] | None:
    """The very statement of the product, by the driver alone."""
    if url == "none":
        return None
    dialect = url.partition(":")[0]
    query = Prepared(look_up_query(dialect), dialect)
    text, constants = query._text, query._constants
    if url.startswith("sqlite"):
        file = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
        thread = ThreadPoolExecutor(1)

        def ask(number: str) -> Rows:
            return file.execute(text, constants | {"site": SITE, "number": number}).fetchall()

        async def in_file(number: str) -> Rows:
            # In a thread, as the other database's look-up is in another process: a loop that waits for a disk serves nobody.
            return await asyncio.get_running_loop().run_in_executor(thread, ask, number)

        return in_file
    connection = await psycopg.AsyncConnection.connect(url, autocommit=True, options="-c jit=off")

    async def in_server(number: str) -> Rows:
        cursor = await connection.execute(text, constants | {"site": SITE, "number": number})
        return await cursor.fetchall()

    return in_server


def _pop(h: Headers, rows: Rows) -> dict[str, object]:
    """As much as the product says of a call."""
    client = next((row for row in rows if row[0] == 0), (0, None, "", ""))
    pop = {
        "pop_id": h["DestUniqueid"], "card_id": h["Uniqueid"], "state": "ringing", "direction": "inbound",
        "number": h["CallerIDNum"], "number_text": h["CallerIDNum"], "caller_name": h["CallerIDName"],
        "dialled": str(exten_of(h["Uniqueid"])), "dialled_text": "", "queue": h["Queue"], "offered_at": "", "waiting_since": "",
        "client": {"client_id": client[1], "name": client[2], "note": client[3]}, "history_state": "ready",
        "history": [_past(row) for row in rows if row[0] == 1],
    }  # fmt: skip
    return {"type": "pop", "version": 1, "pop": pop, "unseen": False}


_PAST = (
    "card_id",
    "channel",
    "direction",
    "started_at",
    "queue",
    "agent",
    "talk_s",
    "disposition",
    "notes",
    "answered",
)


def _past(row: tuple[Any, ...]) -> dict[str, object]:
    past = dict(zip(_PAST, row[1:], strict=True))
    if isinstance(past["started_at"], datetime):
        past["started_at"] = past["started_at"].isoformat()
    return past | {"answered": row[10] is not None and str(row[10])}


if __name__ == "__main__":
    prepare_process()
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
