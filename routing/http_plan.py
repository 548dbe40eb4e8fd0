"""Routes that change the plan: trying a change, making it, reading the configuration file again."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from core.errors import BadConfiguration
from routing import http_plan_shapes as shapes
from routing.coverage import Hole
from routing.http_plan_access import may_change, own_site
from routing.live_plan import LivePlan
from routing.planner import HolesOpened, Overtaken, Planner, Wish
from routing.tables import Kind
from web.access import Admin, Door, Supervisor

_LONGEST_FACT = 2_000
_Answers = dict[int | str, dict[str, Any]]
_CANT_BE: _Answers = {422: {"description": "It can't be; `place` and `message` say what to mend."}}
_NOT_NOW: _Answers = {409: {"description": "Somebody else changed it (`theirs`), or it opens holes (`holes_opened`)."}}


def router(
    planner: Planner, *, now: Callable[[], datetime], reload: Callable[[], Awaitable[shapes.Reloaded]]
) -> APIRouter:
    """`reload` reads the configuration file again."""
    routes = APIRouter(prefix="/api", tags=["plan"])

    @routes.post("/plan/check", response_model=shapes.Judged, responses=_CANT_BE)
    async def check(asked: shapes.PlanQuestion, who: Supervisor, door: Door) -> shapes.Judged | JSONResponse:
        """What would come of a change: the holes that it opens, and the week of a calendar. Changes nothing."""
        await own_site(planner, who, door)
        try:
            verdict = await planner.check(Wish(asked.kind, asked.name, asked.value, who.login))
        except BadConfiguration as error:
            return _cant_be(error)
        hours = verdict.plan.plan.calendars.get(asked.name) if asked.kind is Kind.HOURS else None
        week = None if hours is None else shapes.week_page(hours, asked.start, planner.plan.tables.timezone, now())
        return _judged(planner.plan, verdict.holes_opened, week)

    @routes.put("/plan/{kind}/{name}", response_model=shapes.Judged, responses=_CANT_BE | _NOT_NOW)
    async def change(
        kind: Kind,
        name: Annotated[str, Path(min_length=1, max_length=80)],
        wish: shapes.PlanWish,
        who: Supervisor,
        door: Door,
    ) -> shapes.Judged | JSONResponse:
        """Make it so, at once, for those who wait already too. A value of null takes a change back to what the file says."""
        await own_site(planner, who, door)
        await may_change(planner, who, door, kind=kind, name=name, wish=wish)
        before = planner.plan.tables.value(kind, name)
        try:
            verdict = await planner.change(
                Wish(kind, name, wish.value, who.login), seen=wish.version, accept_holes=wish.accept_holes
            )
        except BadConfiguration as error:
            return _cant_be(error)
        except Overtaken as error:
            return JSONResponse(_overtaken(error, planner.plan), status_code=409)
        except HolesOpened as error:
            return JSONResponse(_refused(error, planner.plan), status_code=409)
        facts = {"before": _fact(before), "after": _fact(verdict.plan.tables.value(kind, name))}
        await door.changed(who, what=f"plan {kind} {name}", holes=str(len(verdict.holes_opened)), **facts)
        return _judged(planner.plan, verdict.holes_opened)

    @routes.post("/plan/reload", response_model=shapes.Reloaded, responses=_CANT_BE)
    async def reload_file(who: Admin, door: Door) -> shapes.Reloaded | JSONResponse:
        """Read the configuration file again. Refused (422) it changes nothing; `needs_restart` names what can't change live."""
        await own_site(planner, who, door)
        try:
            told = await reload()
        except BadConfiguration as error:
            await door.refused(who, what="plan reload", why=error.code)
            return _cant_be(error)
        await door.changed(who, what="plan reload", changed=", ".join(told.changed)[:_LONGEST_FACT])
        return told

    return routes


def _judged(plan: LivePlan, holes: list[Hole], week: shapes.WeekPage | None = None) -> shapes.Judged:
    return shapes.Judged(version=plan.version, holes_opened=shapes.hole_lines(holes, plan.tables.timezone), week=week)


def _cant_be(error: BadConfiguration) -> JSONResponse:
    """What was wrong, where it stands, and the mend."""
    told = {"code": error.code, "message": str(error), "place": list(error.place)}
    return JSONResponse(told, status_code=422)


def _overtaken(error: Overtaken, plan: LivePlan) -> dict[str, Any]:
    theirs = error.theirs
    value = plan.tables.value(theirs.kind, theirs.name)
    told = {"by": theirs.by, "at": theirs.at.isoformat(), "value": value}
    return {"code": error.code, "message": str(error), "version": plan.version, "theirs": told}


def _refused(error: HolesOpened, plan: LivePlan) -> dict[str, Any]:
    holes = shapes.hole_lines(error.holes, plan.tables.timezone)
    lines = [hole.model_dump(mode="json", by_alias=True) for hole in holes]
    return {"code": error.code, "message": str(error), "version": plan.version, "holes_opened": lines}


def _fact(value: Mapping[str, Any] | None) -> str:
    text = "" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_FACT else text[:_LONGEST_FACT] + "…"
