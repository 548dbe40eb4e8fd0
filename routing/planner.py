"""Keeps the plan in force: the file, the changes that people made since, and what makes another plan of them. Never decides a call.

Every change is checked as a whole before it is kept, and counts at once: PlanChanged goes to everybody. Whoever writes over what
they haven't seen is told what somebody else did.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NamedTuple, TypeVar

from core.errors import BadConfiguration, Conflict
from routing import coverage
from routing.coverage import Hole
from routing.live_plan import LivePlan, PlanChanged, live_plan
from routing.plan import FeedDays, HolidayLists
from routing.plan_store import ChangeLine, PlanStore
from routing.settings import Mode
from routing.tables import Kind, PlanChange, Tables, overlaid, without_misfits

T = TypeVar("T")
LOOK_AHEAD = timedelta(days=14)
_YEARS_BACK, _YEARS_AHEAD = 1, 3
_MOST_TRIES = 5


class Overtaken(Conflict):
    """Somebody else changed the entry since the asker looked; `theirs` is what they did."""

    code = "plan_changed"

    def __init__(self, theirs: PlanChange) -> None:
        super().__init__(
            f"{theirs.by} changed {theirs.kind} {theirs.name} on {theirs.at:%d %b %H:%M} UTC, after you had opened it: look at "
            "what it says now, then change it."
        )
        self.theirs = theirs


class HolesOpened(Conflict):
    """The change leaves queues open with nobody on shift, and this installation refuses that."""

    code = "holes_opened"

    def __init__(self, holes: list[Hole]) -> None:
        super().__init__(
            f"Nobody would be on shift for {', '.join(sorted({hole.queue for hole in holes}))} at times: change the shifts, or let "
            "an administrator accept it."
        )
        self.holes = holes


class Wish(NamedTuple):
    """What somebody wants an entry to be (None: what the file says)."""

    kind: Kind
    name: str
    value: Mapping[str, Any] | None
    by: str


class Verdict(NamedTuple):
    """The plan as it would be, and the holes of the next days that it has and today's hasn't."""

    plan: LivePlan
    holes_opened: list[Hole]


class Planner:
    """`aside` runs what takes the processor long where it doesn't hold up calls. `plan` is what the file says until `load`."""

    def __init__(
        self,
        file: Tables,
        store: PlanStore,
        *,
        tell: Callable[[PlanChanged], None],
        now: Callable[[], datetime],
        holiday_lists: HolidayLists,
        aside: Callable[[Callable[[], Any]], Awaitable[Any]],
        refuse_holes: bool = False,
    ) -> None:
        self._file, self._store, self._tell, self._now = file, store, tell, now
        self._holiday_lists, self._aside = holiday_lists, aside
        self._feeds: Mapping[str, FeedDays] = {}
        self.refuse_holes = refuse_holes
        self.left_out: list[tuple[PlanChange, BadConfiguration]] = []
        self.plan = self._make(file, (), 0)

    @property
    def site(self) -> str:
        return self._file.site

    async def load(self) -> None:
        """Everything anew: what is kept, on the file and the feeds as they are now. Changes that don't fit are left out."""
        while True:
            file, feeds = self._file, self._feeds
            kept = await self._store.load(self.site)
            tables, left_out = await self._aside(partial(without_misfits, file, kept.changes))
            out = [change for change, _ in left_out]
            fitting = [change for change in kept.changes if change not in out]
            plan = await self._aside(partial(self._make, tables, fitting, kept.version))
            if self._file is file and self._feeds is feeds:
                break
        if kept.version >= self.plan.version:
            self.plan, self.left_out = plan, left_out
            self._tell(PlanChanged(at=self._now(), plan=plan))

    async def catch_up(self) -> None:
        """Take over what other processes on the same database changed."""
        if await self._store.version(self.site) > self.plan.version:
            await self.load()

    async def reload(self, file: Tables) -> None:
        """Another file. Refused, and nothing changes, where what people changed doesn't fit it."""
        await self._aside(partial(overlaid, file, list(self.plan.changes.values())))
        self._file = file
        await self.load()

    async def take_feeds(self, feeds: Mapping[str, FeedDays]) -> None:
        """What is known of calendars kept elsewhere, by address."""
        self._feeds = feeds
        await self.load()

    async def check(self, wish: Wish) -> Verdict:
        """What would come of it. BadConfiguration says what can't be, with its place."""
        return await self._judged(self.plan, self._change(self.plan, wish))

    async def change(self, wish: Wish, *, seen: int, accept_holes: bool = False) -> Verdict:
        """Make it so. `seen`: the version of the plan that the asker had before them. Raises Overtaken, HolesOpened."""
        for _ in range(_MOST_TRIES):
            base = self.plan
            latest = base.changes.get((wish.kind, wish.name))
            if latest is not None and latest.version > seen:
                raise Overtaken(latest)
            change = self._change(base, wish)
            verdict = await self._judged(base, change)
            if verdict.holes_opened and self.refuse_holes and not accept_holes:
                raise HolesOpened(verdict.holes_opened)
            line = ChangeLine(
                change=change,
                before=base.tables.value(wish.kind, wish.name),
                after=verdict.plan.tables.value(wish.kind, wish.name),
                holes=len(verdict.holes_opened),
            )
            try:
                await self._store.add(self.site, line)
            except Conflict:  # of another entry, or in another process: look again on top of it
                await self.load()
                continue
            await self.load()
            return verdict
        raise Conflict("Others change the plan all the time: try again in a moment.", code="plan_busy")

    async def history(
        self, *, before: int | None, most: int, kind: Kind | None = None, name: str | None = None
    ) -> list[ChangeLine]:
        return await self._store.history(self.site, before=before, most=most, kind=kind, name=name)

    async def holes(self, days: int) -> tuple[datetime, list[Hole]]:
        """Of the next days, from the instant that comes first."""
        plan, now = self.plan, self._now()
        return now, await self._aside(partial(holes_of, plan, now, now + timedelta(days=days)))

    def _change(self, base: LivePlan, wish: Wish) -> PlanChange:
        return PlanChange(
            kind=wish.kind, name=wish.name, value=wish.value, version=base.version + 1, by=wish.by, at=self._now()
        )

    async def _judged(self, base: LivePlan, change: PlanChange) -> Verdict:
        verdict: Verdict = await self._aside(partial(self._judge, base, change))
        return verdict

    def _judge(self, base: LivePlan, change: PlanChange) -> Verdict:
        changes = [*(c for key, c in base.changes.items() if key != (change.kind, change.name)), change]
        plan = self._make(overlaid(self._file, changes), changes, change.version)
        start, end = change.at, change.at + LOOK_AHEAD
        return Verdict(plan, coverage.opened(holes_of(base, start, end), holes_of(plan, start, end)))

    def _make(self, tables: Tables, changes: Iterable[PlanChange], version: int) -> LivePlan:
        this_year = self._now().year
        return live_plan(
            tables,
            changes,
            version=version,
            years=range(this_year - _YEARS_BACK, this_year + _YEARS_AHEAD + 1),
            holiday_lists=self._holiday_lists,
            feeds=self._feeds,
        )


def holes_of(plan: LivePlan, start: datetime, end: datetime) -> list[Hole]:
    """Where the plan has people with shifts at all; without the queues that Asterisk's own members serve."""
    people = plan.plan.people
    if not people:
        return []
    ours = [policy for policy in plan.policies() if _is_ours(plan, policy.name)]
    return coverage.holes(ours, plan.queue_hours, people, start, end, sites=plan.plan.open_sites)


def _is_ours(plan: LivePlan, queue: str) -> bool:
    setting = plan.queues[queue]
    by_others = setting.mode is Mode.NATIVE and not setting.requirement
    return not by_others or any(queue in person.queues for person in plan.plan.people)
