"""A Meridian whole in memory, its PBX, and a clock that jumps from one happening to the next."""

import heapq
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from random import Random
from typing import Any

from core import effects as fx
from core import events as e
from core.desk import Desk, QueueSettings, WrapUpMode
from core.engine import Engine
from core.model import AgentStatus, ClientSummary
from queues.agents import Agents, AgentsLoaded
from routing.dispatcher import Dispatcher
from routing.live_plan import PlanChanged
from routing.resume import CutOffs
from screenpop.pops import Pops
from telephony.live import Endpoints
from telephony.tracker import CallTracker
from tests.soak.pbx import PBX, SoakPbx
from tests.soak.plan import SITE, changed, drawn, in_force
from wiring.rules import agent_rules, joined, pbx_rules, pop_rules, resume_rules, routing_rules

BEGAN = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
DESK = Desk(
    queues={
        "sales": QueueSettings(wrap_up=WrapUpMode.NONE),
        "billing": QueueSettings(wrap_up=WrapUpMode.LIMITED, wrap_up_s=15),
        "tech": QueueSettings(wrap_up=WrapUpMode.OPTIONAL),
        "gold": QueueSettings(wrap_up=WrapUpMode.LIMITED, wrap_up_s=30),
    },
    missed_calls=2,
    away_after_s=30,
)


class World:
    """`steps` counts everything that Meridian was told. `watch` is called after each of them."""

    def __init__(self, seed: object, *, operators: int = 500, members: int = 20) -> None:
        self.rng = Random(f"soak {seed}")
        self.tables = drawn(self.rng, operators)
        self.plan = in_force(self.tables, 0, BEGAN.year)
        self.heard: list[object] = []
        self.steps = self.crashes = 0
        self.watch: Callable[[object], None] = lambda _fact: None
        self.crashed_s = 0.0
        self.broken = ""
        self.timers: dict[str, datetime] = {}
        self._alarms: list[tuple[datetime, int, str]] = []
        self._order = count()
        self._kept: dict[str, AgentStatus] = {}
        self.pbx = SoakPbx(self.rng, operators=operators, members=members, began=BEGAN.timestamp(), deliver=self.step)
        self._meridian()
        self._comes_up(())
        self.pbx.begin()

    def _meridian(self) -> None:
        """A fresh one, that knows nothing."""
        cut_offs = CutOffs(e164=lambda number: number, resume_s=lambda _queue: 60)
        self.dispatcher = Dispatcher(self.plan, place_of=cut_offs.place_of)
        self.agents, self.pops = Agents(site=SITE, desk=DESK), Pops()
        self.tracker = CallTracker(site=SITE, pbx=PBX, endpoints=Endpoints(("PJSIP/1???",)))
        table = joined(
            pbx_rules({PBX: self.tracker}),
            pop_rules(self.pops),
            agent_rules(self.agents),
            resume_rules(cut_offs),
            routing_rules(self.dispatcher),
        )
        for kind in (e.OfferMade, e.OfferEnded, e.AgentChanged, e.CallAnswered):
            table[kind] = [self._hear, *table.get(kind, ())]
        self.engine = Engine(table, self._perform)

    def _comes_up(self, signed_in: tuple[e.AgentSignedIn, ...]) -> None:
        self.step(PlanChanged(at=self.now, plan=self.plan))
        self.step(AgentsLoaded(at=self.now, statuses=tuple(self._kept.values()), signed_in=signed_in))

    def crash(self, signed_in: tuple[e.AgentSignedIn, ...]) -> None:
        """Killed, and started again at once: what operators did is in the database, all else is asked of the PBX."""
        self.pbx.live = False
        self.crashes, self.crashed_s = self.crashes + 1, self.now.timestamp()
        self.timers.clear()
        self._meridian()
        self._comes_up(signed_in)

    @property
    def now(self) -> datetime:
        return self.pbx.now

    def step(self, fact: object) -> None:
        """One fact, and the look at what it left."""
        self.steps += 1
        self.heard.clear()
        self.engine.step(fact)
        self.watch(fact)

    def replan(self) -> None:
        self.tables = changed(self.rng, self.tables)
        self.plan = in_force(self.tables, self.plan.version + 1, BEGAN.year)
        self.step(PlanChanged(at=self.now, plan=self.plan))

    def run(self, *, steps: int | None = None, until: datetime | None = None) -> None:
        """Until Meridian has been told so much more, or it is so late."""
        most = None if steps is None else self.steps + steps
        while (most is None or self.steps < most) and not self.broken:
            stage_s, alarm = self.pbx.stage.due(), self._next_alarm()
            if stage_s is None and alarm is None:
                return
            stage_at = None if stage_s is None else datetime.fromtimestamp(stage_s, UTC)
            if until is not None and all(at is None or at > until for at in (stage_at, alarm)):
                self.pbx.stage.advance(until.timestamp())
                return
            if stage_s is not None and (alarm is None or stage_at is None or stage_at <= alarm):
                self.pbx.stage.advance(stage_s, most=1)
            elif alarm is not None:
                self._ring_alarm(alarm)

    # -- inside

    def _hear(self, event: object) -> list[Any]:
        self.heard.append(event)
        return []

    def _next_alarm(self) -> datetime | None:
        while self._alarms and self.timers.get(self._alarms[0][2]) != self._alarms[0][0]:
            heapq.heappop(self._alarms)
        return self._alarms[0][0] if self._alarms else None

    def _ring_alarm(self, at: datetime) -> None:
        _, _, timer_id = heapq.heappop(self._alarms)
        del self.timers[timer_id]
        self.pbx.stage.advance(at.timestamp())
        self.step(e.Woke(at=at, timer_id=timer_id))

    def _perform(self, effect: fx.Effect) -> None:
        match effect:
            case fx.WakeAt(timer_id=timer_id, at=at):
                self.timers.pop(timer_id, None)
                if at is not None:
                    self.timers[timer_id] = at
                    heapq.heappush(self._alarms, (at, next(self._order), timer_id))
            case fx.RingAgent():
                self.pbx.ring(effect)
            case fx.StopRinging():
                self.pbx.silence(effect)
            case fx.SendCaller():
                self.pbx.send(effect)
            case fx.SyncMember():
                self.pbx.pause_member(effect)
            case fx.SaveAgent(status=status):
                self._kept[status.agent] = status
            case fx.LookUpClient():
                self.pbx.stage.play(self._identified(effect), after_s=0.01)

    def _identified(self, asked: fx.LookUpClient) -> Any:
        """One in ten is a VIP, one in five has an operator of their own."""
        rng = self.rng
        client = ClientSummary(
            client_id=asked.number,
            name=asked.name,
            number=asked.number,
            vip=rng.random() < 0.1,
            owner=f"op{rng.randrange(len(self.tables.people))}" if rng.random() < 0.2 else None,
        )
        self.step(e.ClientIdentified(at=self.now, call_id=asked.call_id, client=client, history=()))
        yield from ()
