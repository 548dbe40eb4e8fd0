"""Who gets what: the decisions. Pure and synchronous; instants are seconds (UTC epoch), given by the caller.

Owns the waiting items, their steps and the offers under way. Never knows a phone or a screen: it says whom an item is offered
to, and is told what came of it. After every call the promise holds that no free operator could take an item that waits
(but one they have just declined, while its `retry_s` runs).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from math import inf
from typing import NamedTuple

from core.errors import BadConfiguration, Conflict, NotFound
from routing.lines import ORDERS, Fronts, Item, Line, Order
from routing.policy import QueuePolicy, Strategy
from routing.requirement import And, IsAgent, Requirement
from routing.scarcity import Demand, missed
from routing.staff import Person, Staff

PREFERRED = -1
_FRESHEN_S = 60.0
_MOST_LINES = 1_000


class Offer(NamedTuple):
    """An item for one operator (of `ring_all`: for several, the first to take it has it). `step`: how far it was relaxed."""

    item_id: str
    queue: str
    logins: tuple[str, ...]
    at_s: float
    step: int


@dataclass(slots=True)
class _Open:
    """`channel`: of the moment of the offer, whatever a plan has made of the queue since."""

    item: Item
    offer: Offer
    channel: str
    waiting_for: set[str] = field(default_factory=set)


_Kind = tuple[str, int, str | None, Requirement | None, str | None]
"""Of a line: queue, step, preferred operator, an item's own wish, channel where it isn't the queue's."""

Watcher = Callable[[Item, list[Person], float], None]


