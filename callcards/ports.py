"""What the record of conversations is asked for, and what may change in it.

A change can be applied any number of times and gives the same record: that is what lets a lost reply, a journal and a
second start repeat it without doubling anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from callcards.corrections import CardChange
from callcards.follow_ups import AddFollowUp, ChangeFollowUp, ShownFollowUp
from callcards.offers import KeptOffer
from core.effects import DiscardCard, SaveCallback, SaveCard, SaveOffer, SaveVoicemail
from core.model import Card, PastInteraction


@dataclass(frozen=True, slots=True, kw_only=True)
class NextContact:
    """When and why the client is to be called again. Both empty: no more."""

    at: datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotate:
    """What a person typed on a card. None leaves a field as it is, an empty text clears it; of `fields` those named change.

    `next_contact` makes, changes or cancels the card's open follow-up. `site`: only on a card of it. `based`: the typist saw
    the card as of `base` (None: nothing typed on it yet); notes that somebody changed since are kept beside the new ones.
    """

    annotation_id: str
    card_id: str
    by: str
    at: datetime
    notes: str | None = None
    disposition: str | None = None
    next_contact: NextContact | None = None
    fields: Mapping[str, str] | None = None
    site: str | None = None
    based: bool = False
    base: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """An audit effect with the id that keeps it from being written twice."""

    audit_id: str
    at: datetime
    actor: str
    action: str
    facts: Mapping[str, str]


Change = (
    SaveCard
    | DiscardCard
    | Annotate
    | AddFollowUp
    | ChangeFollowUp
    | AuditLine
    | SaveOffer
    | SaveCallback
    | SaveVoicemail
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCard:
    """A card with what people typed on it and whom it belongs to. `follow_ups`: the open ones, told with one card only."""

    card: Card
    client_id: str | None = None
    client_name: str = ""
    notes: str = ""
    disposition: str | None = None
    edited_by: str | None = None
    edited_at: datetime | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    follow_ups: tuple[ShownFollowUp, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """Where a page ends: the next one holds what started before this."""

    started_at: datetime
    card_id: str


class CardStore(Protocol):
    """The record of conversations. Everything raises Unavailable when the database can't be reached."""

    async def apply(self, changes: Sequence[Change]) -> None:
        """All of them, in order, in one transaction. Rejected: one of them can't be stored at all, so none was."""

    async def card(self, card_id: str) -> StoredCard | None:
        """Also found by the id of a card that was merged into it. With its open follow-ups."""

    async def changes(self, card_id: str) -> list[CardChange]:
        """Who typed what over what, oldest first."""

    async def offers(self, card_id: str) -> list[KeptOffer]:
        """To whom this conversation was offered, and why; the first first."""

    async def open_cards(self, site: str, pbx: str) -> list[Card]: ...

    async def cards_by_linkedid(self, site: str, pbx: str, linkedids: Sequence[str]) -> list[Card]:
        """The cards that own any of these ids; of several boots of the PBX where it used an id twice."""

    async def known_linkedids(self, site: str, pbx: str, linkedids: Sequence[str]) -> frozenset[str]:
        """Those that have a card, or were found to need none."""

    async def last_started_at(self, site: str, pbx: str) -> datetime | None:
        """When the newest card of this PBX began: the CDR is read from there after a start."""

    async def recent(self, site: str, *, limit: int = 50, before: Before | None = None) -> list[StoredCard]: ...

    async def history(
        self, client_id: str, *, limit: int = 20, before: Before | None = None
    ) -> list[PastInteraction]: ...
