"""Timers by name."""

import asyncio
from datetime import UTC, datetime, timedelta

from core.effects import WakeAt
from core.events import Woke
from runtime.timers import Timers


class Clock:
    def __init__(self) -> None:
        self.heard: list[str] = []
        self.timers = Timers(self.take, self.now)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def take(self, woke: Woke) -> None:
        self.heard.append(woke.timer_id)

    def set(self, timer_id: str, in_s: float | None) -> None:
        at = None if in_s is None else self.now() + timedelta(seconds=in_s)
        self.timers.set(WakeAt(timer_id=timer_id, at=at))


async def test_each_goes_off_once_in_the_order_of_its_time() -> None:
    clock = Clock()
    clock.set("late", 0.06)
    clock.set("soon", 0.02)
    clock.set("past", -5)
    assert clock.timers.waiting == 3 and clock.heard == []
    await asyncio.sleep(0.15)
    assert clock.heard == ["past", "soon", "late"] and clock.timers.waiting == 0


async def test_a_later_one_replaces_an_earlier_and_none_cancels() -> None:
    clock = Clock()
    clock.set("a", 0.01)
    clock.set("a", 0.05)
    clock.set("b", 0.01)
    clock.set("b", None)
    clock.set("never set", None)
    await asyncio.sleep(0.03)
    assert clock.heard == []
    await asyncio.sleep(0.08)
    assert clock.heard == ["a"]


async def test_a_wall_clock_set_back_makes_it_wait_for_its_instant() -> None:
    clock = Clock()
    at = clock.now() + timedelta(seconds=0.05)
    real, clock.timers._now = clock.timers._now, lambda: at + timedelta(hours=1)
    clock.timers.set(WakeAt(timer_id="a", at=at))
    clock.timers._now = real
    await asyncio.sleep(0.02)
    assert clock.heard == []
    await asyncio.sleep(0.1)
    assert clock.heard == ["a"]


async def test_closed_means_silent() -> None:
    clock = Clock()
    clock.set("a", 0.01)
    clock.timers.close()
    await asyncio.sleep(0.03)
    assert clock.heard == []
