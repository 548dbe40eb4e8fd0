"""A lane: in order, bounded, never stopped by one item."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import pytest

from runtime.lanes import Lane
from tests.patience import PATIENT_S


@contextlib.asynccontextmanager
async def running(lane: Lane[int]) -> AsyncIterator[None]:
    task = asyncio.create_task(lane.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def nobody(item: int) -> None:
    raise AssertionError(f"{item} found no room")


async def test_one_worker_keeps_the_order() -> None:
    done: list[int] = []
    finished = asyncio.Event()

    async def work(item: int) -> None:
        await asyncio.sleep(0)
        done.append(item)
        if item == 99:
            finished.set()

    lane: Lane[int] = Lane("order", work, on_full=nobody)
    for item in range(50):
        lane.put(item)
    assert lane.waiting == 50
    async with running(lane):
        for item in range(50, 100):
            lane.put(item)
        async with asyncio.timeout(PATIENT_S):
            await finished.wait()
    assert done == list(range(100)) and lane.waiting == 0


async def test_what_finds_no_room_is_handed_back_at_once() -> None:
    back: list[int] = []

    async def work(item: int) -> None:
        raise AssertionError("nobody works here")

    lane: Lane[int] = Lane("full", work, on_full=back.append, bound=3)
    for item in range(5):
        lane.put(item)
    assert back == [3, 4] and lane.refused == 2 and lane.waiting == 3


async def test_an_item_that_fails_costs_only_itself(caplog: pytest.LogCaptureFixture) -> None:
    done: list[int] = []
    finished = asyncio.Event()

    async def work(item: int) -> None:
        if item % 2:
            raise ValueError(item)
        done.append(item)
        if item == 8:
            finished.set()

    lane: Lane[int] = Lane("failing", work, on_full=nobody)
    with caplog.at_level(logging.CRITICAL):
        async with running(lane):
            for item in range(9):
                lane.put(item)
            async with asyncio.timeout(PATIENT_S):
                await finished.wait()
    assert done == [0, 2, 4, 6, 8] and lane.failures == 4


async def test_several_workers_do_not_wait_for_each_other() -> None:
    together, done = asyncio.Barrier(3), asyncio.Event()

    async def work(item: int) -> None:
        await together.wait()
        if item == 5:
            done.set()

    lane: Lane[int] = Lane("wide", work, on_full=nobody, workers=3)
    async with running(lane):
        for item in range(6):
            lane.put(item)
        async with asyncio.timeout(PATIENT_S):
            await done.wait()
    assert lane.failures == 0


async def test_cancelled_the_lane_ends_and_its_workers_with_it() -> None:
    begun = asyncio.Event()

    async def work(item: int) -> None:
        begun.set()
        await asyncio.sleep(60)

    lane: Lane[int] = Lane("ending", work, on_full=nobody, workers=2)
    before = len(asyncio.all_tasks())
    async with running(lane):
        lane.put(1)
        await begun.wait()
    assert len(asyncio.all_tasks()) == before and lane.failures == 0
