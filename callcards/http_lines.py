"""A card as JSON: what lists show and what one in full shows. Shared by the routes of this room."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, StringConstraints

from callcards.past import served_by
from callcards.ports import CardStore, StoredCard
from core.errors import NotFound
from core.phone import e164, readable
from web.accounts import Accounts
from web.people import SignedIn

RegionOf = Callable[[str], str | None]
Id = Annotated[str, StringConstraints(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z.:_-]+$")]
CardId = Annotated[Id, Path()]


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


def number_text(number: str, site: str, region_of: RegionOf) -> str:
    """As people read it; `region_of` a site makes numbers readable that came without their country."""
    region = region_of(site)
    return readable((e164(number, region) if region else None) or number)


def line_fields(stored: StoredCard, region_of: RegionOf) -> dict[str, object]:
    card = stored.card
    number = card.client_number or card.caller_number
    return {
        "card_id": card.card_id,
        "site": card.site,
        "direction": card.direction,
        "number": number,
        "number_text": number_text(number, card.site, region_of),
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
    }


def card_line(stored: StoredCard, region_of: RegionOf) -> CardLine:
    return CardLine.model_validate(line_fields(stored, region_of))


async def card_of_site(store: CardStore, card_id: str, who: SignedIn, door: Accounts) -> StoredCard:
    stored = await store.card(card_id)
    if stored is not None and stored.card.site == who.site:
        return stored
    if stored is not None:
        await door.refused_access(who, f"card {card_id} of site {stored.card.site}")
    raise NotFound("There is no such card.")
