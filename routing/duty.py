"""Keeps the router's people true to what operators do: who is signed in, with which skills, and free or not. Pure.

Never says what becomes of offers (offering.py); the dispatcher ends those of somebody who leaves first.
"""

from collections.abc import Mapping
from datetime import datetime

from core.effects import WakeAt
from core.model import AgentStatus
from routing.on_duty import Operator
from routing.ports import PlanInForce
from routing.router import Offer, Router
from routing.staff import CAPACITY, Person

REST_TIMER, SHIFT_TIMER = "rest ", "shift "


class Duty:
    """`operators` by extension. A login that is signed in at two extensions is offered work at the first."""

    def __init__(self, plan: PlanInForce, router: Router) -> None:
        self.plan, self._router = plan, router
        self.operators: dict[str, Operator] = {}
        self._phones: dict[str, str] = {}

    def at(self, agent: str) -> Operator | None:
        return self.operators.get(agent)

    def of(self, login: str) -> Operator | None:
        return self.operators.get(self._phones.get(login, ""))

    def phone_of(self, login: str) -> str:
        return self._phones[login]

    def why_not(self, login: str) -> tuple[str, ...]:
        operator = self.of(login)
        return () if operator is None else operator.obstacles

    def offered_work(self, operator: Operator) -> bool:
        """Whether it is this extension of theirs that counts."""
        return self._phones.get(operator.login) == operator.status.agent

    def signs_in(self, status: AgentStatus, at: datetime) -> tuple[Operator, list[Offer]]:
        operator = self.operators[status.agent] = Operator(status=status)
        if status.login in self._phones:
            return operator, []
        self._phones[status.login] = status.agent
        planned = self.plan.person(status.login)
        person = Person(
            status.login,
            self.plan.site_of(status.login),
            dict(planned.skills) if planned else {},
            self._queues(status.login),
            capacity=self._capacity(status.login),
            idle_since_s=status.since.timestamp(),
            ready=False,
        )
        return operator, self._router.sign_in(person, at.timestamp())

    def signs_out(self, operator: Operator, at: datetime) -> list[Offer]:
        del self.operators[operator.status.agent]
        if not self.offered_work(operator):
            return []
        del self._phones[operator.login]
        return self._router.sign_out(operator.login, at.timestamp())

    def silenced(self, operator: Operator) -> list[WakeAt]:
        """The timers of somebody who left."""
        agent = operator.status.agent
        return [WakeAt(timer_id=REST_TIMER + agent, at=None), WakeAt(timer_id=SHIFT_TIMER + agent, at=None)]

    def learns(self, operator: Operator, at: datetime) -> list[Offer]:
        """Their skills and queues by the plan that is in force now."""
        if not self.offered_work(operator):
            return []
        planned = self.plan.person(operator.login)
        skills = dict(planned.skills) if planned else {}
        return self._router.relearn(
            operator.login,
            at.timestamp(),
            skills=skills,
            queues=self._queues(operator.login),
            capacity=self._capacity(operator.login),
        )

    def shift(self, operator: Operator, at: datetime) -> WakeAt:
        """On shift or not, and the timer of the next change."""
        shift = self.plan.shift(operator.login, at)
        operator.on_shift = shift.open
        return WakeAt(timer_id=SHIFT_TIMER + operator.status.agent, at=shift.changes_at)

    def rests(self, operator: Operator, at: datetime) -> WakeAt:
        """Their phone couldn't be rung: nothing for a while."""
        return WakeAt(timer_id=REST_TIMER + operator.status.agent, at=operator.rest(at))

    def as_they_are(self, operator: Operator, at: datetime) -> list[Offer]:
        """The router hears whether they are free, and that what they held is done once its wrap-up is over."""
        if not self.offered_work(operator):
            return []
        person, now_s, made = self._router.staff.people[operator.login], at.timestamp(), list[Offer]()
        operator.worked = operator.worked or operator.at_work
        if operator.done and (operator.held or operator.worked):
            person.ready = False  # so that nothing is offered before both facts are told
            for channel in operator.held:
                made += self._router.finished(operator.login, channel, now_s)
            if not operator.held:
                made += self._router.did_work(operator.login, now_s)
            operator.held.clear()
            operator.worked = False
        if person.ready != operator.free_to_choose:
            made += self._router.set_ready(operator.login, operator.free_to_choose, now_s)
        return made

    def _capacity(self, login: str) -> Mapping[str, int]:
        planned = self.plan.person(login)
        return CAPACITY if planned is None else {**CAPACITY, **planned.capacity}

    def _queues(self, login: str) -> frozenset[str]:
        planned = self.plan.person(login)
        return frozenset(name for name in (planned.queues if planned else ()) if name in self._router.policies)
