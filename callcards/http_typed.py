"""Routes of what people type on a card: notes, result, fields; and who typed what over what."""

import asyncio
import contextlib
import secrets
import weakref
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from callcards.corrections import is_stale
from callcards.http_lines import CardId, card_of_site
from callcards.ports import Annotate, CardStore, NextContact, StoredCard
from callcards.results import refuse_unknown, refuse_unknown_fields
from core.desk import Desk
from core.errors import Unavailable
from core.events import CardTyped
from core.ids import fresh_id
from web.access import Door, Operator
from web.people import SignedIn

FieldCode = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z0-9_]+$")]
FieldText = Annotated[str, StringConstraints(max_length=1_000)]


class Typed(BaseModel):
    """What people type. Fields that are left out stay as they are.

    `base`: the card's `edited_at` that the typist saw (null: nothing was typed on it yet). With it, notes that somebody
    else changed since are not overwritten: 409.
    """

    model_config = ConfigDict(extra="forbid")
    notes: str | None = Field(default=None, max_length=10_000)
    disposition: str | None = Field(default=None, max_length=40, pattern=r"^[a-z0-9_]*$")
    fields: dict[FieldCode, FieldText] | None = Field(default=None, max_length=50)
    base: AwareDatetime | None = None
    next_contact_at: AwareDatetime | None = Field(
        default=None, json_schema_extra={"deprecated": True}, description="Use /api/follow-ups."
    )
    next_contact_text: str | None = Field(default=None, max_length=500, json_schema_extra={"deprecated": True})


class Kept(BaseModel):
    """`stored` False: the database is away; it is in the journal and will be stored once that is back."""

    stored: bool
    edited_at: datetime


class Overtaken(BaseModel):
    """Somebody else wrote here since: their text, so that both can be shown."""

    code: str
    message: str
    notes: str
    edited_by: str | None
    edited_at: datetime | None


class ChangeLine(BaseModel):
    at: datetime
    by: str
    field: str
    before: str
    after: str


class ChangeList(BaseModel):
    changes: list[ChangeLine]


def router(
    store: CardStore,
    *,
    annotate: Callable[[Annotate], Awaitable[bool]],
    desk: Desk | None = None,
    tell: Callable[[CardTyped], None] = lambda _typed: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> APIRouter:
    """`annotate` keeps what was typed for good, in the record (True) or in the journal (False), before it returns.

    `tell`: the engine's step.
    """
    routes = APIRouter(prefix="/api/cards", tags=["cards"])
    declared = desk or Desk()
    typing = Turns()

    @routes.get("/{card_id}/changes")
    async def changes(card_id: CardId, who: Operator, door: Door) -> ChangeList:
        """Who typed what over what, oldest first; one line a field and a session of typing."""
        await card_of_site(store, card_id, who, door)
        found = await store.changes(card_id)
        lines = [
            ChangeLine(at=each.at, by=each.by, field=each.field, before=each.before, after=each.after) for each in found
        ]
        return ChangeList(changes=lines)

    @routes.put("/{card_id}/notes", response_model=Kept, responses={409: {"model": Overtaken}})
    async def write(card_id: CardId, typed: Typed, who: Operator, door: Door) -> Kept | JSONResponse:
        """Keep what was typed on a card, as it is typed. May be repeated: the last one counts."""
        async with typing.of(card_id):
            present = None
            with contextlib.suppress(Unavailable):
                # With the database away it is kept all the same; whose card it is will be seen when it is stored.
                present = await card_of_site(store, card_id, who, door)
                if await _is_overtaken(store, present, typed):
                    return _overtaken(present)
            _refuse_undeclared(declared, typed, present)
            annotation = _annotation(present.card.card_id if present else card_id, typed, who, _milliseconds(now()))
            stored = await annotate(annotation)
        if typed.notes is not None or typed.disposition is not None:
            tell(
                CardTyped(
                    at=annotation.at,
                    call_id=annotation.card_id,
                    by=who.name,
                    notes=typed.notes,
                    disposition=annotation.disposition,
                )
            )
        return Kept(stored=stored, edited_at=annotation.at)

    return routes


class Turns:
    """Who saves on the same card waits for whoever was first, so that the second sees what the first wrote."""

    def __init__(self) -> None:
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    def of(self, card_id: str) -> asyncio.Lock:
        return self._locks.setdefault(card_id, asyncio.Lock())


async def _is_overtaken(store: CardStore, present: StoredCard, typed: Typed) -> bool:
    if typed.notes is None or "base" not in typed.model_fields_set or typed.notes == present.notes:
        return False
    lines = await store.changes(present.card.card_id)
    return is_stale(typed.base, max((line.at for line in lines if line.field == "notes"), default=None))


def _overtaken(present: StoredCard) -> JSONResponse:
    answer = Overtaken(
        code="overtaken",
        message=f"{present.edited_by} wrote here since: keep both texts, or choose one and save again.",
        notes=present.notes,
        edited_by=present.edited_by,
        edited_at=present.edited_at,
    )
    return JSONResponse(answer.model_dump(mode="json"), status_code=409)


def _refuse_undeclared(desk: Desk, typed: Typed, present: StoredCard | None) -> None:
    if typed.disposition:
        queue = present.card.queues[-1] if present is not None and present.card.queues else None
        before = present.disposition if present is not None else None
        refuse_unknown(desk, typed.disposition, queue=queue, present=before)
    refuse_unknown_fields(desk, typed.fields or {})


def _milliseconds(at: datetime) -> datetime:
    """Browsers know no shorter time, and hand back what they were given as `base`."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


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
        fields=typed.fields,
        site=who.site,
        based="base" in said,
        base=typed.base.astimezone(UTC) if typed.base else None,
    )


def _planned(typed: Typed) -> NextContact:
    at = typed.next_contact_at.astimezone(UTC) if typed.next_contact_at else None
    return NextContact(at=at, text=typed.next_contact_text or "")
