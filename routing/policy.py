"""What is decided about a queue: who may serve it and when that is relaxed, what comes first, who is chosen. Values."""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import BadConfiguration
from routing.requirement import ANYBODY, Requirement


class Strategy(StrEnum):
    """Who of several free operators gets the item. Ties go to the one who has been idle longest.

    `longest_idle`: since they last finished work (DEFINITIONS 13). `best_skill`: the highest sum of levels of the skills that the
    requirement names. `least_loaded`: fewest items now, then fewest so far. `round_robin`: whose last offer is longest ago.
    `ring_all`: everybody at once. `scarcity`: whose other skills are least sought after for their number (scarcity.py).
    """

    LONGEST_IDLE = "longest_idle"
    BEST_SKILL = "best_skill"
    LEAST_LOADED = "least_loaded"
    ROUND_ROBIN = "round_robin"
    RING_ALL = "ring_all"
    SCARCITY = "scarcity"


@dataclass(frozen=True, slots=True)
class Step:
    """From `after_s` seconds of waiting on, whoever passes `requirement` will do."""

    after_s: float
    requirement: Requirement


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePolicy:
    """`aging`: points for a minute of waiting; `offset`: points from the start. Queues with a higher `rank` come strictly
    first, whatever the points. `preferred_s`: so long an item waits for its preferred operator, while that one is signed in.
    `retry_s`: so long an item isn't offered again to somebody who declined it or let it ring. `late`: points on top for whoever has
    waited longer than `late_after_s`; fewer than none puts them behind those who can still be answered in time, for a while.
    """

    name: str
    steps: tuple[Step, ...] = (Step(0.0, ANYBODY),)
    channel: str = "voice"
    rank: int = 0
    offset: float = 0.0
    aging: float = 1.0
    strategy: Strategy = Strategy.LONGEST_IDLE
    preferred_s: float = 20.0
    retry_s: float = 20.0
    late: float = 0.0
    late_after_s: float = 20.0

    def __post_init__(self) -> None:
        if not self.steps or self.steps[0].after_s != 0:
            raise BadConfiguration(f"queue {self.name}: the first step begins after 0 s of waiting")
        times = [step.after_s for step in self.steps]
        if times != sorted(set(times)):
            raise BadConfiguration(f"queue {self.name}: each step begins later than the one before it")
        if self.aging < 0:
            raise BadConfiguration(
                f"queue {self.name}: 'aging' is {self.aging:g}: waiting must not make an item less urgent"
            )
        for name in ("preferred_s", "retry_s", "late_after_s"):
            if getattr(self, name) < 0:
                raise BadConfiguration(f"queue {self.name}: '{name}' must not be negative")

    def step_at(self, entered_s: float, now_s: float) -> int:
        """The number of the step whose time has come. Compares as timers are set, so that the last bit can't make them disagree."""
        return max(n for n, step in enumerate(self.steps) if n == 0 or entered_s + step.after_s <= now_s)

    def late_at(self, entered_s: float, now_s: float) -> float:
        """The points for lateness, by the same comparison."""
        return self.late if self.late and entered_s + self.late_after_s <= now_s else 0.0
