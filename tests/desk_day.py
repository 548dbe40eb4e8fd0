"""A day at the desks as a script: operators sign in, phones ring, time passes. Runs the real rules in the real engine.

day = Day()
day.signs_in("1001")
day.rings("c1", "1001", queue="support")
day.answers("c1", "1001")
day.hangs_up("c1", "1001")
day.passes(60)
assert day.state("1001") == "ready"
"""

from datetime import datetime, timedelta
from typing import Any

from core import events as e
from core.callback import Attempt, First
from core.desk import Desk, QueueSettings, WrapUpMode
from core.effects import AnnounceAgent, Effect, SaveAgent, SyncMember, WakeAt
from core.engine import Engine
from core.errors import ContactCentreError
from core.model import AgentState, AgentStatus, Direction, LegOutcome, QueueMembership
from queues.agents import Agents, AgentsLoaded
from queues.wishes import AgentAsked, Wish
from tests.cards import NOON
from tests.items import callback
from wiring.rules import agent_rules

QUEUES = {
    "free": QueueSettings(wrap_up=WrapUpMode.NONE),
    "support": QueueSettings(wrap_up=WrapUpMode.LIMITED, wrap_up_s=60, extensions=2, extension_s=30),
    "open": QueueSettings(wrap_up=WrapUpMode.OPTIONAL),
    "sales": QueueSettings(wrap_up=WrapUpMode.MANDATORY),
    "claims": QueueSettings(wrap_up=WrapUpMode.MANDATORY_LIMITED, wrap_up_s=120, extensions=0),
}


