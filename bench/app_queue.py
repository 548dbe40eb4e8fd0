"""A sketch of how Asterisk's own queues choose, in virtual time: what the routing is compared with.

As app_queue of Asterisk 22 with autofill = yes, ringinuse = no and no penalties: each queue is a line of its own, first come, first
served, whose members are those who pass its requirement. Several queues that want the same free member poll on their own, once a
second: whose poll comes first is chance. `ringall` rings all free members; who picks up first is chance too. Nobody lets it ring.
"""

import heapq
import random
from collections import deque
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import count

from routing.policy import QueuePolicy
from routing.simulation import Arrival, Played, Served, Worker


class Ring(StrEnum):
    """`strategy` of queues.conf."""

    LINEAR = "linear"
    RRMEMORY = "rrmemory"
    LEASTRECENT = "leastrecent"
    FEWESTCALLS = "fewestcalls"
    RANDOM = "random"
    RINGALL = "ringall"


class AppQueue:
    """`seed`: of what is chance in it."""

    def __init__(self, ring: Ring, policies: Iterable[QueuePolicy], workers: Sequence[Worker], *, seed: int) -> None:
        self._ring, self._chance = ring, random.Random(seed)
        self._members = {
            policy.name: [n for n, worker in enumerate(workers) if policy.steps[0].requirement.passes(worker)]
            for policy in policies
        }
        self._waiting: dict[str, deque[Served]] = {name: deque() for name in self._members}
        self._busy = [False] * len(workers)
        self._last_s = [0.0] * len(workers)
        self._calls = {name: [0] * len(workers) for name in self._members}
        self._turn = dict.fromkeys(self._members, -1)
        self._agenda: list[tuple[float, int, Served, int | None]] = []
        self._order = count()

    def play(self, arrivals: Iterable[Arrival]) -> Played:
        played = Played()
        for arrival in arrivals:
            self._until(arrival.at_s)
            served = Served(arrival)
            played.served.append(served)
            member = self._pick(arrival.queue)
            if member is None:
                self._waiting[arrival.queue].append(served)
                self._plan(arrival.at_s + arrival.patience_s, served, None)
            else:
                self._answers(served, member, arrival.at_s)
        self._until(float("inf"))
        return played

    def _plan(self, at_s: float, served: Served, member: int | None) -> None:
        heapq.heappush(self._agenda, (at_s, next(self._order), served, member))

    def _until(self, at_s: float) -> None:
        while self._agenda and self._agenda[0][0] <= at_s:
            now_s, _, served, member = heapq.heappop(self._agenda)
            if member is not None:
                self._finishes(member, now_s)
            elif served.answered_s is None:
                served.abandoned_s = now_s
                self._waiting[served.arrival.queue].remove(served)

    def _answers(self, served: Served, member: int, now_s: float) -> None:
        served.answered_s = now_s
        self._busy[member] = True
        self._calls[served.arrival.queue][member] += 1
        self._turn[served.arrival.queue] = member
        self._plan(now_s + served.arrival.handle_s, served, member)

    def _finishes(self, member: int, now_s: float) -> None:
        self._busy[member], self._last_s[member] = False, now_s
        wanting = [name for name, line in self._waiting.items() if line and member in self._members[name]]
        if wanting:
            self._answers(self._waiting[self._chance.choice(wanting)].popleft(), member, now_s)

    def _pick(self, queue: str) -> int | None:
        free = [member for member in self._members[queue] if not self._busy[member]]
        if not free:
            return None
        match self._ring:
            case Ring.LINEAR:
                return free[0]
            case Ring.RRMEMORY:
                return next((member for member in free if member > self._turn[queue]), free[0])
            case Ring.LEASTRECENT:
                return min(free, key=lambda member: self._last_s[member])
            case Ring.FEWESTCALLS:
                return min(free, key=lambda member: self._calls[queue][member])
            case Ring.RANDOM | Ring.RINGALL:
                return self._chance.choice(free)
