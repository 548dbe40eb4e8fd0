"""Routes of the clients: look one up, read one, give one a name. The site is always the asker's own."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from clients.ports import Client, ClientDirectory
from core.phone import readable
from web.access import Door, Operator

ClientId = Annotated[str, Path(min_length=1, max_length=64)]


class Number(BaseModel):
    number: str
    text: str


class ClientCard(BaseModel):
    """A person outside."""

    client_id: str
    name: str
    note: str
    numbers: list[Number]
    created_at: datetime


class ClientList(BaseModel):
    clients: list[ClientCard]


class Change(BaseModel):
    """Fields that are left out stay as they are."""

    model_config = ConfigDict(extra="forbid")
    name: str | None = Field(default=None, min_length=1, max_length=200)
    note: str | None = Field(default=None, max_length=2_000)


def router(directory: ClientDirectory) -> APIRouter:
    routes = APIRouter(prefix="/api/clients", tags=["clients"])

    @routes.get("")
    async def search(
        who: Operator,
        number: Annotated[str, Query(max_length=200)] = "",
        text: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=100)] = 20,
    ) -> ClientList:
        """By number (any punctuation) or by part of the name; the newest when neither is given."""
        found = await directory.search(who.site, number or text, limit=limit)
        return ClientList(clients=[_shown(client) for client in found])

    @routes.get("/{client_id}")
    async def one(client_id: ClientId, who: Operator) -> ClientCard:
        """One client of your site."""
        return _shown(await directory.client(who.site, client_id))

    @routes.patch("/{client_id}")
    async def change(client_id: ClientId, asked: Change, who: Operator, door: Door) -> ClientCard:
        """Give a client a name or a note."""
        changed = await directory.change(who.site, client_id, name=asked.name, note=asked.note)
        await door.changed(who, what=f"client {client_id}", fields=",".join(sorted(asked.model_fields_set)))
        return _shown(changed)

    return routes


def _shown(client: Client) -> ClientCard:
    return ClientCard(
        client_id=client.client_id,
        name=client.name,
        note=client.note,
        numbers=[Number(number=number, text=readable(number)) for number in client.numbers],
        created_at=client.created_at,
    )
