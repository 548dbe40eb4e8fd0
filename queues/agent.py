"""One operator: the facts, kept one by one, and the status, timers and membership that follow from them. Pure."""

from dataclasses import dataclass, field
from datetime import datetime

from core.desk import Desk
from core.effects import AnnounceAgent, Effect, SaveAgent, SyncMember, WakeAt
from core.events import AgentChanged, Event
from core.model import AgentState, AgentStatus
from core.values import changed
from queues.agent_states import Moment, next_state, settled
from queues.members import Membership, wanted
from queues.phones import Part, Phones
from queues.wrap_up import WrapUp, wrap_up_after

Outcome = list[Event | Effect]
AWAY = "away"
WRAP_UP_TIMER, AWAY_TIMER = "wrap-up ", "away "
_REASONLESS = (AgentState.SIGNED_OUT, AgentState.READY, AgentState.NOT_RESPONDING)


@dataclass(slots=True, kw_only=True)
class Agent:
    """`sessions`: login and name by session. `pause`: a code, or '' for one without. `here`: the browser is; `away`: it has been
    gone for too long, or will be at `away_at`. `wakes`: the timers that are set."""

    status: AgentStatus
    sessions: dict[str, tuple[str, str]] = field(default_factory=dict)
    wrap_ups: list[WrapUp] = field(default_factory=list)
    pause: str | None = None
    missed: int = 0
    unreachable: bool = False
    here: bool = False
    away: bool = False
    away_at: datetime | None = None
    wakes: dict[str, datetime] = field(default_factory=dict)
    member: Membership | None = None

    @property
    def name(self) -> str:
        return self.status.agent

    @property
    def wrap_up(self) -> WrapUp | None:
        """The one that is in hand; an older one may wait beneath."""
        return self.wrap_ups[-1] if self.wrap_ups else None

    @property
    def rests(self) -> str | None:
        """The code of the pause that holds whenever no call and no wrap-up is in the way."""
        return self.pause if self.pause is not None else AWAY if self.away else None

    def leave(self) -> None:
        """Nothing of it is kept for the next one who sits there."""
        self.sessions.clear()
        self.wrap_ups.clear()
        self.pause, self.missed, self.unreachable = None, 0, False
        self.here, self.away, self.away_at = False, False, None

    def moved(self, moment: Moment, at: datetime, *, phones: Phones, desk: Desk) -> Outcome:
        """The table's answer, and everything that follows from it."""
        self.wrap_ups = [w for w in self.wrap_ups if not w.over(at)]
        by_facts = settled(
            talks=phones.talks(self.name),
            rings=phones.rings(self.name),
            wraps_up=bool(self.wrap_ups),
            paused=self.rests is not None,
            misses=self.unreachable,
        )
        state = next_state(self.status.state, moment, by_facts)
        if state is AgentState.WRAP_UP and self.wrap_up is not None:
            self.wrap_ups[-1] = self.wrap_up.begin(at)
        outcome: Outcome = []
        status = self._status(state, at, phones)
        if status != self.status:
            outcome += [
                AgentChanged(at=at, status=status),
                AnnounceAgent(status=status),
                SaveAgent(status=status, at=at),
            ]
            self.status = status
        return outcome + self._timers() + (self._membership(phones, desk) if desk.sync_members else [])

    def _status(self, state: AgentState, at: datetime, phones: Phones) -> AgentStatus:
        was, wrap_up = self.status, self.wrap_up if state is AgentState.WRAP_UP else None
        talk = _conversation(phones.parts(self.name)) if state is AgentState.BUSY else None
        login, name = list(self.sessions.values())[-1] if self.sessions else (was.login, was.name)
        now = AgentStatus(
            agent=was.agent,
            site=was.site,
            login=login,
            name=name,
            state=state,
            since=at,
            reason=None if state in _REASONLESS else self.rests,
        )
        if wrap_up is not None:
            now = changed(
                now,
                until=wrap_up.until,
                card_id=wrap_up.card_id,
                queue=wrap_up.queue,
                disposed=wrap_up.disposed,
                extensions_left=wrap_up.extensions_left if wrap_up.until else 0,
            )
        elif talk is not None:
            now = changed(now, card_id=talk.call_id, queue=talk.queue, disposed=phones.disposed(talk.call_id))
        return changed(now, since=was.since) if _same_spell(was, now) else now

    def _timers(self) -> Outcome:
        outcome: Outcome = []
        wrap_up_at = self.status.until if self.status.state is AgentState.WRAP_UP else None
        for timer_id, at in ((WRAP_UP_TIMER + self.name, wrap_up_at), (AWAY_TIMER + self.name, self.away_at)):
            if self.wakes.get(timer_id) != at:
                outcome.append(WakeAt(timer_id=timer_id, at=at))
                self.wakes.pop(timer_id, None)
                if at is not None:
                    self.wakes[timer_id] = at
        return outcome

    def _membership(self, phones: Phones, desk: Desk) -> Outcome:
        spoken = [part for part in phones.parts(self.name) if part.spoke and part.client]
        follows = any(wrap_up_after("", p.queue, desk.queue(p.queue), disposed=False) for p in spoken)
        member = wanted(self.status, wrap_up_follows=follows or bool(self.wrap_ups), misses=self.unreachable)
        if member == self.member:
            return []
        self.member = member
        return [SyncMember(agent=self.name, paused=member.paused, reason=member.reason)]


def restored(status: AgentStatus, desk: Desk) -> Agent:
    """As it was when we stopped. A conversation that was going on is owed its wrap-up, should it prove to be over."""
    agent = Agent(status=status)
    if status.state is AgentState.SIGNED_OUT:
        agent.member = Membership(True, status.state) if desk.sync_members else None
        return agent
    agent.pause = None if status.reason == AWAY else status.reason
    agent.unreachable = status.state is AgentState.NOT_RESPONDING
    if status.card_id is not None:
        wrap_up = wrap_up_after(status.card_id, status.queue, desk.queue(status.queue), disposed=status.disposed)
        if wrap_up is not None and status.state is AgentState.WRAP_UP:
            left = status.extensions_left if status.until else wrap_up.extensions_left
            wrap_up = changed(wrap_up, begun=True, until=status.until, extensions_left=left)
        agent.wrap_ups = [wrap_up] if wrap_up is not None else []
    return agent


def _conversation(parts: tuple[Part, ...]) -> Part | None:
    """Of several the latest with a client."""
    with_clients = [part for part in parts if part.talks and part.client]
    return with_clients[-1] if with_clients else None


def _same_spell(one: AgentStatus, two: AgentStatus) -> bool:
    """Is it one stretch of the same doing, whatever else of it has changed?"""

    def what(status: AgentStatus) -> tuple[object, ...]:
        paused, wraps_up = status.state is AgentState.PAUSED, status.state is AgentState.WRAP_UP
        return status.state, status.login, status.reason if paused else None, status.card_id if wraps_up else None

    return what(one) == what(two)
