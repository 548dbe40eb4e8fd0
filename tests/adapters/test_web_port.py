"""The port's sockets: what the kernel is told about them."""

import asyncio
import socket

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
