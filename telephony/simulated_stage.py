"""The stage on which simulated calls are played: generators, a clock handed in, interrupts. Never sleeps, knows no PBX.

A story is a generator that yields how many seconds to wait. Interrupts (somebody hangs up, an AMI action moves the call)
are thrown into it at its next wait. The adapter drives the stage with real time; tests and the making of past days drive it
with a virtual clock, so that a day passes in a second.
"""

import heapq
import logging
from collections.abc import Callable, Generator
from itertools import count

log = logging.getLogger(__name__)

Story = Generator[float, None, None]


class Interrupt(Exception):
    """Something from outside that a story has to react to."""


class Performance:
    """One story under way."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.turn = 0
        self.over = False
        self.at_end: list[Callable[[], None]] = []


class Stage:
    """Plays stories in the order of their times. `speed` 10 makes every wait a tenth; instants stay those of the clock."""

    def __init__(self, *, now: float, speed: float = 1.0) -> None:
        self.now = now
        self.speed = speed
        self._agenda: list[tuple[float, int, Performance, int, Interrupt | None]] = []
        self._order = count()
        self._running: set[Performance] = set()
        self.on_news: Callable[[], None] = lambda: None

    def play(self, story: Story, *, after_s: float = 0.0) -> Performance:
        """Begin a story `after_s` story seconds from now."""
        performance = Performance(story)
        self._running.add(performance)
        self._put(performance, self.now + after_s / self.speed)
        self.on_news()
        return performance

    def interrupt(self, performance: Performance, interrupt: Interrupt) -> None:
        """Throw `interrupt` into the story at the next advance, if it is still on."""
        heapq.heappush(self._agenda, (self.now, next(self._order), performance, -1, interrupt))
        self.on_news()

    def due(self) -> float | None:
        """When something has to happen next, on the clock's scale."""
        return self._agenda[0][0] if self._agenda else None

    def advance(self, now: float, *, most: int = 1000) -> None:
        """Let everything happen that is due by `now`, at its own instant; at most `most` turns, so that others get theirs."""
        while self._agenda and self._agenda[0][0] <= now and most:
            at, _, performance, turn, interrupt = heapq.heappop(self._agenda)
            if performance.over or (interrupt is None and turn != performance.turn):
                continue
            self.now = max(self.now, at)
            self._turn(performance, interrupt)
            most -= 1
        if not self._agenda or self._agenda[0][0] > now:
            self.now = max(self.now, now)

    def clear(self) -> None:
        """Stop all stories where they are, as a crash does."""
        self._agenda.clear()
        for performance in list(self._running):
            self.stop(performance)

    def stop(self, performance: Performance) -> None:
        """End one story where it is."""
        if not performance.over:
            self._finish(performance)
            performance.story.close()

    def _put(self, performance: Performance, at: float) -> None:
        performance.turn += 1
        heapq.heappush(self._agenda, (at, next(self._order), performance, performance.turn, None))

    def _turn(self, performance: Performance, interrupt: Interrupt | None) -> None:
        try:
            wait = performance.story.throw(interrupt) if interrupt else next(performance.story)
        except (StopIteration, Interrupt):
            # An interrupt that reaches the top had nobody left to react to it.
            self._finish(performance)
        except Exception:
            log.exception("a simulated story failed", extra={"action": "story_failed"})
            self._finish(performance)
        else:
            self._put(performance, self.now + max(0.0, wait) / self.speed)

    def _finish(self, performance: Performance) -> None:
        performance.over = True
        self._running.discard(performance)
        for tell in performance.at_end:
            tell()
