"""Routes of the cards: the recent ones of one's own site, one card, and what people type on it.

Another site's card doesn't exist for the asker; asking for one is written to the audit trail.
"""

import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from callcards.past import served_by
from callcards.ports import Annotate, Before, CardStore, NextContact, StoredCard
from core.errors import NotFound, Rejected
from core.ids import fresh_id
from core.phone import e164, readable
from web.access import Door, Operator
from web.accounts import Accounts
from web.people import SignedIn

RegionOf = Callable[[str], str | None]
CardId = Annotated[str, Path(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z.:_-]+$")]


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


class CardLine(BaseModel):
    """A card as lists show it."""

    card_id: str
    site: str
    direction: str
    number: str
    number_text: str
    caller_name: str
    client_id: str | None
    client_name: str
    dialled: str
    queues: list[str]
    started_at: datetime
    ended_at: datetime | None
    operator: str | None
    answered_by: str | None
    wait_s: float | None
    talk_s: float | None
    disposition: str | None
    notes: str
    next_contact_at: datetime | None
    next_contact_text: str


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


class CardPage(BaseModel):
    """`next` goes into `before` for the following page; null on the last."""

    cards: list[CardLine]
    next: str | None


class Typed(BaseModel):
    """What people type. Fields that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")
    notes: str | None = Field(default=None, max_length=10_000)
    disposition: str | None = Field(default=None, max_length=40, pattern=r"^[a-z0-9_]*$")
    next_contact_at: AwareDatetime | None = None
    next_contact_text: str | None = Field(default=None, max_length=500)


class Kept(BaseModel):
    """`stored` False: the database is away; it is in the journal and will be stored once that is back."""

    stored: bool


def router(
    store: CardStore,
    *,
    annotate: Callable[[Annotate], Awaitable[bool]],
    region_of: RegionOf = lambda _site: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """`annotate` keeps what was typed for good, in the record (True) or in the journal (False), before it returns.

    `region_of` a site (ISO 3166) makes numbers readable that came without their country.
    """
    routes = APIRouter(prefix="/api/cards", tags=["cards"])

    @routes.get("")
    async def recent(
        who: Operator,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        before: Annotated[str | None, Query(max_length=120)] = None,
    ) -> CardPage:
        """The newest cards of your site, a page at a time."""
        found = await store.recent(who.site, limit=limit, before=_before(before) if before else None)
        return CardPage(
            cards=[_line(stored, region_of) for stored in found], next=_cursor(found) if len(found) == limit else None
        )

    @routes.get("/{card_id}")
    async def one(card_id: CardId, who: Operator, door: Door) -> CardInFull:
        """One card of your site in full."""
        return _in_full(await _of_site(store, card_id, who, door), region_of)

    @routes.put("/{card_id}/notes")
    async def write(card_id: CardId, typed: Typed, who: Operator, door: Door) -> Kept:
        """Keep what was typed on a card. May be repeated: the last one counts."""
        stored = await _of_site(store, card_id, who, door)
        return Kept(stored=await annotate(_annotation(stored.card.card_id, typed, who, now())))

    return routes


async def _of_site(store: CardStore, card_id: str, who: SignedIn, door: Accounts) -> StoredCard:
    stored = await store.card(card_id)
    if stored is not None and stored.card.site == who.site:
        return stored
    if stored is not None:
        await door.refused_access(who, f"card {card_id} of site {stored.card.site}")
    raise NotFound("There is no such card.")


def _annotation(card_id: str, typed: Typed, who: SignedIn, at: datetime) -> Annotate:
    said = typed.model_fields_set
    planned = bool(said & {"next_contact_at", "next_contact_text"})
    return Annotate(
        annotation_id=fresh_id(at, secrets.token_bytes(10)),
        card_id=card_id,
        by=who.login,
        at=at,
        notes=typed.notes if "notes" in said else None,
        disposition=(typed.disposition or "") if "disposition" in said else None,
        next_contact=_planned(typed) if planned else None,
    )


def _planned(typed: Typed) -> NextContact:
    at = typed.next_contact_at.astimezone(UTC) if typed.next_contact_at else None
    return NextContact(at=at, text=typed.next_contact_text or "")


def _cursor(found: list[StoredCard]) -> str:
    last = found[-1].card
    return f"{last.started_at.isoformat()}~{last.card_id}"


def _before(cursor: str) -> Before:
    at, separator, card_id = cursor.partition("~")
    try:
        started_at = datetime.fromisoformat(at.replace(" ", "+"))
    except ValueError as error:
        raise Rejected("This page doesn't exist: start again without `before`.", code="bad_cursor") from error
    if not separator or started_at.tzinfo is None:
        raise Rejected("This page doesn't exist: start again without `before`.", code="bad_cursor")
    return Before(started_at=started_at, card_id=card_id)


def _line_fields(stored: StoredCard, region_of: RegionOf) -> dict[str, object]:
    card = stored.card
    number = card.client_number or card.caller_number
    region = region_of(card.site)
    return {
        "card_id": card.card_id,
        "site": card.site,
        "direction": card.direction,
        "number": number,
        "number_text": readable((e164(number, region) if region else None) or number),
        "caller_name": card.caller_name,
        "client_id": stored.client_id,
        "client_name": stored.client_name,
        "dialled": card.dialled,
        "queues": list(card.queues),
        "started_at": card.started_at,
        "ended_at": card.ended_at,
        "operator": served_by(card),
        "answered_by": card.answered_by,
        "wait_s": card.wait_s,
        "talk_s": card.talk_s,
        "disposition": stored.disposition,
        "notes": stored.notes,
        "next_contact_at": stored.next_contact_at,
        "next_contact_text": stored.next_contact_text,
    }


def _line(stored: StoredCard, region_of: RegionOf) -> CardLine:
    return CardLine.model_validate(_line_fields(stored, region_of))


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
    return CardInFull.model_validate(
        _line_fields(stored, region_of)
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
        }
    )
