"""Clients in memory: for trying things out and for tests. Same promises, same contract tests as the SQL one."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from clients.match import client_key, first_name
from clients.ports import Answer, Client, Found
from core.errors import Conflict, NotFound, Rejected
from core.ids import fresh_id
from core.model import ClientSummary, PastInteraction


class MemoryClientDirectory:
    """`history_of` tells the last conversations of a client, newest first: cards belong to another room."""

    def __init__(
        self,
        *,
        region_of: Callable[[str], str],
        history_of: Callable[[str], Awaitable[Sequence[PastInteraction]]],
    ) -> None:
        self._region_of = region_of
        self._history_of = history_of
        self._clients: dict[str, Client] = {}
        self._owners: dict[tuple[str, str], str] = {}
        self._finding: set[asyncio.Task[None]] = set()

    async def find(self, site: str, number: str) -> Found:
        return await self._found(self.client_of(site, number))

    def look_up(self, site: str, number: str, answer: Answer) -> None:
        async def find() -> None:
            try:
                found = await self.find(site, number)
            except Exception as error:
                answer(None, error)
            else:
                answer(found, None)

        finding = asyncio.get_running_loop().create_task(find())
        self._finding.add(finding)
        finding.add_done_callback(self._finding.discard)

    async def find_or_create(self, site: str, number: str, *, name: str, at: datetime) -> Found:
        key = self.key(site, number)
        known = self.client_of(site, number)
        if known is not None or key is None:
            return await self._found(known)
        self._add(site, first_name(name, number), (key,), at)
        new = self.client_of(site, number)
        return await self._found(None if new is None else replace(new, is_new=True))

    def key(self, site: str, number: str) -> str | None:
        return client_key(number, self._region_of(site))

    def client_of(self, site: str, number: str) -> ClientSummary | None:
        """Without a history and without waiting: what the record of conversations links its cards by."""
        key = self.key(site, number)
        owner = None if key is None else self._owners.get((site, key))
        if key is None or owner is None:
            return None
        client = self._clients[owner]
        return ClientSummary(client_id=owner, name=client.name, number=key, note=client.note)

    async def client(self, site: str, client_id: str) -> Client:
        return self._client(site, client_id)

    async def search(self, site: str, text: str, *, limit: int = 20) -> list[Client]:
        sought = text.strip()
        owner = self._owners.get((site, self.key(site, sought) or sought))
        found = [
            client
            for client in self._clients.values()
            if client.site == site and (client.client_id == owner or sought.casefold() in client.name.casefold())
        ]
        return sorted(found, key=lambda client: (client.created_at, client.client_id), reverse=True)[:limit]

    async def create(self, site: str, *, name: str, numbers: Sequence[str], at: datetime, note: str = "") -> Client:
        keys = tuple(dict.fromkeys(self._required_key(site, number) for number in numbers))
        for key in keys:
            self._refuse_taken(site, key, None)
        return self._add(site, name.strip(), keys, at, note)

    async def change(self, site: str, client_id: str, *, name: str | None = None, note: str | None = None) -> Client:
        client = self._client(site, client_id)
        client = client if name is None else replace(client, name=name.strip())
        self._clients[client_id] = client if note is None else replace(client, note=note.strip())
        return self._clients[client_id]

    async def add_number(self, site: str, client_id: str, number: str, *, at: datetime) -> Client:
        key = self._required_key(site, number)
        client = self._client(site, client_id)
        self._refuse_taken(site, key, client_id)
        self._owners[site, key] = client_id
        if key not in client.numbers:
            self._clients[client_id] = replace(client, numbers=(*client.numbers, key))
        return self._clients[client_id]

    async def remove_number(self, site: str, client_id: str, number: str) -> Client:
        client = self._client(site, client_id)
        key = self.key(site, number)
        if key in client.numbers and key is not None:
            del self._owners[site, key]
            kept = tuple(known for known in client.numbers if known != key)
            self._clients[client_id] = replace(client, numbers=kept)
        return self._clients[client_id]

    def _client(self, site: str, client_id: str) -> Client:
        client = self._clients.get(client_id)
        if client is None or client.site != site:
            raise NotFound("there is no such client")
        return client

    def _add(self, site: str, name: str, keys: tuple[str, ...], at: datetime, note: str = "") -> Client:
        client_id = fresh_id(at, os.urandom(10))
        client = Client(client_id=client_id, site=site, name=name, note=note, numbers=keys, created_at=at)
        self._clients[client_id] = client
        self._owners |= {(site, key): client_id for key in keys}
        return client

    def _refuse_taken(self, site: str, key: str, client_id: str | None) -> None:
        if self._owners.get((site, key), client_id) != client_id:
            raise Conflict(f"{key} belongs to another client already", code="number_taken")

    def _required_key(self, site: str, number: str) -> str:
        key = self.key(site, number)
        if key is None:
            raise Rejected(f"“{number[:40]}” is no number that a client can be known by", code="bad_number")
        return key

    async def _found(self, client: ClientSummary | None) -> Found:
        if client is None:
            return Found(client=None)
        return Found(client=client, history=tuple(await self._history_of(client.client_id)))
