"""Promised next contacts: what one is, how it changes, and what the record of them is asked for. Pure.

A change can be applied any number of times, as every change of the record of conversations (ports.py).
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class FollowUpState(StrEnum):
    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """A next contact with a client, promised for an instant. `owner`, `created_by`: logins; `zone`: the IANA zone it was meant in.

    `client_id` None: promised on a card of somebody who isn't known yet.
    """

    follow_up_id: str
    site: str
    client_id: str | None
    card_id: str | None
    owner: str
    due_at: datetime
    zone: str
    text: str
    created_by: str
    created_at: datetime
    state: FollowUpState = FollowUpState.OPEN
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFollowUp:
    """A new promise; without `client_id` it is for whom its card belongs to. Of another site's card or client: ignored."""

    follow_up: FollowUp


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFollowUp:
    """What changed of a promise of `site`; None leaves a field as it is."""

    change_id: str
    follow_up_id: str
    site: str
    by: str
    at: datetime
    due_at: datetime | None = None
    zone: str | None = None
    text: str | None = None
    state: FollowUpState | None = None
    owner: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFollowUp:
    """A promise with whom it is for. `number` is that of its card, else the client's first; empty where there is none."""

    follow_up: FollowUp
    client_name: str = ""
    number: str = ""


class FollowUps(Protocol):
    """The promises of all sites. Everything raises Unavailable when the database can't be reached."""

    async def one(self, follow_up_id: str) -> ShownFollowUp | None: ...

    async def of_client(
        self, site: str, client_id: str, *, state: FollowUpState | None = None, limit: int = 100
    ) -> list[ShownFollowUp]:
        """Soonest first."""

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
        """Soonest first."""

    async def of_card(self, card_id: str) -> list[ShownFollowUp]:
        """The open ones, soonest first."""

    async def site_of_client(self, client_id: str) -> tuple[str, str | None] | None:
        """The client's site and IANA zone, as far as that is known; None: no such client."""


def changed_by(follow_up: FollowUp, change: ChangeFollowUp) -> FollowUp:
    """The promise after this change. Closing keeps when; opening again forgets it."""
    state = change.state or follow_up.state
    closed_at = None if state is FollowUpState.OPEN else follow_up.closed_at or change.at
    return FollowUp(
        follow_up_id=follow_up.follow_up_id,
        site=follow_up.site,
        client_id=follow_up.client_id,
        card_id=follow_up.card_id,
        owner=follow_up.owner if change.owner is None else change.owner,
        due_at=change.due_at or follow_up.due_at,
        zone=change.zone or follow_up.zone,
        text=follow_up.text if change.text is None else change.text,
        created_by=follow_up.created_by,
        created_at=follow_up.created_at,
        state=state,
        closed_at=closed_at,
    )
