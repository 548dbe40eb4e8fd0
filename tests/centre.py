"""A small centre as a script: its operators, the calls that come, the clock. The screen, the operators' states and the dispatcher
together in a real engine; what they would do to the world is kept in `effects`, and a line each in `tells`.

    centre = Centre(queues={"support": QueueSetting(mode=Mode.ACD)}, people={"anna": person("support")})
    centre.comes("anna", "1001")
    centre.calls("A")
    centre.tells('''
        pop 1001 A
        ring 1001 A
    ''')
"""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from difflib import ndiff
from textwrap import dedent
from typing import NamedTuple

from core import effects as fx
from core import events as e
from core.desk import Desk
from core.engine import Engine
from core.model import AgentState, ClientSummary, Direction, LegOutcome, PastInteraction
from queues.agents import Agents, AgentsLoaded
from queues.wishes import AgentAsked, Wish
from routing.dispatcher import Dispatcher
from routing.hours import Hours, Span, spans
from routing.live_plan import PlanChanged
from routing.open_sites import OpenSites
from routing.policy import QueuePolicy
from routing.settings import PersonSetting, QueueSetting
from routing.wishes import PriorityAsked
from screenpop.pops import Pops
from wiring.rules import agent_rules, joined, pop_rules, routing_rules

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
EPOCH = int(NOON.timestamp())
PBX = "pbx1"


class Shift(NamedTuple):
    open: bool
    changes_at: datetime | None


class ScriptedPlan:
    """A plan whose shifts a script sets by hand. `off`: logins off shift."""

    def __init__(self, queues: Mapping[str, QueueSetting], people: Mapping[str, PersonSetting]) -> None:
        self.queues, self.people = queues, people
        self.hours: dict[str, Hours] = {}
        self.site_hours: dict[str, Hours] = {}
        self.off: set[str] = set()
        self.changes: dict[str, datetime] = {}

    @property
    def queue_hours(self) -> Mapping[str, Hours]:
        return self.hours

    def policies(self) -> list[QueuePolicy]:
        return [setting.policy(name) for name, setting in self.queues.items()]

    def policies_at(self, at: datetime) -> list[QueuePolicy]:
        return OpenSites(tuple(self.site_hours), self._site_spans).bind(self.policies(), at)

    def sites_change_at(self, at: datetime) -> datetime | None:
        return OpenSites(tuple(self.site_hours), self._site_spans).next_change(self.policies(), at)

    def _site_spans(self, site: str, start: datetime, end: datetime) -> list[Span]:
        return list(spans(self.site_hours[site], start, end))

    def person(self, login: str) -> PersonSetting | None:
        return self.people.get(login)

    def site_of(self, login: str) -> str:
        return self.people[login].site or "riga" if login in self.people else "riga"

    def logins_of(self, queue: str) -> list[str]:
        return [login for login, person in self.people.items() if queue in person.queues]

    def shift(self, login: str, at: datetime) -> Shift:
        return Shift(login not in self.off, self.changes.get(login))


def person(*queues: str, **skills: int) -> PersonSetting:
    return PersonSetting(queues=queues or ("support",), skills=skills)


