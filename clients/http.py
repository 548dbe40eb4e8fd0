"""Routes of the clients: look them up, make, change and merge them. The site is always the asker's own."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from clients import http_cards
from clients.http_live import LiveCalls
from clients.http_shapes import (
    ChangeList,
    ClientCard,
    ClientChange,
    ClientId,
    ClientList,
    Merge,
    NewClient,
    NewEmail,
    NewNumber,
    change_line,
    edit_of,
    shown,
)
from clients.http_site import own_site_only
from clients.ports import Client, ClientDirectory, Stale
from core.events import ClientIdentified
from core.model import ClientKind
from web.access import Door, Operator, Supervisor
from web.people import SignedIn


def utc_now() -> datetime:
    return datetime.now(UTC)


def router(
    directory: ClientDirectory,
    *,
    tell: Callable[[ClientIdentified], None] = lambda _event: None,
    now: Callable[[], datetime] = utc_now,
) -> APIRouter:
    """`tell` is the engine's step: who talks with a client sees at once what anybody says about it."""
    live = LiveCalls(directory, tell, now)
    routes = APIRouter(tags=["clients"])
    routes.include_router(_reading(directory))
    routes.include_router(_changing(directory, live, now))
    routes.include_router(_numbers_and_addresses(directory, live, now))
    routes.include_router(http_cards.router(directory, live, now))
    return routes


def _reading(directory: ClientDirectory) -> APIRouter:
    routes = APIRouter(prefix="/api/clients")

    @routes.get("")
    async def search(
        who: Operator,
        number: Annotated[str, Query(max_length=200)] = "",
        text: Annotated[str, Query(max_length=200)] = "",
        kind: ClientKind | None = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> ClientList:
        """By number (any punctuation), e-mail address or part of the name; the newest when nothing is given."""
        found = await directory.search(who.site, text, limit=limit, kind=kind, number=number)
        return ClientList(clients=[shown(client) for client in found])

    @routes.get("/{client_id}")
    async def one(client_id: ClientId, who: Operator, door: Door) -> ClientCard:
        """One client of your site; of one that was merged, the one it became part of."""
        async with own_site_only(directory, who, door, client_id):
            return shown(await directory.client(who.site, client_id))

    @routes.get("/{client_id}/members")
    async def members(client_id: ClientId, who: Operator, door: Door) -> ClientList:
        """The people of an organisation."""
        async with own_site_only(directory, who, door, client_id):
            found = await directory.members(who.site, client_id)
            return ClientList(clients=[shown(client) for client in found])

    @routes.get("/{client_id}/changes")
    async def changes(client_id: ClientId, who: Operator, door: Door) -> ChangeList:
        """Who changed what, newest first."""
        async with own_site_only(directory, who, door, client_id):
            return ChangeList(changes=[change_line(each) for each in await directory.changes(who.site, client_id)])

    return routes


def _changing(directory: ClientDirectory, live: LiveCalls, now: Callable[[], datetime]) -> APIRouter:
    routes = APIRouter(prefix="/api/clients")

    @routes.post("", status_code=201)
    async def create(asked: NewClient, who: Operator, door: Door) -> ClientCard:
        """A new person or organisation."""
        async with own_site_only(directory, who, door, asked.organisation_id):
            edit = edit_of(asked)
            made = await directory.create(
                who.site, name=asked.name, numbers=edit.numbers or (), at=now(), by=who.login, more=edit
            )
        await door.changed(who, what=f"client {made.client_id} made")
        return shown(made)

    @routes.patch("/{client_id}", response_model=ClientCard)
    async def change(client_id: ClientId, asked: ClientChange, who: Operator, door: Door) -> ClientCard | JSONResponse:
        """Say more about a client. 409 with the present one when somebody else changed it since `version`."""
        try:
            async with own_site_only(directory, who, door, client_id, asked.organisation_id):
                changed = await directory.change(
                    who.site, client_id, edit_of(asked), by=who.login, at=now(), version=asked.version
                )
        except Stale as stale:
            present = shown(stale.present).model_dump(mode="json")
            return JSONResponse({"code": stale.code, "message": str(stale), "client": present}, status_code=409)
        said = ",".join(sorted(asked.model_fields_set - {"version"}))
        await door.changed(who, what=f"client {changed.client_id}", fields=said)
        await live.show(who.site, changed.client_id)
        return shown(changed)

    @routes.post("/{client_id}/merge")
    async def merge(client_id: ClientId, asked: Merge, who: Supervisor, door: Door) -> ClientCard:
        """Two that are one: everything of this client goes to `into`, which stays."""
        async with own_site_only(directory, who, door, client_id, asked.into):
            stays = await directory.merge(who.site, client_id, into=asked.into, by=who.login, at=now())
        await door.changed(who, what=f"client {client_id} merged", into=stays.client_id)
        await live.show(who.site, stays.client_id)
        return shown(stays)

    return routes


def _numbers_and_addresses(directory: ClientDirectory, live: LiveCalls, now: Callable[[], datetime]) -> APIRouter:
    routes = APIRouter(prefix="/api/clients")

    async def done(changed: Client, who: SignedIn, door: Door, *, what: str) -> ClientCard:
        await door.changed(who, what=f"client {changed.client_id}", fields=what)
        await live.show(who.site, changed.client_id)
        return shown(changed)

    @routes.post("/{client_id}/numbers")
    async def add_number(client_id: ClientId, asked: NewNumber, who: Operator, door: Door) -> ClientCard:
        """One more number; it may be somebody else's too."""
        async with own_site_only(directory, who, door, client_id):
            changed = await directory.add_number(who.site, client_id, asked.number, by=who.login, at=now())
        return await done(changed, who, door, what="numbers")

    @routes.delete("/{client_id}/numbers")
    async def remove_number(client_id: ClientId, asked: NewNumber, who: Operator, door: Door) -> ClientCard:
        """This number isn't theirs; earlier conversations stay."""
        async with own_site_only(directory, who, door, client_id):
            changed = await directory.remove_number(who.site, client_id, asked.number, by=who.login, at=now())
        return await done(changed, who, door, what="numbers")

    @routes.post("/{client_id}/emails")
    async def add_email(client_id: ClientId, asked: NewEmail, who: Operator, door: Door) -> ClientCard:
        """One more address."""
        async with own_site_only(directory, who, door, client_id):
            changed = await directory.add_email(who.site, client_id, asked.email, by=who.login, at=now())
        return await done(changed, who, door, what="emails")

    @routes.delete("/{client_id}/emails")
    async def remove_email(client_id: ClientId, asked: NewEmail, who: Operator, door: Door) -> ClientCard:
        """This address isn't theirs."""
        async with own_site_only(directory, who, door, client_id):
            changed = await directory.remove_email(who.site, client_id, asked.email, by=who.login, at=now())
        return await done(changed, who, door, what="emails")

    return routes
