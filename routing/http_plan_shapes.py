"""What the routes of the plan take and give."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from core.errors import Rejected
from routing.coverage import Hole
from routing.hours import Hours, Span, spans
from routing.live_plan import LivePlan, Standing
from routing.plan_store import ChangeLine
from routing.tables import Kind, PlanChange
from routing.week import Day, midnights, monday_of, times, week_of

_FIRST, _LAST = date(1971, 1, 1), date(2999, 1, 1)
Entries = dict[str, dict[str, Any]]


class Changed(BaseModel):
    by: str
    at: datetime
    version: int


class SiteNow(BaseModel):
    """`open` by the site's hours, or while one of its people is on shift; `changes_at`: until when that stays so."""

    timezone: str
    hours: str | None
    open: bool
    changes_at: datetime | None


class QueueNow(BaseModel):
    open: bool
    changes_at: datetime | None
    reason: str
    reason_name: str


class LeftOut(BaseModel):
    """A change that doesn't fit the file any more: it doesn't count until one of the two is mended."""

    kind: Kind
    name: str
    by: str
    at: datetime
    why: str


class FeedState(BaseModel):
    """`stale`: what is known of it is older than it should be; `error` says why."""

    address: str
    fetched_at: datetime | None
    tried_at: datetime | None
    stale: bool
    error: str
    days: int


class PlanPage(BaseModel):
    """`skills`, `hours`, `queues`, `people`, `forced`: entries as they may be sent back. `changed`: those that aren't the file's.
    `may`: the kinds that you may change. `names`: how the people of this site are called."""

    version: int
    site: str
    timezone: str
    skills: Entries
    hours: Entries
    queues: Entries
    people: Entries
    forced: Entries
    sites: dict[str, SiteNow]
    now: dict[str, QueueNow]
    changed: dict[Kind, dict[str, Changed]]
    left_out: list[LeftOut]
    feeds: list[FeedState]
    names: dict[str, str]
    may: list[Kind]
    refuse_holes: bool


class PlanWish(BaseModel):
    """`value`: the whole entry, None takes a change back; `version`: of the plan that you looked at."""

    model_config = ConfigDict(extra="forbid")
    value: dict[str, Any] | None
    version: int = Field(ge=0)
    accept_holes: bool = False


class PlanQuestion(BaseModel):
    """`start`: of the week to draw, where `kind` is hours (default: this week's Monday)."""

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    name: str = Field(min_length=1, max_length=80)
    value: dict[str, Any] | None
    start: date | None = None


class HoleLine(BaseModel):
    """`begins`, `ends` in UTC; the local times are those of the site, with their offset."""

    queue: str
    severity: str
    begins: datetime = Field(serialization_alias="from")
    ends: datetime = Field(serialization_alias="to")
    from_local: str
    to_local: str
    requirement: str


class WeekSpan(BaseModel):
    """In UTC, and by the wall clocks of the calendar's zone and of the site's."""

    begins: datetime = Field(serialization_alias="from")
    ends: datetime = Field(serialization_alias="to")
    calendar: tuple[str, str]
    site: tuple[str, str]
    utc: tuple[str, str]


class WeekDay(BaseModel):
    """`begins` and `ends`: the midnights of the day in the calendar's zone. `reason`: forced, dated, yearly, holiday or week."""

    day: date
    begins: datetime
    ends: datetime
    reason: str
    reason_name: str
    spans: list[WeekSpan]
    closures: list[str]


class Scale(BaseModel):
    zone: str
    midnights: list[datetime]


class WeekPage(BaseModel):
    """`scales`: where the days begin in the calendar's zone, the site's and UTC."""

    zone: str
    begins: datetime
    ends: datetime
    days: list[WeekDay]
    scales: list[Scale]


class Judged(BaseModel):
    """`version`: of the plan in force."""

    version: int
    holes_opened: list[HoleLine]
    week: WeekPage | None = None


class ChangePage(BaseModel):
    version: int
    kind: Kind
    name: str
    by: str
    at: datetime
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    back: bool
    holes: int


class History(BaseModel):
    changes: list[ChangePage]


class Reloaded(BaseModel):
    """`changed`: tables that count anew; `needs_restart`: keys that are another in the file but count after a restart only."""

    version: int
    changed: list[str]
    needs_restart: list[str]


class OpenSpan(BaseModel):
    begins: datetime = Field(serialization_alias="from")
    ends: datetime = Field(serialization_alias="to")


class QueueCoverage(BaseModel):
    queue: str
    title: str
    requirement: str
    open: list[OpenSpan]
    holes: list[HoleLine]


class CoveragePage(BaseModel):
    start: datetime
    end: datetime
    timezone: str
    people: int
    queues: list[QueueCoverage]


def entries(plan: LivePlan, kind: Kind) -> Entries:
    return {name: plan.tables.value(kind, name) or {} for name in getattr(plan.tables, kind)}


