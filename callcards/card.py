"""The card writes itself: events of a conversation in, states of its card out. Pure; the store keeps what SaveCard brings.

Every change of a card is a new immutable state with the next revision. Cards that were open when the process died wait as
*dormant* until the first snapshot of their PBX: still alive -> taken up where they were, gone -> closed as inferred.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from core import events as e
from core.effects import DiscardCard, Effect, SaveCard
from core.model import Card, Leg, LegOutcome, TransferStep
from core.values import changed


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCardsLoaded:
    """The store's open cards, once at the start of the process and before the first snapshot."""

    cards: tuple[Card, ...]


def natural_key(*, site: str, pbx: str, boot_id: str, uniqueid: str) -> str:
    """What makes a conversation one and the same, whoever looks at it and how often."""
    return "|".join((site, pbx, boot_id, uniqueid))


class Cards:
    """The cards of all live conversations, by call id."""

    def __init__(self, timezone_of: Callable[[str], str]) -> None:
        self._timezone_of = timezone_of
        self.open: dict[str, Card] = {}
        self._dormant: dict[str, Card] = {}
        self._callbacks: dict[str, str] = {}
        self._held_since: dict[tuple[str, str], datetime] = {}

    def on_open_cards_loaded(self, loaded: OpenCardsLoaded) -> Iterable[Effect]:
        self._dormant.update((card.natural_key, card) for card in loaded.cards)
        return ()

    def on_call_arrived(self, event: e.CallArrived) -> Iterable[Effect | e.Event]:
        key = natural_key(site=event.site, pbx=event.pbx, boot_id=event.boot_id, uniqueid=event.uniqueid)
        known = self._dormant.pop(key, None)
        if known is not None:
            # Part of it happened while nobody looked: the CDR mends what the snapshot can't know.
            self.open[event.call_id] = changed(known, inferred=True)
            queue = known.queues[-1] if known.queues else None
            recalled = e.CallRecalled(
                at=event.at, call_id=event.call_id, dialled=known.dialled, queue=queue, queued_at=known.queued_at
            )
            return (recalled,)
        callback_for = self._callbacks.pop(event.call_id, None)
        card = Card(
            card_id=event.call_id,
            natural_key=key,
            site=event.site,
            pbx=event.pbx,
            boot_id=event.boot_id,
            uniqueid=event.uniqueid,
            linkedids=(event.linkedid,),
            channel="voice" if callback_for is None else "callback",
            direction=event.direction,
            caller_number=event.caller_number,
            caller_name=event.caller_name,
            client_number=event.client_number,
            dialled=event.dialled,
            started_at=event.at,
            timezone=self._timezone_of(event.site),
            agent=event.agent,
            queues=() if callback_for is None else (callback_for,),
            inferred=event.adopted,
        )
        self.open[event.call_id] = card
        return (SaveCard(card=card),)

    def on_callback_offered(self, event: e.CallbackOffered) -> Iterable[Effect]:
        """The call to come is one of that queue, on a channel of its own (DEFINITIONS 19)."""
        self._callbacks[event.call_id] = event.callback.queue
        return ()

    def on_callback_given_up(self, event: e.CallbackGivenUp) -> Iterable[Effect]:
        self._callbacks.pop(event.call_id, None)
        return ()

    def on_call_linked(self, event: e.CallLinked) -> Iterable[Effect]:
        card = self.open.get(event.call_id)
        if card is None or event.linkedid in card.linkedids:
            return ()
        return self._change(card, linkedids=(*card.linkedids, event.linkedid))

    def on_call_queued(self, event: e.CallQueued) -> Iterable[Effect]:
        card = self.open.get(event.call_id)
        if card is None:
            return ()
        queues = card.queues if event.queue in card.queues else (*card.queues, event.queue)
        return self._change(card, queues=queues, queued_at=card.queued_at or event.at)

    def on_call_unqueued(self, event: e.CallUnqueued) -> Iterable[Effect]:
        card = self.open.get(event.call_id)
        if card is None or card.answered_at is not None:
            return ()
        return self._change(card, unqueued_at=event.at)

    def on_call_to_voicemail(self, event: e.CallToVoicemail) -> Iterable[Effect]:
        card = self.open.get(event.call_id)
        return self._change(card, voicemail=True) if card else ()

    def on_call_offered(self, event: e.CallOffered) -> Iterable[Effect]:
        card = self.open.get(event.call_id)
        if card is None or _leg(card, event.leg_id) is not None:
            return ()
        leg = Leg(leg_id=event.leg_id, agent=event.agent, rang_at=event.at, queue=event.queue)
        return self._change(card, legs=(*card.legs, leg))

    def on_call_offer_ended(self, event: e.CallOfferEnded) -> Iterable[Effect]:
        card = self.open.get(event.call_id)
        leg = _leg(card, event.leg_id) if card else None
        if card is None or leg is None or leg.outcome is not LegOutcome.RINGING:
            return ()
        return self._change_leg(card, changed(leg, outcome=event.outcome, ended_at=event.at))

    def on_call_answered(self, event: e.CallAnswered) -> Iterable[Effect]:
        card = self.open.get(event.call_id)
        if card is None:
            return ()
        changes: dict[str, object] = {}
        if event.leg_id != card.uniqueid and card.answered_at is None:
            changes |= {"answered_at": event.at, "answered_by": event.party}
        if event.leg_id != card.uniqueid and card.transfers and not card.transfers[-1].answered:
            changes["transfers"] = (*card.transfers[:-1], changed(card.transfers[-1], answered=True))
        if event.agent is not None:
            changes["legs"] = _answered_legs(card, event.leg_id, event.agent, event.at)
        return self._change(card, **changes) if changes else ()

    def on_call_held(self, event: e.CallHeld) -> Iterable[Effect]:
        self._held_since[event.call_id, event.leg_id] = event.at
        return ()

    def on_call_resumed(self, event: e.CallResumed) -> Iterable[Effect]:
        since = self._held_since.pop((event.call_id, event.leg_id), None)
        card = self.open.get(event.call_id)
        leg = _leg(card, event.leg_id) if card else None
        if card is None or leg is None or since is None:
            return ()
        held = max(0.0, (event.at - since).total_seconds())
        return self._change_leg(card, changed(leg, hold_s=leg.hold_s + held), hold_s=card.hold_s + held)

    def on_leg_ended(self, event: e.LegEnded) -> Iterable[Effect]:
        card = self.open.get(event.call_id)
        if card is None:
            return ()
        leg = _leg(card, event.leg_id)
        if leg is None:
            return self._change(card, talk_ended_at=event.at)
        return self._change_leg(card, changed(leg, ended_at=event.at), talk_ended_at=event.at)

    def on_call_transferred(self, event: e.CallTransferred) -> Iterable[Effect]:
        card = self.open.get(event.call_id)
        if card is None:
            return ()
        step = TransferStep(
            kind=event.kind, from_agent=event.from_agent, to=event.to, at=event.at, answered=event.answered
        )
        # Whoever was only consulted until now talks with the client from here on.
        legs = tuple(
            changed(leg, answered_at=event.at)
            if leg.agent == event.to and event.answered and leg.answered_at and leg.ended_at is None
            else leg
            for leg in card.legs
        )
        return self._change(card, transfers=(*card.transfers, step), legs=legs)

    def on_call_recorded(self, event: e.CallRecorded) -> Iterable[Effect]:
        card = self.open.get(event.call_id)
        if card is None or event.reference in card.recordings:
            return ()
        return self._change(card, recordings=(*card.recordings, event.reference))

    def on_call_merged(self, event: e.CallMerged) -> Iterable[Effect]:
        return self._discard(event.call_id, event.into)

    def on_call_dropped(self, event: e.CallDropped) -> Iterable[Effect]:
        return self._discard(event.call_id, None)

    def _discard(self, call_id: str, into: str | None) -> Iterable[Effect]:
        card = self.open.pop(call_id, None)
        return (DiscardCard(card_id=card.card_id, into=into, linkedids=card.linkedids),) if card else ()

    def on_call_ended(self, event: e.CallEnded) -> Iterable[Effect]:
        card = self.open.pop(event.call_id, None)
        if card is None:
            return ()
        ended = _ended(card, event.at)
        return (
            SaveCard(
                card=changed(
                    ended,
                    ended_by=event.ended_by,
                    cause=event.cause,
                    inferred=event.inferred or card.inferred,
                    end_reason=event.reason,
                    revision=card.revision + 1,
                )
            ),
        )

    def on_pbx_connected(self, event: e.PbxConnected) -> Iterable[Effect]:
        """Cards from before our restart whose conversation is gone by now."""
        gone = [c for c in self._dormant.values() if c.pbx == event.pbx and c.card_id not in event.live_call_ids]
        for card in gone:
            del self._dormant[card.natural_key]
        missed = [c for c in self.open.values() if c.pbx == event.pbx and event.lost_at is not None and not c.inferred]
        for card in missed:
            # The link was away in the middle of it.
            self.open[card.card_id] = changed(card, inferred=True, revision=card.revision + 1)
        saved = [self.open[card.card_id] for card in missed]
        return [SaveCard(card=card) for card in [*saved, *(_inferred_end(card, event) for card in gone)]]

    def _change(self, card: Card, **changes: object) -> Iterable[Effect]:
        now = changed(card, revision=card.revision + 1, **changes)
        self.open[card.card_id] = now
        return (SaveCard(card=now),)

    def _change_leg(self, card: Card, leg: Leg, **changes: object) -> Iterable[Effect]:
        legs = tuple(leg if old.leg_id == leg.leg_id else old for old in card.legs)
        return self._change(card, legs=legs, **changes)


