"""The keeper of the plan: what it refuses, what it tells, two who save at once, another file."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from core.errors import BadConfiguration, Conflict
from routing.coverage import Severity
from routing.live_plan import PlanChanged
from routing.memory_plan import MemoryPlanStore
from routing.plan import FeedDays
from routing.plan_store import ChangeLine, KeptPlan
from routing.planner import HolesOpened, Overtaken, Planner, Wish
from routing.settings import HoursSetting, Mode, PersonSetting, QueueSetting, SkillSetting
from routing.tables import Kind, Tables

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)  # a Monday
FILE = Tables(
    site="riga",
    timezone="Europe/Riga",
    skills={"billing": SkillSetting(en="Billing", ru="Счета")},
    hours={
        "day": HoursSetting(zone="UTC", week=("Mon-Fri 09:00-18:00",), feeds=("closed.ics",)),
        "half": HoursSetting(zone="UTC", week=("Mon-Fri 09:00-13:00",)),
    },
    queues={"support": QueueSetting(mode=Mode.ACD, requirement="billing >= 2", hours="day")},
    people={"anna": PersonSetting(skills={"billing": 3}, queues=("support",), shifts=("day",))},
)
ANNA = {"skills": {"billing": 4}, "queues": ["support"], "shifts": ["day"]}


async def at_once(work: Callable[[], Any]) -> Any:
    return work()


async def elsewhere(work: Callable[[], Any]) -> Any:
    await asyncio.sleep(0)
    return work()


def planner(
    store: Any = None, *, aside: Any = at_once, refuse_holes: bool = False
) -> tuple[Planner, list[PlanChanged]]:
    told: list[PlanChanged] = []
    made = Planner(
        FILE,
        store or MemoryPlanStore(),
        tell=told.append,
        now=lambda: NOW,
        holiday_lists=lambda _country, _years: {},
        aside=aside,
        refuse_holes=refuse_holes,
    )
    return made, told


def wish(name: str = "anna", value: Any = None, *, kind: Kind = Kind.PEOPLE, by: str = "sofia") -> Wish:
    return Wish(kind, name, value, by)


async def test_before_anything_the_file_counts_and_is_told_once_loaded() -> None:
    there, told = planner()
    assert there.plan.version == 0 and there.plan.tables == FILE and told == []
    await there.load()
    assert [event.plan.tables for event in told] == [FILE] and told[0].at == NOW


async def test_a_change_counts_at_once_is_kept_with_what_was_before_and_survives_a_restart() -> None:
    store = MemoryPlanStore()
    there, told = planner(store)
    await there.change(wish(value=ANNA), seen=0)
    assert there.plan.tables.people["anna"].skills == {"billing": 4}
    assert told[-1].plan is there.plan and there.plan.version == 1
    (line,) = await there.history(before=None, most=9)
    assert line.before is not None and line.after is not None
    assert (line.before["skills"], line.after["skills"]) == ({"billing": 3}, {"billing": 4})
    again, _ = planner(store)
    await again.load()
    assert again.plan.tables.people["anna"].skills == {"billing": 4}
    await again.change(wish(value=None), seen=1)
    assert again.plan.tables.people == FILE.people and again.plan.version == 2


async def test_trying_a_change_changes_nothing_and_tells_its_holes() -> None:
    there, told = planner()
    verdict = await there.check(wish(value={**ANNA, "shifts": ["half"]}))
    first = verdict.holes_opened[0]
    assert (first.queue, first.severity) == ("support", Severity.NOBODY)
    assert (first.opens, first.closes) == (NOW.replace(hour=13), NOW.replace(hour=18))
    assert len(verdict.holes_opened) == 10, "of the ten working days of a fortnight"
    assert there.plan.version == 0 and told == [] and await there.history(before=None, most=9) == []
    assert (await there.check(wish(value=ANNA))).holes_opened == []


@pytest.mark.parametrize("refuse", [False, True])
async def test_holes_are_refused_only_where_that_is_wished_and_nobody_accepts_them(refuse: bool) -> None:
    there, _ = planner(refuse_holes=refuse)
    away = wish(value={**ANNA, "skills": {"billing": 1}})
    if refuse:
        with pytest.raises(HolesOpened) as refused:
            await there.change(away, seen=0)
        assert len(refused.value.holes) == 10 and there.plan.version == 0
        await there.change(away, seen=0, accept_holes=True)
    else:
        await there.change(away, seen=0)
    (line,) = await there.history(before=None, most=9)
    assert line.holes == 10


async def test_holes_that_are_there_already_are_nobodys_fault() -> None:
    there, _ = planner(refuse_holes=True)
    await there.change(wish(value={**ANNA, "skills": {"billing": 1}}), seen=0, accept_holes=True)
    await there.change(wish(value={**ANNA, "skills": {}}), seen=1)
    assert there.plan.version == 2


async def test_who_writes_over_what_they_havent_seen_is_told_what_somebody_did() -> None:
    there, _ = planner()
    await there.change(wish(value=ANNA, by="boris"), seen=0)
    with pytest.raises(Overtaken) as refused:
        await there.change(wish(value={**ANNA, "skills": {}}), seen=0)
    assert refused.value.theirs.by == "boris" and "boris changed people anna on 23 Nov 09:00 UTC" in str(refused.value)
    # Something else that they hadn't seen either is no obstacle.
    await there.change(wish("vip", {"en": "VIP", "ru": "VIP"}, kind=Kind.SKILLS), seen=0)
    assert there.plan.version == 2 and there.plan.tables.people["anna"].skills == {"billing": 4}


@pytest.mark.parametrize("same", [True, False])
async def test_two_who_save_at_the_same_moment(same: bool) -> None:
    """Through two processes on one store: of the same entry one is told, of different ones both count."""
    store = MemoryPlanStore()
    one, _ = planner(store, aside=elsewhere)
    two, _ = planner(store, aside=elsewhere)
    told = await asyncio.gather(
        one.change(wish(value=ANNA, by="boris"), seen=0),
        two.change(wish("anna" if same else "vera", {**ANNA, "skills": {"billing": 5}}, by="eva"), seen=0),
        return_exceptions=True,
    )
    overtaken = [each for each in told if isinstance(each, BaseException)]
    assert [type(each) for each in overtaken] == ([Overtaken] if same else [])
    for each in (one, two):
        await each.catch_up()
    assert one.plan.tables == two.plan.tables and one.plan.version == (1 if same else 2)
    assert len(await store.history("riga")) == one.plan.version


async def test_what_another_process_changed_is_taken_over() -> None:
    store = MemoryPlanStore()
    here, told = planner(store)
    there, _ = planner(store)
    await there.change(wish(value=ANNA), seen=0)
    await here.catch_up()
    await here.catch_up()
    assert here.plan.tables.people["anna"].skills == {"billing": 4} and len(told) == 1


async def test_a_store_that_is_always_ahead_ends_in_a_sentence() -> None:
    class Busy(MemoryPlanStore):
        async def add(self, site: str, line: ChangeLine) -> None:
            raise Conflict("not now")

    there, _ = planner(Busy())
    with pytest.raises(Conflict, match="try again in a moment"):
        await there.change(wish(value=ANNA), seen=0)


async def test_another_file_keeps_the_changes_or_is_refused_where_they_dont_fit() -> None:
    there, told = planner()
    await there.change(wish(value=ANNA), seen=0)
    more = replace(FILE, skills={**FILE.skills, "vip": SkillSetting(en="VIP", ru="VIP")})
    await there.reload(more)
    assert "vip" in there.plan.tables.skills and there.plan.tables.people["anna"].skills == {"billing": 4}
    before, count = there.plan, len(told)
    with pytest.raises(BadConfiguration, match="anna: skills 'billing' is not declared"):
        await there.reload(Tables(site="riga", timezone="Europe/Riga"))
    assert there.plan is before and len(told) == count
    # A refused file must not come back with the next change either.
    await there.change(wish("boris", {"queues": ["support"]}), seen=1)
    assert "vip" in there.plan.tables.skills


async def test_at_a_start_a_change_that_doesnt_fit_is_left_out_and_may_be_made_anew() -> None:
    store = MemoryPlanStore()
    old, _ = planner(store)
    await old.change(wish("vip", {"en": "VIP", "ru": "VIP"}, kind=Kind.SKILLS), seen=0)
    await old.change(wish(value={**ANNA, "skills": {"vip": 3}}), seen=1)
    smaller = Planner(
        replace(FILE, hours={"day": FILE.hours["day"]}, skills={"vip": SkillSetting(en="a", ru="b"), **FILE.skills}),
        store,
        tell=lambda _event: None,
        now=lambda: NOW,
        holiday_lists=lambda _country, _years: {},
        aside=at_once,
    )
    await old.change(wish(value={**ANNA, "shifts": ["half"]}), seen=2)
    await smaller.load()
    assert [(change.name, "half" in str(error)) for change, error in smaller.left_out] == [("anna", True)]
    assert smaller.plan.tables.people == FILE.people
    await smaller.change(wish(value=ANNA), seen=3)
    assert smaller.left_out == [] and smaller.plan.tables.people["anna"].skills == {"billing": 4}


async def test_feeds_count_from_when_they_are_there() -> None:
    there, told = planner()
    monday = NOW.replace(hour=12)
    assert there.plan.queue("support", monday).open
    await there.take_feeds({"closed.ics": FeedDays(days={date(2026, 11, 23): "Moving"})})
    assert there.plan.queue("support", monday).reason.name == "Moving" and len(told) == 1


async def test_coverage_of_the_next_days() -> None:
    there, _ = planner()
    assert await there.holes(14) == (NOW, [])
    await there.change(wish(value={**ANNA, "shifts": ["half"]}), seen=0)
    start, holes = await there.holes(1)
    assert start == NOW and [(hole.opens.hour, hole.closes.hour) for hole in holes] == [(13, 18)]


class Slow(MemoryPlanStore):
    """Answers a look when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.gates: list[asyncio.Event] = []

    async def load(self, site: str) -> KeptPlan:
        kept = await super().load(site)
        if self.gates:
            await self.gates.pop(0).wait()
        return kept


