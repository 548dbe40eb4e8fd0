"""A TCP proxy that misbehaves on command: put it in front of the PBX, the database, anything, and script its faults.

    async with TcpProxy("127.0.0.1", 5038) as proxy:      # in the test's own loop
        proxy.freeze(); ...; proxy.resume()
    with TcpProxyThread("127.0.0.1", 5038) as proxy:      # for blocking tests
        proxy.tell(TcpProxy.freeze)

`up` is towards the server, `down` towards the client. Faults act on connections that are open and on new ones, until `resume`.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")
CHUNK = 65536
CHUNKS_UNDER_WAY = 1024
CONNECT_S = 5.0
THREAD_S = 10.0


class TcpProxy:
    def __init__(self, host: str, port: int, *, listen_port: int = 0) -> None:
        self.host, self.target_port = host, port
        self.port = listen_port
        self.accepted = 0
        self.bytes_up = self.bytes_down = 0
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self._dropping_replies = False
        self._delay_s = 0.0
        self._single_bytes = False
        self._connections: dict[asyncio.Task[None], list[asyncio.StreamWriter]] = {}
        self._server: asyncio.Server | None = None

    # ---- faults

    def cut(self, *, refuse: bool = False) -> None:
        """Reset every connection; with `refuse` new ones are reset as well, until resume."""
        self._refusing = refuse
        for writers in self._connections.values():
            for writer in writers:
                reset(writer)

    def freeze(self) -> None:
        """Half-open: nothing passes either way, nothing is closed, new connections are accepted and starve."""
        self._flowing.clear()

    def drop_replies(self) -> None:
        """What the client sends arrives; what the server answers is lost."""
        self._dropping_replies = True

    def delay(self, seconds: float) -> None:
        """The server's bytes arrive that much later."""
        self._delay_s = seconds

    def split(self) -> None:
        """The server's bytes arrive one by one, each in a segment of its own."""
        self._single_bytes = True

    def resume(self) -> None:
        """All faults end; frozen bytes go on their way, dropped ones are gone."""
        self._refusing = self._dropping_replies = self._single_bytes = False
        self._delay_s = 0.0
        self._flowing.set()

    @property
    def open_connections(self) -> int:
        return len(self._connections)

    # ---- life

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        tasks = list(self._connections)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._server is not None:
            await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.stop()

    # ---- one connection

    async def _accept(self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.accepted += 1
        writers = self._connections[task] = [client_out]
        try:
            if self._refusing:
                reset(client_out)
                return
            async with asyncio.timeout(CONNECT_S):
                server_in, server_out = await asyncio.open_connection(self.host, self.target_port)
            writers.append(server_out)
            await self._carry(client_in, client_out, server_in, server_out)
        except (OSError, TimeoutError):
            reset(client_out)
        finally:
            for writer in writers:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
            del self._connections[task]

    async def _carry(
        self, client_in: asyncio.StreamReader, client_out: asyncio.StreamWriter,
        server_in: asyncio.StreamReader, server_out: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        """Until either side ends: then both are closed."""
        pumps = {
            asyncio.create_task(self._up(client_in, server_out)),
            asyncio.create_task(self._down(server_in, client_out)),
        }
        try:
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _up(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(CHUNK):
            await self._flowing.wait()
            self.bytes_up += len(data)
            sink.write(data)
            await sink.drain()

    async def _down(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Reading goes on while older bytes are still being delayed, so a delay stays that delay under load."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(CHUNKS_UNDER_WAY)
        delivery = asyncio.create_task(self._deliver(under_way, sink))
        try:
            while data := await source.read(CHUNK):
                if not self._dropping_replies:
                    await under_way.put((asyncio.get_running_loop().time() + self._delay_s, data))
            await under_way.put((0.0, b""))
            await delivery
        finally:
            delivery.cancel()

    async def _deliver(self, under_way: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._flowing.wait()
            if not data:
                return
            for piece in (data[i : i + 1] for i in range(len(data))) if self._single_bytes else (data,):
                sink.write(piece)
                await sink.drain()
                self.bytes_down += len(piece)
                if self._single_bytes:
                    await asyncio.sleep(0)


def reset(writer: asyncio.StreamWriter) -> None:
    """RST instead of FIN, as a firewall or a dying host does it."""
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class TcpProxyThread:
    """A TcpProxy with a loop of its own in a thread, for tests that block."""

    def __init__(self, host: str, port: int, *, listen_port: int = 0) -> None:
        self._target = (host, port, listen_port)
        self._ready = threading.Event()
        self._done: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._proxy: TcpProxy | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="tcp-proxy", daemon=True)

    async def _main(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        host, port, listen_port = self._target
        async with TcpProxy(host, port, listen_port=listen_port) as self._proxy:
            self._ready.set()
            await self._done.wait()

    def tell(self, act: Callable[[TcpProxy], T]) -> T:
        """Do something to the proxy in its own loop, and wait until it is done."""
        assert self._loop is not None and self._proxy is not None, "used outside of its with block"
        proxy = self._proxy

        async def run() -> T:
            return act(proxy)

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(THREAD_S)

    @property
    def port(self) -> int:
        return self.tell(lambda proxy: proxy.port)

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(THREAD_S):
            raise RuntimeError("the TCP proxy did not start")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        assert self._loop is not None and self._done is not None
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(THREAD_S)
