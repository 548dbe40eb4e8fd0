"""Members of Asterisk's own queues as scripts: who joins, who leaves, and when nothing happens."""

from datetime import datetime, timedelta
from typing import Any

from core import effects as fx
from core import events as e
from core.model import AgentState, AgentStatus, QueueMembership
from routing.hours import Hours
from routing.hours_text import week
from routing.live_plan import PlanChanged
from routing.native import NativeMembers
from routing.settings import Mode, PersonSetting, QueueSetting, RelaxSetting
from tests.centre import NOON, ScriptedPlan, person

SUPPORT = {"support": QueueSetting()}


class Day:
    """What the PBX is told goes into its queues, unless it is deaf; `tells` are the lines of that since the last look."""

    def __init__(
        self, queues: dict[str, QueueSetting] | None = None, *, plan: bool = True, **people: PersonSetting
    ) -> None:
        self.plan = ScriptedPlan(dict(queues or SUPPORT), people or {"anna": person()})
        self.native = NativeMembers()
        self.now = NOON
        self.timers: dict[str, datetime] = {}
        self.members: dict[tuple[str, str], int] = {}
        self.phones: frozenset[str] | None = frozenset({"1001", "1002", "1003"})
        self.deaf = False
        self._told: list[str] = []
        if plan:
            self.replan()

    def hears(self, rule: Any, event: e.Event) -> None:
        for effect in rule(event):
            match effect:
                case fx.WakeAt():
                    self.timers.pop(effect.timer_id, None)
                    if effect.at is not None:
                        self.timers[effect.timer_id] = effect.at
                case fx.KeepMember():
                    self._told.append(
                        f"{effect.agent} {'leaves' if effect.penalty is None else 'joins'} {effect.queue}"
                        + (f" {effect.penalty}" if effect.penalty else "")
                    )
                    if self.deaf:
                        continue
                    self.members.pop((effect.agent, effect.queue), None)
                    if effect.penalty is not None:
                        self.members[effect.agent, effect.queue] = effect.penalty

    def replan(self) -> None:
        self.hears(self.native.on_plan_changed, PlanChanged(at=self.now, plan=self.plan))  # type: ignore[arg-type]

    def is_now(self, agent: str, login: str, state: AgentState = AgentState.READY) -> None:
        status = AgentStatus(agent=agent, site="riga", state=state, since=self.now, login=login, name=login.title())
        self.hears(self.native.on_agent_changed, e.AgentChanged(at=self.now, status=status))

    def leaves(self, agent: str, login: str) -> None:
        self.is_now(agent, login, AgentState.SIGNED_OUT)

    def snapshot(self, pbx: str = "pbx1") -> None:
        seen = tuple(
            QueueMembership(agent, queue, False, "", penalty) for (agent, queue), penalty in self.members.items()
        )
        event = e.MembersSeen(at=self.now, pbx=pbx, members=seen, phones=self.phones)
        self.hears(self.native.on_members_seen, event)

    def loses(self) -> None:
        self.hears(self.native.on_pbx_lost, e.PbxLost(at=self.now, pbx="pbx1", why="cut"))

    def wait(self, seconds: float) -> None:
        until = self.now + timedelta(seconds=seconds)
        while due := sorted((at, timer) for timer, at in self.timers.items() if at <= until):
            at, timer = due[0]
            del self.timers[timer]
            self.now = at
            self.hears(self.native.on_woke, e.Woke(at=at, timer_id=timer))
        self.now = until

    def tells(self, *lines: str) -> None:
        told, self._told = self._told, []
        assert told == list(lines)


def with_anna(**more: Any) -> Day:
    day = Day(**more)
    day.snapshot()
    day.is_now("1001", "anna")
    return day


def test_who_signs_in_joins_and_who_signs_out_leaves() -> None:
    day = with_anna()
    day.tells("1001 joins support")
    for state in (
        AgentState.OFFERED,
        AgentState.BUSY,
        AgentState.WRAP_UP,
        AgentState.PAUSED,
        AgentState.NOT_RESPONDING,
    ):
        day.is_now("1001", "anna", state)  # being paused is another matter
    day.tells()
    day.leaves("1001", "anna")
    day.tells("1001 leaves support")
    assert day.members == {}


def test_nothing_is_done_before_the_plan_and_the_first_snapshot_are_there() -> None:
    day = Day(plan=False)
    day.is_now("1001", "anna")
    day.members = {("1002", "support"): 0}
    day.snapshot()
    day.tells()
    day.replan()
    day.tells("1001 joins support")


def test_by_skill_and_step() -> None:
    relax = (RelaxSetting(after_s=30, requirement="any"),)
    queues = {"support": QueueSetting(requirement="billing >= 2", relax=relax), "vip": QueueSetting(requirement="vip")}
    day = Day(queues, anna=person("support", "vip", billing=4), boris=person("support"), carla=person("support"))
    day.snapshot()
    for agent, login in (("1001", "anna"), ("1002", "boris"), ("1003", "stranger")):
        day.is_now(agent, login)
    day.tells("1001 joins support 1", "1002 joins support 10")


def test_our_restart_and_the_pbxs_change_nothing_that_is_true_and_mend_what_is_not() -> None:
    day = Day(boris=person(), anna=person())
    day.is_now("1001", "anna")
    day.is_now("1002", "boris")
    day.members = {("1001", "support"): 0}
    day.snapshot()
    day.tells("1002 joins support")
    day.loses()
    day.is_now("1001", "anna", AgentState.PAUSED)
    day.leaves("1002", "boris")  # while the line is down
    day.tells()
    day.snapshot()
    day.tells("1002 leaves support")
    day.loses()
    day.members.clear()  # it came back without persistent members
    day.snapshot()
    day.tells("1001 joins support")
    for _ in range(3):
        day.snapshot()
    day.tells()


