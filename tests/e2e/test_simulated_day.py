"""Hours of the simulated company through the real parser, tracker and cards: each card says what was really played."""

import re
from datetime import UTC, datetime

import pytest

from callcards.card import Cards
from core.effects import DiscardCard, SaveCard
from core.model import Card
from telephony.live import Endpoints
from telephony.making import fact_of, instant
from telephony.simulated_channels import Pairs
from telephony.simulated_exchange import Company, founded
from telephony.simulated_plan import Truth
from telephony.simulated_request import written
from telephony.simulated_traffic import Traffic, TrafficPlan
from telephony.tracker import CallTracker
from telephony.wire import AmiStream, Odd

BEGAN = datetime(2026, 11, 21, 9, tzinfo=UTC).timestamp()
HOURS = 2.0
BUSY = TrafficPlan(calls_per_hour=150, transferred=0.3, held=0.3)


class Desk:
    """Bytes in, cards out."""

    def __init__(self) -> None:
        self._stream = AmiStream()
        self.tracker = CallTracker(site="s", pbx="p", endpoints=Endpoints(("PJSIP/1???",)))
        self._cards = Cards(lambda site: "UTC")
        self.cards: dict[str, Card] = {}

    def take(self, data: bytes) -> None:
        for message in self._stream.feed(data):
            assert not isinstance(message, Odd), message
            fact = fact_of(message, instant(message, datetime.now(UTC)))
            assert not isinstance(fact, Odd), fact
            for event in self.tracker.feed(fact) if fact is not None else ():
                name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
                rule = getattr(self._cards, f"on_{name}", None)
                for effect in rule(event) if rule else ():
                    if isinstance(effect, SaveCard):
                        self.cards[effect.card.card_id] = effect.card
                    elif isinstance(effect, DiscardCard):
                        self.cards.pop(effect.card_id, None)


def played(seed: int) -> tuple[list[Truth], Desk]:
    calls, desk = founded(Company(), now=BEGAN, seed=seed), Desk()

    def tell(klass: str, name: str, headers: Pairs) -> None:
        stamp = ("Timestamp", f"{calls.exchange.switch.now():.6f}")
        desk.take(written([("Event", name), ("Privilege", f"{klass},all"), stamp, *headers]))

    calls.exchange.switch.tell = tell
    traffic = Traffic(calls, BUSY, seed=seed)
    traffic.begin()
    traffic.favour("1001")
    stage = calls.exchange.stage
    while (due := stage.due()) is not None and due < BEGAN + HOURS * 3600:
        stage.advance(due)
    return calls.exchange.truth, desk


def told_by(card: Card) -> dict[str, object]:
    return {
        "direction": card.direction.value,
        "answered": card.answered_at is not None,
        "queue": card.queues[0] if card.queues else None,
        "ended_by": card.ended_by and card.ended_by.value,
        "cause": card.cause,
        "voicemail": card.voicemail,
        "transfers": [(t.kind.value, t.from_agent, t.to, t.answered) for t in card.transfers],
        "talk_s": card.talk_s and pytest.approx(card.talk_s, abs=1.0),
        "hold_s": pytest.approx(card.hold_s, abs=1.0),
    }


def really(truth: Truth) -> dict[str, object]:
    return {
        "direction": truth.direction,
        "answered": truth.answered_at is not None,
        "queue": truth.queue,
        "ended_by": truth.ended_by,
        "cause": truth.cause,
        "voicemail": truth.voicemail,
        "transfers": [(t["kind"], t["from"], t["to"], t["answered"]) for t in truth.transfers],
        "talk_s": truth.talk_s,
        "hold_s": truth.hold_s,
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_every_call_has_its_card_and_it_is_true(seed: int) -> None:
    truth, desk = played(seed)
    cards = {card.uniqueid: card for card in desk.cards.values()}
    over = [t for t in truth if t.direction != "consult" and t.ended_at]
    assert len(over) > 300
    for call in over:
        assert really(call) == told_by(cards[call.uniqueid]), call.as_dict()
        if call.direction == "inbound":
            rang = [(r["agent"], r["outcome"]) for r in call.rang]
            legs = [(leg.agent, leg.outcome.value) for leg in cards[call.uniqueid].legs]
            assert legs[: len(rang)] == rang or call.transfers
    assert len(desk.tracker.calls) == sum(t.ended_at is None for t in truth if t.direction != "consult")
