"""The composition root: which rule hears which event, which adapter carries out which effect."""

from callcards.card import Cards, OpenCardsLoaded
from core import events as e
from core.engine import Rule


def card_rules(cards: Cards) -> dict[type, list[Rule]]:
    """Event -> what the cards make of it."""
    return {
        OpenCardsLoaded: [cards.on_open_cards_loaded],
        e.CallArrived: [cards.on_call_arrived],
        e.CallLinked: [cards.on_call_linked],
        e.CallQueued: [cards.on_call_queued],
        e.CallUnqueued: [cards.on_call_unqueued],
        e.CallToVoicemail: [cards.on_call_to_voicemail],
        e.CallOffered: [cards.on_call_offered],
        e.CallOfferEnded: [cards.on_call_offer_ended],
        e.CallAnswered: [cards.on_call_answered],
        e.CallHeld: [cards.on_call_held],
        e.CallResumed: [cards.on_call_resumed],
        e.LegEnded: [cards.on_leg_ended],
        e.CallTransferred: [cards.on_call_transferred],
        e.CallRecorded: [cards.on_call_recorded],
        e.CallMerged: [cards.on_call_merged],
        e.CallDropped: [cards.on_call_dropped],
        e.CallEnded: [cards.on_call_ended],
        e.PbxConnected: [cards.on_pbx_connected],
    }
