"""Lines: items that ask for the same people, in the order of their score; and lines in the order of their first items. Pure.

An item's score is offset + aging x minutes waited. Within a line the aging is one, so the order doesn't change as time goes by
(an item that becomes late is put in anew) and a heap keeps it: by offset - aging x entered. Lines of the same rank and aging
compare the same way; those of other agings are compared when a decision is made, first item against first item.
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from operator import itemgetter

from routing.policy import QueuePolicy, Strategy
from routing.requirement import Requirement, skills_of
from routing.staff import Person, Staff

Key = tuple[float, int, int]
Entry = tuple[float, int, int, "Item"]
_FreeEntry = tuple[tuple[float, ...], int, int, Person]


@dataclass(slots=True, eq=False)
class Item:
    """Something that waits. `entered_s` and `offset` survive offers, returns and steps; `number` breaks ties by arrival.

    `tried`: who declined it or let it ring, and until when it isn't offered to them again; `refused`: all to whom it was offered in
    vain, who come after all others. `late`: the points that it has for having waited longer than its queue promises. `line`: where
    it stands or stood last (None: its step is another one now). `ticket` changes whenever it is put in a line: older entries count
    no more. `channel`: another one than the queue's (its callbacks).
    """

    item_id: str
    queue: str
    entered_s: float
    offset: float = 0.0
    preferred: str | None = None
    extra: Requirement | None = None
    channel: str | None = None
    number: int = 0
    step: int = 0
    late: float = 0.0
    line: "Line | None" = None
    waiting: bool = False
    ticket: int = 0
    tried: dict[str, float] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def may_go_to(self, login: str, now_s: float) -> bool:
        return not self.tried or self.tried.get(login, now_s) <= now_s


class Line:
    """`kind`: what the items in it have in common; `number`: its bit, which another line may have after it. `mask`: whose number
    has a bit may serve it. `step`: the one whose time has come; `effective`: the one that counts, since
    steps that nobody signed in could ever pass are skipped. `front`: the list of fronts in which its first item stands."""

    def __init__(
        self, kind: Hashable, number: int, policy: QueuePolicy, steps: tuple[Requirement, ...], step: int
    ) -> None:
        self.kind = kind
        self.number = number
        self.policy = policy
        self.steps = steps
        self.step = step
        self.effective = step
        self.mask = 0
        self.skills: frozenset[str] = frozenset()
        self.waiting = 0
        self.dropped = False
        # Nobody is on the line of a callback: several who picked up would all call the client.
        self.rings_all = policy.strategy is Strategy.RING_ALL and policy.channel != "callback"
        self.front: list[Key] | None = None
        self._heap: list[Entry] = []
        self._free: list[_FreeEntry] = []
        self._read = 0
        self._epoch = -1

    @property
    def requirement(self) -> Requirement:
        return self.steps[self.effective]

    def rematch(self, staff: Staff) -> None:
        """Who may serve it, now that somebody came, left or learned something."""
        for number in range(self.step, len(self.steps)):
            mask = 0
            requirement = self.steps[number]
            for person in staff.people.values():
                if self.policy.name in person.queues and requirement.passes(person):
                    mask |= 1 << person.number
            if mask or number == len(self.steps) - 1:
                self.effective = number if mask else self.step
                self.mask = mask
                break
        self.skills = skills_of(self.requirement)
        self.forget_free()

    def rematch_for(self, person: Person, staff: Staff, *, there: bool) -> None:
        """The same, where only this person came (`there`), left or learned something: nobody else is looked at, unless another
        step counts from now on."""
        member = there and self.policy.name in person.queues
        passes = [member and step.passes(person) for step in self.steps[self.step : self.effective + 1]]
        if not self.mask or any(passes[:-1]):
            if member:
                self.rematch(staff)
            return
        self.mask = self.mask | 1 << person.number if passes[-1] else self.mask & ~(1 << person.number)
        if not self.mask:
            self.rematch(staff)

    # --- items ----------------------------------------------------------------------------------------------------

    def static(self, item: Item) -> float:
        """The part of the score that time doesn't change, turned round: the smallest comes first."""
        return self.policy.aging * item.entered_s / 60 - self.policy.offset - item.offset - item.late

    def add(self, item: Item) -> None:
        item.ticket += 1
        heappush(self._heap, (self.static(item), item.number, item.ticket, item))
        item.line, item.waiting = self, True
        self.waiting += 1

    def remove(self, item: Item) -> None:
        """Wherever in the line it stands; its entry is cleared away when it comes to the front, or when such are many."""
        item.waiting = False
        self.waiting -= 1
        if len(self._heap) > 2 * self.waiting + 64:
            self._heap = [entry for entry in self._heap if _counts(entry)]
            heapify(self._heap)

    def head(self) -> Entry | None:
        heap = self._heap
        while heap and not _counts(heap[0]):
            heappop(heap)
        return heap[0] if heap else None

    def first_for(self, login: str, now_s: float) -> Entry | None:
        """The first that may be offered to this person: nearly always the head."""
        head = self.head()
        if head is None or head[3].may_go_to(login, now_s):
            return head
        return next((entry for entry in self._in_order() if entry[3].may_go_to(login, now_s)), None)

    def in_order(self) -> Iterator[Item]:
        """The items by score, the first without any cost."""
        head = self.head()
        if head is not None:
            yield head[3]
            yield from [entry[3] for entry in self._in_order()[1:]]

    def _in_order(self) -> list[Entry]:
        return sorted((entry for entry in self._heap if _counts(entry)), key=itemgetter(0, 1))

    # --- people ---------------------------------------------------------------------------------------------------

    def forget_free(self) -> None:
        self._free, self._read, self._epoch = [], 0, -1

    def choose(self, staff: Staff, item: Item, now_s: float, order: "Order") -> Person | None:
        """The best free person for the item, or None. Cost: that of those who became free since it was last asked."""
        channel = self.policy.channel
        if not self.mask & staff.free.get(channel, 0):
            return None
        self._read_on(staff, order)
        heap, aside, found, again = self._free, list[_FreeEntry](), None, None
        while heap:
            _, _, version, person = heap[0]
            if version != person.version or not person.can_take(channel):
                heappop(heap)
                continue
            if item.may_go_to(person.login, now_s):
                if person.login not in item.refused:
                    found = person
                    break
                again = again or person
            aside.append(heappop(heap))
        for entry in aside:
            heappush(heap, entry)
        return found or again

    def everybody(self, staff: Staff, item: Item, now_s: float) -> list[Person]:
        """All who are free and may have it, by the length of their idleness."""
        numbers, people = self.mask & staff.free.get(self.policy.channel, 0), []
        while numbers:
            low = numbers & -numbers
            numbers ^= low
            person = staff.by_number[low.bit_length() - 1]
            if person is not None and item.may_go_to(person.login, now_s):
                people.append(person)
        return sorted(people, key=lambda person: (person.idle_since_s, person.login))

    def _read_on(self, staff: Staff, order: "Order") -> None:
        if self._epoch != staff.epoch:
            self._free, self._read, self._epoch = [], 0, staff.epoch
        log, mask, channel = staff.log, self.mask, self.policy.channel
        for at in range(self._read, len(log)):
            person, version = log[at]
            if version == person.version and mask >> person.number & 1 and person.can_take(channel):
                heappush(self._free, (order(self, person), person.number, version, person))
        self._read = len(log)


