"""Routing decisions: 10,000 items wait for 1,000 operators with 20 skills; whoever becomes free gets the most urgent that fits.

Timed is the decision: an operator has finished, the most urgent item that fits is found and offered. (The taking of it and
the next arrival, which finds nobody free, are outside the clock; the whole round is told too.) Against the naive scan (each
waiting item is looked at, its requirement is judged, the best is kept) on the same people and items, with the same answers;
and against itself with 1,000 and 100,000 waiting. The other way round: items come to a room full of free operators.
"""

import random
import sys
import time
from collections.abc import Callable
from itertools import count

from bench.measure import Row, command, interleaved, median, ratios, spread
from routing.lines import Item
from routing.policy import QueuePolicy, Step
from routing.requirement import parse
from routing.router import Router
from routing.staff import Person

SKILLS = [f"s{n}" for n in range(20)]


class Room:
    """A centre at work, from a seed."""

    def __init__(self, *, waiting: int, people: int) -> None:
        self.chance = random.Random(7)
        self.numbers = count()
        self.now = 0.0
        self.decided_s = 0.0
        self.policies = [
            QueuePolicy(name=f"q{n}", steps=(Step(0.0, parse(self._asked())),), offset=self.chance.choice([0, 0, 5]))
            for n in range(40)
        ]
        self.router = Router(self.policies)
        self.people = [self._person(n) for n in range(people)]
        for person in self.people:
            person.load["voice"] = 1  # all are talking
            self.router.sign_in(person, 0.0)
        for _ in range(waiting):
            self.arrive()

    def _asked(self) -> str:
        a, b, c = self.chance.sample(SKILLS, 3)
        return self.chance.choice([f"{a} >= 3", f"{a} >= 2 and {b}", f"{a} and ({b} >= 2 or {c})"])

    def _person(self, n: int) -> Person:
        skills = {s: self.chance.randint(1, 5) for s in self.chance.sample(SKILLS, 8)}
        return Person(f"p{n}", "riga", skills, frozenset(p.name for p in self.policies))

    def arrive(self) -> Item:
        n = next(self.numbers)
        self.now += 0.01
        item = Item(f"i{n}", self.policies[n * 7 % 40].name, self.now)
        self.router.enqueue(item, self.now)
        return item

    def free_one(self) -> str | None:
        """An operator finishes and is given an item, which is taken; another one arrives. The item's id."""
        person = self.people[self.chance.randrange(len(self.people))]
        self.now += 0.01
        began = time.thread_time()
        offers = self.router.finished(person.login, "voice", self.now)
        self.decided_s += time.thread_time() - began
        if not offers:
            person.load["voice"] = 1
            self.router.staff.changed(person)
            return None
        self.router.accepted(offers[0].item_id, person.login, self.now)
        self.arrive()
        return offers[0].item_id

    def scanned(self) -> str | None:
        """The naive way to the same: look at every item."""
        person = self.people[self.chance.randrange(len(self.people))]
        self.now += 0.01
        began = time.thread_time()
        best: tuple[float, float, int] | None = None
        found: Item | None = None
        for item in self.router.items.values():
            policy = self.router.policies[item.queue]
            if item.queue not in person.queues or not policy.steps[0].requirement.passes(person):
                continue
            score = policy.offset + item.offset + policy.aging * (self.now - item.entered_s) / 60
            urgency = (-score, item.entered_s, item.number)
            if best is None or urgency < best:
                best, found = urgency, item
        self.decided_s += time.thread_time() - began
        if found is None:
            return None
        self.router.withdraw(found.item_id, self.now)
        self.arrive()
        return found.item_id


def a_second(act: Callable[[], object], times: int) -> Callable[[], float]:
    """Whole rounds a second of processor time."""

    def run() -> float:
        began = time.process_time()
        for _ in range(times):
            act()
        return times / (time.process_time() - began)

    return run


def decisions(room: Room, act: Callable[[], object], times: int) -> Callable[[], float]:
    """Decisions a second, what lies between them left out."""

    def run() -> float:
        room.decided_s = 0.0
        for _ in range(times):
            act()
        return times / room.decided_s

    return run


def idle_room(people: int) -> Callable[[], object]:
    """Everybody is free; an item comes, is given to somebody, is done."""
    room = Room(waiting=0, people=people)
    for person in room.people:
        person.load.clear()
        room.router.set_ready(person.login, True, 0.0)

    def one() -> None:
        n = next(room.numbers)
        room.now += 0.01
        (offer,) = room.router.enqueue(Item(f"i{n}", room.policies[n * 7 % 40].name, room.now), room.now)
        room.router.accepted(offer.item_id, offer.logins[0], room.now)
        room.router.finished(offer.logins[0], "voice", room.now)

    return one


def same_answers() -> None:
    one, other = (Room(waiting=2_000, people=200) for _ in range(2))
    for n in range(300):
        if one.free_one() != other.scanned():
            raise RuntimeError(f"decision {n} differs from the scan's")


def rows(quick: bool) -> list[Row]:
    same_answers()
    rounds = 3 if quick else 7
    sizes = {n: Room(waiting=n, people=1_000) for n in (1_000, 10_000, 100_000)}
    naive = Room(waiting=10_000, people=1_000)
    ways = {f"{n}": decisions(room, room.free_one, 4_000) for n, room in sizes.items()}
    ways["round"] = a_second(sizes[10_000].free_one, 4_000)
    ways["scan"] = decisions(naive, naive.scanned, 10)
    ways |= {f"idle {n}": a_second(idle_room(n), 4_000) for n in (100, 1_000)}
    for run in ways.values():
        run()
    took = interleaved(ways, rounds=rounds)
    ours = median(took["10000"])
    faster = ratios(took["10000"], took["scan"])
    flat = ratios(took["1000"], took["100000"])
    idle = ratios(took["idle 100"], took["idle 1000"])
    return [
        Row(
            part="decisions",
            what="decisions, 10,000 waiting x 1,000 operators x 20 skills, against the naive scan",
            baseline=f"{median(took['scan']):,.0f}/s",
            ours=f"{ours:,.0f}/s",
            ratio=median(faster),
            spread=spread(faster),
            bar=">= 50",
        ),
        Row(
            part="decisions",
            what="the same (ratio column: thousands a second)",
            baseline="",
            ours=f"{ours:,.0f}/s; with taking it and the next arrival {median(took['round']):,.0f}/s",
            ratio=ours / 1_000,
            spread=(min(took["10000"]) / 1_000, max(took["10000"]) / 1_000),
            bar=">= 100",
        ),
        Row(
            part="decisions",
            what="with 1,000 against 100,000 waiting (flat)",
            baseline=f"{median(took['1000']):,.0f}/s",
            ours=f"{median(took['100000']):,.0f}/s",
            ratio=median(flat),
            spread=spread(flat),
            bar="<= 1.5",
        ),
        Row(
            part="decisions",
            what="an item comes to 100 against 1,000 free operators (flat)",
            baseline=f"{median(took['idle 100']):,.0f}/s",
            ours=f"{median(took['idle 1000']):,.0f}/s",
            ratio=median(idle),
            spread=spread(idle),
            bar="<= 1.5",
        ),
    ]


if __name__ == "__main__":
    sys.exit(command("decisions", __doc__ or "", rows))
