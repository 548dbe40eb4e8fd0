"""Frames for everybody: heartbeats and the state of the lines, in slices, so that a pop in between never waits for thousands."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter

from screenpop.ws_screen import Screen

Wanted = Callable[[Screen], bool]
_SLICE_S = 0.001
_MOST_WAITING = 1_000


class Everybody:
    """`tell` only queues; `run` is the task that hands out."""

    def __init__(self, screens: Callable[[], Sequence[Screen]]) -> None:
        self._screens = screens
        self._frames: deque[tuple[bytes, Wanted]] = deque(maxlen=_MOST_WAITING)
        self._something = asyncio.Event()

    def tell(self, frame: bytes, *, only: Wanted = lambda _screen: True) -> None:
        self._frames.append((frame, only))
        self._something.set()

    async def run(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._frames:
                await self._hand_out(*self._frames.popleft())

    async def _hand_out(self, frame: bytes, wanted: Wanted) -> None:
        until = perf_counter() + _SLICE_S
        for screen in self._screens():
            if wanted(screen):
                screen.offer(frame)
            if perf_counter() > until:
                await _let_others_in()
                until = perf_counter() + _SLICE_S


async def _let_others_in() -> None:
    """Twice: what came meanwhile stands in line behind us after the first time, so a pop would wait for one slice more."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)
