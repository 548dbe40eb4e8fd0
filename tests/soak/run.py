"""One soak from the first sign-in to the last good-bye."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from tests.soak.crowd import Crowd
from tests.soak.invariants import Broken, Watch, emptied
from tests.soak.world import World

_GOING_HOME = timedelta(minutes=25)


@dataclass(frozen=True)
class Soaked:
    """What was played. `faults`: ringings that the PBX refused or whose answer was lost."""

    steps: int
    offers: int
    calls: int
    hours: float
    faults: int


class _Mistakes(logging.Handler):
    """A story of the stage that fails says so in the log only."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(self.format(record))


def soak(seed: int, *, steps: int, operators: int, calls_per_s: float, whole_every: int = 500) -> Soaked:
    """Raises Broken when an invariant doesn't hold at some moment, or when something is left at the end."""
    mistakes = _Mistakes()
    logging.getLogger().addHandler(mistakes)
    try:
        world = World(seed, operators=operators, members=max(2, operators // 25))
        watch, crowd = Watch(world, whole_every=whole_every), Crowd(world, calls_per_s=calls_per_s)
        began = world.now
        crowd.begin()
        world.run(steps=steps)
        _sound(world, mistakes)
        crowd.go_home()
        world.run(until=world.now + _GOING_HOME)
        _sound(world, mistakes)
        watch.whole()
        emptied(world)
    finally:
        logging.getLogger().removeHandler(mistakes)
    hours = (world.now - began).total_seconds() / 3600
    return Soaked(world.steps, watch.offers, watch.calls, round(hours, 2), world.pbx.faults)


def _sound(world: World, mistakes: _Mistakes) -> None:
    if world.broken:
        raise Broken(world.broken)
    if mistakes.said:
        raise Broken(mistakes.said[0])
