"""What the port writes past the WebSocket library, read back by that library; frames for everybody, which leave the loop its
turns; the end of a call, which lets pops pass."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from screenpop.ws import HubSettings
from screenpop.ws_everybody import Everybody
from screenpop.ws_screen import Screen
from tests.servers.desk import running_desk
from web.server import SEND_NOW, text_frame


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


class Socket:
    """As Starlette's, as far as a screen needs it to write at once."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.scope = {"extensions": {SEND_NOW: {"send": self._send}}}

    def _send(self, frame: bytes) -> bool:
        self.sent.append(frame)
        return True


async def test_what_may_wait_a_moment_is_sent_soon_and_never_after_what_came_later() -> None:
    socket: Any = Socket()
    screen = Screen(socket, None, heard=lambda _screen, _message: None)  # type: ignore[arg-type]  # nobody asks who it is
    screen.offer_in_a_moment(b"1")
    assert socket.sent == []
    await asyncio.sleep(0.02)
    assert socket.sent == [b"1"]
    screen.offer_in_a_moment(b"2")
    screen.offer_in_a_moment(b"3")
    screen.offer(b"4")
    await asyncio.sleep(0.02)
    assert socket.sent == [b"1", b"2", b"3", b"4"]


async def test_the_end_of_a_call_lets_the_next_pop_pass_and_each_operator_hears_in_order() -> None:
    async with running_desk() as desk:
        for login, phone in (("anna", "1001"), ("boris", "1002")):
            await desk.user(login, phone)
        async with desk.socket(await desk.signed_in("anna")) as hers, desk.socket(await desk.signed_in("boris")) as his:
            await hers.hear()
            await his.hear()
            desk.arrive("call-1")
            desk.ring("call-1", "1001")
            while (await hers.hear())["pop"]["history_state"] == "loading":  # type: ignore[index,call-overload]
                pass
            (her_screen,) = desk.hub._by_agent["1001"]
            desk.end("call-1")
            assert len(her_screen._held) == 1
            desk.arrive("call-2")
            desk.ring("call-2", "1002")
            assert len(her_screen._held) == 1
            desk.arrive("call-3")
            desk.ring("call-3", "1001")
            heard: list[Any] = [await hers.hear(), await hers.hear()]
            assert [(one["pop"]["card_id"], one["pop"]["state"]) for one in heard] == [
                ("call-1", "ended"),
                ("call-3", "ringing"),
            ]
            assert heard[1]["version"] == heard[0]["version"] + 1


async def test_heartbeats_reach_every_screen_once_a_round_and_never_all_at_once() -> None:
    async with running_desk(hub_settings=HubSettings(tick_s=1.0)) as desk:
        hub = desk.hub
        screens = [Socket() for _ in range(40)]
        for nth, socket in enumerate(screens):
            screen: Any = Screen(socket, None, heard=lambda _screen, _message: None, beat=next(hub._beats))  # type: ignore[arg-type]
            hub._by_agent[f"phone {nth}"] = [screen]
        seen = [0]
        while seen[-1] < len(screens):
            await asyncio.sleep(0.01)
            seen.append(sum(bool(socket.sent) for socket in screens))
        assert max(later - sooner for sooner, later in pairwise(seen)) <= 10
        assert all(len(socket.sent) == 1 for socket in screens)
        hub._by_agent.clear()
