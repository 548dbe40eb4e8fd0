"""Routes of promised next contacts. Another site's doesn't exist for the asker; asking for one is written down."""

import contextlib
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from callcards.follow_ups import AddFollowUp, ChangeFollowUp, FollowUp, FollowUps, FollowUpState, ShownFollowUp
from callcards.http_lines import Id, RegionOf, card_of_site, number_text
from callcards.ports import CardStore
from core.errors import NotFound, Rejected, Unavailable
from core.ids import fresh_id
from web.access import Door, Operator
from web.accounts import Accounts
from web.people import SignedIn

Keep = Callable[[AddFollowUp | ChangeFollowUp], Awaitable[bool]]


class FollowUpLine(BaseModel):
    """What was promised to a client, as lists show it. `owner`: the login of whoever shall do it."""

    follow_up_id: str
    card_id: str | None
    client_id: str | None
    client_name: str
    number: str
    number_text: str
    due_at: datetime
    zone: str
    text: str
    state: FollowUpState
    owner: str
    created_at: datetime


class FollowUpList(BaseModel):
    follow_ups: list[FollowUpLine]


class Saved(FollowUpLine):
    """`stored` False: the database is away; it is in the journal and will be stored once that is back."""

    stored: bool


class Kept(BaseModel):
    follow_up_id: str
    stored: bool


class Promise(BaseModel):
    """For the client of a card, or for a client. `zone`: the client's or the site's where it is left out."""

    model_config = ConfigDict(extra="forbid")
    card_id: Id | None = None
    client_id: Id | None = None
    due_at: AwareDatetime
    zone: str | None = Field(default=None, max_length=64)
    text: str = Field(default="", max_length=500)


class Change(BaseModel):
    """Fields that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")
    due_at: AwareDatetime | None = None
    zone: str | None = Field(default=None, max_length=64)
    text: str | None = Field(default=None, max_length=500)
    state: FollowUpState | None = None
    owner: str | None = Field(default=None, min_length=1, max_length=100)


def router(promises: "Promises") -> APIRouter:
    routes = APIRouter(prefix="/api/follow-ups", tags=["follow-ups"])

    @routes.get("")
    async def of_client(
        who: Operator,
        door: Door,
        client_id: Annotated[str | None, Query(min_length=1, max_length=64)] = None,
        state: FollowUpState | None = None,
    ) -> FollowUpList:
        """A client's, soonest first; without `client_id` your own (open ones, unless you ask for others)."""
        return await promises.listed(who, door, client_id, state)

    @routes.post("", status_code=201)
    async def promise(asked: Promise, who: Operator, door: Door) -> Saved:
        """Promise a next contact; it is yours until somebody else gets it."""
        return await promises.promise(asked, who, door)

    @routes.patch("/{follow_up_id}", response_model=Saved | Kept)
    async def change(
        follow_up_id: Annotated[Id, Path()], asked: Change, who: Operator, door: Door, response: Response
    ) -> Saved | Kept:
        """Move it, give it to a colleague, or close it. 202: the database is away, it will be done once that is back."""
        changed = await promises.change(follow_up_id, asked, who, door)
        response.status_code = 200 if changed.stored else 202
        return changed

    return routes


