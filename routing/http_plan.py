"""Routes of the plan: what is in force, trying a change, making it, who changed what, a week of a calendar, coverage, reload.

Operators may change nothing here. Supervisors change people of their site and force queues open or closed; administrators all.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import JSONResponse

from core.errors import BadConfiguration, Forbidden, NotFound, Rejected
from core.model import Role
from routing import http_plan_shapes as shapes
from routing.coverage import Hole
from routing.hours import spans
from routing.live_plan import LivePlan
from routing.planner import HolesOpened, Overtaken, Planner, Wish
from routing.tables import Kind
from routing.week import monday_of
from web.access import Admin, Door, Supervisor
from web.accounts import Accounts
from web.people import SignedIn

_OF_SUPERVISORS = (Kind.PEOPLE, Kind.FORCED)
_MOST_DAYS = 60
_LONGEST_FACT = 2_000
_CANT_BE: dict[int | str, dict[str, Any]] = {
    422: {"description": "It can't be; `place` and `message` say what to mend."}
}
_NOT_NOW: dict[int | str, dict[str, Any]] = {409: {"description": "Somebody else changed it, or it opens holes."}}
Name = Annotated[str, Path(min_length=1, max_length=80)]


def router(
    planner: Planner,
    *,
    now: Callable[[], datetime],
    names: Callable[[], Awaitable[Mapping[str, str]]],
    titles: Mapping[str, str],
    feeds: Callable[[], list[shapes.FeedState]],
    reload: Callable[[], Awaitable[shapes.Reloaded]],
) -> APIRouter:
    """`names`: login -> name of the site's people; `titles`: how queues are called; `feeds`: how those stand; `reload` reads
    the configuration file again."""
    routes = APIRouter(prefix="/api", tags=["plan"])

    @routes.get("/plan")
    async def in_force(who: Supervisor, door: Door) -> shapes.PlanPage:
        """Who serves what and when, as it counts at this moment."""
        await _own_site(planner, who, door)
        plan, at = planner.plan, now()
        return shapes.PlanPage(
            version=plan.version,
            site=plan.tables.site,
            timezone=plan.tables.timezone,
            **{str(kind): shapes.entries(plan, kind) for kind in Kind},
            sites={
                name: shapes.SiteNow(
                    timezone=zone,
                    hours=plan.tables.site_hours if name == plan.tables.site else plan.tables.sites[name].hours,
                    open=(standing := plan.site(name, at)).open,
                    changes_at=standing.changes_at,
                )
                for name, zone in plan.sites().items()
            },
            now={name: shapes.queue_now(plan.queue(name, at)) for name in plan.queues},
            changed=shapes.changed(plan),
            left_out=shapes.left_out(planner.left_out),
            feeds=feeds(),
            names=dict(await names()),
            may=[kind for kind in Kind if _may(who, kind)],
            refuse_holes=planner.refuse_holes,
        )

    @routes.post("/plan/check", response_model=shapes.Judged, responses=_CANT_BE)
    async def check(asked: shapes.PlanQuestion, who: Supervisor, door: Door) -> shapes.Judged | JSONResponse:
        """What would come of a change: the holes that it opens, and the week of a calendar. Changes nothing."""
        await _own_site(planner, who, door)
        try:
            verdict = await planner.check(Wish(asked.kind, asked.name, asked.value, who.login))
            week = _week(verdict.plan, asked.name, asked.start) if asked.kind is Kind.HOURS else None
        except BadConfiguration as error:
            return _cant_be(error)
        return _judged(planner.plan, verdict.holes_opened, week)

    @routes.put("/plan/{kind}/{name}", response_model=shapes.Judged, responses=_CANT_BE | _NOT_NOW)
    async def change(
        kind: Kind, name: Name, wish: shapes.PlanWish, who: Supervisor, door: Door
    ) -> shapes.Judged | JSONResponse:
        """Make it so, at once. 409: somebody else changed it meanwhile (`theirs`), or holes that nobody accepted (`holes_opened`)."""
        await _own_site(planner, who, door)
        await _may_change(planner, who, door, kind, name, wish)
        before = planner.plan.tables.value(kind, name)
        asked = Wish(kind, name, wish.value, who.login)
        try:
            verdict = await planner.change(asked, seen=wish.version, accept_holes=wish.accept_holes)
        except BadConfiguration as error:
            return _cant_be(error)
        except Overtaken as error:
            return JSONResponse(_overtaken(error, planner.plan), status_code=409)
        except HolesOpened as error:
            holes = shapes.hole_lines(error.holes, planner.plan.tables.timezone)
            return JSONResponse(
                {
                    "code": error.code,
                    "message": str(error),
                    "holes_opened": [hole.model_dump(mode="json", by_alias=True) for hole in holes],
                },
                status_code=409,
            )
        after = verdict.plan.tables.value(kind, name)
        await door.changed(
            who,
            what=f"plan {kind} {name}"[:200],
            before=_fact(before),
            after=_fact(after),
            holes=str(len(verdict.holes_opened)),
        )
        return _judged(planner.plan, verdict.holes_opened)

    @routes.get("/plan/changes")
    async def changes(
        who: Supervisor,
        door: Door,
        before: int | None = None,
        most: Annotated[int, Query(ge=1, le=200)] = 50,
        kind: Kind | None = None,
        name: str | None = None,
    ) -> shapes.History:
        """Who changed what and when, the latest first; `before`: the version from which on to leave them out."""
        await _own_site(planner, who, door)
        lines = await planner.history(before=before, most=most, kind=kind, name=name)
        return shapes.History(changes=[shapes.change_page(line) for line in lines])

    @routes.get("/plan/hours/{name}/week")
    async def week(
        name: Name, who: Supervisor, door: Door, start: Annotated[date | None, Query(alias="from")] = None
    ) -> shapes.WeekPage:
        """A week of a calendar from a day on (default: this week's Monday), with what decides about each day."""
        await _own_site(planner, who, door)
        if name not in planner.plan.plan.calendars:
            raise NotFound(f"There are no hours {name} in the plan.")
        return _week(planner.plan, name, start)

    @routes.post("/plan/reload", response_model=shapes.Reloaded, responses=_CANT_BE)
    async def reload_file(who: Admin, door: Door) -> shapes.Reloaded | JSONResponse:
        """Read the configuration file again. Refused (422) it changes nothing; `needs_restart` names what can't change live."""
        await _own_site(planner, who, door)
        try:
            told = await reload()
        except BadConfiguration as error:
            await door.refused(who, what="plan reload", why=error.code)
            return _cant_be(error)
        await door.changed(who, what="plan reload", changed=", ".join(told.changed)[:_LONGEST_FACT])
        return told

    @routes.get("/routing/coverage")
    async def coverage(
        who: Supervisor, door: Door, days: Annotated[int, Query(ge=1, le=_MOST_DAYS)] = 14
    ) -> shapes.CoveragePage:
        """When each queue is open in the next days, and when nobody on shift passes its first step, or any."""
        await _own_site(planner, who, door)
        plan = planner.plan
        start, found = await planner.holes(days)
        end = start + timedelta(days=days)
        always = [shapes.OpenSpan(begins=start, ends=end)]
        lines = []
        for policy in plan.policies():
            hours = plan.queue_hours.get(policy.name)
            opens = (
                always if hours is None else [shapes.OpenSpan(begins=s, ends=e) for s, e in spans(hours, start, end)]
            )
            holes = [hole for hole in found if hole.queue == policy.name]
            lines.append(
                shapes.QueueCoverage(
                    queue=policy.name,
                    title=titles.get(policy.name, policy.name),
                    requirement=str(policy.steps[0].requirement),
                    open=opens,
                    holes=shapes.hole_lines(holes, plan.tables.timezone),
                )
            )
        people = len(plan.plan.people)
        return shapes.CoveragePage(start=start, end=end, timezone=plan.tables.timezone, people=people, queues=lines)

    def _week(plan: LivePlan, name: str, start: date | None) -> shapes.WeekPage:
        hours = plan.plan.calendars.get(name)
        if hours is None:
            raise BadConfiguration(f"hours.{name}: there is no such calendar: save it first", place=("hours", name))
        first = start or monday_of(shapes.today(now(), hours.zone))
        if not date(1971, 1, 1) <= first <= date(2999, 1, 1):
            raise Rejected(f"There is no week of {first} here.", code="bad_day")
        return shapes.week_page(hours, first, plan.tables.timezone)

    return routes


async def _own_site(planner: Planner, who: SignedIn, door: Accounts) -> None:
    if who.site != planner.site:
        await door.refused_access(who, f"plan of site {planner.site}")
        raise Rejected(f"This Meridian serves the site {planner.site}: sign in at your own.", code="other_site")


def _may(who: SignedIn, kind: Kind) -> bool:
    return who.is_at_least(Role.ADMIN) or kind in _OF_SUPERVISORS


async def _may_change(
    planner: Planner, who: SignedIn, door: Accounts, kind: Kind, name: str, wish: shapes.PlanWish
) -> None:
    """Supervisors change people of their own site, and accept no holes."""
    if who.is_at_least(Role.ADMIN):
        return
    people = planner.plan.tables.people
    sites = {people[name].site if name in people else "", str((wish.value or {}).get("site") or "")}
    elsewhere = kind is Kind.PEOPLE and not sites <= {"", planner.site}
    if not _may(who, kind) or elsewhere or wish.accept_holes:
        await door.refused_access(who, f"change plan {kind} {name}")
        what = "people of another site" if elsewhere else "holes accepted" if wish.accept_holes else str(kind)
        raise Forbidden(f"This needs the role {Role.ADMIN}: {what}. You are signed in as {who.role}.")


def _judged(plan: LivePlan, holes: list[Hole], week: shapes.WeekPage | None = None) -> shapes.Judged:
    return shapes.Judged(version=plan.version, holes_opened=shapes.hole_lines(holes, plan.tables.timezone), week=week)


def _cant_be(error: BadConfiguration) -> JSONResponse:
    """What was wrong, where it stands, and the mend."""
    told = {"code": error.code, "message": str(error), "place": list(error.place)}
    return JSONResponse(told, status_code=422)


def _overtaken(error: Overtaken, plan: LivePlan) -> dict[str, Any]:
    theirs = error.theirs
    return {
        "code": error.code,
        "message": str(error),
        "version": plan.version,
        "theirs": {
            "by": theirs.by,
            "at": theirs.at.isoformat(),
            "value": plan.tables.value(theirs.kind, theirs.name),
        },
    }


def _fact(value: Mapping[str, Any] | None) -> str:
    text = "" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_FACT else text[:_LONGEST_FACT] + "…"
