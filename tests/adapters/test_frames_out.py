"""What the port writes past the WebSocket library, read back by that library; and frames for everybody, which leave the loop its
turns."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from screenpop.ws_everybody import Everybody
from web.server import text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 70_000])
def test_a_text_of_any_length_is_one_frame_that_the_library_reads(size: int) -> None:
    page = ClientProtocol(parse_uri("ws://127.0.0.1/"), state=State.OPEN)
    text = ("Ж" * (size // 2)).encode() + b"!" * (size % 2)
    page.receive_data(text_frame(text) + text_frame(b"next"))
    read = [(e.opcode, bytes(e.data), e.fin) for e in page.events_received() if isinstance(e, Frame)]
    assert read == [(Opcode.TEXT, text, True), (Opcode.TEXT, b"next", True)]


class SlowScreen:
    """Takes 0.4 ms for a frame."""

    def __init__(self) -> None:
        self.got: list[bytes] = []

    def offer(self, frame: bytes) -> None:
        until = asyncio.get_running_loop().time() + 0.0004
        while asyncio.get_running_loop().time() < until:
            pass
        self.got.append(frame)


async def test_a_frame_for_everybody_lets_a_pop_in_between_after_a_millisecond() -> None:
    screens: Any = [SlowScreen() for _ in range(50)]
    everybody = Everybody(lambda: screens)
    running = asyncio.create_task(everybody.run())
    everybody.tell(b"tick")
    served: list[int] = []
    while not served or served[-1] < len(screens):
        served.append(sum(bool(screen.got) for screen in screens))
        await asyncio.sleep(0)
    running.cancel()
    assert max(later - sooner for sooner, later in pairwise(served)) <= 3
    assert all(screen.got == [b"tick"] for screen in screens)