class Promises:
    """What the routes do. `keep` as `annotate` of the cards' routes; `is_zone` says whether an IANA zone exists, `works_at` a site
    whether somebody with this login works there."""

    def __init__(
        self,
        store: CardStore,
        follow_ups: FollowUps,
        *,
        keep: Keep,
        timezone_of: Callable[[str], str],
        is_zone: Callable[[str], bool],
        works_at: Callable[[str, str], Awaitable[bool]],
        region_of: RegionOf = lambda _site: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._follow_ups, self._keep, self._works_at = store, follow_ups, keep, works_at
        self._timezone_of, self._is_zone, self._region_of, self._now = timezone_of, is_zone, region_of, now

    async def listed(
        self, who: SignedIn, door: Accounts, client_id: str | None, state: FollowUpState | None
    ) -> FollowUpList:
        if client_id is None:
            found = await self._follow_ups.of_owner(who.site, who.login, state=state or FollowUpState.OPEN)
        else:
            await zone_of_own_client(self._follow_ups, client_id, who, door)
            found = await self._follow_ups.of_client(who.site, client_id, state=state)
        return FollowUpList(follow_ups=[follow_up_line(each, self._region_of) for each in found])

    async def promise(self, asked: Promise, who: SignedIn, door: Accounts) -> Saved:
        if asked.card_id is None and asked.client_id is None:
            raise Rejected("Say for whom: card_id or client_id.", code="nobody")
        self._refuse_bad_zone(asked.zone)
        try:
            card_id, client_id, zone = await self._for_whom(asked, who, door)
        except Unavailable:
            # Kept all the same; whose card or client it is will be seen when it is stored.
            card_id, client_id, zone = asked.card_id, asked.client_id, None
        at = self._now()
        new = FollowUp(
            follow_up_id=fresh_id(at, secrets.token_bytes(10)),
            site=who.site,
            client_id=client_id,
            card_id=card_id,
            owner=who.login,
            due_at=asked.due_at.astimezone(UTC),
            zone=asked.zone or zone or self._timezone_of(who.site),
            text=asked.text.strip(),
            created_by=who.login,
            created_at=at,
        )
        stored = await self._keep(AddFollowUp(follow_up=new))
        shown = await self._read_again(new.follow_up_id) if stored else None
        line = follow_up_line(shown or ShownFollowUp(follow_up=new), self._region_of)
        return Saved(**line.model_dump(), stored=stored)

    async def change(self, follow_up_id: str, asked: Change, who: SignedIn, door: Accounts) -> Saved | Kept:
        self._refuse_bad_zone(asked.zone)
        with contextlib.suppress(Unavailable):
            await self._refuse_other_sites(follow_up_id, who, door)
            if asked.owner is not None and not await self._works_at(who.site, asked.owner):
                raise Rejected(f"Nobody with the login {asked.owner} works here.", code="unknown_owner")
        at = self._now()
        stored = await self._keep(
            ChangeFollowUp(
                change_id=fresh_id(at, secrets.token_bytes(10)),
                follow_up_id=follow_up_id,
                site=who.site,
                by=who.login,
                at=at,
                due_at=asked.due_at.astimezone(UTC) if asked.due_at else None,
                zone=asked.zone,
                text=None if asked.text is None else asked.text.strip(),
                state=asked.state,
                owner=asked.owner,
            )
        )
        shown = await self._read_again(follow_up_id) if stored else None
        if shown is None:
            return Kept(follow_up_id=follow_up_id, stored=stored)
        return Saved(**follow_up_line(shown, self._region_of).model_dump(), stored=True)

    def _refuse_bad_zone(self, zone: str | None) -> None:
        if zone is not None and not self._is_zone(zone):
            raise Rejected("This time zone doesn't exist: use an IANA name such as Europe/Moscow.", code="bad_zone")

    async def _read_again(self, follow_up_id: str) -> ShownFollowUp | None:
        try:
            return await self._follow_ups.one(follow_up_id)
        except Unavailable:
            return None

    async def _refuse_other_sites(self, follow_up_id: str, who: SignedIn, door: Accounts) -> None:
        found = await self._follow_ups.one(follow_up_id)
        if found is not None and found.follow_up.site == who.site:
            return
        if found is not None:
            await door.refused_access(who, f"follow-up {follow_up_id} of site {found.follow_up.site}")
        raise NotFound("There is no such follow-up.")

    async def _for_whom(
        self, asked: Promise, who: SignedIn, door: Accounts
    ) -> tuple[str | None, str | None, str | None]:
        """(card, client, client's zone), all of the asker's site."""
        card_id, client_id, zone = None, asked.client_id, None
        if asked.card_id is not None:
            stored = await card_of_site(self._store, asked.card_id, who, door)
            card_id, client_id = stored.card.card_id, client_id or stored.client_id
        if client_id is not None:
            zone = await zone_of_own_client(self._follow_ups, client_id, who, door)
        return card_id, client_id, zone


async def zone_of_own_client(follow_ups: FollowUps, client_id: str, who: SignedIn, door: Accounts) -> str | None:
    """The client's zone, if it is one of the asker's site; else NotFound."""
    place = await follow_ups.site_of_client(client_id)
    if place is not None and place[0] == who.site:
        return place[1]
    if place is not None:
        await door.refused_access(who, f"client {client_id} of site {place[0]}")
    raise NotFound("There is no such client.")


def follow_up_line(shown: ShownFollowUp, region_of: RegionOf) -> FollowUpLine:
    follow_up = shown.follow_up
    return FollowUpLine(
        follow_up_id=follow_up.follow_up_id,
        card_id=follow_up.card_id,
        client_id=follow_up.client_id,
        client_name=shown.client_name,
        number=shown.number,
        number_text=number_text(shown.number, follow_up.site, region_of),
        due_at=follow_up.due_at,
        zone=follow_up.zone,
        text=follow_up.text,
        state=follow_up.state,
        owner=follow_up.owner,
        created_at=follow_up.created_at,
    )
