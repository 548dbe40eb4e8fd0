"""Who calls the simulated company when, and what then happens: a day's rhythm, believable agents, calls for those who look on.

Pure: everything is drawn from the seed and played on the stage. Draws plans; simulated_calls plays them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from random import Random

from telephony.simulated_calls import Calls
from telephony.simulated_line import HungUp
from telephony.simulated_lobby import silent
from telephony.simulated_people import Clients
from telephony.simulated_plan import Hand, Plan, Ring, Transfer
from telephony.simulated_stage import Performance, Story

RHYTHM = (5, 4, 3, 3, 4, 6, 12, 30, 60, 90, 100, 95, 80, 90, 95, 90, 80, 65, 50, 40, 30, 22, 14, 8)
"""Per cent of the busiest hour, by hour of the local day."""

_BEFORE_POP_S = (2.0, 4.0)
_BETWEEN_POPS_S = (20.0, 40.0)
_FIRST_CALLS = 3
_SHORT_TALK_S = (12.0, 45.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPlan:
    """How much happens. `calls_per_hour` in the busiest hour (0: nothing by itself); `quietest` per cent of it at night.

    `day_s` is the length of a day: less than 86400 runs through the rhythm faster. Shares are of all calls;
    `callback` is of those who wait for Meridian's choice and rather want to be called back. `waiting`: so many callers
    keep waiting in an ACD queue, as long as Meridian serves it.
    """

    calls_per_hour: float = 200.0
    quietest: float = 15.0
    day_s: float = 86_400.0
    zone: tzinfo = UTC
    outbound: float = 0.12
    internal: float = 0.05
    transferred: float = 0.08
    held: float = 0.18
    recorded: float = 0.5
    callback: float = 0.08
    waiting: Mapping[str, int] = field(default_factory=dict)


class Traffic:
    """Begins calls on its own. `favour(agent)`: somebody looks at this agent's screen, so calls for it come often."""

    def __init__(self, calls: Calls, plan: TrafficPlan, *, seed: int) -> None:
        self._calls, self._exchange, self._plan = calls, calls.exchange, plan
        self._rng = Random(f"traffic {seed}")
        self.clients = Clients(seed=seed)
        self._favoured: dict[str, Performance] = {}
        self._spared: frozenset[str] = frozenset()
        self._began_at = 0.0

    def begin(self) -> None:
        """Start, or start again after a reboot of the PBX: some calls at once, then by the rhythm."""
        stage = self._exchange.stage
        self._began_at = stage.now
        if self._plan.calls_per_hour:
            for n in range(_FIRST_CALLS):
                stage.play(self._one(), after_s=0.3 + 1.7 * n)
            stage.play(self._by_the_clock())
        for queue, wanted in self._plan.waiting.items():
            stage.play(self._keep_waiting(queue, wanted))
        for agent in list(self._favoured):
            self._favoured[agent] = stage.play(self._for(agent))

    def favour(self, agent: str) -> None:
        """A person is signed in as `agent`: a call within some 5 s, then one every 20 to 40 s, until `unfavour`."""
        if agent not in self._favoured and agent in self._exchange.agents:
            self._exchange.reserved.add(agent)
            self._favoured[agent] = self._exchange.stage.play(self._for(agent))

    def unfavour(self, agent: str) -> None:
        self._exchange.reserved.discard(agent)
        performance = self._favoured.pop(agent, None)
        if performance:
            self._exchange.stage.stop(performance)

    def spare(self, agents: frozenset[str]) -> None:
        """Their phones do nothing by themselves from now on: they dial nobody, and no colleague calls them."""
        self._spared = agents

    @property
    def favoured(self) -> frozenset[str]:
        return frozenset(self._favoured)

    def rate(self, at: float) -> float:
        """Calls per hour that are due at this instant."""
        day = (at - self._began_at) * 86_400.0 / self._plan.day_s + self._began_at
        hour = datetime.fromtimestamp(day, self._plan.zone)
        here, after = RHYTHM[hour.hour], RHYTHM[(hour.hour + 1) % 24]
        percent = here + (after - here) * hour.minute / 60
        return self._plan.calls_per_hour * max(percent, self._plan.quietest) / 100

    # -- stories

    def _by_the_clock(self) -> Story:
        while True:
            yield self._rng.expovariate(self.rate(self._exchange.stage.now) / 3600)
            yield from self._one()

    def _one(self) -> Story:
        rng, lot = self._rng, self._rng.random()
        free = self._idle()
        if lot < self._plan.outbound and free:
            self._outbound(rng.choice(free))
        elif lot < self._plan.outbound + self._plan.internal and len(free) > 1:
            one, other = rng.sample(free, 2)
            plan = Plan(talk_s=rng.uniform(8, 60), ended_by=rng.choice(("caller", "called")))
            self._calls.internal(agent=one, to=other, plan=plan, ring=self._reaction(other))
        else:
            self._inbound()
        yield from ()

    def _keep_waiting(self, queue: str, wanted: int) -> Story:
        """Whenever fewer wait, somebody calls."""
        dialled = self._did([queue])
        while True:
            yield self._rng.uniform(1.0, 3.0)
            few = len(self._exchange.queues.by_name[queue].entries) < wanted
            if few and not silent(self._exchange.switch):
                self._inbound(dialled, talk_s=self._rng.uniform(*_SHORT_TALK_S))

    def _for(self, agent: str) -> Story:
        """Calls that reach one agent, whoever else is free."""
        wait = self._rng.uniform(*_BEFORE_POP_S)
        self._hurry(agent)
        while True:
            yield wait
            if self._is_free(agent):
                self._favourite_call(agent)
                wait = self._rng.uniform(*_BETWEEN_POPS_S)
            else:
                wait = 1.0

    def _favourite_call(self, agent: str) -> None:
        rng = self._rng
        client = rng.choice(self.clients.regulars) if rng.random() < 0.8 else self.clients.draw(rng)
        ring = Ring(after_s=rng.uniform(3, 6)) if rng.random() < 0.9 else Ring(outcome=Hand.NOANSWER)
        holds = (rng.uniform(3, 6),) if rng.random() < 0.2 else ()
        plan = Plan(
            rings=((agent, ring),),
            behave=self._reaction,
            ring_timeout_s=12.0,
            patience_s=60.0,
            talk_s=rng.uniform(8, 18),
            holds=holds,
            ended_by=rng.choice(("caller", "caller", "agent")),
            recorded=rng.random() < self._plan.recorded,
        )
        queues = [m.queue for m in self._exchange.queues.of_agent(agent)] or list(self._exchange.queues.by_name)
        self._calls.inbound(number=client.number, name=client.name, dialled=self._did(queues), plan=plan)

    def _inbound(self, dialled: str = "", *, talk_s: float = 0.0) -> None:
        rng, client = self._rng, self.clients.draw(self._rng)
        holds = (
            tuple(rng.uniform(5, 40) for _ in range(rng.choice((1, 1, 2)))) if rng.random() < self._plan.held else ()
        )
        plan = Plan(
            behave=self._reaction,
            ring_timeout_s=15.0,
            patience_s=rng.expovariate(1 / 90) + 3,
            queue_timeout_s=rng.choice((45.0, 90.0, 90.0)),
            talk_s=talk_s or min(180.0, max(20.0, rng.lognormvariate(4.0, 0.55))),
            holds=holds,
            transfer=self._transfer(),
            talk_after_s=rng.uniform(10, 60),
            ended_by=rng.choice(("caller", "caller", "agent")),
            message_s=rng.uniform(4, 18),
            recorded=rng.random() < self._plan.recorded,
        )
        dialled = dialled or self._did(list(self._exchange.queues.by_name))
        if self._exchange.dids[dialled] in self._exchange.acd and rng.random() < self._plan.callback:
            plan = replace(plan, callback_after_s=rng.uniform(12, 40))
        self._calls.inbound(number=client.number, name=client.name, dialled=dialled, plan=plan)

    def _outbound(self, agent: str) -> None:
        rng, client = self._rng, self.clients.draw(self._rng)
        number = client.number.lstrip("+")
        lot = rng.random()
        outcome = (
            Hand.ANSWERED if lot < 0.68 else Hand.BUSY if lot < 0.78 else "invalid" if lot < 0.81 else Hand.NOANSWER
        )
        plan = Plan(
            talk_s=min(150.0, max(10.0, rng.lognormvariate(3.7, 0.6))),
            patience_s=rng.uniform(12, 24),
            ended_by=rng.choice(("called", "caller")),
        )
        if number.isdigit():
            ring = Ring(outcome=outcome, after_s=rng.uniform(2, 11))
            self._calls.outbound(agent=agent, number=number, plan=plan, ring=ring)

    # -- people

    def _reaction(self, agent: str) -> Ring:
        """What an agent does with a ringing phone; the same person is not always the same."""
        lot = self._rng.random()
        if lot < 0.90:
            return Ring(after_s=self._rng.uniform(2, 8))
        if lot < 0.96:
            return Ring(outcome=Hand.NOANSWER)
        return Ring(outcome=Hand.BUSY if lot < 0.98 else Hand.REJECTED, after_s=self._rng.uniform(1, 3))

    def _transfer(self) -> Transfer | None:
        rng = self._rng
        if rng.random() >= self._plan.transferred:
            return None
        free = self._idle()
        if rng.random() < 0.3 or not free:
            return Transfer(kind="blind", to=self._did(list(self._exchange.queues.by_name)))
        kind = rng.choice(("blind", "attended"))
        return Transfer(kind=kind, to=rng.choice(free), ring=self._reaction(""), consult_s=rng.uniform(5, 20))

    def _idle(self) -> list[str]:
        aside = self._spared | self._favoured.keys()
        return [a for a in self._exchange.agents if self._is_free(a) and a not in aside]

    def _is_free(self, agent: str) -> bool:
        members = self._exchange.queues.of_agent(agent)
        paused = bool(members) and all(member.paused for member in members)
        return not paused and not self._exchange.switch.busy(agent)

    def _did(self, queues: Sequence[str]) -> str:
        numbers = [did for did, queue in self._exchange.dids.items() if queue in queues]
        return self._rng.choice(numbers or list(self._exchange.dids))

    def _hurry(self, agent: str) -> None:
        """Whoever talks with this agent comes to an end, so that the newcomer's first call can come."""
        channels = [c for c in self._exchange.switch.channels.values() if c.endpoint == agent and c.story]
        for channel in channels:
            if channel.story:
                self._exchange.stage.interrupt(channel.story, HungUp(channel, by_phone=True))