def test_what_the_pbx_refused_is_done_again_after_the_next_snapshot() -> None:
    day = Day()
    day.snapshot()
    day.deaf = True
    day.is_now("1001", "anna")
    day.tells("1001 joins support")
    day.is_now("1001", "anna", AgentState.BUSY)
    day.tells()
    day.snapshot()
    day.tells("1001 joins support")
    day.deaf = False
    day.snapshot()
    day.tells("1001 joins support")
    day.deaf = True
    day.leaves("1001", "anna")
    day.snapshot()
    day.tells("1001 leaves support", "1001 leaves support")


def test_a_shift_begins_and_ends() -> None:
    day = Day()
    day.snapshot()
    day.plan.off.add("anna")
    day.plan.changes["anna"] = NOON + timedelta(seconds=60)
    day.is_now("1001", "anna")
    day.tells()
    day.plan.off.clear()
    day.plan.changes["anna"] = NOON + timedelta(seconds=120)
    day.wait(59)
    day.tells()
    day.wait(2)
    day.tells("1001 joins support")
    day.plan.off.add("anna")
    del day.plan.changes["anna"]
    day.wait(60)
    day.tells("1001 leaves support")
    assert day.timers == {}


def test_a_centre_opens_and_closes() -> None:
    relax = (RelaxSetting(after_s=30, requirement="site is open"),)
    day = Day(
        {"support": QueueSetting(requirement="site == riga", relax=relax)},
        anna=PersonSetting(site="omsk", queues=("support",)),
    )
    day.plan.site_hours["omsk"] = Hours(zone="UTC", week=week(["daily 12:01-12:02"]))
    day.replan()
    day.snapshot()
    day.is_now("1001", "anna")
    day.wait(59)
    day.tells()
    day.wait(1)
    day.tells("1001 joins support 10")
    day.wait(60)
    day.tells("1001 leaves support")


def test_a_plan_counts_at_once() -> None:
    day = with_anna()
    day.tells("1001 joins support")
    day.plan.people["anna"] = person("support", billing=3)  # type: ignore[index]
    day.plan.queues["support"] = QueueSetting(requirement="billing")  # type: ignore[index]
    day.replan()
    day.tells("1001 joins support 2")
    day.plan.queues["support"] = QueueSetting(requirement="billing >= 4")  # type: ignore[index]
    day.replan()
    day.tells("1001 leaves support")


def test_who_is_struck_from_the_plan_leaves_what_they_were_given() -> None:
    day = Day(anna=person(), boris=person())
    day.snapshot()
    day.is_now("1001", "anna")
    del day.plan.people["anna"]  # type: ignore[attr-defined]
    day.replan()
    day.tells("1001 joins support", "1001 leaves support")


def test_who_belongs_to_nobody_in_the_plan_is_left_alone() -> None:
    day = Day()
    day.is_now("1002", "stranger")
    day.members = {("1002", "support"): 3, ("1003", "support"): 0, ("1001", "elsewhere"): 0, ("1001", "support"): 0}
    day.snapshot()
    day.is_now("1001", "anna")
    day.leaves("1002", "stranger")
    day.leaves("1001", "anna")
    day.tells("1001 leaves support")


def test_who_takes_no_calls_is_no_member() -> None:
    day = Day(anna=PersonSetting(queues=("support",), capacity={"voice": 0}))
    day.snapshot()
    day.is_now("1001", "anna")
    day.tells()


def test_a_queue_to_which_the_plan_gives_nobody_keeps_the_members_that_it_has() -> None:
    day = Day({"support": QueueSetting(), "old": QueueSetting()})
    day.members = {("1001", "old"): 0}
    day.snapshot()
    day.is_now("1001", "anna")
    day.tells("1001 joins support")


def test_what_takes_over_from_meridians_own_queue_has_its_operators_and_that_queue_none() -> None:
    queues = {
        "sales": QueueSetting(mode=Mode.ACD, requirement="sales", fallback="plain"),
        "gold": QueueSetting(mode=Mode.ACD, requirement="gold >= 4", fallback="plain"),
    }
    day = Day(queues, anna=person("sales", "gold", sales=2, gold=5), boris=person("gold", sales=5))
    day.members = {("1001", "sales"): 0}  # from when it was native
    day.snapshot()
    day.is_now("1001", "anna")
    day.is_now("1002", "boris")
    day.tells("1001 leaves sales", "1001 joins plain")


def test_somebody_else_sits_down_at_the_same_phone() -> None:
    day = Day(anna=person(), boris=person(billing=1))
    day.snapshot()
    day.is_now("1001", "anna")
    day.is_now("1001", "boris")  # the sign-out between is a state of its own, or not
    day.tells("1001 joins support")
    day.leaves("1001", "boris")
    day.tells("1001 leaves support")


def test_a_login_at_two_phones_is_rung_at_the_first() -> None:
    day = with_anna()
    day.is_now("1002", "anna")
    day.tells("1001 joins support")
    day.leaves("1001", "anna")
    day.tells("1001 leaves support", "1002 joins support")


def test_a_phone_joins_where_it_is() -> None:
    day = with_anna()
    day.phones = frozenset({"7001"})
    day.members.clear()
    day.snapshot("pbx2")
    day.tells("1001 joins support")
    day.phones = None  # one that doesn't tell gets everybody
    day.snapshot("pbx3")
    day.tells("1001 joins support")
