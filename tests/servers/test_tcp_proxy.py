"""Each fault of the proxy does what it says, to a server that echoes and greets."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator

import pytest

from tests.servers.tcp_proxy import TcpProxy, TcpProxyThread

GREETING = b"Asterisk Call Manager\r\n"
SHORT_S = 0.2


async def greet_and_echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(GREETING)
    try:
        while data := await reader.read(1000):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.fixture
async def proxy() -> AsyncIterator[TcpProxy]:
    server = await asyncio.start_server(greet_and_echo, "127.0.0.1", 0)
    async with TcpProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()
    await server.wait_closed()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def to(cls, proxy: TcpProxy) -> "Client":
        client = cls(*await asyncio.open_connection("127.0.0.1", proxy.port))
        assert await client.reader.readexactly(len(GREETING)) == GREETING
        return client

    async def echo(self, data: bytes) -> bytes:
        self.writer.write(data)
        return await self.reader.readexactly(len(data))

    async def silent(self) -> bool:
        try:
            async with asyncio.timeout(SHORT_S):
                await self.reader.readexactly(1)
        except TimeoutError:
            return True
        return False

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()


async def test_passes_bytes_both_ways(proxy: TcpProxy) -> None:
    client = await Client.to(proxy)
    assert await client.echo(b"x" * 100_000) == b"x" * 100_000
    assert proxy.bytes_up == 100_000
    await client.close()


async def test_cut_resets_and_refuses_until_resume(proxy: TcpProxy) -> None:
    client = await Client.to(proxy)
    proxy.cut(refuse=True)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await client.echo(b"lost")
    await client.close()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await Client.to(proxy)
    proxy.resume()
    again = await Client.to(proxy)
    assert await again.echo(b"back") == b"back"
    await again.close()


async def test_freeze_keeps_the_connection_and_loses_nothing(proxy: TcpProxy) -> None:
    client = await Client.to(proxy)
    proxy.freeze()
    client.writer.write(b"later")
    assert await client.silent()
    assert proxy.open_connections == 1
    proxy.resume()
    assert await client.reader.readexactly(5) == b"later"
    await client.close()


async def test_frozen_proxy_accepts_and_starves_newcomers(proxy: TcpProxy) -> None:
    proxy.freeze()
    client = Client(*await asyncio.open_connection("127.0.0.1", proxy.port))
    assert await client.silent()
    await client.close()


async def test_drops_only_replies(proxy: TcpProxy) -> None:
    client = await Client.to(proxy)
    proxy.drop_replies()
    client.writer.write(b"done, unseen")
    assert await client.silent()
    assert proxy.bytes_up == 12
    proxy.resume()
    assert await client.echo(b"seen") == b"seen"
    await client.close()


async def test_delay(proxy: TcpProxy) -> None:
    client = await Client.to(proxy)
    proxy.delay(SHORT_S)
    began = asyncio.get_running_loop().time()
    assert await client.echo(b"late") == b"late"
    assert asyncio.get_running_loop().time() - began >= SHORT_S
    await client.close()


async def test_split_sends_single_bytes(proxy: TcpProxy) -> None:
    client = await Client.to(proxy)
    proxy.split()
    client.writer.write("Жанна".encode())
    pieces = [await client.reader.read(1000) for _ in range(2)]
    assert len(pieces[0]) < 10  # never the whole at once
    rest = await client.reader.readexactly(10 - sum(map(len, pieces)))
    assert (b"".join(pieces) + rest).decode() == "Жанна"
    await client.close()


async def test_the_servers_end_ends_the_client(proxy: TcpProxy) -> None:
    client = await Client.to(proxy)
    client.writer.write_eof()
    assert await client.reader.read() == b""
    await client.close()


def test_from_a_blocking_test() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=answer_once, args=(server,))
        answering.start()
        with (
            TcpProxyThread("127.0.0.1", server.getsockname()[1]) as proxy,
            socket.create_connection(("127.0.0.1", proxy.port), timeout=5) as client,
        ):
            assert client.recv(100) == GREETING
            proxy.tell(TcpProxy.cut)
            with pytest.raises(ConnectionResetError):
                client.recv(1)
        answering.join(5)


def answer_once(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection, contextlib.suppress(ConnectionError):
        connection.sendall(GREETING)
        connection.recv(100)
