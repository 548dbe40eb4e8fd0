"""The offers of a conversation as the record keeps them: whom it was offered to and why, and what came of it. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from core.effects import SaveOffer
from core.model import Choice, OfferOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptOffer:
    """`choice` None: only its end is known. `outcome` None: it is open, or nobody saw its end (a restart in between)."""

    offer_id: str
    card_id: str
    agent: str
    login: str
    queue: str
    at: datetime
    ended_at: datetime | None = None
    outcome: OfferOutcome | None = None
    choice: Choice | None = None


def kept(before: KeptOffer | None, change: SaveOffer) -> KeptOffer:
    """With this told, in whatever order and however often: its beginning and its end each have fields of their own."""
    offer = before or KeptOffer(
        offer_id=change.offer_id, card_id=change.call_id, agent=change.agent, login="", queue="", at=change.at
    )
    if change.choice is not None:
        chosen = change.choice
        offer = replace(offer, login=chosen.login, queue=chosen.queue, at=change.at, choice=chosen)
    if change.outcome is not None and offer.outcome is None:
        offer = replace(offer, ended_at=change.at, outcome=change.outcome)
    return offer
