"""The operators of one site: what each is doing, and what follows from it. Rules only; the states' table is agent_states.py.

Each rule changes the facts about an operator (queues/agent.py) and lets the table answer.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from core import events as e
from core.desk import Desk
from core.effects import AnnounceAgent, SyncMember
from core.errors import ContactCentreError
from core.model import AgentState, AgentStatus, LegOutcome
from queues.agent import AWAY_TIMER, WRAP_UP_TIMER, Agent, Outcome, restored
from queues.agent_states import Moment
from queues.members import Membership
from queues.phones import Change, Phones, Spoken
from queues.wishes import MOMENTS, AgentAsked, Wish, refusal
from queues.wrap_up import wrap_up_after

_NEVER = datetime.fromtimestamp(0, UTC)
_OUT = AgentState.SIGNED_OUT


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsLoaded(e.Event):
    """Once, at our start: what operators did when we stopped, and who is signed in now."""

    statuses: tuple[AgentStatus, ...]
    signed_in: tuple[e.AgentSignedIn, ...]


class Agents:
    """Rules and questions. Whoever isn't signed in to Meridian has no state here, and nothing is done about them."""

    def __init__(self, *, site: str, desk: Desk) -> None:
        self.site, self._desk = site, desk
        self._phones = Phones()
        self._agents: dict[str, Agent] = {}
        self._pbx_was_away: set[str] = set()

    # ---- questions

    def status(self, agent: str) -> AgentStatus | None:
        known = self._agents.get(agent)
        return known.status if known else None

    def signed_in(self) -> list[AgentStatus]:
        """Everybody who is, by extension."""
        there = (a.status for a in self._agents.values() if a.sessions)
        return sorted(there, key=lambda status: status.agent)

    def counts(self) -> dict[AgentState, int]:
        """Operators by state; those signed out aren't counted."""
        found = Counter(a.status.state for a in self._agents.values())
        return {state: found[state] for state in AgentState if state is not AgentState.SIGNED_OUT}

    def refusal(self, agent: str, wish: Wish, reason: str | None = None) -> ContactCentreError | None:
        """What stands against the wish now; None: AgentAsked may go into the engine."""
        known = self._agents.get(agent)
        status = known.status if known else AgentStatus(agent=agent, site=self.site, state=_OUT, since=_NEVER)
        return refusal(status, known.wrap_up if known else None, wish, reason, tuple(self._desk.pause_reasons))

    # ---- who is there

    def on_agents_loaded(self, event: AgentsLoaded) -> Outcome:
        """A wrap-up whose time ran out meanwhile ends, whoever has no session any more is signed out."""
        for status in event.statuses:
            if status.agent not in self._agents:
                self._agents[status.agent] = restored(status, self._desk)
        outcome: Outcome = []
        for signed_in in event.signed_in:
            outcome += self.on_agent_signed_in(signed_in)
        for agent in list(self._agents.values()):
            if agent.status.state is _OUT:  # whose phone may be a member of a queue still
                outcome.append(e.AgentChanged(at=event.at, status=agent.status))
                continue
            moved = self._moved(agent, Moment.SILENT, event.at) if agent.sessions else self._sign_out(agent, event.at)
            # Screens and routing know nobody yet, whether anything has changed or not.
            outcome += [
                *moved,
                e.AgentChanged(at=event.at, status=agent.status),
                AnnounceAgent(status=agent.status),
            ]
        return outcome

    def on_agent_signed_in(self, event: e.AgentSignedIn) -> Outcome:
        """Ready, unless it is one more session of a person who is there already."""
        agent = self._agents.get(event.agent)
        if agent is None:
            status = AgentStatus(agent=event.agent, site=self.site, state=_OUT, since=event.at)
            agent = self._agents[event.agent] = Agent(status=status)
        outcome: Outcome = []
        if agent.status.state is not _OUT and agent.status.login != event.login:
            outcome += self._sign_out(agent, event.at)  # somebody else sits there now
        agent.sessions[event.session_id] = (event.login, event.name)
        if agent.away_at is None and not agent.here:
            agent.away_at = self._away_at(event.at)
        return outcome + self._moved(agent, Moment.SIGNED_IN, event.at)

    def on_agent_signed_out(self, event: e.AgentSignedOut) -> Outcome:
        agent = self._agents.get(event.agent)
        if agent is None or agent.sessions.pop(event.session_id, None) is None or agent.sessions:
            return []
        return self._sign_out(agent, event.at)

    def on_agent_gone(self, event: e.AgentGone) -> Outcome:
        """A page that is loaded anew is back at once: nothing happens until it stays away."""
        agent = self._agents.get(event.agent)
        if agent is None or not agent.sessions:
            return []
        agent.here, agent.away_at = False, agent.away_at or self._away_at(event.at)
        return self._moved(agent, Moment.BENEATH, event.at)

    def on_agent_back(self, event: e.AgentBack) -> Outcome:
        agent = self._agents.get(event.agent)
        if agent is None or not agent.sessions:
            return []
        agent.here, agent.away, agent.away_at = True, False, None
        return self._moved(agent, Moment.BENEATH, event.at)

    # ---- what they ask for

    def on_agent_asked(self, event: AgentAsked) -> Outcome:
        agent = self._agents.get(event.agent)
        if agent is None or self.refusal(event.agent, event.wish, event.reason) is not None:
            return []
        wrap_up, outcome = agent.wrap_up, MOMENTS.get(event.wish, Moment.BENEATH)
        if event.wish is Wish.EXTEND and wrap_up is not None:
            agent.wrap_ups[-1] = wrap_up.longer()
            return self._moved(agent, outcome, event.at)
        if wrap_up is not None and agent.status.state is AgentState.WRAP_UP and wrap_up.may_end:
            agent.wrap_ups.pop()
        if event.wish is not Wish.FINISH:
            agent.pause = (event.reason or "") if event.wish is Wish.PAUSE else None
            agent.missed, agent.unreachable = 0, False
        if event.wish is Wish.READY and agent.away:
            agent.away, agent.away_at = False, self._away_at(event.at)
        return self._moved(agent, outcome, event.at)

    def on_woke(self, event: e.Woke) -> Outcome:
        for kind in (WRAP_UP_TIMER, AWAY_TIMER):
            agent = self._agents.get(event.timer_id.removeprefix(kind)) if event.timer_id.startswith(kind) else None
            if agent is not None and agent.wakes.get(event.timer_id) == event.at:
                del agent.wakes[event.timer_id]
                if kind == AWAY_TIMER:
                    agent.away, agent.away_at = True, None
                return self._moved(agent, Moment.BENEATH, event.at)
        return []

    # ---- their calls

    def on_call_arrived(self, event: e.CallArrived) -> Outcome:
        return self._after(self._phones.arrived(event), event.at)

    def on_call_recalled(self, event: e.CallRecalled) -> Outcome:
        return self._after(self._phones.recalled(event), event.at)

    def on_callback_offered(self, event: e.CallbackOffered) -> Outcome:
        return self._after(self._phones.called_back(event), event.at)

    def on_callback_given_up(self, event: e.CallbackGivenUp) -> Outcome:
        """Not picked up: that counts as any phone that rings out for a queue."""
        change = self._phones.over(event)
        agent = self._agents.get(event.agent)
        if agent is not None and event.missed:
            self._count_missed(agent)
            change = change._replace(agents=(event.agent,))
        return self._after(change, event.at)

    def on_call_queued(self, event: e.CallQueued) -> Outcome:
        return self._after(self._phones.queued(event), event.at)

    def on_call_offered(self, event: e.CallOffered) -> Outcome:
        return self._after(self._phones.offered(event), event.at)

    def on_call_offer_ended(self, event: e.CallOfferEnded) -> Outcome:
        """Of all that may end the ringing only a true no-answer to a queue counts against the person, and only where there was a
        browser to show it."""
        agent = self._agents.get(event.agent)
        missed = event.outcome is LegOutcome.NOANSWER and self._phones.rung_by_queue(event.call_id, event.leg_id)
        if missed and agent is not None:
            self._count_missed(agent)
        return self._after(self._phones.offer_ended(event), event.at)

    def on_call_answered(self, event: e.CallAnswered) -> Outcome:
        change = self._phones.answered(event)
        for agent in self._known(change.agents):
            agent.missed, agent.unreachable = 0, False
            # Back with a client whose conversation seemed over: what follows it comes when it is.
            for again in [w for w in agent.wrap_ups if w.card_id == event.call_id]:
                agent.wrap_ups.remove(again)
                self._phones.recall(event.call_id, event.leg_id, queue=again.queue, disposed=again.disposed)
        return self._after(change, event.at)

    def on_leg_ended(self, event: e.LegEnded) -> Outcome:
        return self._after(self._phones.leg_ended(event), event.at)

    def on_leg_gone(self, event: e.LegGone) -> Outcome:
        return self._after(self._phones.leg_gone(event), event.at)

    def on_call_merged(self, event: e.CallMerged) -> Outcome:
        return self._after(self._phones.merged(event), event.at)

    def on_call_dropped(self, event: e.CallDropped) -> Outcome:
        return self._after(self._phones.over(event), event.at)

    def on_call_ended(self, event: e.CallEnded) -> Outcome:
        return self._after(self._phones.over(event), event.at)

    def on_card_typed(self, event: e.CardTyped) -> Outcome:
        """A mandatory wrap-up may end once the card has its disposition, whoever of those who talked chose it."""
        if event.disposition is None:
            return []
        disposed = bool(event.disposition)
        self._phones.dispose(event.call_id, disposed=disposed)
        outcome: Outcome = []
        for agent in self._agents.values():
            mine = [w.card_id for w in agent.wrap_ups] + [
                part.call_id for part in self._phones.parts(agent.status.agent)
            ]
            if event.call_id in mine:
                agent.wrap_ups = [
                    replace(w, disposed=disposed) if w.card_id == event.call_id else w for w in agent.wrap_ups
                ]
                outcome += self._moved(agent, Moment.BENEATH, event.at)
        return outcome

    # ---- Asterisk's own queues

    def on_pbx_connected(self, event: e.PbxConnected) -> Outcome:
        """It may have restarted, and forgotten who is paused."""
        if event.lost_at is not None:
            self._pbx_was_away.add(event.pbx)
        return []

    def on_members_seen(self, event: e.MembersSeen) -> Outcome:
        """Wherever a member isn't as its operator is, it is made so; those signed out only when the PBX was away."""
        was_away = event.pbx in self._pbx_was_away
        self._pbx_was_away.discard(event.pbx)
        wrong: dict[str, Membership] = {}
        for seen in event.members:
            agent = self._agents.get(seen.agent)
            if agent is None or agent.member is None or not (agent.sessions or was_away):
                continue
            if agent.member != Membership(seen.paused, seen.reason if seen.paused else ""):
                wrong[seen.agent] = agent.member
        return [SyncMember(agent=name, paused=m.paused, reason=m.reason) for name, m in wrong.items()]

    # ---- inner

    def _known(self, names: Iterable[str]) -> list[Agent]:
        return [agent for name in names if (agent := self._agents.get(name)) is not None and agent.sessions]

    def _after(self, change: Change, at: datetime) -> Outcome:
        """A call's event has changed whose phones ring or talk."""
        for spoken in change.spoken:
            self._owe_wrap_up(spoken)
        outcome: Outcome = []
        for agent in self._known(change.agents):
            name = agent.status.agent
            talks, rings = self._phones.talks(name), self._phones.rings(name)
            outcome += self._moved(agent, Moment.TALKS if talks else Moment.RINGS if rings else Moment.SILENT, at)
        return outcome

    def _count_missed(self, agent: Agent) -> None:
        if agent.sessions and agent.here:
            agent.missed += 1
            agent.unreachable = 0 < self._desk.missed_calls <= agent.missed

    def _owe_wrap_up(self, spoken: Spoken) -> None:
        settings = self._desk.queue(spoken.queue)
        wrap_up = wrap_up_after(spoken.card_id, spoken.queue, settings, disposed=spoken.disposed)
        for agent in self._known((spoken.agent,)):
            if wrap_up is not None and all(w.card_id != spoken.card_id for w in agent.wrap_ups):
                agent.wrap_ups.append(wrap_up)

    def _moved(self, agent: Agent, moment: Moment, at: datetime) -> Outcome:
        return agent.moved(moment, at, phones=self._phones, desk=self._desk)

    def _sign_out(self, agent: Agent, at: datetime) -> Outcome:
        agent.leave()
        return self._moved(agent, Moment.SIGNED_OUT, at)

    def _away_at(self, at: datetime) -> datetime | None:
        return at + timedelta(seconds=self._desk.away_after_s) if self._desk.away_after_s else None
