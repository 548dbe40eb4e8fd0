"""A day (or a year) of a centre in virtual time, with the very Router that decides live. Pure: the same input gives the same days.

Instants and durations are seconds. Times of handling and of patience belong to the arrival, so that two configurations can be
compared on the very same callers.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import inf

from routing.lines import Item
from routing.policy import QueuePolicy
from routing.requirement import Requirement
from routing.router import Offer, Router
from routing.staff import CAPACITY, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """One caller: `handle_s` talk and wrap-up together, `patience_s` until they give up; `closes_s`: when whoever waits still is
    sent on (voicemail, callback), because the queue closes."""

    at_s: float
    queue: str
    handle_s: float
    patience_s: float = inf
    closes_s: float = inf
    offset: float = 0.0
    preferred: str | None = None
    extra: Requirement | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """An operator and when they are there; a talk begun in time is finished after the shift."""

    login: str
    site: str
    skills: Mapping[str, int]
    queues: frozenset[str]
    shifts: tuple[tuple[float, float], ...]
    capacity: Mapping[str, int] = field(default_factory=lambda: dict(CAPACITY))


@dataclass(slots=True)
class Served:
    """What became of one arrival. None of `answered_s`, `abandoned_s` and `sent_on_s`: nobody ever came for it."""

    arrival: Arrival
    answered_s: float | None = None
    abandoned_s: float | None = None
    sent_on_s: float | None = None
    login: str | None = None

    @property
    def wait_s(self) -> float | None:
        until = self.answered_s if self.answered_s is not None else self.abandoned_s
        return None if until is None else until - self.arrival.at_s


@dataclass(slots=True, kw_only=True)
class Figures:
    """Of one queue (or hour, or site). Formulas: DEFINITIONS 1-5."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    sent_on: int = 0
    short: int = 0
    within: int = 0
    waited_s: float = 0.0
    longest_s: float = 0.0

    @property
    def service_level(self) -> float | None:
        """Answered within T / (answered + abandoned - short abandons); None where nobody came."""
        of = self.answered + self.abandoned - self.short
        return None if of == 0 else self.within / of

    @property
    def asa_s(self) -> float | None:
        """Sum of the waits of the answered / answered."""
        return None if self.answered == 0 else self.waited_s / self.answered

    def take(self, served: Served, *, within_s: float, short_s: float) -> None:
        self.offered += 1
        self.sent_on += served.sent_on_s is not None
        wait_s = served.wait_s
        if wait_s is None:
            return
        self.longest_s = max(self.longest_s, wait_s)
        if served.answered_s is not None:
            self.answered += 1
            self.waited_s += wait_s
            self.within += wait_s <= within_s
        else:
            self.abandoned += 1
            self.short += wait_s < short_s


@dataclass(slots=True)
class Played:
    """Everything that happened. `handling_s` and `present_s` by operator."""

    served: list[Served] = field(default_factory=list)
    handling_s: dict[str, float] = field(default_factory=dict)
    present_s: dict[str, float] = field(default_factory=dict)

    def figures(self, *, within_s: float = 20.0, short_s: float = 0.0) -> dict[str, Figures]:
        """By queue, and of all together under the empty name."""
        found: dict[str, Figures] = {"": Figures()}
        for served in self.served:
            for name in ("", served.arrival.queue):
                found.setdefault(name, Figures()).take(served, within_s=within_s, short_s=short_s)
        return found

    @property
    def occupancy(self) -> float | None:
        """Handling / (handling + ready-waiting) of all operators together."""
        present = sum(self.present_s.values())
        return None if present == 0 else min(1.0, sum(self.handling_s.values()) / present)