def _counts(entry: Entry) -> bool:
    item = entry[3]
    return item.waiting and item.ticket == entry[2]


Order = Callable[[Line, Person], tuple[float, ...]]


def longest_idle(_line: Line, person: Person) -> tuple[float, ...]:
    return (person.items, person.idle_since_s)


def best_skill(line: Line, person: Person) -> tuple[float, ...]:
    return (-sum(person.skills.get(skill, 0) for skill in line.skills), person.items, person.idle_since_s)


def least_loaded(_line: Line, person: Person) -> tuple[float, ...]:
    return (person.items, person.handled, person.idle_since_s)


def round_robin(_line: Line, person: Person) -> tuple[float, ...]:
    return (person.last_offer, person.idle_since_s)


ORDERS: dict[Strategy, Order] = {
    Strategy.LONGEST_IDLE: longest_idle,
    Strategy.BEST_SKILL: best_skill,
    Strategy.LEAST_LOADED: least_loaded,
    Strategy.ROUND_ROBIN: round_robin,
}


class Fronts:
    """The lines that have somebody waiting, by their first item: one sorted list for each rank and aging."""

    def __init__(self) -> None:
        self._lists: dict[tuple[int, float], list[Key]] = {}
        self._ranks: list[tuple[int, list[tuple[float, list[Key]]]]] = []
        self._placed: dict[int, Key] = {}
        self.lines: dict[int, Line] = {}

    def place(self, line: Line) -> None:
        """Put the line where its first item belongs, after any change of it."""
        head = line.head()
        new = None if head is None else (head[0], head[1], line.number)
        old = self._placed.get(line.number)
        if old == new:
            return
        front = line.front
        if front is None:
            front = line.front = self._list(line.policy)
        if old is not None:
            del front[bisect_left(front, old)]
            del self._placed[line.number]
        if new is not None:
            insort(front, new)
            self._placed[line.number] = new
            self.lines[line.number] = line

    def best_for(self, person: Person, serves: int, now_s: float) -> Item | None:
        """The item that this person should have: of the highest rank, then of the highest score. `serves`: a bit for each line."""
        channels = [channel for channel in person.capacity if person.can_take(channel)]
        if not channels:
            return None
        for _, fronts in self._ranks:
            best: tuple[float, float, int, Item] | None = None
            for aging, front in fronts:
                found = self._first(front, person.login, channels, serves, now_s)
                if found is None:
                    continue
                static, number, _, item = found
                score = aging * now_s / 60 - static
                if best is None or (-score, item.entered_s, number) < best[:3]:
                    best = (-score, item.entered_s, number, item)
            if best is not None:
                return best[3]
        return None

    def _first(self, front: list[Key], login: str, channels: list[str], serves: int, now_s: float) -> Entry | None:
        best: Entry | None = None
        for static, number, line_number in front:
            if not serves >> line_number & 1:
                continue
            if best is not None and (static, number) >= best[:2]:
                break
            line = self.lines[line_number]
            if line.policy.channel not in channels:
                continue
            found = line.first_for(login, now_s)
            if found is not None and (best is None or found[:2] < best[:2]):
                best = found
                if found[1] == number:  # the line's head: nothing that comes later in the front is before it
                    break
        return best

    def _list(self, policy: QueuePolicy) -> list[Key]:
        kind = (policy.rank, policy.aging)
        if kind not in self._lists:
            self._lists[kind] = []
            ranks: dict[int, list[tuple[float, list[Key]]]] = {}
            for (rank, aging), front in self._lists.items():
                ranks.setdefault(rank, []).append((aging, front))
            self._ranks = sorted(ranks.items(), reverse=True, key=lambda each: each[0])
        return self._lists[kind]
