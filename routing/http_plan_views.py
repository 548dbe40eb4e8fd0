"""Routes that show the plan: what is in force, who changed what, a week of a calendar, coverage. They change nothing."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from core.errors import NotFound
from routing import http_plan_shapes as shapes
from routing.http_plan_access import may, own_site
from routing.planner import Planner
from routing.tables import Kind
from web.access import Door, Supervisor
from web.people import SignedIn

_MOST_DAYS = 60


class _Wanted(BaseModel):
    """`before`: leave out changes from this version on."""

    before: int | None = None
    most: int = Field(default=50, ge=1, le=200)
    kind: Kind | None = None
    name: str | None = None


def router(
    planner: Planner,
    *,
    now: Callable[[], datetime],
    names: Callable[[], Awaitable[Mapping[str, str]]],
    titles: Mapping[str, str],
    feeds: Callable[[], list[shapes.FeedState]],
) -> APIRouter:
    """`names`: login -> name of the site's people; `titles`: how queues are called; `feeds`: how those stand."""
    routes = APIRouter(prefix="/api", tags=["plan"])

    async def ours(who: Supervisor, door: Door) -> SignedIn:
        await own_site(planner, who, door)
        return who

    @routes.get("/plan")
    async def in_force(who: Annotated[SignedIn, Depends(ours)]) -> shapes.PlanPage:
        """Who serves what and when, as it counts at this moment."""
        return shapes.PlanPage(
            **shapes.plan_parts(planner.plan, now()),
            left_out=shapes.left_out(planner.left_out),
            feeds=feeds(),
            names=dict(await names()),
            may=[kind for kind in Kind if may(who, kind)],
            refuse_holes=planner.refuse_holes,
        )

    @routes.get("/plan/changes", dependencies=[Depends(ours)])
    async def changes(wanted: Annotated[_Wanted, Query()]) -> shapes.History:
        """Who changed what and when, with what was in force before and after; the latest first."""
        lines = await planner.history(before=wanted.before, most=wanted.most, kind=wanted.kind, name=wanted.name)
        return shapes.History(changes=[shapes.change_page(line) for line in lines])

    @routes.get("/plan/hours/{name}/week", dependencies=[Depends(ours)])
    async def week(
        name: Annotated[str, Path(min_length=1, max_length=80)],
        start: Annotated[date | None, Query(alias="from")] = None,
    ) -> shapes.WeekPage:
        """A week of a calendar from a day on (default: this week's Monday), with what decides about each day."""
        hours = planner.plan.plan.calendars.get(name)
        if hours is None:
            raise NotFound(f"There are no hours {name} in the plan.")
        return shapes.week_page(hours, start, planner.plan.tables.timezone, now())

    @routes.get("/routing/coverage", dependencies=[Depends(ours)])
    async def coverage(days: Annotated[int, Query(ge=1, le=_MOST_DAYS)] = 14) -> shapes.CoveragePage:
        """When each queue is open in the next days, and when nobody on shift passes its first step, or any."""
        plan = planner.plan
        start, holes = await planner.holes(days)
        return shapes.coverage_page(plan, start, start + timedelta(days=days), holes=holes, titles=titles)

    return routes
