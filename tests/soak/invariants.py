"""What must hold after everything that Meridian is told. Reckoned from the facts, not from what the router remembers of them."""

from datetime import timedelta

from core import events as e
from core.model import AgentState, OfferOutcome
from routing.lines import Item
from routing.policy import QueuePolicy, Strategy
from routing.requirement import Requirement
from routing.staff import Person
from tests.soak.plan import ACD
from tests.soak.world import World

_WORKING = (AgentState.OFFERED, AgentState.BUSY, AgentState.WRAP_UP)
_RINGING = 5
_TIMER_S = 0.001
"""The timers of steps go off a microsecond after the step's time."""
_FLIGHT_S = 3.0
"""What Meridian wants done at the PBX may take so long until it shows."""


class Broken(AssertionError):
    """An invariant doesn't hold."""


class Watch:
    """`after` looks at what the last step touched, and every `whole_every`th time at everything."""

    def __init__(self, world: World, *, whole_every: int = 500) -> None:
        self.world, self._whole_every = world, whole_every
        self.looks = 0
        self.offers = self.calls = 0
        self._idle_since: dict[str, float] = {}
        self._worked: set[str] = set()
        self._crashes = 0
        self._odd_since: dict[str, float] = {}
        world.watch = self.after

    def after(self, fact: object) -> None:
        try:
            self._look()
        except Broken as broken:
            # A story of the stage must not swallow it.
            self.world.broken = self.world.broken or f"{self.world.now} after {repr(fact)[:300]}: {broken}"

    def _look(self) -> None:
        self.looks += 1
        touched: set[str] = set()
        for event in self.world.heard:
            match event:
                case e.OfferMade(login=login):
                    self.offers += 1
                    touched.add(login)
                    self._first_in_idleness(event)
                    if not self.world.pbx.live:
                        raise Broken(f"{event} without a line")
                case e.OfferEnded(agent=agent, outcome=outcome):
                    operator = self.world.dispatcher.duty.at(agent)
                    if operator is not None:
                        touched.add(operator.login)
                        self.calls += outcome is OfferOutcome.ACCEPTED
                        if outcome is OfferOutcome.ACCEPTED:
                            self._worked.add(operator.login)
                case e.AgentChanged(status=status):
                    touched.add(status.login)
                    self._idles(event)
        for login in touched:
            self._reserved_once(login)
        if self.looks % self._whole_every == 0:
            self.whole()
        elif self.looks % 20 == 0:
            self._nobody_waits_in_vain()
            self._everybody_who_waits_is_known()

    def whole(self) -> None:
        """Everything, whatever was touched."""
        for login in list(self.world.dispatcher.router.staff.people):
            self._reserved_once(login)
        self._offers_live()
        self._nobody_waits_in_vain()
        self._everybody_who_waits_is_known()
        if self.world.engine.failures:
            raise Broken("a rule raised; the log has it")

    # -- reservations

    def _reserved_once(self, login: str) -> None:
        """Held for one item at most, for a live offer or for what they took; free exactly when their states say so."""
        dispatcher = self.world.dispatcher
        person, operator = dispatcher.router.staff.people.get(login), dispatcher.duty.of(login)
        if person is None or operator is None:
            if (person is None) != (operator is None):
                raise Broken(f"{login} is known to one and not to the other")
            return
        offers = dispatcher.offering.book.of_login(login)
        load = person.items
        if len(offers) > 1 or load > 1 or load != len(offers) + len(operator.held):
            raise Broken(f"{login} is held for {load}: offers {offers}, held {operator.held}, {operator.status.state}")
        if operator.held and operator.done:
            raise Broken(f"{login} is {operator.status.state}, and something is still held against them")
        status = self.world.agents.status(operator.status.agent)
        if status != operator.status:
            raise Broken(f"{login}: {operator.status} where they are {status}")
        if person.ready != operator.free_to_choose:
            raise Broken(f"{login} is{'' if person.ready else ' not'} ready to the router, but {operator}")

    def _offers_live(self) -> None:
        dispatcher, now = self.world.dispatcher, self.world.now
        by_item: dict[str, set[str]] = {}
        for offer in dispatcher.offering.book:
            by_item.setdefault(offer.item_id, set()).add(offer.login)
            if now > offer.lease_until + timedelta(milliseconds=1):
                raise Broken(f"{offer} is older than its lease")
            if f"lease {offer.offer_id}" not in self.world.timers:
                raise Broken(f"{offer} has no timer")
        held = {item_id: set(open_one.waiting_for) for item_id, open_one in dispatcher.router.offers.items()}
        if held != by_item:
            raise Broken(f"the router holds {held}, the book {by_item}")
        for item_id, logins in by_item.items():
            policy = dispatcher.router.policies[dispatcher.router.items[item_id].queue]
            if len(logins) > 1 and policy.strategy is not Strategy.RING_ALL:
                raise Broken(f"{item_id} is offered to {logins}")

    # -- waiting

    def _nobody_waits_in_vain(self) -> None:
        """No free operator could take an item that waits, but for one they declined a moment ago."""
        router, now_s = self.world.dispatcher.router, self.world.now.timestamp() - _TIMER_S
        free: dict[str, list[Person]] = {}
        for person in router.staff.people.values():
            if person.can_take("voice"):
                for queue in person.queues:
                    free.setdefault(queue, []).append(person)
        asked: dict[tuple[str, int], Requirement | None] = {}
        for item in router.items.values():
            if item.item_id in router.offers or item.queue not in free:
                continue
            for person in self._who_could(item, free[item.queue], now_s, asked):
                raise Broken(f"{person} is free, and {item} waits")

    def _who_could(
        self, item: Item, free: list[Person], now_s: float, asked: dict[tuple[str, int], Requirement | None]
    ) -> list[Person]:
        """Of those who are free and members of the queue."""
        policy, signed_in = self.world.dispatcher.router.policies[item.queue], self.world.dispatcher.router.staff.people
        eager = [person for person in free if item.tried.get(person.login, 0.0) <= now_s]
        preferred = signed_in.get(item.preferred or "") if now_s < item.entered_s + policy.preferred_s else None
        if preferred is not None and item.queue in preferred.queues:
            return [person for person in eager if person is preferred]
        step = (
            0
            if now_s < item.entered_s + policy.preferred_s and item.preferred
            else policy.step_at(item.entered_s, now_s)
        )
        key = item.queue, step
        if key not in asked:
            asked[key] = self._counts(policy, step)
        requirement = asked[key]
        return [] if requirement is None else [person for person in eager if requirement.passes(person)]

    def _counts(self, policy: QueuePolicy, first: int) -> Requirement | None:
        """The first step from there on that anybody signed in could pass."""
        people = self.world.dispatcher.router.staff.people.values()
        members = [person for person in people if policy.name in person.queues]
        steps = (step.requirement for step in policy.steps[first:])
        return next((one for one in steps if any(one.passes(member) for member in members)), None)

    def _everybody_who_waits_is_known(self) -> None:
        """Whoever waits in a lobby is an item, or on their way; and no item is of a caller who doesn't."""
        pbx, dispatcher = self.world.pbx, self.world.dispatcher
        odd: set[str] = set()
        if pbx.live:
            by_uniqueid = {caller.arrived.uniqueid: caller for caller in dispatcher.callers.values()}
            for queue in ACD:
                for entry in pbx.exchange.queues.by_name[queue].entries:
                    caller = by_uniqueid.get(entry.channel.uniqueid)
                    known = caller is not None and (caller.call_id in dispatcher.router.items or caller.rung_by_others)
                    if not known and entry.channel.variables.get("CC_SERVED") != "1":
                        odd.add(f"{entry.channel.uniqueid} waits in {queue} and is no item")
            for item_id in dispatcher.router.items:
                caller = dispatcher.callers[item_id]
                if caller.arrived.uniqueid not in pbx.exchange.lobby:
                    odd.add(f"{item_id} of {caller.arrived.uniqueid} is an item, and nobody waits")
            odd |= self._stray_phones()
        now_s = self.world.now.timestamp()
        self._odd_since = {what: self._odd_since.get(what, now_s) for what in odd}
        for what, since_s in self._odd_since.items():
            if now_s - since_s > _FLIGHT_S:
                raise Broken(what)

    def _stray_phones(self) -> set[str]:
        """Of those that rang when Meridian was killed, and whose caller went meanwhile, nobody knows: they ring out."""
        dispatcher, switch = self.world.dispatcher, self.world.pbx.exchange.switch
        known = {offer.offer_id for offer in dispatcher.offering.book}
        known |= {leg for caller in dispatcher.callers.values() for leg in caller.rung_by_others}
        ringing = (c for c in switch.channels.values() if c.uniqueid.startswith("cc.") and c.state == _RINGING)
        return {
            f"{leg.name} rings for {leg.uniqueid}, which is no offer"
            for leg in ringing
            if leg.uniqueid not in known
            and (leg.created_at > self.world.crashed_s or switch.find(leg.variables["CC_CALLID"]) is not None)
        }

    # -- idleness

    def _idles(self, event: e.AgentChanged) -> None:
        """Since when they are idle: signed in, or done with what they took. Pauses and own calls don't count."""
        status, login = event.status, event.status.login
        if status.state is AgentState.SIGNED_OUT:
            self._idle_since.pop(login, None)
            self._worked.discard(login)
            return
        if login not in self._idle_since or self._crashes != self.world.crashes:
            self._forget()
            self._idle_since[login] = status.since.timestamp()
        if status.state in (AgentState.BUSY, AgentState.WRAP_UP) and status.queue is not None:
            self._worked.add(login)
        elif login in self._worked and status.state not in _WORKING:
            self._worked.discard(login)
            self._idle_since[login] = event.at.timestamp()

    def _forget(self) -> None:
        """A crash: since when people are idle is known as far as their states tell it."""
        if self._crashes != self.world.crashes:
            self._crashes = self.world.crashes
            self._idle_since.clear()
            self._worked.clear()

    def _first_in_idleness(self, made: e.OfferMade) -> None:
        """Where that decides: by our own clock, and the longest idle of all who could have had it."""
        if self.world.dispatcher.router.policies[made.queue].strategy is not Strategy.LONGEST_IDLE:
            return
        ours = {one.login: self._idle_since.get(one.login) for one in made.choice.candidates}
        theirs = {one.login: one.measure[1] for one in made.choice.candidates}
        if ours != theirs:
            raise Broken(f"idle since {theirs}, but really {ours}")
        item = self.world.dispatcher.router.items.get(made.call_id)
        refused = frozenset(item.refused if item is not None else ())
        before = [since for login, since in theirs.items() if login not in refused or made.login in refused]
        if theirs[made.login] > min(before) or (made.login in refused and theirs.keys() - refused):
            raise Broken(f"{made.login} was chosen of {theirs}, of whom {refused} had refused")


def emptied(world: World) -> None:
    """After everybody has gone home: nothing is left of anything."""
    dispatcher = world.dispatcher
    left = {
        "callers": dict(dispatcher.callers),
        "items": dict(dispatcher.router.items),
        "offers": dict(dispatcher.router.offers),
        "book": list(dispatcher.offering.book),
        "leases": [timer for timer in world.timers if timer.startswith("lease ")],
        "channels": list(world.pbx.exchange.switch.channels),
        "calls": dict(world.tracker.calls),
        "held": [one for one in dispatcher.duty.operators.values() if one.held],
    }
    if any(left.values()):
        raise Broken(f"left over: { {what: value for what, value in left.items() if value} }")
