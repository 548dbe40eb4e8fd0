"""Routes that find: words, names and numbers of one's own site, and the whole time line of a client."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel

from callcards import http_cursor
from callcards.follow_ups import FollowUps
from callcards.http_follow_ups import zone_of_own_client
from callcards.http_lines import CardLine, Id, RegionOf, card_line, number_text
from callcards.ports import CardStore
from callcards.search import Search, sought
from core.desk import Desk
from web.access import Door, Operator


class ClientHit(BaseModel):
    client_id: str
    name: str
    number_text: str
    organisation: str | None


class Hits(BaseModel):
    """`more`: there is more than was asked for; say more exactly what is meant."""

    clients: list[ClientHit]
    cards: list[CardLine]
    more: bool


class PastLine(BaseModel):
    """One earlier conversation, as in a pop."""

    card_id: str
    channel: str
    direction: str
    started_at: datetime
    queue: str | None
    agent: str | None
    talk_s: float | None
    disposition: str | None
    notes: str
    answered: bool


class TimeLine(BaseModel):
    """`next` goes into `before` for the following page; null on the last."""

    items: list[PastLine]
    next: str | None


def router(
    search: Search,
    store: CardStore,
    follow_ups: FollowUps,
    *,
    desk: Desk | None = None,
    region_of: RegionOf = lambda _site: None,
) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["search"])
    dispositions = (desk or Desk()).dispositions

    @routes.get("/search")
    async def find(
        who: Operator,
        q: Annotated[str, Query(max_length=200)],
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> Hits:
        """Names, numbers (any punctuation, four digits of it suffice), words in notes, results. Every word must be found."""
        found = await search.find(who.site, sought(q, dispositions), limit=limit)
        clients = [
            ClientHit(
                client_id=each.client_id,
                name=each.name,
                number_text=number_text(each.number, who.site, region_of),
                organisation=each.organisation,
            )
            for each in found.clients
        ]
        return Hits(clients=clients, cards=[card_line(each, region_of) for each in found.cards], more=found.more)

    @routes.get("/clients/{client_id}/timeline")
    async def time_line(
        client_id: Annotated[Id, Path()],
        who: Operator,
        door: Door,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
        before: Annotated[str | None, Query(max_length=120)] = None,
    ) -> TimeLine:
        """Everything with this client, over all channels, newest first."""
        await zone_of_own_client(follow_ups, client_id, who, door)
        place = http_cursor.before(before) if before else None
        found = await store.history(client_id, limit=limit, before=place)
        return TimeLine(
            items=[PastLine(**each._asdict()) for each in found],
            next=http_cursor.cursor(found[-1].started_at, found[-1].card_id) if len(found) == limit else None,
        )

    return routes