def _leg(card: Card, leg_id: str) -> Leg | None:
    return next((leg for leg in card.legs if leg.leg_id == leg_id), None)


def _answered_legs(card: Card, leg_id: str, agent: str, at: datetime) -> tuple[Leg, ...]:
    known = _leg(card, leg_id)
    if known is None:
        fresh = Leg(leg_id=leg_id, agent=agent, rang_at=at, outcome=LegOutcome.ANSWERED, answered_at=at, rang=False)
        return (*card.legs, fresh)
    talking = changed(known, outcome=LegOutcome.ANSWERED, answered_at=known.answered_at or at, ended_at=None)
    return tuple(talking if leg.leg_id == leg_id else leg for leg in card.legs)


def _ended(card: Card, at: datetime) -> Card:
    """The card with everything that was still going on ended at `at`."""
    at = max(at, last_seen(card))
    legs = tuple(
        leg
        if leg.ended_at is not None
        else changed(
            leg,
            ended_at=at,
            outcome=LegOutcome.CANCELLED if leg.outcome is LegOutcome.RINGING else leg.outcome,
        )
        for leg in card.legs
    )
    talk_ended_at = card.talk_ended_at
    if card.answered_at is not None and (talk_ended_at is None or any(leg.ended_at is None for leg in card.legs)):
        talk_ended_at = at
    return changed(card, ended_at=at, legs=legs, talk_ended_at=talk_ended_at)


def _inferred_end(card: Card, event: e.PbxConnected) -> Card:
    restarted = card.boot_id != event.boot_id
    # Nobody saw the end. What was seen last is the latest that we know; the CDR mends it where there is one.
    return changed(
        _ended(card, last_seen(card)),
        inferred=True,
        end_reason="pbx_restart" if restarted else "gone_while_away",
        revision=card.revision + 1,
    )


def last_seen(card: Card) -> datetime:
    """The latest instant that the card itself knows of."""
    known = [card.started_at, card.queued_at, card.unqueued_at, card.answered_at, card.talk_ended_at]
    known += [instant for leg in card.legs for instant in (leg.rang_at, leg.answered_at, leg.ended_at)]
    return max(instant for instant in known if instant is not None)
