"""Native mode: Asterisk's own queues pick the operator, and this keeps their members true to the plan. Rules only, pure.

Who is signed in, on shift, of the queue and able is a member; everybody else whom the plan knows is not. Whether a member is paused
is said by queues/agent.py alone. Nothing is done before the first plan and the first snapshot, and then only what differs; what the
PBX refuses shows in the next snapshot and is done again (docs/adr/0014).
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from core import events as e
from core.effects import Effect, KeepMember, WakeAt
from core.model import AgentState, AgentStatus
from routing.live_plan import PlanChanged
from routing.penalty import penalty_of
from routing.policy import QueuePolicy
from routing.ports import PlanInForce
from routing.settings import Mode, QueueSetting

MEMBER_TIMER, SITES_TIMER = "member ", "member-sites"
Outcome = list[e.Event | Effect]
Penalties = dict[str, int]
"""By queue."""


class NativeMembers:
    """Of each PBX in step it knows who is a member, by extension and queue, with which penalty, and of each extension where it
    should be one. `_kept`: the places that were wanted once, so that they can be cleared whoever the plan knows by then."""

    def __init__(self) -> None:
        self._plan: PlanInForce | None = None
        self._queues: dict[str, list[str]] = {}
        self._policies: dict[str, QueuePolicy] = {}
        self._statuses: dict[str, AgentStatus] = {}
        self._seats: dict[str, list[str]] = {}
        self._wanted: dict[str, Penalties] = {}
        self._members: dict[str, dict[str, Penalties]] = {}
        self._phones: dict[str, frozenset[str] | None] = {}
        self._kept: set[tuple[str, str]] = set()

    # --- what happens ---------------------------------------------------------------------------------------------

    def on_plan_changed(self, event: PlanChanged) -> Outcome:
        """In force at once, for everybody."""
        self._plan, self._queues = event.plan, kept_queues(event.plan.queues, event.plan.logins_of)
        return self._anew(event.plan, event.at)

    def on_agent_changed(self, event: e.AgentChanged) -> Outcome:
        """Only who sits where matters here, not what they are doing."""
        now, before = event.status, self._statuses.get(event.status.agent)
        self._statuses[now.agent] = now
        if _sits(before) == _sits(now) and before is not None:
            return []
        concerned = [now.agent, *self._take_seat(before, now)]
        timers = [self._reckon(agent, event.at) for agent in concerned]
        return [*timers, *(effect for pbx in self._members for effect in self._made_true(pbx, concerned))]

    def on_members_seen(self, event: e.MembersSeen) -> Outcome:
        """What really is; what should be otherwise is mended."""
        members: dict[str, Penalties] = {}
        for seen in event.members:
            members.setdefault(seen.agent, {})[seen.queue] = seen.penalty
        self._members[event.pbx], self._phones[event.pbx] = members, event.phones
        return [*self._made_true(event.pbx)]

    def on_pbx_lost(self, event: e.PbxLost) -> Outcome:
        """Nothing is known of its members until the next snapshot."""
        self._members.pop(event.pbx, None)
        return []

    def on_woke(self, event: e.Woke) -> Outcome:
        """A shift begins or ends; a centre opens or closes."""
        if event.timer_id == SITES_TIMER and self._plan is not None:
            return self._anew(self._plan, event.at)
        agent = event.timer_id.removeprefix(MEMBER_TIMER)
        if not event.timer_id.startswith(MEMBER_TIMER) or agent not in self._statuses:
            return []
        timer = self._reckon(agent, event.at)
        return [timer, *(effect for pbx in self._members for effect in self._made_true(pbx, [agent]))]

    # --- what should be -------------------------------------------------------------------------------------------

    def _take_seat(self, before: AgentStatus | None, now: AgentStatus) -> list[str]:
        """A login that is signed in at two extensions takes calls at the first. Where else it sits."""
        if before is not None and now.agent in (seats := self._seats.get(before.login, [])):
            seats.remove(now.agent)
        if now.state is not AgentState.SIGNED_OUT:
            self._seats.setdefault(now.login, []).append(now.agent)
        logins = {now.login} if before is None else {before.login, now.login}
        return [agent for login in logins for agent in self._seats.get(login, []) if agent != now.agent]

    def _anew(self, plan: PlanInForce, at: datetime) -> Outcome:
        """Everybody's places, by the policies as they are to be read now."""
        self._policies = {policy.name: policy for policy in plan.policies_at(at)}
        timers = [self._reckon(agent, at) for agent in self._statuses]
        changes = [effect for pbx in self._members for effect in self._made_true(pbx)]
        return [WakeAt(timer_id=SITES_TIMER, at=plan.sites_change_at(at)), *timers, *changes]

    def _reckon(self, agent: str, at: datetime) -> WakeAt:
        """Where this phone belongs now; and when that may become otherwise."""
        status, changes_at = self._statuses[agent], None
        wanted: Penalties = {}
        self._wanted[agent] = wanted
        if self._plan is not None and self._seats.get(status.login, [])[:1] == [agent]:
            shift = self._plan.shift(status.login, at)
            changes_at = shift.changes_at
            if shift.open:
                wanted.update(self._belongs(self._plan, status.login))
        self._kept.update((agent, queue) for queue in wanted)
        return WakeAt(timer_id=MEMBER_TIMER + agent, at=changes_at)

    def _belongs(self, plan: PlanInForce, login: str) -> Iterator[tuple[str, int]]:
        """The queues in which they are to be rung, and how late in the order."""
        person = plan.person(login)
        if person is None or not person.capacity.get("voice", 1):
            return
        who = _Able(login, plan.site_of(login), person.skills)
        for queue, names in self._queues.items():
            found = [penalty_of(self._policies[name], who) for name in names if name in person.queues]
            if known := [penalty for penalty in found if penalty is not None]:
                yield queue, min(known)

    # --- what is otherwise ----------------------------------------------------------------------------------------

    def _made_true(self, pbx: str, agents: Iterable[str] | None = None) -> Iterator[Effect]:
        """The differences of these phones, or of all."""
        if (plan := self._plan) is None:
            return
        members, phones = self._members[pbx], self._phones[pbx]
        for agent in list(members.keys() | self._wanted.keys()) if agents is None else agents:
            if agent in members or phones is None or agent in phones:
                yield from self._differences(plan, pbx, agent, members.setdefault(agent, {}))

    def _differences(self, plan: PlanInForce, pbx: str, agent: str, there: Penalties) -> Iterator[Effect]:
        wanted, status = self._wanted.get(agent, {}), self._statuses.get(agent)
        name = "" if status is None else status.name
        for queue in [queue for queue in there if queue not in wanted and self._may_clear(plan, agent, queue)]:
            del there[queue]
            yield KeepMember(pbx=pbx, queue=queue, agent=agent, name=name, penalty=None)
        for queue, penalty in wanted.items():
            if there.get(queue) != penalty:
                there[queue] = penalty
                yield KeepMember(pbx=pbx, queue=queue, agent=agent, name=name, penalty=penalty)

    def _may_clear(self, plan: PlanInForce, agent: str, queue: str) -> bool:
        """In the queues that are kept, and in those whose callers Meridian distributes, which must ring nobody by themselves.
        A phone that belongs to nobody in the plan, and was never wanted there, is somebody else's business."""
        setting = plan.queues.get(queue)
        if queue not in self._queues and (setting is None or setting.mode is not Mode.ACD):
            return False
        status = self._statuses.get(agent)
        return (agent, queue) in self._kept or (status is not None and plan.person(status.login) is not None)


def kept_queues(
    queues: Mapping[str, QueueSetting], logins_of: Callable[[str], Collection[str]]
) -> dict[str, list[str]]:
    """The queues of the PBX whose members are kept, each with the plan's queues by whose policies: native ones to which the plan
    gives somebody, and those that take over from one of Meridian's own."""
    kept: dict[str, list[str]] = {}
    for name, setting in queues.items():
        queue = name if setting.mode is Mode.NATIVE else setting.fallback
        if queue is not None and logins_of(name):
            kept.setdefault(queue, []).append(name)
    return kept


class _Able(NamedTuple):
    login: str
    site: str
    skills: Mapping[str, int]


def _sits(status: AgentStatus | None) -> str | None:
    """Who is signed in there."""
    return None if status is None or status.state is AgentState.SIGNED_OUT else status.login
