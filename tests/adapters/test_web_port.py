"""The port's connections: what the kernel is told about them, how many there may be, and how long nothing may happen."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.patience import PATIENT_S
from tests.servers.desk import Desk, running_desk
from web.server import take_port
from web.settings import WebSettings


async def test_small_frames_never_wait_for_an_acknowledgement() -> None:
    listener = take_port(WebSettings(port=0))
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _reader, writer: accepted.set_result(writer), sock=listener)
    _, ours = await asyncio.open_connection(*listener.getsockname())
    theirs = await accepted
    try:
        taken = theirs.get_extra_info("socket")
        assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        for writer in (ours, theirs):
            writer.close()
            await writer.wait_closed()
        server.close()
        await server.wait_closed()


HEAD = b"POST /api/session HTTP/1.1\r\nHost: x\r\n"
IDLERS = {
    "silent": b"",
    "half a head": HEAD,
    "half a body": HEAD + b"Origin: http://x\r\nContent-Length: 100\r\n\r\n{",
    "half a handshake": b"GET /api/socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
    "refused": b"GET /api/socket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    "answered": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
}


@contextlib.asynccontextmanager
async def idlers(desk: Desk, count: int, says: bytes, address: str) -> AsyncIterator[list[asyncio.StreamReader]]:
    """So many connections that say this and no more; readers end when the server cuts them."""
    opened: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    try:
        for _ in range(count):
            with contextlib.suppress(OSError):
                pair = await asyncio.open_connection("127.0.0.1", desk.port, local_addr=(address, 0))
                opened.append(pair)
                pair[1].write(says)
        yield [reader for reader, _ in opened]
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def over(readers: list[asyncio.StreamReader]) -> None:
    async def ended(reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while await reader.read(65_536):
                pass

    await asyncio.gather(*(ended(reader) for reader in readers))


@pytest.mark.parametrize("says", IDLERS.values(), ids=IDLERS)
async def test_a_connection_that_becomes_nothing_is_cut_in_time(says: bytes) -> None:
    async with running_desk(settings=WebSettings(port=0, request_s=1.0, shutdown_s=1)) as desk:
        assert desk.server is not None
        async with idlers(desk, 20, says, "127.0.0.3") as readers, asyncio.timeout(2.5):
            await over(readers)
        assert desk.server.connections == 0


async def test_a_byte_now_and_then_doesnt_help() -> None:
    async with running_desk(settings=WebSettings(port=0, request_s=1.0, shutdown_s=1)) as desk:
        reader, writer = await asyncio.open_connection("127.0.0.1", desk.port)
        writer.write(HEAD + b"X-Slow: ")

        async def drip() -> None:
            with contextlib.suppress(OSError):
                while True:
                    writer.write(b"a")
                    await asyncio.sleep(0.1)

        dripping = asyncio.get_running_loop().create_task(drip())
        try:
            async with asyncio.timeout(2.5):
                await over([reader])
        finally:
            dripping.cancel()
            writer.transport.abort()


async def test_two_thousand_idlers_of_one_address_have_few_places_and_others_are_served() -> None:
    settings = WebSettings(port=0, request_s=2.0, connections_per_address=300, shutdown_s=1)
    async with running_desk(settings=settings) as desk:
        assert desk.server is not None
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        async with desk.socket(anna) as page:
            await page.hear()
            async with idlers(desk, 2_000, b"", "127.0.0.3") as readers:
                assert desk.server.connections <= 300 + 5
                assert (await anna.get("/api/me")).status_code == 200
                desk.arrive("during-the-flood")
                desk.ring("during-the-flood", "1001")
                assert (await page.hear())["type"] == "pop"
                async with asyncio.timeout(PATIENT_S):
                    await over(readers)
            assert desk.server.connections <= 5
            # Its places are free again, for that address too.
            transport = httpx.AsyncHTTPTransport(local_address="127.0.0.3")
            async with httpx.AsyncClient(base_url=desk.origin, transport=transport) as late:
                assert (await late.get("/healthz")).status_code == 200


async def test_sockets_that_were_let_in_take_no_place_at_the_door() -> None:
    settings = WebSettings(port=0, connections_per_address=3, shutdown_s=1)
    async with running_desk(settings=settings) as desk, contextlib.AsyncExitStack() as stack:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        for _ in range(6):
            page = await stack.enter_async_context(desk.socket(anna))
            await page.hear()
        assert desk.hub.open_screens == 6


async def test_who_takes_nothing_of_an_answer_is_cut() -> None:
    async with running_desk(settings=WebSettings(port=0, request_s=1.0, shutdown_s=1)) as desk:
        assert desk.server is not None
        plug = socket.socket()
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        plug.connect(("127.0.0.1", desk.port))
        plug.sendall(b"GET /api/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n" * 200)
        plug.setblocking(False)
        try:
            for _ in range(60):
                await asyncio.sleep(0.1)
                if desk.server.connections == 0:
                    break
            assert desk.server.connections == 0
        finally:
            plug.close()
