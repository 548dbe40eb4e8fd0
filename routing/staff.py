"""Who is there and who is free, indexed so that a decision needn't look at everybody. Pure; instants are seconds (UTC epoch).

Each signed-in operator has a number, and sets of operators are whole numbers with a bit for each. Whoever becomes free is
appended to a log; the lines (lines.py) read on in it when they need somebody, each at its own pace.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

_SURPLUS = 4
CAPACITY: Mapping[str, int] = {"voice": 1, "callback": 1, "email": 3, "sms": 3}
"""Units per channel of somebody of whom nothing else is said; there are no other channels."""
SPEAKING = frozenset({"voice", "callback"})


@dataclass(slots=True, eq=False)
class Person:
    """A signed-in operator. `capacity`: units at most per channel; `load`: what is taken. `idle_since_s`: when they last
    finished work (or signed in). `ready` False: paused, in wrap-up, not responding; nothing is offered."""

    login: str
    site: str
    skills: Mapping[str, int]
    queues: frozenset[str]
    capacity: Mapping[str, int] = field(default_factory=lambda: {"voice": 1})
    idle_since_s: float = 0.0
    ready: bool = True
    load: dict[str, int] = field(default_factory=dict)
    handled: int = 0
    last_offer: int = 0
    number: int = -1
    version: int = 0

    @property
    def items(self) -> int:
        return sum(self.load.values())

    def can_take(self, channel: str) -> bool:
        """A call may interrupt written work, written work never a call; calls and callbacks exclude each other."""
        load = self.load
        if not self.ready or load.get("voice") or load.get("callback"):
            return False
        taken = 0 if channel in SPEAKING else load.get(channel, 0)
        return taken < self.capacity.get(channel, 0)


class Staff:
    """Everybody who is signed in. `changed` after any change of a person; `log` is what lines read."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.by_number: list[Person | None] = []
        self.free: dict[str, int] = {}
        self.log: list[tuple[Person, int]] = []
        self.epoch = 0
        self._unused: list[int] = []

    def sign_in(self, person: Person) -> None:
        person.number = self._unused.pop() if self._unused else len(self.by_number)
        if person.number == len(self.by_number):
            self.by_number.append(None)
        self.by_number[person.number] = person
        self.people[person.login] = person

    def sign_out(self, person: Person) -> None:
        bit = ~(1 << person.number)
        for channel in self.free:
            self.free[channel] &= bit
        person.version += 1
        self.by_number[person.number] = None
        self._unused.append(person.number)
        del self.people[person.login]

    def changed(self, person: Person) -> None:
        """Their load, readiness or idle time is another one: what lines remember of them counts no more."""
        person.version += 1
        bit = 1 << person.number
        free = False
        for channel in person.capacity:
            if person.can_take(channel):
                self.free[channel] = self.free.get(channel, 0) | bit
                free = True
            elif self.free.get(channel, 0) & bit:
                self.free[channel] ^= bit
        if free:
            self.log.append((person, person.version))
            if len(self.log) > _SURPLUS * len(self.people) + 256:
                self.forget()

    def forget(self) -> None:
        """Begin the log anew with those who are free now; every line must read it from the start (`epoch`)."""
        anybody = 0
        for mask in self.free.values():
            anybody |= mask
        free = [p for p in self.people.values() if anybody >> p.number & 1]
        self.log = [(p, p.version) for p in free]
        self.epoch += 1
