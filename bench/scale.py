"""Scale, in virtual time: 20,000 operators at 100 centres, 200 queues, and up to a million items that wait.

Timed is the decision, as in bench.decisions: an operator has finished, the most urgent item that fits is found and offered.
Everybody is busy at first, and a finished operator is busy again with what they were given, so that nothing but decisions happens.
Flat means: a million waiting costs what ten thousand cost, and 20,000 operators what 2,000 cost.
"""

import random
import sys
import time
from collections.abc import Callable
from itertools import count

from bench.measure import Row, command, interleaved, median, ratios, say, spread
from routing.lines import Item
from routing.policy import QueuePolicy, Step
from routing.requirement import parse
from routing.router import Router
from routing.staff import Person

SITES, QUEUES, SKILLS = 100, 200, [f"s{n}" for n in range(40)]


class World:
    """From a seed. Every operator belongs to ten queues and has twelve skills."""

    def __init__(self, *, people: int, waiting: int) -> None:
        say(f"{people:,} operators, {waiting:,} waiting")
        self.chance, self.numbers, self.now, self.decided_s = random.Random(11), count(), 0.0, 0.0
        self.policies = [
            QueuePolicy(
                name=f"q{n}",
                steps=(Step(0.0, parse(self._asked())), Step(600_000.0, parse("any"))),
                offset=self.chance.choice([0, 0, 5]),
                aging=self.chance.choice([1, 1, 2]),
            )
            for n in range(QUEUES)
        ]
        self.router = Router(self.policies)
        self.people = [self._person(n) for n in range(people)]
        for person in self.people:
            person.load["voice"] = 1
            self.router.sign_in(person, 0.0)
        for _ in range(waiting):
            self.arrive()

    def _asked(self) -> str:
        a, b, c = self.chance.sample(SKILLS, 3)
        return self.chance.choice([f"{a} >= 3", f"{a} or {b} >= 2", f"{a} and ({b} >= 2 or {c})"])

    def _person(self, n: int) -> Person:
        skills = {skill: self.chance.randint(1, 5) for skill in self.chance.sample(SKILLS, 12)}
        queues = frozenset(policy.name for policy in self.chance.sample(self.policies, 10))
        return Person(f"p{n}", f"site{n % SITES}", skills, queues)

    def arrive(self) -> None:
        n = next(self.numbers)
        self.now += 0.001
        self.router.enqueue(Item(f"i{n}", self.policies[self.chance.randrange(QUEUES)].name, self.now), self.now)

    def decide(self) -> None:
        person = self.people[self.chance.randrange(len(self.people))]
        self.now += 0.001
        began = time.thread_time()
        offers = self.router.finished(person.login, "voice", self.now)
        self.decided_s += time.thread_time() - began
        if offers:
            self.router.accepted(offers[0].item_id, person.login, self.now)
            self.arrive()
        else:
            self.router.took(person.login, "voice", self.now)


def cost(world: World, times: int) -> Callable[[], float]:
    """Seconds a decision."""

    def run() -> float:
        world.decided_s = 0.0
        for _ in range(times):
            world.decide()
        return world.decided_s / times

    return run


def rows(quick: bool) -> list[Row]:
    most = 100_000 if quick else 1_000_000
    worlds = {
        "few": World(people=20_000, waiting=10_000),
        "many": World(people=20_000, waiting=most),
        "small": World(people=2_000, waiting=10_000),
    }
    ways = {name: cost(world, 3_000) for name, world in worlds.items()}
    for run in ways.values():
        run()
    took = interleaved(ways, rounds=3 if quick else 7)
    micro = {name: f"{median(values) * 1e6:.1f} µs a decision" for name, values in took.items()}
    items, people = ratios(took["many"], took["few"]), ratios(took["few"], took["small"])
    return [
        Row(
            part="scale",
            what=f"20,000 operators, 100 sites, 200 queues: {most:,} waiting against 10,000 (flat)",
            baseline=micro["few"],
            ours=micro["many"],
            ratio=median(items),
            spread=spread(items),
            bar="<= 1.5",
        ),
        Row(
            part="scale",
            what="10,000 waiting: 20,000 operators against 2,000 (flat)",
            baseline=micro["small"],
            ours=micro["few"],
            ratio=median(people),
            spread=spread(people),
            bar="<= 1.5",
        ),
    ]


if __name__ == "__main__":
    sys.exit(command("scale", __doc__ or "", rows))
