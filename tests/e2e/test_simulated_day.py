"""Hours of the simulated company through the real parser, tracker and cards: each card says what was really played."""

import re
from datetime import UTC, datetime
from itertools import count

import pytest

from callcards.card import Cards
from core.effects import DiscardCard, SaveCard
from core.model import Card
from telephony.live import Endpoints
from telephony.making import fact_of, instant
from telephony.simulated_calls import Calls
from telephony.simulated_channels import Pairs
from telephony.simulated_exchange import Company, founded
from telephony.simulated_origination import Origination
from telephony.simulated_plan import Truth
from telephony.simulated_request import written
from telephony.simulated_stage import Story
from telephony.simulated_traffic import Traffic, TrafficPlan
from telephony.tracker import CallTracker
from telephony.wire import AmiStream, Odd

BEGAN = datetime(2026, 11, 21, 9, tzinfo=UTC).timestamp()
HOURS = 2.0
MIXED = Company(
    queues={"support": ("1001", "1002")},
    acd={"care": "support", "orders": ""},
    dids={"500": "support", "510": "care", "511": "orders"},
)
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


class Chooser:
    """What Meridian does in its plainest: whoever waits longest is offered to any phone that is free, again and again."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._offers = count(1)

    def play(self) -> Story:
        exchange = self._calls.exchange
        while True:
            exchange.switch.set_global("CC_HEARTBEAT", str(exchange.switch.wall()))
            for line in list(exchange.lobby.values()):
                free = [a for a in exchange.agents if not exchange.switch.busy(a)]
                rung = any(
                    c.uniqueid.startswith(f"cc.{line.truth.uniqueid}.") for c in exchange.switch.channels.values()
                )
                if free and not rung:
                    self._offer(line.truth, free[0])
            yield 2.0

    def _offer(self, caller: Truth, agent: str) -> None:
        told = {"CC_CALLER": caller.channel, "CC_CALLID": caller.uniqueid, "CC_AGENT": agent}
        self._calls.offer(
            Origination(
                agent=agent,
                context="meridian-agent",
                exten="s",
                number=caller.caller_number,
                name=caller.caller_name,
                channel_id=f"cc.{caller.uniqueid}.{next(self._offers)}",
                timeout_s=15.0,
                variables=tuple(told.items()),
            )
        )


def played(seed: int, company: Company) -> tuple[list[Truth], Desk]:
    calls, desk = founded(company, now=BEGAN, seed=seed), Desk()

    def tell(klass: str, name: str, headers: Pairs) -> None:
        stamp = ("Timestamp", f"{calls.exchange.switch.now():.6f}")
        desk.take(written([("Event", name), ("Privilege", f"{klass},all"), stamp, *headers]))

    if company.acd:
        calls.exchange.stage.play(Chooser(calls).play())

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


@pytest.mark.parametrize("company", [Company(), MIXED], ids=["native", "mixed"])
@pytest.mark.parametrize("seed", [1, 2])
def test_every_call_has_its_card_and_it_is_true(seed: int, company: Company) -> None:
    truth, desk = played(seed, company)
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