class Day:
    """`agents` are the rules; `effects` everything that they asked for."""

    def __init__(self, desk: Desk | None = None, *, at: datetime = NOON) -> None:
        self.desk = desk or Desk(queues=QUEUES)
        self.agents = Agents(site="riga", desk=self.desk)
        self.effects: list[Effect] = []
        self.stored: dict[str, AgentStatus] = {}
        self.timers: dict[str, datetime] = {}
        self.now = at
        self.engine = Engine(agent_rules(self.agents), self._perform)

    def _perform(self, effect: Effect) -> None:
        self.effects.append(effect)
        if isinstance(effect, WakeAt):
            self.timers.pop(effect.timer_id, None)
            if effect.at is not None:
                self.timers[effect.timer_id] = effect.at

    def step(self, fact: Any) -> None:
        self.engine.step(fact)
        assert self.engine.failures == 0, "a rule raised"

    # ---- what is seen

    def status(self, agent: str = "1001") -> AgentStatus:
        found = self.agents.status(agent)
        assert found is not None
        return found

    def state(self, agent: str = "1001") -> str:
        return self.status(agent).state.value

    def told(self, agent: str = "1001") -> list[str]:
        """The states that were announced, one after the other."""
        announced = [x.status for x in self.effects if isinstance(x, AnnounceAgent) and x.status.agent == agent]
        return [status.state.value for status in announced]

    def saved(self) -> list[SaveAgent]:
        return [effect for effect in self.effects if isinstance(effect, SaveAgent)]

    def member(self, agent: str = "1001") -> str | None:
        """How Asterisk was last told to see the member: `available`, or why it is paused; None if it never was told."""
        told = [x for x in self.effects if isinstance(x, SyncMember) and x.agent == agent]
        return (told[-1].reason if told[-1].paused else "available") if told else None

    # ---- what happens

    def passes(self, seconds: float) -> None:
        """Time goes on, and the timers in it go off."""
        until = self.now + timedelta(seconds=seconds)
        while due := sorted((at, name) for name, at in self.timers.items() if at <= until):
            at, name = due[0]
            del self.timers[name]
            self.now = max(self.now, at)
            self.step(e.Woke(at=at, timer_id=name))
        self.now = until

    def signs_in(self, agent: str = "1001", *, login: str = "", session: str = "", here: bool = True) -> None:
        login = login or f"op{agent}"
        self.step(
            e.AgentSignedIn(
                at=self.now, agent=agent, session_id=session or f"s-{login}", login=login, name=login.title()
            )
        )
        if here:
            self.comes_back(agent)

    def signs_out(self, agent: str = "1001", *, session: str = "") -> None:
        self.step(e.AgentSignedOut(at=self.now, agent=agent, session_id=session or f"s-op{agent}"))

    def goes(self, agent: str = "1001") -> None:
        self.step(e.AgentGone(at=self.now, agent=agent))

    def comes_back(self, agent: str = "1001") -> None:
        self.step(e.AgentBack(at=self.now, agent=agent))

    def refused(self, wish: str, agent: str = "1001", reason: str | None = None) -> ContactCentreError | None:
        return self.agents.refusal(agent, Wish(wish), reason)

    def asks(self, wish: str, agent: str = "1001", reason: str | None = None) -> None:
        refused = self.refused(wish, agent, reason)
        assert refused is None, refused
        self.forces(wish, agent, reason)

    def forces(self, wish: str, agent: str = "1001", reason: str | None = None) -> None:
        """As it would come where nobody asked `refusal` before."""
        self.step(AgentAsked(at=self.now, agent=agent, wish=Wish(wish), by="x", reason=reason))

    def arrives(self, call: str, *, direction: Direction = Direction.INBOUND, agent: str | None = None) -> None:
        self.step(
            e.CallArrived(
                at=self.now,
                call_id=call,
                site="riga",
                pbx="one",
                boot_id="b",
                uniqueid=f"{call}-{agent or 'caller'}",
                linkedid=call,
                channel="x",
                direction=direction,
                caller_number="7916",
                caller_name="",
                client_number=None if direction is Direction.INTERNAL else "7916",
                dialled="500",
                agent=agent,
            )
        )

    def recalls(self, call: str, queue: str) -> None:
        """Its card says from which queue it came."""
        self.step(e.CallRecalled(at=self.now, call_id=call, dialled="500", queue=queue, queued_at=None))

    def rings(self, call: str, agent: str = "1001", *, queue: str | None = "support") -> None:
        """A client's call (it arrives now if it didn't before) rings the operator."""
        self.arrives(call)
        self.step(e.CallOffered(at=self.now, call_id=call, leg_id=f"{call}-{agent}", agent=agent, queue=queue))

    def rings_for_callback(self, call: str, agent: str = "1001") -> None:
        """The phone rings for somebody who is called back when it is picked up."""
        attempt = Attempt(at=self.now, agent=agent, login="anna", leg_id=f"{call}-{agent}", call_id=call)
        one = callback(attempts=(attempt,), first=First.OPERATOR)
        self.step(e.CallbackOffered(at=self.now, call_id=call, callback=one, attempt=attempt, ring_s=15))

    def gives_up(self, call: str, agent: str = "1001", *, missed: bool = False) -> None:
        leg_id = f"{call}-{agent}"
        self.step(e.CallbackGivenUp(at=self.now, call_id=call, leg_id=leg_id, agent=agent, missed=missed))

    def stops_ringing(self, call: str, agent: str = "1001", outcome: LegOutcome = LegOutcome.NOANSWER) -> None:
        self.step(e.CallOfferEnded(at=self.now, call_id=call, leg_id=f"{call}-{agent}", agent=agent, outcome=outcome))

    def answers(self, call: str, agent: str = "1001") -> None:
        self.step(e.CallAnswered(at=self.now, call_id=call, leg_id=f"{call}-{agent}", party=agent, agent=agent))

    def talks(self, call: str, agent: str = "1001", *, queue: str | None = "support") -> None:
        self.rings(call, agent, queue=queue)
        self.answers(call, agent)

    def leaves(self, call: str, agent: str = "1001") -> None:
        self.step(e.LegEnded(at=self.now, call_id=call, leg_id=f"{call}-{agent}"))

    def frees(self, call: str, agent: str = "1001") -> None:
        """The operator's phone hangs up."""
        self.step(e.LegGone(at=self.now, call_id=call, leg_id=f"{call}-{agent}", agent=agent))

    def ends(self, call: str) -> None:
        self.step(e.CallEnded(at=self.now, call_id=call, ended_by=None, cause=16))

    def hangs_up(self, call: str, agent: str = "1001") -> None:
        self.leaves(call, agent)
        self.ends(call)

    def merges(self, call: str, into: str) -> None:
        self.step(e.CallMerged(at=self.now, call_id=call, into=into))

    def drops(self, call: str) -> None:
        self.step(e.CallDropped(at=self.now, call_id=call))

    def wakes(self, timer_id: str) -> None:
        self.step(e.Woke(at=self.now, timer_id=timer_id))

    def types(self, call: str, disposition: str | None) -> None:
        self.step(e.CardTyped(at=self.now, call_id=call, by="anna", disposition=disposition))

    def pbx_returns(self) -> None:
        self.step(e.PbxConnected(at=self.now, pbx="one", boot_id="b", lost_at=self.now, live_call_ids=frozenset()))

    def sees_members(self, **members: str) -> None:
        """`p1001="lunch"`: a member paused so; `p1001=""`: one that isn't paused."""
        found = tuple(QueueMembership(a.removeprefix("p"), "support", bool(why), why) for a, why in members.items())
        self.step(e.MembersSeen(at=self.now, pbx="one", members=found))

    def restarts(self, *, signed_in: tuple[str, ...] = ("1001",), after_s: float = 0) -> "Day":
        """Our process dies and comes back `after_s` later with what was saved."""
        anew = Day(self.desk, at=self.now + timedelta(seconds=after_s))
        anew.stored = self.stored | {saved.status.agent: saved.status for saved in self.saved()}
        sessions = tuple(
            e.AgentSignedIn(
                at=anew.now, agent=agent, session_id=f"s-op{agent}", login=f"op{agent}", name=f"Op{agent}".title()
            )
            for agent in signed_in
        )
        anew.step(AgentsLoaded(at=anew.now, statuses=tuple(anew.stored.values()), signed_in=sessions))
        return anew


def all_states() -> tuple[str, ...]:
    return tuple(state.value for state in AgentState)
