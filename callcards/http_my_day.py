"""The operator's start page: what was promised, whom they missed, whom they talked with last."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from pydantic import BaseModel

from callcards.follow_ups import FollowUps
from callcards.http_follow_ups import FollowUpLine, follow_up_line
from callcards.http_lines import CardLine, RegionOf, card_line
from callcards.my_day import MyDay
from callcards.ports import StoredCard
from web.access import Operator

_MISSED_SINCE = timedelta(days=7)
_MOST_LATER = 20
_MOST_LAST = 20


class MyDayPage(BaseModel):
    """`today` ends at midnight in `zone`; what is past `now` and still open is overdue. `later`: the next 20."""

    now: datetime
    zone: str
    overdue: list[FollowUpLine]
    today: list[FollowUpLine]
    later: list[FollowUpLine]
    missed: list[CardLine]
    last: list[CardLine]


def router(
    my_day: MyDay,
    follow_ups: FollowUps,
    *,
    timezone_of: Callable[[str], str],
    region_of: RegionOf = lambda _site: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["screen"])

    @routes.get("/my-day")
    async def page(who: Operator) -> MyDayPage:
        """Your follow-ups; calls of the last seven days that rang at your phone and that nobody took; your last conversations."""
        at, zone = now(), timezone_of(who.site)
        tomorrow = _midnight(at, zone)
        overdue, today, later, missed, last = await asyncio.gather(
            follow_ups.of_owner(who.site, who.login, due_before=at),
            follow_ups.of_owner(who.site, who.login, due_from=at, due_before=tomorrow),
            follow_ups.of_owner(who.site, who.login, due_from=tomorrow, limit=_MOST_LATER),
            _of_phone(who.extension, lambda agent: my_day.missed(who.site, agent, since=at - _MISSED_SINCE)),
            _of_phone(who.extension, lambda agent: my_day.last(who.site, agent, limit=_MOST_LAST)),
        )
        return MyDayPage(
            now=at,
            zone=zone,
            overdue=[follow_up_line(each, region_of) for each in overdue],
            today=[follow_up_line(each, region_of) for each in today],
            later=[follow_up_line(each, region_of) for each in later],
            missed=[card_line(each, region_of) for each in missed],
            last=[card_line(each, region_of) for each in last],
        )

    return routes


async def _of_phone(extension: str | None, ask: Callable[[str], Awaitable[list[StoredCard]]]) -> list[StoredCard]:
    return await ask(extension) if extension is not None else []


def _midnight(at: datetime, zone: str) -> datetime:
    """The end of the local day of `at`."""
    tomorrow = at.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
