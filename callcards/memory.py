"""The record of conversations in memory: for trying things out and for tests. Gone with the process.

Keeps the same promises as the SQL one and passes the same contract tests. Never serves more than one process.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from callcards.corrections import CardChange
from callcards.follow_ups import AddFollowUp, ChangeFollowUp
from callcards.memory_items import MemoryCallbacks, MemoryVoicemails
from callcards.memory_typed import MemoryCorrections, MemoryFollowUps, typed_on
from callcards.offers import KeptOffer, kept
from callcards.past import past_interaction
from callcards.ports import Annotate, AuditLine, Before, Change, StoredCard
from core.effects import DiscardCard, SaveCallback, SaveCard, SaveOffer, SaveVoicemail
from core.model import Card, ClientSummary, PastInteraction


class MemoryCardStore:
    """`client_of` finds the client of a site's number as received, `site_of` the site and zone of a client's id."""

    def __init__(
        self,
        *,
        client_of: Callable[[str, str], ClientSummary | None],
        site_of: Callable[[str], tuple[str, str | None] | None] = lambda _client_id: None,
    ) -> None:
        self._client_of = client_of
        self.corrections = MemoryCorrections()
        self.follow_ups = MemoryFollowUps(card_of=self.stored, site_of=site_of)
        self._cards: dict[str, StoredCard] = {}
        self._owners: dict[tuple[str, str, str, str], str] = {}
        self._gone: dict[str, str | None] = {}
        self._linked: dict[str, ClientSummary] = {}
        self._annotations: set[str] = set()
        self.audit: dict[str, AuditLine] = {}
        self._offers: dict[str, KeptOffer] = {}
        self.callbacks = MemoryCallbacks()
        self.voicemails = MemoryVoicemails(card_of=self.stored)

    async def apply(self, changes: Sequence[Change]) -> None:
        for change in changes:
            match change:
                case SaveCard(card=card):
                    self._save(card)
                case DiscardCard():
                    self._discard(change)
                case Annotate():
                    self._annotate(change)
                case AddFollowUp():
                    self.follow_ups.add(change)
                case ChangeFollowUp():
                    if self._first_time(change.change_id):
                        self.follow_ups.change(change)
                case AuditLine():
                    self.audit.setdefault(change.audit_id, change)
                case SaveCallback():
                    self.callbacks.save(change)
                case SaveVoicemail():
                    self.voicemails.add(change)
                case SaveOffer():
                    self._offers[change.offer_id] = kept(self._offers.get(change.offer_id), change)

    async def card(self, card_id: str) -> StoredCard | None:
        found = self.stored(card_id)
        if found is None:
            return None
        return replace(found, follow_ups=tuple(self.follow_ups.open_of_card(found.card.card_id)))

    async def offers(self, card_id: str) -> list[KeptOffer]:
        known_as = self._survivor(card_id)
        of_card = (
            replace(offer, card_id=known_as)
            for offer in self._offers.values()
            if self._survivor(offer.card_id) == known_as
        )
        return sorted(of_card, key=lambda offer: (offer.at, offer.offer_id))

    async def open_cards(self, site: str, pbx: str) -> list[Card]:
        cards = (stored.card for stored in self._cards.values())
        return sorted((c for c in cards if c.site == site and c.pbx == pbx and c.ended_at is None), key=_place)

    async def cards_by_linkedid(self, site: str, pbx: str, linkedids: Sequence[str]) -> list[Card]:
        wanted = set(linkedids)
        owners = {o for (s, p, linkedid, _), o in self._owners.items() if (s, p) == (site, pbx) and linkedid in wanted}
        return sorted((self._cards[owner].card for owner in owners if owner in self._cards), key=_place)

    async def known_linkedids(self, site: str, pbx: str, linkedids: Sequence[str]) -> frozenset[str]:
        known = {linkedid for s, p, linkedid, _ in self._owners if (s, p) == (site, pbx)}
        return frozenset(known.intersection(linkedids))

    async def last_started_at(self, site: str, pbx: str) -> datetime | None:
        cards = (stored.card for stored in self._cards.values())
        return max((c.started_at for c in cards if c.site == site and c.pbx == pbx), default=None)

    async def recent(self, site: str, *, limit: int = 50, before: Before | None = None) -> list[StoredCard]:
        of_site = (self._with_client(s) for s in self._cards.values() if s.card.site == site)
        return _page(of_site, limit, before)

    async def history(self, client_id: str, *, limit: int = 20, before: Before | None = None) -> list[PastInteraction]:
        of_client = (s for s in map(self._with_client, self._cards.values()) if s.client_id == client_id)
        return [past_interaction(stored) for stored in _page(of_client, limit, before)]

    # What a directory of clients in memory asks for, where SQL reads the same tables.

    async def changes(self, card_id: str) -> list[CardChange]:
        return self.corrections.of(self._survivor(card_id))

    def stored(self, card_id: str) -> StoredCard | None:
        """Without waiting, for the others in memory."""
        found = self._cards.get(self._survivor(card_id))
        return None if found is None else self._with_client(found)

    def of_site(self, site: str) -> list[StoredCard]:
        return [self._with_client(each) for each in self._cards.values() if each.card.site == site]

    def link(self, card_id: str, client: ClientSummary) -> None:
        """A person said, or a merge, whose it is: that goes before what the number says."""
        self._linked[card_id] = client
        self.follow_ups.belong(card_id, client.client_id)

    @staticmethod
    def past(stored: StoredCard) -> PastInteraction:
        return past_interaction(stored)

    def _save(self, card: Card) -> None:
        known = self._cards.get(card.card_id)
        if card.card_id in self._gone:
            return
        if known is None:
            self._cards[card.card_id] = StoredCard(card=card)
        elif known.card.revision < card.revision:
            self._cards[card.card_id] = replace(known, card=card)
        for linkedid in card.linkedids:
            self._owners.setdefault((card.site, card.pbx, linkedid, card.boot_id), card.card_id)
        self._with_client(self._cards[card.card_id])

    def _discard(self, change: DiscardCard) -> None:
        survivor = None if change.into is None else self._survivor(change.into)
        if survivor == change.card_id:
            return
        self._gone.setdefault(change.card_id, survivor)
        self._gone = {gone: survivor if into == change.card_id else into for gone, into in self._gone.items()}
        owner = survivor or change.card_id
        place = self._cards.get(change.card_id) or self._cards.get(owner)
        for key, known in self._owners.items():
            if known == change.card_id:
                self._owners[key] = owner
        if place is not None:
            for linkedid in change.linkedids:
                self._owners[place.card.site, place.card.pbx, linkedid, place.card.boot_id] = owner
        swallowed = self._cards.pop(change.card_id, None)
        if swallowed is not None and survivor in self._cards and swallowed.edited_at is not None:
            self._cards[survivor] = _with_typed_of(self._cards[survivor], swallowed)
        if survivor is not None:
            self.corrections.move(change.card_id, survivor)
            self.follow_ups.move(change.card_id, survivor)

    def _annotate(self, change: Annotate) -> None:
        stored = self.stored(change.card_id)
        if not self._first_time(change.annotation_id) or stored is None:
            return
        if change.site not in (None, stored.card.site):
            return
        card_id = stored.card.card_id
        now = typed_on(stored, change, self.corrections.changed_at(card_id, "notes"))
        self.corrections.write(stored, now, change)
        self._cards[card_id] = now
        if change.next_contact is not None:
            self.follow_ups.plan_as_typed(change, stored)

    def _first_time(self, change_id: str) -> bool:
        if change_id in self._annotations:
            return False
        self._annotations.add(change_id)
        return True

    def _survivor(self, card_id: str) -> str:
        return self._gone.get(card_id) or card_id

    def _with_client(self, stored: StoredCard) -> StoredCard:
        """Once found, a card's client stays, whoever has the number later."""
        card = stored.card
        number = card.client_number
        found = None if number is None else self._client_of(card.site, number)
        client = self._linked.get(card.card_id) or found
        if client is None:
            return stored
        self._linked[card.card_id] = client
        return replace(stored, client_id=client.client_id, client_name=client.name)


def _place(card: Card) -> tuple[datetime, str]:
    return card.started_at, card.card_id


def _page(cards: Iterable[StoredCard], limit: int, before: Before | None) -> list[StoredCard]:
    upto = None if before is None else (before.started_at, before.card_id)
    earlier = (stored for stored in cards if upto is None or _place(stored.card) < upto)
    return sorted(earlier, key=lambda stored: _place(stored.card), reverse=True)[:limit]


def _with_typed_of(stays: StoredCard, goes: StoredCard) -> StoredCard:
    return replace(
        stays,
        notes="\n".join(text for text in (stays.notes, goes.notes) if text),
        disposition=stays.disposition or goes.disposition,
        edited_by=stays.edited_by or goes.edited_by,
        edited_at=stays.edited_at or goes.edited_at,
        fields={**goes.fields, **stays.fields},
    )
