"""The people of the soak and what befalls them: callers, operators at their desks and phones, devices that fail, a line that
breaks, a plan that is changed. Everything is drawn."""

from dataclasses import dataclass

from core import events as e
from core.model import AgentState
from queues.wishes import AgentAsked, Wish
from telephony.simulated_plan import Hand, Plan, Ring, Transfer
from telephony.simulated_stage import Story
from tests.soak.pbx import DIDS, FIRST_EXTENSION
from tests.soak.world import World

_LOOKS_EVERY_S = 8.0
_REASONS = ("break", "lunch")


@dataclass
class _Operator:
    login: str
    agent: str
    session: int = 0
    signed_in: bool = False
    page: bool = False


class Crowd:
    """`begin`, then everything goes on by itself; after `go_home` nobody calls, and nothing fails any more."""

    def __init__(self, world: World, *, calls_per_s: float) -> None:
        self.world, self.rng, self.stage = world, world.rng, world.pbx.stage
        self.calls_per_s = calls_per_s
        self.operators = [_Operator(f"op{n}", str(FIRST_EXTENSION + n)) for n in range(len(world.tables.people))]
        self.over = False

    def begin(self) -> None:
        for operator in self.operators:
            self.stage.play(self._works(operator), after_s=self.rng.uniform(0, 60))
        stories = (self._callers(), self._devices(), self._line(), self._looks(), self._plans(), self._crashes())
        for story in stories:
            self.stage.play(story)

    def go_home(self) -> None:
        self.over = self.world.pbx.quiet = True
        self.world.pbx.exchange.unregistered.clear()
        if not self.world.pbx.live:
            self.world.pbx.in_step()

    # -- operators

    def _works(self, operator: _Operator) -> Story:
        rng = self.rng
        while True:
            if not operator.signed_in:
                self._signs_in(operator)
            yield rng.expovariate(1 / _LOOKS_EVERY_S)
            lot = rng.random()
            if lot < 0.002 and not self.over:
                self._signs_out(operator)
                yield rng.expovariate(1 / 300)
            elif lot < 0.012 and operator.page and not self.over:
                self._page(operator, here=False)
                yield rng.choice((0.5, 2.0, 10.0, 60.0))
            if operator.signed_in and not operator.page:
                self._page(operator, here=True)
            self._acts(operator)

    def _signs_in(self, operator: _Operator) -> None:
        operator.session += 1
        operator.signed_in = True
        self.world.step(self._session(operator))
        self._page(operator, here=True)

    def _session(self, operator: _Operator) -> e.AgentSignedIn:
        return e.AgentSignedIn(
            at=self.world.now,
            agent=operator.agent,
            session_id=f"{operator.login}-{operator.session}",
            login=operator.login,
            name=operator.login,
        )

    def _signs_out(self, operator: _Operator) -> None:
        operator.signed_in = operator.page = False
        session_id = f"{operator.login}-{operator.session}"
        self.world.step(e.AgentSignedOut(at=self.world.now, agent=operator.agent, session_id=session_id))

    def _page(self, operator: _Operator, *, here: bool) -> None:
        operator.page = here
        kind = e.AgentBack if here else e.AgentGone
        self.world.step(kind(at=self.world.now, agent=operator.agent))

    def _acts(self, operator: _Operator) -> None:
        status, rng = self.world.agents.status(operator.agent), self.rng
        if status is None or not operator.signed_in:
            return
        wish: Wish | None = None
        match status.state:
            case AgentState.WRAP_UP:
                wish = rng.choice((Wish.FINISH, Wish.FINISH, Wish.EXTEND, Wish.PAUSE, Wish.READY))
            case AgentState.PAUSED if rng.random() < 0.3 or self.over:
                wish = Wish.READY
            case AgentState.NOT_RESPONDING if rng.random() < 0.7 or self.over:
                wish = Wish.READY
            case AgentState.READY if rng.random() < 0.03:
                wish = Wish.PAUSE
            case AgentState.OFFERED | AgentState.BUSY if rng.random() < 0.05:
                wish = Wish.PAUSE
            case AgentState.READY if rng.random() < 0.01 and not self.over:
                self._dials(operator)
        reason = rng.choice(_REASONS) if wish is Wish.PAUSE else None
        if wish is not None and self.world.agents.refusal(operator.agent, wish, reason) is None:
            asked = AgentAsked(at=self.world.now, agent=operator.agent, wish=wish, by=operator.login, reason=reason)
            self.world.step(asked)

    def _dials(self, operator: _Operator) -> None:
        if not self.world.pbx.exchange.switch.busy(operator.agent):
            plan = Plan(talk_s=self.rng.expovariate(1 / 30), patience_s=20)
            self.world.pbx.calls.outbound(
                agent=operator.agent, number="79035550001", plan=plan, ring=self._reaction("")
            )

    # -- callers

    def _callers(self) -> Story:
        while not self.over:
            yield self.rng.expovariate(self.calls_per_s)
            self._calls()

    def _calls(self) -> None:
        rng = self.rng
        number = "anonymous" if rng.random() < 0.03 else f"+3712{rng.randrange(3_000):07}"
        plan = Plan(
            behave=self._reaction,
            patience_s=rng.expovariate(1 / 60) + 0.5,
            callback_after_s=rng.uniform(5, 40) if rng.random() < 0.05 else None,
            talk_s=rng.expovariate(1 / 40) + 1,
            holds=(rng.uniform(1, 10),) if rng.random() < 0.05 else (),
            transfer=self._transfer(),
            talk_after_s=rng.expovariate(1 / 20) + 1,
            ended_by=rng.choice(("caller", "caller", "agent")),
            message_s=rng.uniform(2, 20),
        )
        dialled = rng.choice([did for did in DIDS if did != "500"])
        self.world.pbx.calls.inbound(number=number, name="Caller", dialled=dialled, plan=plan)

    def _transfer(self) -> Transfer | None:
        rng = self.rng
        if rng.random() > 0.06:
            return None
        to = rng.choice([*DIDS, *(rng.choice(self.operators).agent for _ in range(4))])
        kind = "blind" if to in DIDS else rng.choice(("blind", "attended"))
        return Transfer(kind=kind, to=to, ring=self._reaction(""), consult_s=rng.uniform(1, 10))

    def _reaction(self, _agent: str) -> Ring:
        rng, lot = self.rng, self.rng.random()
        if self.over or lot < 0.85:
            return Ring(after_s=rng.uniform(0.5, 8))
        if lot < 0.87:
            return Ring(after_s=rng.uniform(14.9, 15.1))
        if lot < 0.92:
            return Ring(outcome=Hand.NOANSWER)
        if lot < 0.93:
            return Ring(outcome=Hand.UNREACHABLE)
        outcome = rng.choice((Hand.REJECTED, Hand.REJECTED, Hand.BUSY, Hand.UNAVAILABLE))
        return Ring(outcome=outcome, after_s=rng.uniform(0, 3))

    # -- what befalls them

    def _devices(self) -> Story:
        gone = self.world.pbx.exchange.unregistered
        while not self.over:
            yield self.rng.expovariate(1 / 10)
            if len(gone) > len(self.operators) // 20:
                gone.remove(self.rng.choice(sorted(gone)))
            else:
                gone.add(self.rng.choice(self.operators).agent)

    def _line(self) -> Story:
        pbx = self.world.pbx
        while not self.over:
            yield self.rng.expovariate(1 / 100)
            if pbx.live and not self.over:
                pbx.lose()
                yield self.rng.choice((0.2, 3.0, 12.0, 40.0))
                if not pbx.live:
                    pbx.in_step()

    def _looks(self) -> Story:
        """The reconciliation that the link does every minute."""
        while True:
            yield 60.0
            if self.world.pbx.live:
                self.world.pbx.in_step()

    def _plans(self) -> Story:
        while not self.over:
            yield self.rng.expovariate(1 / 100)
            self.world.replan()

    def _crashes(self) -> Story:
        """Meridian is killed; sessions live on in the database, pages come back by themselves."""
        while not self.over:
            yield self.rng.expovariate(1 / 300)
            if self.over:
                return
            for operator in self.operators:
                operator.page = False
            self.world.crash(tuple(self._session(one) for one in self.operators if one.signed_in))
            yield self.rng.choice((0.1, 2.0, 20.0))
            self.world.pbx.in_step()
