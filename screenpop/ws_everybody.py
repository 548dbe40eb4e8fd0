"""Frames for everybody: heartbeats and the state of the lines, in slices, so that a pop in between never waits for thousands."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from screenpop.ws_screen import Screen

Wanted = Callable[[Screen], bool]
_SLICE = 200
_MOST_WAITING = 1_000


class Everybody:
    """`tell` only queues; `run` is the task that hands out."""

    def __init__(self, screens: Callable[[], Sequence[Screen]]) -> None:
        self._screens = screens
        self._frames: deque[tuple[str, Wanted]] = deque(maxlen=_MOST_WAITING)
        self._something = asyncio.Event()

    def tell(self, frame: str, *, only: Wanted = lambda _screen: True) -> None:
        self._frames.append((frame, only))
        self._something.set()

    async def run(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            while self._frames:
                await self._hand_out(*self._frames.popleft())

    async def _hand_out(self, frame: str, wanted: Wanted) -> None:
        for number, screen in enumerate(self._screens(), 1):
            if wanted(screen):
                screen.offer(frame)
            if number % _SLICE == 0:
                await asyncio.sleep(0)
