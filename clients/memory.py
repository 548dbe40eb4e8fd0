"""Clients in memory: for trying things out and for tests. Same promises, same contract tests as the SQL one."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from clients.candidates import Known, Owner, ranked, whose
from clients.edits import check_answers, checked, edited, email_key, in_words, lines, merged
from clients.match import client_key, first_name
from clients.ports import NOTHING, Answer, Changed, Checked, Client, Confirmed, Edit, Found, Stale
from core.desk import Desk
from core.errors import NotFound, Rejected
from core.ids import fresh_id
from core.model import ClientKind, ClientSummary, PastInteraction
from core.phone_zone import zone_of

_HISTORY = 20


class Cards(Protocol):
    """What the record of conversations tells, and is told, of whose its cards are: they belong to another room. A stored card
    has `.card` (Card) and `.client_id`."""

    def stored(self, card_id: str) -> Any: ...

    def of_site(self, site: str) -> list[Any]: ...

    def link(self, card_id: str, client: ClientSummary) -> None: ...

    def past(self, stored: Any) -> PastInteraction: ...


class MemoryClientDirectory:
    """`history_of` tells the last conversations of a client, newest first. `cards` is set once the record of them is there."""

    def __init__(
        self,
        *,
        region_of: Callable[[str], str],
        history_of: Callable[[str], Awaitable[Sequence[PastInteraction]]],
        desk: Desk | None = None,
    ) -> None:
        self._region_of = region_of
        self._history_of = history_of
        self._desk = desk or Desk()
        self.cards: Cards | None = None
        self._clients: dict[str, Client] = {}
        self._gone: dict[str, str] = {}
        self._changes: dict[str, list[Changed]] = {}
        self._checks: dict[str, Checked] = {}
        self._finding: set[asyncio.Task[None]] = set()

    async def find(self, site: str, number: str) -> Found:
        key = self.key(site, number)
        owners = [] if key is None else self._owners(site, key)
        if key is None or not owners:
            return Found(client=None)
        chosen = whose(Owner(each.client_id, each.kind, each.organisation_id) for each in owners)
        client = None if chosen is None else self._clients[chosen]
        history = () if client is None else tuple(await self._history_of(client.client_id))
        if client is not None and len(owners) == 1 and client.kind is ClientKind.PERSON:
            return Found(client=self._summary(client, key), history=history)
        spoken = {past.card_id: past for past in (*history, *self._spoken(site, key))}
        latest = sorted(spoken.values(), key=lambda past: past.started_at, reverse=True)[:_HISTORY]
        return Found(
            client=None if client is None else self._summary(client, key),
            history=tuple(latest),
            candidates=ranked(self._known(site, key, owners), client_id=chosen),
        )

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
        if key is None or self._owners(site, key):
            return await self.find(site, number)
        self._add(Client(client_id="", site=site, name=first_name(name, number), created_at=at, numbers=(key,)))
        found = await self.find(site, number)
        return found if found.client is None else replace(found, client=replace(found.client, is_new=True))

    async def about(self, site: str, client_id: str, *, number: str) -> Found:
        client = self._client(site, client_id)
        history = tuple(await self._history_of(client.client_id))
        return Found(client=self._summary(client, self.key(site, number) or number), history=history)

    async def as_confirmed(self, site: str, card_id: str, found: Found, *, number: str) -> Found:
        stored = None if self.cards is None else self.cards.stored(card_id)
        whose = None if stored is None or stored.card.site != site else stored.client_id
        if whose is None or (found.client is not None and found.client.client_id == whose):
            return found
        return await self.about(site, whose, number=number)

    def key(self, site: str, number: str) -> str | None:
        return client_key(number, self._region_of(site))

    def site_of(self, client_id: str) -> tuple[str, str | None] | None:
        """A client's site and IANA zone, without waiting."""
        client = self._clients.get(client_id)
        return None if client is None else (client.site, client.timezone)

    def client_of(self, site: str, number: str) -> ClientSummary | None:
        """A number's only owner, without waiting: what the record of conversations links its cards by."""
        key = self.key(site, number)
        owners = [] if key is None else self._owners(site, key)
        return None if key is None or len(owners) != 1 else self._summary(owners[0], key)

    async def client(self, site: str, client_id: str) -> Client:
        return self._client(site, client_id)

    async def search(
        self, site: str, text: str, *, limit: int = 20, kind: ClientKind | None = None, number: str = ""
    ) -> list[Client]:
        sought, having = text.strip(), number.strip()

        def wanted(client: Client) -> bool:
            owned = (self.key(site, sought) or sought) in client.numbers
            matches = owned or sought.lower() in client.emails or sought.casefold() in client.name.casefold()
            has = not having or (self.key(site, having) or having) in client.numbers
            return client.site == site and matches and has and kind in (None, client.kind)

        found = filter(wanted, self._clients.values())
        return sorted(found, key=lambda client: (client.created_at, client.client_id), reverse=True)[:limit]

    async def members(self, site: str, client_id: str, *, limit: int = 200) -> list[Client]:
        organisation = self._client(site, client_id)
        theirs = (each for each in self._clients.values() if each.organisation_id == organisation.client_id)
        return sorted(theirs, key=lambda each: (each.name.casefold(), each.client_id))[:limit]

    async def changes(self, site: str, client_id: str) -> list[Changed]:
        return self._changes.get(self._client(site, client_id).client_id, [])[::-1]

    async def home_of(self, *, client_id: str = "", card_id: str = "") -> str | None:
        if card_id:
            stored = None if self.cards is None else self.cards.stored(card_id)
            return None if stored is None else str(stored.card.site)
        client = self._clients.get(client_id)
        return None if client is None else client.site

    async def live_calls(self, site: str, client_id: str) -> Sequence[tuple[str, str]]:
        mine = (stored.card for stored in self._of_site(site) if stored.client_id == client_id)
        return [(card.card_id, card.client_number) for card in mine if card.client_number and card.ended_at is None]

    async def create(
        self, site: str, *, name: str, numbers: Sequence[str], at: datetime, by: str = "", more: Edit = NOTHING
    ) -> Client:
        asked = checked(replace(more, name=name, numbers=tuple(numbers)), self._desk.fields)
        new = Client(client_id="", site=site, name="", created_at=at, made_by=by)
        after = self._with_edit(new, asked)  # refused before anything is made
        made = self._add(new)
        return self._write(made, replace(after, client_id=made.client_id), by=by, at=at)

    async def change(
        self, site: str, client_id: str, edit: Edit, *, by: str, at: datetime, version: int | None = None
    ) -> Client:
        asked, before = checked(edit, self._desk.fields), self._client(site, client_id)
        if version is not None and version != before.version:
            raise Stale(before)
        return self._write(before, self._with_edit(before, asked), by=by, at=at)

    async def add_number(self, site: str, client_id: str, number: str, *, by: str, at: datetime) -> Client:
        key, known = self._required_key(site, number), self._client(site, client_id)
        return await self.change(site, client_id, Edit(numbers=(*known.numbers, key)), by=by, at=at)

    async def remove_number(self, site: str, client_id: str, number: str, *, by: str, at: datetime) -> Client:
        key, known = self.key(site, number), self._client(site, client_id)
        kept = tuple(each for each in known.numbers if each != key)
        return await self.change(site, client_id, Edit(numbers=kept), by=by, at=at)

    async def add_email(self, site: str, client_id: str, email: str, *, by: str, at: datetime) -> Client:
        emails = (*self._client(site, client_id).emails, email_key(email))
        return await self.change(site, client_id, Edit(emails=emails), by=by, at=at)

    async def remove_email(self, site: str, client_id: str, email: str, *, by: str, at: datetime) -> Client:
        known, key = self._client(site, client_id), email.strip().lower()
        kept = tuple(each for each in known.emails if each != key)
        return await self.change(site, client_id, Edit(emails=kept), by=by, at=at)

    async def merge(self, site: str, client_id: str, *, into: str, by: str, at: datetime) -> Client:
        return self._merge(self._client(site, client_id), self._client(site, into), by=by, at=at)

    async def confirm(
        self, site: str, card_id: str, who: str | Edit, *, learn: bool, by: str, at: datetime
    ) -> Confirmed:
        stored = self._card(site, card_id)
        if isinstance(who, Edit):
            confirmed = await self.create(site, name=who.name or "", numbers=(), at=at, by=by, more=who)
        else:
            confirmed = self._client(site, who)
        asked, number = stored.card.card_id, stored.card.client_number
        key = None if number is None else self.key(site, number)
        self._link(asked, confirmed, key or "")
        linked = 0
        if learn and key is not None:
            already = self._count(site, confirmed.client_id, key)
            for owner in self._owners(site, key):
                if owner.client_id != confirmed.client_id and owner.is_placeholder:
                    confirmed = self._merge(owner, confirmed, by=by, at=at)
            if key not in confirmed.numbers:
                after = replace(confirmed, numbers=(*confirmed.numbers, key))
                confirmed = self._write(confirmed, after, by=by, at=at)
            linked = self._count(site, confirmed.client_id, key) - already
        return Confirmed(card_id=asked, number=number or "", client=confirmed, linked=linked, before=stored.client_id)

    async def note_check(
        self, site: str, card_id: str, answers: Mapping[str, str], *, by: str, at: datetime
    ) -> Checked:
        check_answers(answers, self._desk.checks)
        noted = self._checks[self._card(site, card_id).card.card_id] = Checked(answers=dict(answers), by=by, at=at)
        return noted

    async def check_of(self, site: str, card_id: str) -> Checked | None:
        asked = self._card(site, card_id).card.card_id
        noted = [each for noted_on, each in self._checks.items() if self._card(site, noted_on).card.card_id == asked]
        return max(noted, key=lambda each: each.at, default=None)

    def _client(self, site: str, client_id: str) -> Client:
        client = self._clients.get(self._gone.get(client_id, client_id))
        if client is None or client.site != site:
            raise NotFound("There is no such client.")
        organisation = self._clients.get(client.organisation_id or "")
        return replace(client, organisation=None if organisation is None else organisation.name)

    def _owners(self, site: str, key: str) -> list[Client]:
        mine = [each for each in self._clients.values() if each.site == site and key in each.numbers]
        return [self._client(site, each.client_id) for each in mine]

    def _add(self, new: Client) -> Client:
        made = replace(new, client_id=fresh_id(new.created_at, os.urandom(10)))
        self._clients[made.client_id] = made
        return made

    def _with_edit(self, before: Client, edit: Edit) -> Client:
        if edit.numbers is not None:
            keys = (self._required_key(before.site, number) for number in edit.numbers)
            edit = replace(edit, numbers=tuple(dict.fromkeys(keys)))
        after = edited(before, edit)
        became_person = before.kind is ClientKind.ORGANISATION and after.kind is ClientKind.PERSON
        if became_person and any(each.organisation_id == before.client_id for each in self._clients.values()):
            raise Rejected(f"{before.name} has members: it can't become a person", code="has_members")
        if after.organisation_id:
            organisation = self._client(before.site, after.organisation_id)
            if organisation.kind is not ClientKind.ORGANISATION:
                raise Rejected(f"{organisation.name} is a person: choose an organisation", code="no_organisation")
            after = replace(after, organisation_id=organisation.client_id, organisation=organisation.name)
        return after if after.organisation_id else replace(after, organisation=None)

    def _write(self, before: Client, after: Client, *, by: str, at: datetime) -> Client:
        told = lines(before, after)
        if not told and before.organisation_id == after.organisation_id:
            return before
        written = self._clients[before.client_id] = replace(after, version=before.version + 1)
        self._tell(before.client_id, told, by=by, at=at)
        for key in set(after.numbers) - set(before.numbers):
            if len(self._owners(before.site, key)) == 1:
                for stored in self._of_number(before.site, key):
                    if stored.client_id is None:
                        self._link(stored.card.card_id, written, key)
        return written

    def _merge(self, gone: Client, stays: Client, *, by: str, at: datetime) -> Client:
        if gone.client_id == stays.client_id:
            raise Rejected("These two are one client already.", code="same_client")
        if gone.kind is not stays.kind and not gone.is_placeholder:
            raise Rejected(
                "A person and an organisation can't be one: make the person a member of the organisation.",
                code="other_kind",
            )
        theirs = [stored.card for stored in self._of_site(gone.site) if stored.client_id == gone.client_id]
        del self._clients[gone.client_id]
        self._gone = {old: stays.client_id if into == gone.client_id else into for old, into in self._gone.items()}
        self._gone[gone.client_id] = stays.client_id
        for each in [each for each in self._clients.values() if each.organisation_id == gone.client_id]:
            self._clients[each.client_id] = replace(each, organisation_id=stays.client_id)
        kept = [*self._changes.pop(gone.client_id, []), *self._changes.get(stays.client_id, [])]
        self._changes[stays.client_id] = sorted(kept, key=lambda line: line.at)
        self._tell(stays.client_id, [("merged", in_words(gone), "")], by=by, at=at)
        after = merged(stays, gone)
        if after.organisation_id == stays.client_id:
            after = replace(after, organisation_id=None, organisation=None)
        written = self._write(stays, after, by=by, at=at)
        if written.version == stays.version:
            written = replace(written, version=stays.version + 1)
        self._clients[stays.client_id] = written
        for card in theirs:
            self._link(card.card_id, written, card.client_number or "")
        return self._client(written.site, written.client_id)

    def _tell(self, client_id: str, told: Sequence[tuple[str, str, str]], *, by: str, at: datetime) -> None:
        new = [Changed(at=at, by=by, field=field, before=before, after=after) for field, before, after in told]
        self._changes.setdefault(client_id, []).extend(new)

    def _of_site(self, site: str) -> list[Any]:
        return [] if self.cards is None else self.cards.of_site(site)

    def _of_number(self, site: str, key: str) -> list[Any]:
        return [each for each in self._of_site(site) if self.key(site, each.card.client_number or "") == key]

    def _spoken(self, site: str, key: str) -> list[PastInteraction]:
        return [] if self.cards is None else [self.cards.past(each) for each in self._of_number(site, key)]

    def _known(self, site: str, key: str, owners: list[Client]) -> list[Known]:
        ids = {each.client_id for each in owners}
        people = [each for each in self._clients.values() if each.client_id in ids or each.organisation_id in ids]
        known = []
        for each in (self._client(site, person.client_id) for person in people):
            of_client = [s.card for s in self._of_site(site) if s.client_id == each.client_id]
            here = [card for card in of_client if self.key(site, card.client_number or "") == key]
            last, spoke = (max((card.started_at for card in cards), default=None) for cards in (of_client, here))
            about = (each.client_id, each.name, each.kind, each.organisation_id, each.organisation, each.vip)
            known.append(Known(*about, last, spoke, each.client_id in ids))
        return known

    def _card(self, site: str, card_id: str) -> Any:
        stored = None if self.cards is None else self.cards.stored(card_id)
        if stored is None or stored.card.site != site:
            raise NotFound("There is no such card.")
        return stored

    def _count(self, site: str, client_id: str, key: str) -> int:
        return sum(stored.client_id == client_id for stored in self._of_number(site, key))

    def _link(self, card_id: str, client: Client, key: str) -> None:
        if self.cards is not None:
            self.cards.link(card_id, self._summary(client, key))

    def _summary(self, client: Client, number: str) -> ClientSummary:
        return ClientSummary(
            client_id=client.client_id,
            name=client.name,
            number=number,
            note=client.note,
            kind=client.kind,
            organisation=client.organisation,
            organisation_id=client.organisation_id,
            vip=client.vip,
            warning=client.warning,
            language=client.language,
            timezone=client.timezone or zone_of(number),
            owner=client.owner,
            fields=client.fields,
            check=client.check,
        )

    def _required_key(self, site: str, number: str) -> str:
        key = self.key(site, number)
        if key is None:
            raise Rejected(f"“{number[:40]}” is no number that a client can be known by", code="bad_number")
        return key
