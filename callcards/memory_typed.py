"""What people type, in memory: corrections and promised next contacts. The same promises as those in SQL."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from callcards.corrections import CardChange, both_kept, continued, is_stale, touched
from callcards.follow_ups import (
    AddFollowUp,
    ChangeFollowUp,
    FollowUp,
    FollowUpState,
    ShownFollowUp,
    changed_by,
)
from callcards.ports import Annotate, StoredCard


def typed_on(stored: StoredCard, change: Annotate, notes_changed_at: datetime | None) -> StoredCard:
    """The card with what was typed on it."""
    now = replace(stored, edited_by=change.by, edited_at=change.at)
    if change.notes is not None:
        stale = change.based and is_stale(change.base, notes_changed_at)
        now = replace(now, notes=both_kept(stored.notes, change.notes) if stale else change.notes)
    if change.disposition is not None:
        now = replace(now, disposition=change.disposition or None)
    if change.fields is not None:
        fields = {**stored.fields, **change.fields}
        now = replace(now, fields={code: text for code, text in fields.items() if text})
    return now


class MemoryCorrections:
    """Who typed what over what, by card."""

    def __init__(self) -> None:
        self._lines: dict[str, list[CardChange]] = {}

    def of(self, card_id: str) -> list[CardChange]:
        return sorted(self._lines.get(card_id, ()), key=lambda line: (line.at, line.change_id))

    def changed_at(self, card_id: str, field: str) -> datetime | None:
        return max((line.at for line in self._lines.get(card_id, ()) if line.field == field), default=None)

    def write(self, before: StoredCard, after: StoredCard, change: Annotate) -> None:
        card_id = before.card.card_id
        lines = self._lines.setdefault(card_id, [])
        for field, old, new in touched(_texts(before), _texts(after)):
            last = max((line for line in lines if line.field == field), key=lambda line: line.at, default=None)
            if last is not None and continued(last, by=change.by, at=change.at):
                lines[lines.index(last)] = replace(last, after=new, at=max(last.at, change.at))
                continue
            lines.append(
                CardChange(
                    change_id=f"{change.annotation_id}.{field}",
                    card_id=card_id,
                    at=change.at,
                    by=change.by,
                    field=field,
                    before=old,
                    after=new,
                )
            )

    def move(self, from_card: str, to_card: str) -> None:
        moved = [replace(line, card_id=to_card) for line in self._lines.pop(from_card, ())]
        self._lines.setdefault(to_card, []).extend(moved)


def _texts(stored: StoredCard) -> Mapping[str, str]:
    fields = json.dumps(dict(sorted(stored.fields.items())), ensure_ascii=False) if stored.fields else ""
    return {"notes": stored.notes, "disposition": stored.disposition or "", "fields": fields}


class MemoryFollowUps:
    """Promised next contacts. `card_of` a card's id, `site_of` a client's id: its site and zone."""

    def __init__(
        self,
        *,
        card_of: Callable[[str], StoredCard | None],
        site_of: Callable[[str], tuple[str, str | None] | None],
    ) -> None:
        self._card_of = card_of
        self._site_of = site_of
        self._all: dict[str, FollowUp] = {}

    def add(self, change: AddFollowUp) -> None:
        new = change.follow_up
        if new.card_id is not None:
            card = self._card_of(new.card_id)
            if card is None or card.card.site != new.site:
                return
            new = replace(new, card_id=card.card.card_id, client_id=new.client_id or card.client_id)
        if (
            change.follow_up.client_id is not None
            and (self._site_of(change.follow_up.client_id) or ("",))[0] != new.site
        ):
            return
        self._all.setdefault(new.follow_up_id, new)

    def change(self, change: ChangeFollowUp) -> None:
        known = self._all.get(change.follow_up_id)
        if known is not None and known.site == change.site:
            self._all[change.follow_up_id] = changed_by(known, change)

    def plan_as_typed(self, typed: Annotate, stored: StoredCard) -> None:
        contact, card = typed.next_contact, stored.card
        if contact is None:
            return
        gone = contact.at is None and not contact.text
        if known := self.open_of_card(card.card_id):
            edit = ChangeFollowUp(
                change_id=typed.annotation_id,
                follow_up_id=known[0].follow_up.follow_up_id,
                site=card.site,
                by=typed.by,
                at=typed.at,
                due_at=contact.at,
                text=None if gone else contact.text,
                state=FollowUpState.CANCELLED if gone else None,
            )
            self.change(edit)
        elif not gone:
            self._all[typed.annotation_id] = FollowUp(
                follow_up_id=typed.annotation_id,
                site=card.site,
                client_id=stored.client_id,
                card_id=card.card_id,
                owner=typed.by,
                due_at=contact.at or typed.at,
                zone=card.timezone,
                text=contact.text,
                created_by=typed.by,
                created_at=typed.at,
            )

    def belong(self, card_id: str, client_id: str) -> None:
        """The card turned out to be that client's, and what was promised on it."""
        for follow_up_id, known in self._all.items():
            if known.card_id == card_id:
                self._all[follow_up_id] = replace(known, client_id=client_id)

    def move(self, from_card: str, to_card: str) -> None:
        for follow_up_id, known in self._all.items():
            if known.card_id == from_card:
                self._all[follow_up_id] = replace(known, card_id=to_card)

    def open_of_card(self, card_id: str) -> list[ShownFollowUp]:
        return self._soonest(f for f in self._all.values() if f.card_id == card_id and f.state is FollowUpState.OPEN)

    async def one(self, follow_up_id: str) -> ShownFollowUp | None:
        known = self._all.get(follow_up_id)
        return None if known is None else self._shown(known)

    async def of_client(
        self, site: str, client_id: str, *, state: FollowUpState | None = None, limit: int = 100
    ) -> list[ShownFollowUp]:
        theirs = (f for f in self._all.values() if f.site == site and f.client_id == client_id)
        return self._soonest(f for f in theirs if state in (None, f.state))[:limit]

    async def of_owner(
        self,
        site: str,
        owner: str,
        *,
        due_from: datetime | None = None,
        due_before: datetime | None = None,
        state: FollowUpState = FollowUpState.OPEN,
        limit: int = 100,
    ) -> list[ShownFollowUp]:
        mine = (f for f in self._all.values() if (f.site, f.owner, f.state) == (site, owner, state))
        due = (f for f in mine if due_from is None or f.due_at >= due_from)
        return self._soonest(f for f in due if due_before is None or f.due_at < due_before)[:limit]

    async def of_card(self, card_id: str) -> list[ShownFollowUp]:
        return self.open_of_card(card_id)

    async def site_of_client(self, client_id: str) -> tuple[str, str | None] | None:
        return self._site_of(client_id)

    def _soonest(self, found: Iterable[FollowUp]) -> list[ShownFollowUp]:
        return [self._shown(f) for f in sorted(found, key=lambda f: (f.due_at, f.follow_up_id))]

    def _shown(self, follow_up: FollowUp) -> ShownFollowUp:
        card = None if follow_up.card_id is None else self._card_of(follow_up.card_id)
        if card is None:
            return ShownFollowUp(follow_up=follow_up)
        name = card.client_name if card.client_id == follow_up.client_id else ""
        return ShownFollowUp(follow_up=follow_up, client_name=name, number=card.card.client_number or "")