class Simulation:
    """`ring_s`: from the offer to the answer. Everybody answers; what isn't answered live is the offers' business. `changes`: other
    policies from an instant on."""

    def __init__(
        self,
        policies: Iterable[QueuePolicy],
        workers: Sequence[Worker],
        *,
        ring_s: float = 0.0,
        changes: Sequence[tuple[float, Sequence[QueuePolicy]]] = (),
    ) -> None:
        self.router = Router(policies)
        self._changes = changes
        self._workers = {worker.login: worker for worker in workers}
        self._ring_s = ring_s
        self._agenda: list[tuple[float, int, str, str]] = []
        self._order = count()
        self._played = Played()
        self._open: dict[str, Served] = {}
        self._leaving: set[str] = set()
        self._since: dict[str, float] = {}
        self._wake_s = inf

    def play(self, arrivals: Iterable[Arrival]) -> Played:
        """All of it, until the last caller is gone. `arrivals` in order of time; they are taken one by one."""
        for worker in self._workers.values():
            for begin_s, end_s in worker.shifts:
                self._plan(begin_s, "comes", worker.login)
                self._plan(end_s, "goes", worker.login)
        for number, (at_s, _) in enumerate(self._changes):
            self._plan(at_s, "changes", str(number))
        callers = self._numbered(arrivals)
        upcoming = next(callers, None)
        while upcoming is not None or self._agenda:
            if upcoming is not None and (not self._agenda or upcoming[1].at_s <= self._agenda[0][0]):
                self._arrive(*upcoming)
                upcoming = next(callers, None)
                continue
            now_s, _, what, who = heapq.heappop(self._agenda)
            self._happen(now_s, what, who)
        return self._played

    @staticmethod
    def _numbered(arrivals: Iterable[Arrival]) -> Iterator[tuple[str, Arrival]]:
        return ((f"i{n}", arrival) for n, arrival in enumerate(arrivals))

    def _plan(self, at_s: float, what: str, who: str) -> None:
        heapq.heappush(self._agenda, (at_s, next(self._order), what, who))

    def _arrive(self, item_id: str, arrival: Arrival) -> None:
        served = Served(arrival)
        self._played.served.append(served)
        self._open[item_id] = served
        if arrival.at_s + arrival.patience_s < arrival.closes_s:
            self._plan(arrival.at_s + arrival.patience_s, "gives up", item_id)
        elif arrival.closes_s < inf:
            self._plan(arrival.closes_s, "is sent on", item_id)
        item = Item(
            item_id, arrival.queue, arrival.at_s, arrival.offset, preferred=arrival.preferred, extra=arrival.extra
        )
        self._offered(self.router.enqueue(item, arrival.at_s), arrival.at_s)

    def _happen(self, now_s: float, what: str, who: str) -> None:
        match what:
            case "comes":
                self._comes(now_s, who)
            case "goes":
                self._goes(now_s, who)
            case "gives up" | "is sent on":
                self._leaves(now_s, who, gives_up=what == "gives up")
            case "answers":
                self._answers(now_s, who)
            case "finishes":
                self._finishes(now_s, who)
            case "changes":
                self._offered(self.router.reform(self._changes[int(who)][1], now_s), now_s)
            case _:
                self._wake_s = inf
                self._offered(self.router.wake(now_s), now_s)

    def _comes(self, now_s: float, login: str) -> None:
        if login in self.router.staff.people:  # the last talk of the shift before still goes on
            self._leaving.discard(login)
            self._offered(self.router.set_ready(login, True, now_s), now_s)
            return
        worker = self._workers[login]
        person = Person(login, worker.site, worker.skills, worker.queues, capacity=worker.capacity, idle_since_s=now_s)
        self._since[login] = now_s
        self._offered(self.router.sign_in(person, now_s), now_s)

    def _goes(self, now_s: float, login: str) -> None:
        if self.router.staff.people[login].items:
            self._leaving.add(login)
            self._offered(self.router.set_ready(login, False, now_s), now_s)
        else:
            self._sign_out(now_s, login)

    def _sign_out(self, now_s: float, login: str) -> None:
        self._leaving.discard(login)
        present = self._played.present_s
        present[login] = present.get(login, 0.0) + now_s - self._since[login]
        self._offered(self.router.sign_out(login, now_s), now_s)

    def _leaves(self, now_s: float, item_id: str, *, gives_up: bool) -> None:
        served = self._open.pop(item_id, None)
        if served is None:
            return
        if gives_up:
            served.abandoned_s = now_s
        else:
            served.sent_on_s = now_s
        self._offered(self.router.withdraw(item_id, now_s), now_s)

    def _answers(self, now_s: float, item_id: str) -> None:
        open_one = self.router.offers.get(item_id)
        if open_one is None:
            return  # gave up while it rang
        login = open_one.offer.logins[0]
        served = self._open.pop(item_id)
        served.answered_s, served.login = now_s, login
        handling = self._played.handling_s
        handling[login] = handling.get(login, 0.0) + served.arrival.handle_s
        self._plan(now_s + served.arrival.handle_s, "finishes", f"{served.arrival.queue}\n{login}")
        self._offered(self.router.accepted(item_id, login, now_s), now_s)

    def _finishes(self, now_s: float, who: str) -> None:
        queue, _, login = who.partition("\n")
        self._offered(self.router.finished(login, self.router.policies[queue].channel, now_s), now_s)
        if login in self._leaving and not self.router.staff.people[login].items:
            self._sign_out(now_s, login)

    def _offered(self, offers: Iterable[Offer], now_s: float) -> None:
        for offer in offers:
            if self._ring_s:
                self._plan(now_s + self._ring_s, "answers", offer.item_id)
            else:
                self._answers(now_s, offer.item_id)
        wake_s = self.router.next_wake_s()
        if wake_s is not None and wake_s < self._wake_s:
            self._wake_s = wake_s
            self._plan(max(wake_s, now_s), "wakes", "")
