"""Timers by name: an effect sets one, and when it goes off the engine hears Woke. Never decides what that means."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from core.effects import WakeAt
from core.events import Woke


class Timers:
    """`deliver` is the engine's step, `now` the clock (UTC)."""

    def __init__(self, deliver: Callable[[Woke], None], now: Callable[[], datetime]) -> None:
        self._deliver, self._now = deliver, now
        self._set: dict[str, asyncio.TimerHandle] = {}

    @property
    def waiting(self) -> int:
        return len(self._set)

    def set(self, effect: WakeAt) -> None:
        """Within a step. An instant that has passed goes off in the loop's next turn."""
        if old := self._set.pop(effect.timer_id, None):
            old.cancel()
        if effect.at is None:
            return
        wait_s = max(0.0, (effect.at - self._now()).total_seconds())
        self._set[effect.timer_id] = asyncio.get_running_loop().call_later(wait_s, self._go_off, effect)

    def close(self) -> None:
        for handle in self._set.values():
            handle.cancel()
        self._set.clear()

    def _go_off(self, effect: WakeAt) -> None:
        assert effect.at is not None
        if self._now() < effect.at:  # the loop's clock runs a little ahead, or the wall clock was set back
            return self.set(effect)
        del self._set[effect.timer_id]
        self._deliver(Woke(at=effect.at, timer_id=effect.timer_id))