def queue_now(standing: Standing) -> QueueNow:
    return QueueNow(
        open=standing.open,
        changes_at=standing.changes_at,
        reason=standing.reason.kind,
        reason_name=standing.reason.name,
    )


def changed(plan: LivePlan) -> dict[Kind, dict[str, Changed]]:
    found: dict[Kind, dict[str, Changed]] = {}
    for (kind, name), change in plan.changes.items():
        if change.value is not None:
            found.setdefault(kind, {})[name] = Changed(by=change.by, at=change.at, version=change.version)
    return found


def hole_lines(holes: Iterable[Hole], zone: str) -> list[HoleLine]:
    local = ZoneInfo(zone)
    return [
        HoleLine(
            queue=hole.queue,
            severity=hole.severity,
            begins=hole.opens,
            ends=hole.closes,
            from_local=hole.opens.astimezone(local).isoformat(),
            to_local=hole.closes.astimezone(local).isoformat(),
            requirement=hole.requirement,
        )
        for hole in holes
    ]


def week_page(hours: Hours, first: date | None, site_zone: str, now: datetime) -> WeekPage:
    """From `first` on, or from the Monday of the week that it is."""
    first = first or monday_of(now.astimezone(ZoneInfo(hours.zone)))
    if not _FIRST <= first <= _LAST:
        raise Rejected(f"There is no picture of the week of {first}.", code="bad_day")
    days = week_of(hours, first)
    begins, ends = days[0].begins, days[-1].ends
    zones = dict.fromkeys((hours.zone, site_zone, "UTC"))
    return WeekPage(
        zone=hours.zone,
        begins=begins,
        ends=ends,
        days=[_week_day(day, (hours.zone, site_zone, "UTC")) for day in days],
        scales=[Scale(zone=zone, midnights=midnights(zone, begins, ends)) for zone in zones],
    )


def _week_day(day: Day, zones: tuple[str, str, str]) -> WeekDay:
    return WeekDay(
        day=day.day,
        begins=day.begins,
        ends=day.ends,
        reason=day.reason.kind,
        reason_name=day.reason.name,
        spans=[_week_span(span, zones) for span in day.spans],
        closures=[each.name for each in day.closures],
    )


def _week_span(span: Span, zones: tuple[str, str, str]) -> WeekSpan:
    calendar, site, utc = times(span, zones)
    return WeekSpan(begins=span.opens, ends=span.closes, calendar=calendar, site=site, utc=utc)


def change_page(line: ChangeLine) -> ChangePage:
    change = line.change
    return ChangePage(
        version=change.version,
        kind=change.kind,
        name=change.name,
        by=change.by,
        at=change.at,
        before=None if line.before is None else dict(line.before),
        after=None if line.after is None else dict(line.after),
        back=change.value is None,
        holes=line.holes,
    )


def left_out(pairs: Iterable[tuple[PlanChange, Exception]]) -> list[LeftOut]:
    return [LeftOut(kind=c.kind, name=c.name, by=c.by, at=c.at, why=str(error)) for c, error in pairs]


def plan_parts(plan: LivePlan, at: datetime) -> dict[str, Any]:
    """What PlanPage tells of the plan itself."""
    return {
        "version": plan.version,
        "site": plan.tables.site,
        "timezone": plan.tables.timezone,
        **{str(kind): entries(plan, kind) for kind in Kind},
        "sites": {name: _site_now(plan, name, at) for name in plan.sites()},
        "now": {name: queue_now(plan.queue(name, at)) for name in plan.queues},
        "changed": changed(plan),
    }


def _site_now(plan: LivePlan, name: str, at: datetime) -> SiteNow:
    tables, standing = plan.tables, plan.site(name, at)
    hours = tables.site_hours if name == tables.site else tables.sites[name].hours
    return SiteNow(timezone=plan.sites()[name], hours=hours, open=standing.open, changes_at=standing.changes_at)


def coverage_page(
    plan: LivePlan, start: datetime, end: datetime, *, holes: list[Hole], titles: Mapping[str, str]
) -> CoveragePage:
    return CoveragePage(
        start=start,
        end=end,
        timezone=plan.tables.timezone,
        people=len(plan.plan.people),
        queues=[
            QueueCoverage(
                queue=policy.name,
                title=titles.get(policy.name, policy.name),
                requirement=str(policy.steps[0].requirement),
                open=[OpenSpan(begins=span.opens, ends=span.closes) for span in _open(plan, policy.name, start, end)],
                holes=hole_lines((hole for hole in holes if hole.queue == policy.name), plan.tables.timezone),
            )
            for policy in plan.policies()
        ],
    )


def _open(plan: LivePlan, queue: str, start: datetime, end: datetime) -> list[Span]:
    hours = plan.queue_hours.get(queue)
    return [Span(start, end)] if hours is None else list(spans(hours, start, end))
