"""Lanes: work that must not hold up a step, done in order by a few workers, with a bound and a say in what happens when it is
reached. An item that fails is logged and counted; the lane goes on."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")
log = logging.getLogger(__name__)


class Lane(Generic[T]):
    """`put` never blocks; `run` is a task of whoever owns the lane. `on_full` gets what found no room."""

    def __init__(
        self,
        name: str,
        work: Callable[[T], Awaitable[None]],
        *,
        on_full: Callable[[T], None],
        bound: int = 1_000,
        workers: int = 1,
    ) -> None:
        self.name = name
        self._work = work
        self._on_full = on_full
        self._items: asyncio.Queue[T] = asyncio.Queue(bound)
        self._workers = workers
        self.failures = 0
        self.refused = 0

    @property
    def waiting(self) -> int:
        return self._items.qsize()

    def put(self, item: T) -> None:
        try:
            self._items.put_nowait(item)
        except asyncio.QueueFull:
            self.refused += 1
            self._on_full(item)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as workers:
            for number in range(self._workers):
                workers.create_task(self._serve(), name=f"{self.name}-{number}")

    async def _serve(self) -> None:
        while True:
            item = await self._items.get()
            try:
                await self._work(item)
            except Exception:
                self.failures += 1
                log.exception("%s failed", self.name, extra={"action": "lane_failed", "lane": self.name})
            finally:
                self._items.task_done()
