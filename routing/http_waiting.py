"""Routes of the waiting room: the queues, who waits, why, and a supervisor's points."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.errors import Conflict, NotFound
from core.events import Event
from routing.board import Board, ItemLine, Waiting
from routing.board_why import Why, why
from routing.wishes import MOST_POINTS, PriorityAsked
from web.access import Door, Supervisor
from web.accounts import Accounts
from web.people import SignedIn

ItemId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[0-9A-Za-z.:_-]+$"), Path()]


class PriorityWish(BaseModel):
    """The points that the item gets from you, in place of those it had from a supervisor before; one is worth `aging` minutes of
    waiting. 0 takes them back."""

    model_config = ConfigDict(extra="forbid")
    offset: float = Field(ge=-MOST_POINTS, le=MOST_POINTS, allow_inf_nan=False)


def router(board: Board, *, site: str, step: Callable[[Event], None], now: Callable[[], datetime]) -> APIRouter:
    """`step` is the engine's. Between the look whether the item waits and the wish nothing can happen: nothing is awaited."""
    routes = APIRouter(prefix="/api/routing/waiting", tags=["routing"])

    @routes.get("")
    async def waiting(
        who: Supervisor, queue: Annotated[str | None, Query(max_length=120, description="Only its items.")] = None
    ) -> Waiting:
        """The queues of your site and who waits in them, the most urgent first: 200 at most, `more` tells how many others."""
        at = now()
        nothing = Waiting(at=at, queues=[], items=[], more=0, names={})
        return board.waiting(at, queue=queue) if who.site == site else nothing

    @routes.get("/{item_id}/why")
    async def why_still(item_id: ItemId, who: Supervisor, door: Door) -> Why:
        """Why it still waits, and what would have it offered now. 409 while it is being offered: then ask why of its card."""
        await _ours(item_id, who, door)
        return why(board, item_id, now())

    @routes.post("/{item_id}/priority")
    async def priority(item_id: ItemId, asked: PriorityWish, who: Supervisor, door: Door) -> ItemLine:
        """Points for one that waits, effective at once; it keeps its age. Written to the audit trail."""
        await _ours(item_id, who, door)
        at, line = now(), board.line(item_id, now())
        if line is None:
            raise NotFound("This doesn't wait any more.")
        if line.score is None:
            raise Conflict("Meridian doesn't choose for this: points would change nothing.", code="not_choosing")
        step(PriorityAsked(at=at, item_id=item_id, offset=asked.offset, by=who.login))
        return board.line(item_id, at) or line

    async def _ours(item_id: str, who: SignedIn, door: Accounts) -> None:
        if who.site != site:
            await door.refused_access(who, f"waiting item {item_id} of site {site}")
            raise NotFound("This doesn't wait any more.")

    return routes