class Centre:
    """Times are seconds after noon; `at` moves on with each thing that happens later."""

    def __init__(
        self,
        *,
        queues: Mapping[str, QueueSetting],
        people: Mapping[str, PersonSetting],
        desk: Desk | None = None,
        connected: bool = True,
    ) -> None:
        self.plan = ScriptedPlan(queues, people)
        self.dispatcher = Dispatcher(self.plan)
        self.agents = Agents(site="riga", desk=desk or Desk(missed_calls=1, away_after_s=60))
        self.pops = Pops()
        table = joined(pop_rules(self.pops), agent_rules(self.agents), routing_rules(self.dispatcher))
        self.engine = Engine(table, self._perform)
        self.effects: list[fx.Effect] = []
        self.timers: dict[str, datetime] = {}
        self.now = NOON
        self._told: list[str] = []
        self._names: dict[str, str] = {}
        self.engine.step(AgentsLoaded(at=NOON, statuses=(), signed_in=()))
        self.replan()
        if connected:
            self.connect()

    # ---- what happens

    def replan(self) -> None:
        """The plan comes into force as it is now."""
        self.step(PlanChanged(at=self.now, plan=self.plan))  # type: ignore[arg-type]  # has all that the dispatcher asks

    def wait(self, seconds: float) -> None:
        """Time goes by, and every timer that comes due goes off."""
        until = self.now + timedelta(seconds=seconds)
        while due := sorted((at, timer) for timer, at in self.timers.items() if at <= until):
            at, timer = due[0]
            del self.timers[timer]
            self.now = max(self.now, at)
            self.step(e.Woke(at=at, timer_id=timer))
        self.now = until

    def wait_for(self, at: datetime, *, only: Collection[str]) -> None:
        """Time goes by in which nothing happens but these timers."""
        while due := sorted((when, timer) for timer, when in self.timers.items() if when <= at and timer in only):
            when, timer = due[0]
            del self.timers[timer]
            self.now = max(self.now, when)
            self.step(e.Woke(at=when, timer_id=timer))
        self.now = at

    def step(self, event: object) -> None:
        before = self.engine.failures
        self.engine.step(event)
        assert self.engine.failures == before, "a rule raised: see the log"

    def connect(self) -> None:
        self.step(e.PbxConnected(at=self.now, pbx=PBX, boot_id="b", lost_at=None, live_call_ids=frozenset()))

    def lose(self) -> None:
        self.step(e.PbxLost(at=self.now, pbx=PBX, why="cut"))

    def comes(self, login: str, agent: str) -> None:
        """Signs in, and the page connects."""
        self.step(e.AgentSignedIn(at=self.now, agent=agent, session_id=f"s-{login}", login=login, name=login.title()))
        self.step(e.AgentBack(at=self.now, agent=agent))

    def goes(self, login: str, agent: str) -> None:
        self.step(e.AgentSignedOut(at=self.now, agent=agent, session_id=f"s-{login}"))

    def pauses(self, agent: str) -> None:
        self.step(AgentAsked(at=self.now, agent=agent, wish=Wish.PAUSE, by="x", reason="break"))

    def readies(self, agent: str) -> None:
        self.step(AgentAsked(at=self.now, agent=agent, wish=Wish.READY, by="x"))

    def calls(self, name: str, queue: str = "support", *, began_s: int | None = None, adopted: bool = False) -> None:
        """Somebody comes to wait."""
        epoch = EPOCH + int((self.now - NOON).total_seconds()) if began_s is None else EPOCH + began_s
        uniqueid = f"{epoch}.{len(self._names) + 1}"
        self._names[name] = uniqueid
        arrived_at = datetime.fromtimestamp(epoch, UTC) if adopted else self.now
        self.step(
            e.CallArrived(
                at=arrived_at, call_id=name, site="riga", pbx=PBX, boot_id="b", uniqueid=uniqueid, linkedid=uniqueid,
                channel=f"PJSIP/trunk-{len(self._names):08x}", direction=Direction.INBOUND, caller_number="+37120000001",
                caller_name="Ilze", client_number="+37120000001", dialled="610", adopted=adopted,
            )
        )  # fmt: skip
        self.step(e.CallQueued(at=self.now, call_id=name, queue=queue))

    def is_known(
        self, name: str, *, vip: bool = False, owner: str | None = None, history: tuple[PastInteraction, ...] = ()
    ) -> None:
        client = ClientSummary(client_id="c1", name="Ilze Ozola", number="+37120000001", vip=vip, owner=owner)
        self.step(e.ClientIdentified(at=self.now, call_id=name, client=client, history=history))

    def leg(self, name: str, agent: str) -> str:
        """The offer of this call that this phone was rung for last."""
        rung = [f for f in self.effects if isinstance(f, fx.RingAgent) and f.call_id == name and f.agent == agent]
        return rung[-1].offer_id

    def rings(self, name: str, agent: str, *, leg: str | None = None) -> None:
        queue = self.dispatcher.callers[name].queue
        self.step(
            e.CallOffered(at=self.now, call_id=name, leg_id=leg or self.leg(name, agent), agent=agent, queue=queue)
        )

    def falls_silent(self, name: str, agent: str, outcome: LegOutcome, *, leg: str | None = None) -> None:
        leg_id = leg or self.leg(name, agent)
        self.step(e.CallOfferEnded(at=self.now, call_id=name, leg_id=leg_id, agent=agent, outcome=outcome))
        self.step(e.LegGone(at=self.now, call_id=name, leg_id=leg_id, agent=agent))

    def answers(self, name: str, agent: str, *, leg: str | None = None) -> None:
        leg_id = leg or self.leg(name, agent)
        self.step(e.CallAnswered(at=self.now, call_id=name, leg_id=leg_id, party=agent, agent=agent))

    def ends(self, name: str) -> None:
        """The caller hangs up."""
        self.step(e.CallEnded(at=self.now, call_id=name, ended_by=None, cause=16))

    def finishes(self, agent: str) -> None:
        self.step(AgentAsked(at=self.now, agent=agent, wish=Wish.FINISH, by="x"))

    def raises(self, item_id: str, offset: float, by: str = "eva") -> None:
        """A supervisor gives it points."""
        self.step(PriorityAsked(at=self.now, item_id=item_id, offset=offset, by=by))

    def state(self, agent: str) -> AgentState | None:
        status = self.agents.status(agent)
        return None if status is None else status.state

    # ---- what came of it

    def tells(self, script: str = "") -> None:
        """Everything the world was told since the last time, and nothing else."""
        told, self._told = self._told, []
        wanted = [" ".join(line.split()) for line in dedent(script).strip().splitlines()]
        if told != wanted:
            raise AssertionError("another story (-: expected, +: told)\n" + "\n".join(ndiff(wanted, told)))

    def outcomes(self) -> list[tuple[str, str, str]]:
        """Call, phone and outcome of every offer that ended, in order."""
        ended = [f for f in self.effects if isinstance(f, fx.SaveOffer) and f.outcome]
        return [(f.call_id, f.agent, str(f.outcome)) for f in ended]

    def _perform(self, effect: fx.Effect) -> None:
        self.effects.append(effect)
        match effect:
            case fx.WakeAt():
                self.timers.pop(effect.timer_id, None)
                if effect.at is not None:
                    self.timers[effect.timer_id] = effect.at
            case fx.ShowPop():
                self._told.append(f"pop {effect.pop.agent} {effect.pop.card_id}")
            case fx.RingAgent():
                self._told.append(f"ring {effect.agent} {effect.call_id}")
            case fx.StopRinging():
                self._told.append(f"silence {effect.offer_id.rpartition('.')[0].removeprefix('cc.')}")
            case fx.SendCaller():
                self._told.append(f"send {effect.call_id} {effect.door} {effect.queue}")
