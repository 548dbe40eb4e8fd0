"""Routes of the cards: the recent ones of one's own site, and one card in full.

Another site's card doesn't exist for the asker; asking for one is written to the audit trail.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from callcards import http_cursor
from callcards.http_follow_ups import FollowUpLine, follow_up_line
from callcards.http_lines import CardId, CardLine, RegionOf, card_line, card_of_site, line_fields
from callcards.ports import CardStore, StoredCard
from web.access import Door, Operator


class LegLine(BaseModel):
    agent: str
    rang_at: datetime
    outcome: str
    ring_s: float | None
    talk_s: float | None
    hold_s: float
    queue: str | None


class TransferLine(BaseModel):
    kind: str
    from_agent: str
    to: str
    at: datetime
    answered: bool


class CardInFull(CardLine):
    """A card with its legs, transfers and how it ended."""

    timezone: str
    legs: list[LegLine]
    transfers: list[TransferLine]
    recordings: list[str]
    ended_by: str | None
    cause: int | None
    end_reason: str | None
    inferred: bool
    edited_by: str | None
    edited_at: datetime | None
    fields: dict[str, str]
    follow_ups: list[FollowUpLine]
    next_contact_at: datetime | None = Field(
        json_schema_extra={"deprecated": True}, description="Of the first of follow_ups."
    )
    next_contact_text: str = Field(json_schema_extra={"deprecated": True}, description="Of the first of follow_ups.")


class CardPage(BaseModel):
    """`next` goes into `before` for the following page; null on the last."""

    cards: list[CardLine]
    next: str | None


def router(store: CardStore, *, region_of: RegionOf = lambda _site: None) -> APIRouter:
    """`region_of` a site (ISO 3166) makes numbers readable that came without their country."""
    routes = APIRouter(prefix="/api/cards", tags=["cards"])

    @routes.get("")
    async def recent(
        who: Operator,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[str | None, Query(max_length=120)] = None,
    ) -> CardPage:
        """The newest cards of your site, a page at a time."""
        found = await store.recent(who.site, limit=limit, before=http_cursor.before(before) if before else None)
        last = found[-1].card if len(found) == limit else None
        return CardPage(
            cards=[card_line(stored, region_of) for stored in found],
            next=http_cursor.cursor(last.started_at, last.card_id) if last else None,
        )

    @routes.get("/{card_id}")
    async def one(card_id: CardId, who: Operator, door: Door) -> CardInFull:
        """One card of your site in full."""
        return _in_full(await card_of_site(store, card_id, who, door), region_of)

    return routes


def _in_full(stored: StoredCard, region_of: RegionOf) -> CardInFull:
    card = stored.card
    legs = [
        LegLine(
            agent=leg.agent,
            rang_at=leg.rang_at,
            outcome=leg.outcome,
            ring_s=leg.ring_s,
            talk_s=leg.talk_s,
            hold_s=leg.hold_s,
            queue=leg.queue,
        )
        for leg in card.legs
    ]
    transfers = [
        TransferLine(kind=step.kind, from_agent=step.from_agent, to=step.to, at=step.at, answered=step.answered)
        for step in card.transfers
    ]
    first = stored.follow_ups[0].follow_up if stored.follow_ups else None
    return CardInFull.model_validate(
        line_fields(stored, region_of)
        | {
            "timezone": card.timezone,
            "legs": legs,
            "transfers": transfers,
            "recordings": list(card.recordings),
            "ended_by": card.ended_by,
            "cause": card.cause,
            "end_reason": card.end_reason,
            "inferred": card.inferred,
            "edited_by": stored.edited_by,
            "edited_at": stored.edited_at,
            "fields": dict(stored.fields),
            "follow_ups": [follow_up_line(each, region_of) for each in stored.follow_ups],
            "next_contact_at": first.due_at if first else None,
            "next_contact_text": first.text if first else "",
        }
    )