async def test_a_look_that_was_slow_doesnt_bring_back_an_older_plan() -> None:
    store = Slow()
    there, told = planner(store)
    gate = asyncio.Event()
    store.gates = [gate]
    slow = asyncio.ensure_future(there.load())
    await asyncio.sleep(0)
    await there.change(wish(value=ANNA), seen=0)
    gate.set()
    await slow
    assert there.plan.version == 1 and [event.plan.version for event in told] == [1]


async def test_a_file_that_comes_during_a_look_counts() -> None:
    store = Slow()
    there, told = planner(store)
    gate = asyncio.Event()
    store.gates = [gate]
    slow = asyncio.ensure_future(there.load())
    await asyncio.sleep(0)
    await there.reload(replace(FILE, skills={**FILE.skills, "vip": SkillSetting(en="VIP", ru="VIP")}))
    gate.set()
    await slow
    assert "vip" in there.plan.tables.skills and all("vip" in event.plan.tables.skills for event in told)


async def test_a_queue_that_asterisks_own_members_serve_has_no_holes_here() -> None:
    there, _ = planner()
    await there.change(wish("sales", {}, kind=Kind.QUEUES), seen=0)
    assert (await there.holes(1))[1] == []
    # As soon as somebody of the plan is in it, or it asks for something, it is ours.
    await there.change(wish("sales", {"requirement": "billing"}, kind=Kind.QUEUES), seen=1)
    assert {hole.queue for hole in (await there.holes(1))[1]} == {"sales"}
