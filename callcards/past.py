"""How a card reads as one line of its client's history. Pure."""

from callcards.ports import StoredCard
from core.model import Card, Direction, LegOutcome, PastInteraction


def served_by(card: Card) -> str | None:
    """The operator whom a client's history names: who placed it, else who talked last, else who picked up."""
    if card.direction is not Direction.INBOUND and card.agent is not None:
        return card.agent
    talked = [leg.agent for leg in card.legs if leg.outcome is LegOutcome.ANSWERED]
    return talked[-1] if talked else card.answered_by


def phones_that_missed(card: Card) -> tuple[str, ...]:
    """The operators whose phones rang out on a client's call that nobody took and that is over."""
    if card.ended_at is None or card.answered_at is not None or card.direction is not Direction.INBOUND:
        return ()
    return tuple({leg.agent: None for leg in card.legs if leg.rang and leg.outcome is LegOutcome.NOANSWER})


def past_interaction(stored: StoredCard) -> PastInteraction:
    card = stored.card
    return PastInteraction(
        card_id=card.card_id,
        channel=card.channel,
        direction=card.direction,
        started_at=card.started_at,
        queue=card.queues[-1] if card.queues else None,
        agent=served_by(card),
        talk_s=card.talk_s,
        disposition=stored.disposition,
        notes=stored.notes,
        answered=card.answered_at is not None,
    )