class Router:
    """All queues of a site. Every method that can free or bring somebody returns the offers that follow, in order.

    `watch`, if set, sees each choice just before the offer is made, while the reasons for it still stand.
    """

    def __init__(self, policies: Iterable[QueuePolicy]) -> None:
        self.policies = {policy.name: policy for policy in policies}
        self.watch: Watcher | None = None
        self.staff = Staff()
        self.items: dict[str, Item] = {}
        self.offers: dict[str, _Open] = {}
        self._lines: dict[_Kind, Line] = {}
        self._unused: list[int] = []
        self._serves: dict[str, int] = {}
        self._fronts = Fronts()
        self._due: list[tuple[float, int, str]] = []
        self._demand = Demand()
        self._items_seen = 0
        self._offers_made = 0
        self._fresh_s = 0.0
        self._now_s = 0.0
        self.stands_until_s = inf

    # --- people ---------------------------------------------------------------------------------------------------

    def sign_in(self, person: Person, now_s: float) -> list[Offer]:
        if person.login in self.staff.people:
            raise Conflict(f"{person.login} is signed in already")
        if unknown := person.queues - self.policies.keys():
            raise BadConfiguration(f"{person.login} belongs to queues that don't exist: {', '.join(sorted(unknown))}")
        self.staff.sign_in(person)
        self._serves[person.login] = 0
        changed = self._rematch(person, person.queues)
        return self._serve(person, now_s) + self._settle(changed, now_s)

    def sign_out(self, login: str, now_s: float) -> list[Offer]:
        """What is offered to them goes back first: `failed`."""
        person = self._person(login)
        back = [item_id for item_id, open_one in self.offers.items() if login in open_one.waiting_for]
        made: list[Offer] = []
        person.ready = False
        self.staff.changed(person)
        for item_id in back:
            made += self.failed(item_id, login, now_s)
        self.staff.sign_out(person)
        del self._serves[login]
        return made + self._settle(self._rematch(person, person.queues, there=False), now_s)

    def relearn(
        self,
        login: str,
        now_s: float,
        *,
        skills: Mapping[str, int] | None = None,
        queues: frozenset[str] | None = None,
        capacity: Mapping[str, int] | None = None,
    ) -> list[Offer]:
        """Other skills, queues or capacity, effective at once for those already waiting."""
        person = self._person(login)
        concerned = person.queues | (queues or frozenset())
        person.skills = person.skills if skills is None else skills
        person.queues = person.queues if queues is None else queues
        if capacity is not None:
            person.capacity = {**dict.fromkeys(person.capacity, 0), **capacity}
        self.staff.changed(person)
        changed = self._rematch(person, concerned)
        return self._serve(person, now_s) + self._settle(changed, now_s)

    def set_ready(self, login: str, ready: bool, now_s: float) -> list[Offer]:
        """Paused, in wrap-up and not responding are all not ready. Toggling doesn't touch the idle time."""
        person = self._person(login)
        person.ready = ready
        return self._serve(person, now_s)

    def took(self, login: str, channel: str, now_s: float) -> None:
        """They have work that didn't come from here: an own call, a transfer."""
        person = self._person(login)
        person.load[channel] = person.load.get(channel, 0) + 1
        self.staff.changed(person)

    def finished(self, login: str, channel: str, now_s: float, *, counts: bool = True) -> list[Offer]:
        """An item of theirs is done. `counts` False: it was no work of the queues, so their idle time goes on."""
        person = self._person(login)
        person.load[channel] = max(0, person.load.get(channel, 0) - 1)
        if counts:
            person.idle_since_s, person.handled = now_s, person.handled + 1
        return self._serve(person, now_s)

    def did_work(self, login: str, now_s: float) -> list[Offer]:
        """They have done something for a queue that wasn't given to them here: idle since now."""
        person = self._person(login)
        person.idle_since_s, person.handled = now_s, person.handled + 1
        return self._serve(person, now_s)

    # --- items ----------------------------------------------------------------------------------------------------

    def enqueue(self, item: Item, now_s: float) -> list[Offer]:
        """A new item, or one that comes back with its old `entered_s`. Its step follows from how long it has waited."""
        if item.item_id in self.items:
            raise Conflict(f"{item.item_id} waits already")
        policy = self._policy(item.queue)
        self._items_seen += 1
        item.number = self._items_seen
        self.items[item.item_id] = item
        self._step(item, policy, now_s)
        line = self._line(item)
        self._demand.arrived(line, now_s)
        self._join(item)
        return self._settle([line], now_s)

    def withdraw(self, item_id: str, now_s: float) -> list[Offer]:
        """It waits no more: the caller left, or somebody took it by hand. An offer under way is cancelled; who had it is free."""
        item = self.items.get(item_id)
        if item is None:
            return []
        return [offer for login, channel in self._lose(item) for offer in self._release(login, channel, now_s)]

    def change_priority(self, item_id: str, offset: float, now_s: float) -> None:
        """Other points, effective at once; its age stays."""
        item = self.item(item_id)
        if not item.waiting:
            item.offset = offset
            return
        self._leave(item)
        item.offset = offset
        self._join(item)

    def prefer(self, item_id: str, login: str, now_s: float) -> list[Offer]:
        """This operator first, if there is time for that yet. An offer under way isn't touched."""
        item = self.item(item_id)
        item.preferred = login
        if not item.waiting:
            return []
        self._leave(item)
        self._step(item, self.policies[item.queue], now_s)
        item.line = None
        self._join(item)
        return self._settle([self._line(item)], now_s)

    # --- offers ---------------------------------------------------------------------------------------------------

    def accepted(self, item_id: str, login: str, now_s: float) -> list[Offer]:
        """They have it. The others to whom it was offered are free again. The item is gone from here."""
        open_one = self._offer(item_id, login)
        del self.offers[item_id]
        del self.items[item_id]
        others = sorted(open_one.waiting_for - {login})
        return [offer for other in others for offer in self._release(other, open_one.channel, now_s)]

    def failed(self, item_id: str, login: str, now_s: float, *, ready: bool = True) -> list[Offer]:
        """Declined, not answered, phone out of order, browser asleep: the item is back in its old place with its old age.

        `ready` False: the operator isn't offered anything for now (not responding, paused).
        """
        open_one = self._offer(item_id, login)
        open_one.waiting_for.discard(login)
        item, policy = open_one.item, self.policies[open_one.item.queue]
        item.tried[login] = now_s + policy.retry_s
        item.refused.add(login)
        person = self.staff.people.get(login)
        if person is not None and not ready:
            person.ready = False
        made: list[Offer] = []
        if not open_one.waiting_for:
            del self.offers[item_id]
            self._step(item, policy, now_s)
            self._join(item)
            made += self._settle([self._line(item)], now_s)
        return made + self._release(login, open_one.channel, now_s)

    # --- time -----------------------------------------------------------------------------------------------------

    def next_wake_s(self) -> float | None:
        """When `wake` should be called at the latest."""
        while self._due and not self._counts(self._due[0]):
            heappop(self._due)
        return self._due[0][0] if self._due else None

    def wake(self, now_s: float) -> list[Offer]:
        """Steps whose time has come; people to whom an item may be offered again."""
        moved: list[Line] = []
        while self._due and self._due[0][0] <= now_s:
            entry = heappop(self._due)
            if not self._counts(entry):
                continue
            item = self.items[entry[2]]
            self._leave(item)
            self._step(item, self.policies[item.queue], now_s)
            item.tried = {login: until_s for login, until_s in item.tried.items() if until_s > now_s}
            self._join(item)
            moved.append(self._line(item))
        return self._settle(moved, now_s)

    # --- the plan -------------------------------------------------------------------------------------------------

    def reform(self, policies: Iterable[QueuePolicy], now_s: float, *, until_s: float = inf) -> list[Offer]:
        """Other policies, at once for those who wait. What waits or is offered in a queue that is gone, is gone from here.

        `until_s`: when they will be read otherwise, because a centre opens or closes.
        """
        self.stands_until_s = until_s
        before, self.policies = self.policies, {policy.name: policy for policy in policies}
        changed = {name for name in before.keys() | self.policies.keys() if before.get(name) != self.policies.get(name)}
        freed = [
            each for item in list(self.items.values()) if item.queue not in self.policies for each in self._lose(item)
        ]
        moved = [item for item in self.items.values() if item.queue in changed]
        waiting = [item for item in moved if item.waiting]
        for item in waiting:
            self._leave(item)
        self._drop(kind for kind in self._lines if kind[0] in changed)
        for item in moved:
            self._step(item, self.policies[item.queue], now_s)
        for item in waiting:
            self._join(item)
        made = self._settle({self._line(item).number: self._line(item) for item in waiting}.values(), now_s)
        return made + [offer for login, channel in freed for offer in self._release(login, channel, now_s)]

    # --- asked by those who explain ---------------------------------------------------------------------------------

    def item(self, item_id: str) -> Item:
        """What waits, or is being offered."""
        item = self.items.get(item_id)
        if item is None:
            raise NotFound(f"{item_id} doesn't wait any more")
        return item

    def score(self, item: Item, now_s: float) -> float:
        """Points: queue's offset + item's offset + aging x minutes waited (DEFINITIONS 14), and what lateness adds or takes."""
        policy = self.policies[item.queue]
        late = policy.late_at(item.entered_s, now_s)
        return policy.offset + item.offset + late + policy.aging * (now_s - item.entered_s) / 60

    def urgency(self, item: Item, now_s: float) -> tuple[float, float, float, int]:
        """What comes first is smallest: rank, score, entry, arrival."""
        return (-self.policies[item.queue].rank, -self.score(item, now_s), item.entered_s, item.number)

    def line_of(self, item: Item) -> Line:
        """The line in which it stands, or would stand again if its offer failed."""
        return self._line(item)

    def due_until(self, at_s: float) -> list[Item]:
        """The waiting items to which something happens by then: a step, or a second try."""
        return [self.items[entry[2]] for entry in self._due if entry[0] <= at_s and self._counts(entry)]

    # --- inner ----------------------------------------------------------------------------------------------------

    def order_of(self, line: Line, now_s: float) -> Order:
        if line.policy.strategy is not Strategy.SCARCITY:
            return ORDERS.get(line.policy.strategy, ORDERS[Strategy.LONGEST_IDLE])
        if now_s - self._fresh_s > _FRESHEN_S:  # demand has moved on: reckon anew for those who are free
            self._fresh_s = now_s
            self.staff.forget()

        def least_missed(asked: Line, person: Person) -> tuple[float, ...]:
            return (
                missed(person, asked, list(self._lines.values()), self._demand, now_s),
                person.items,
                person.idle_since_s,
            )

        return least_missed

    def _settle(self, lines: Iterable[Line], now_s: float) -> list[Offer]:
        """Give away what can be given away of these lines, the most urgent item first. Nobody else's items can have changed."""
        made: list[Offer] = []
        open_lines = {line.number: line for line in lines if line.waiting}
        while open_lines:
            found: list[tuple[tuple[float, float, float, int], Item, list[Person]]] = []
            for line in list(open_lines.values()):
                first = self._first_served(line, now_s)
                if first is None:
                    del open_lines[line.number]
                else:
                    found.append((self.urgency(first[0], now_s), *first))
            if not found:
                break
            _, item, people = min(found, key=lambda each: each[0])
            made.append(self._offer_to(item, self._line(item), people, now_s))
        return made

    def _first_served(self, line: Line, now_s: float) -> tuple[Item, list[Person]] | None:
        """The first item of the line for which somebody is free, and who that is."""
        if not line.mask & self.staff.free.get(line.policy.channel, 0):
            return None
        for item in line.in_order():
            people = self._chosen(line, item, now_s)
            if people:
                return item, people
        return None

    def _chosen(self, line: Line, item: Item, now_s: float) -> list[Person]:
        if line.rings_all:
            return line.everybody(self.staff, item, now_s)
        person = line.choose(self.staff, item, now_s, self.order_of(line, now_s))
        return [] if person is None else [person]

    def _serve(self, person: Person, now_s: float) -> list[Offer]:
        """Everything that this person can take now."""
        self.staff.changed(person)
        made: list[Offer] = []
        while person.ready and (item := self._fronts.best_for(person, self._serves[person.login], now_s)) is not None:
            line = self._line(item)
            people = [person]
            if line.rings_all:
                people = line.everybody(self.staff, item, now_s)
            made.append(self._offer_to(item, line, people, now_s))
        return made

    def _offer_to(self, item: Item, line: Line, people: list[Person], now_s: float) -> Offer:
        channel, step = line.policy.channel, line.effective
        if self.watch is not None:
            self.watch(item, people, now_s)
        self._leave(item)
        for person in people:
            self._offers_made += 1
            person.last_offer = self._offers_made
            person.load[channel] = person.load.get(channel, 0) + 1
            self.staff.changed(person)
        offer = Offer(item.item_id, item.queue, tuple([person.login for person in people]), now_s, step)
        self.offers[item.item_id] = _Open(item, offer, channel, set(offer.logins))
        return offer

    def _release(self, login: str, channel: str, now_s: float) -> list[Offer]:
        """An offer that came to nothing: their capacity is free again, their idle time goes on."""
        person = self.staff.people.get(login)
        if person is None:
            return []
        person.load[channel] = max(0, person.load.get(channel, 0) - 1)
        return self._serve(person, now_s)

    def _join(self, item: Item) -> None:
        line = self._line(item)
        line.add(item)
        self._fronts.place(line)
        policy = self.policies[item.queue]
        for until_s in item.tried.values():
            self._remember(until_s, item)
        if item.step == PREFERRED:
            self._remember(item.entered_s + policy.preferred_s, item)
        elif item.step + 1 < len(policy.steps):
            self._remember(item.entered_s + policy.steps[item.step + 1].after_s, item)
        if policy.late and not item.late:
            self._remember(item.entered_s + policy.late_after_s, item)

    def _leave(self, item: Item) -> None:
        if item.waiting and item.line is not None:
            item.line.remove(item)
            self._fronts.place(item.line)

    def _lose(self, item: Item) -> list[tuple[str, str]]:
        """It is gone from here; whose capacity on which channel that frees."""
        del self.items[item.item_id]
        open_one = self.offers.pop(item.item_id, None)
        if open_one is None:
            self._leave(item)
            return []
        return [(login, open_one.channel) for login in sorted(open_one.waiting_for)]

    def _remember(self, at_s: float, item: Item) -> None:
        heappush(self._due, (at_s, item.number, item.item_id))

    def _counts(self, entry: tuple[float, int, str]) -> bool:
        item = self.items.get(entry[2])
        return item is not None and item.waiting and item.number == entry[1]

    def _step(self, item: Item, policy: QueuePolicy, now_s: float) -> None:
        """The step whose time has come, and whether it is late."""
        item.late = policy.late_at(item.entered_s, now_s)
        step = 0
        if item.preferred is not None and now_s < item.entered_s + policy.preferred_s:
            step = PREFERRED
        elif len(policy.steps) > 1:
            step = policy.step_at(item.entered_s, now_s)
        if item.step != step:
            item.step, item.line = step, None

    def _line(self, item: Item) -> Line:
        if item.line is None or item.line.dropped:
            item.line = self._find_line(item)
        return item.line

    def _find_line(self, item: Item) -> Line:
        preferred = item.preferred if item.step == PREFERRED else None
        kind = (item.queue, item.step, preferred, item.extra, item.channel)
        line = self._lines.get(kind)
        if line is None:
            self._drop_unused()
            policy = self.policies[item.queue]
            if item.channel is not None:
                policy = replace(policy, channel=item.channel)
            asked = [step.requirement for step in policy.steps]
            if item.extra is not None:
                asked = [And((requirement, item.extra)) for requirement in asked]
            begin = item.step
            if preferred is not None:
                asked, begin = [IsAgent((preferred,)), *asked], 0
            number = self._unused.pop() if self._unused else len(self._lines)
            line = self._lines[kind] = Line(kind, number, policy, tuple(asked), begin)
            self._match(line)
        return line

    def _drop_unused(self) -> None:
        """Lines of one preferred operator or of one item's own wish are many: those that stand empty go when there are too many."""
        if len(self._lines) < _MOST_LINES:
            return
        self._drop(
            kind
            for kind, line in self._lines.items()
            if not line.waiting and (kind[2] is not None or kind[3] is not None)
        )

    def _drop(self, kinds: Iterable[_Kind]) -> None:
        """These lines, which nobody stands in, are no more."""
        for kind in list(kinds):
            line = self._lines.pop(kind)
            if kind[2] is not None or kind[3] is not None:
                self._demand.forget(line)  # of these there is no end
            bit = ~(1 << line.number)
            self._serves = {login: serves & bit for login, serves in self._serves.items()}
            self._unused.append(line.number)
            line.dropped = True

    def _match(self, line: Line, only: Person | None = None, *, there: bool = True) -> bool:
        """Whether anybody may serve it now who couldn't before. `only` this person came, left or learned something."""
        before = line.mask
        if only is None:
            line.rematch(self.staff)
        else:
            line.rematch_for(only, self.staff, there=there)
        bit, concerned = 1 << line.number, before ^ line.mask
        while concerned:
            low = concerned & -concerned
            concerned ^= low
            person = self.staff.by_number[low.bit_length() - 1]
            if person is not None:
                serves = self._serves[person.login]
                self._serves[person.login] = serves | bit if line.mask & low else serves & ~bit
        return bool(line.mask & ~before)

    def _rematch(self, person: Person, queues: frozenset[str], *, there: bool = True) -> list[Line]:
        """The lines of these queues that somebody may serve now who couldn't before."""
        lines = [line for line in self._lines.values() if line.policy.name in queues]
        return [line for line in lines if self._match(line, person, there=there)]

    def _person(self, login: str) -> Person:
        person = self.staff.people.get(login)
        if person is None:
            raise NotFound(f"{login} isn't signed in")
        return person

    def _policy(self, queue: str) -> QueuePolicy:
        policy = self.policies.get(queue)
        if policy is None:
            raise NotFound(f"there is no queue {queue}")
        return policy

    def _offer(self, item_id: str, login: str) -> _Open:
        open_one = self.offers.get(item_id)
        if open_one is None or login not in open_one.waiting_for:
            raise Conflict(f"{item_id} isn't offered to {login} any more")
        return open_one
