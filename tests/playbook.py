"""Whole conversations read as a script: facts in, by the word of what happened; the story out, a line an event, and the card.

    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001", exten="500")
    play.queued(1, "A", "support")
    play.rang(2, "A", "B", "1001")
    play.bridged(5, "A", "B")
    play.hung_up(9, "A", asked=True)
    play.tells('''
        0 CallArrived A inbound 79161110001 -> 500
        ...
    ''')

Channels are named by their Uniqueid (`A`); their AMI names are made of an endpoint (`1001`, `trunk`, `Local/500@lobby`).
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from difflib import ndiff
from textwrap import dedent
from typing import Any

from callcards.card import Cards
from core import events as e
from core.effects import DiscardCard, Effect, SaveCard
from core.engine import Engine
from core.model import Card
from telephony import facts as f
from telephony.live import Endpoints
from telephony.tracker import CallTracker
from wiring.rules import card_rules

NOON = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
AGENTS = ("PJSIP/1???",)
_LEGS = (e.CallOffered, e.CallOfferEnded, e.CallAnswered, e.CallHeld, e.CallResumed, e.LegEnded, e.LegGone)


def at(seconds: float) -> datetime:
    """An instant of the script."""
    return NOON + timedelta(seconds=seconds)


class Playbook:
    """One PBX, its tracker and the cards. Every method tells the tracker one thing; `events` is all that followed."""

    def __init__(self, agents: tuple[str, ...] = AGENTS) -> None:
        self.tracker = CallTracker(site="riga", pbx="pbx1", endpoints=Endpoints(agents))
        self.cards = Cards(timezone_of=lambda _site: "Europe/Riga")
        self.events: list[Any] = []
        self.gone: list[str] = []
        self.effects: list[Effect] = []
        self.stored: dict[str, Card] = {}
        self._engine = Engine(card_rules(self.cards), self._perform)
        self._names: dict[str, str] = {}
        self._linkedids: dict[str, str] = {}
        self._calls: dict[str, str] = {}

    # ---- the facts

    def created(
        self,
        when: float,
        uid: str,
        endpoint: str,
        *,
        linkedid: str | None = None,
        state: str = "Ring",
        number: str = "",
        name: str = "",
        exten: str = "",
    ) -> None:
        channel = endpoint if "/" in endpoint else f"PJSIP/{endpoint}-{len(self._names):08x}"
        self._names[uid], self._linkedids[uid] = channel, linkedid or uid
        self.feed(f.ChannelCreated(at(when), channel, uid, linkedid or uid, state, number, name, exten, "ctx"))

    def dialled(self, when: float, by: str, uid: str, endpoint: str, *, string: str = "", own_id: bool = False) -> None:
        """The channel `by` calls somebody on a new channel; `by` '' is an Originate."""
        linkedid = self._linkedids[by] if by and not own_id else uid
        self.created(when, uid, endpoint, linkedid=linkedid, state="Down")
        self.dial_began(when, by, uid, string=string)

    def dial_began(self, when: float, by: str, uid: str, *, string: str = "") -> None:
        linkedid = self._linkedids.get(uid, uid)
        self.feed(f.DialBegan(at(when), by, self._names.get(uid, "PJSIP/none-1"), uid, linkedid, string))

    def rang(self, when: float, by: str, uid: str, endpoint: str, *, string: str = "") -> None:
        """Dialled, and it rings."""
        self.dialled(when, by, uid, endpoint, string=string)
        self.feed(f.DialRang(at(when), uid))

    def dial_ended(self, when: float, by: str, uid: str, status: str, *, forward: str = "") -> None:
        self.feed(f.DialEnded(at(when), by, uid, status, forward))

    def bridged(
        self,
        when: float,
        *uids: str,
        bridge: str = "b1",
        technology: str = "simple_bridge",
        creator: str = "",
        linkedid: str | None = None,
    ) -> None:
        for uid in uids:
            of = linkedid or self._linkedids[uid]
            self.feed(f.BridgeEntered(at(when), bridge, technology, creator, self._names[uid], uid, of))

    def left(self, when: float, *uids: str, bridge: str = "b1") -> None:
        for uid in uids:
            self.feed(f.BridgeLeft(at(when), bridge, self._names[uid], uid))

    def held(self, when: float, uid: str) -> None:
        self.feed(f.Held(at(when), self._names[uid], uid))

    def unheld(self, when: float, uid: str) -> None:
        self.feed(f.Unheld(at(when), self._names[uid], uid))

    def queued(self, when: float, uid: str, queue: str = "support", position: int = 1) -> None:
        self.feed(f.QueueJoined(at(when), self._names[uid], uid, queue, position))

    def unqueued(self, when: float, uid: str, queue: str = "support", *, abandoned: bool = False) -> None:
        self.feed(f.QueueLeft(at(when), self._names[uid], uid, queue, abandoned))

    def asked(self, when: float, uid: str) -> None:
        """Whoever is at this channel hangs up."""
        self.feed(f.HangupAsked(at(when), self._names[uid], uid))

    def hung_up(self, when: float, *uids: str, cause: int = 16, asked: bool = False) -> None:
        for uid in uids:
            if asked:
                self.asked(when, uid)
            self.feed(f.HungUp(at(when), self._names[uid], uid, self._linkedids[uid], cause, ""))

    def blind(self, when: float, uid: str, to: str, *, result: str = "Success") -> None:
        self.feed(f.BlindTransferred(at(when), result, uid, "", to))

    def attended(
        self,
        when: float,
        original: str,
        second: str,
        *,
        target: str = "",
        result: str = "Success",
        kind: str = "Bridge",
    ) -> None:
        self.feed(f.AttendedTransferred(at(when), result, original, second, "", target, kind))

    def name(self, uid: str) -> str:
        """The AMI name of the channel."""
        return self._names[uid]

    def feed(self, *facts: f.Fact) -> None:
        for fact in facts:
            self._take(self.tracker.feed(fact))

    def in_step(self, snapshot: f.Snapshot) -> None:
        self._take(self.tracker.on_in_step(f.InStep("pbx1", snapshot)))

    def link_lost(self, when: float) -> None:
        self._take(self.tracker.on_link_lost(f.LinkLost("pbx1", at(when), "cut")))

    # ---- what came of it

    def _take(self, told: Sequence[e.Event | Effect]) -> None:
        for event in told:
            if isinstance(event, Effect):
                self.effects.append(event)
                continue
            if isinstance(event, e.CallArrived):
                self._calls[event.call_id] = event.uniqueid
            self.events.append(event)
            self._engine.step(event)

    def _perform(self, effect: Effect) -> None:
        self.effects.append(effect)
        if isinstance(effect, SaveCard):
            self.stored[effect.card.card_id] = effect.card
        elif isinstance(effect, DiscardCard):
            self.stored.pop(effect.card_id, None)

    def card(self, uid: str) -> Card:
        """The card of the conversation that began with this channel."""
        return next(card for card in self.stored.values() if card.uniqueid == uid)

    def tells(self, script: str) -> None:
        """The whole story so far, and nothing else; then it starts anew."""
        told = self.take_story()
        wanted = [" ".join(line.split()) for line in dedent(script).strip().splitlines()]
        if told != wanted:
            raise AssertionError("the story differs (-: expected, +: told)\n" + "\n".join(ndiff(wanted, told)))

    def take_story(self) -> list[str]:
        # When a phone is free again is no part of the card's story: `gone` has it.
        lines = [self._line(event) for event in self.events if not isinstance(event, e.LegGone)]
        self.gone += [self._line(event) for event in self.events if isinstance(event, e.LegGone)]
        self.events = []
        return lines

    def _line(self, event: Any) -> str:
        seconds = (event.at - NOON).total_seconds()
        words = [f"{seconds:g}", type(event).__name__]
        if isinstance(event, e.CallEvent):
            words.append(self._calls.get(event.call_id, event.call_id))
        if isinstance(event, _LEGS):
            words.append(event.leg_id)
        if isinstance(event, e.CallMerged):
            words += ["into", self._calls.get(event.into, event.into)]
        words += _WORDS.get(type(event), lambda _event: [])(event)
        return " ".join(word for word in words if word)


def _arrived(event: e.CallArrived) -> list[str]:
    by = f"by {event.agent}" if event.agent else ""
    return [event.direction.value, event.caller_number, "->", event.dialled, by, "adopted" if event.adopted else ""]


def _ended(event: e.CallEnded) -> list[str]:
    by = event.ended_by.value if event.ended_by else "?"
    return [f"by {by}", f"cause {event.cause}" if event.cause is not None else "", event.reason or ""]


def _transferred(event: e.CallTransferred) -> list[str]:
    return [event.kind.value, event.from_agent, "->", event.to, "answered" if event.answered else ""]


_WORDS: dict[type, Callable[[Any], list[str]]] = {
    e.CallArrived: _arrived,
    e.CallLinked: lambda event: [event.linkedid],
    e.CallQueued: lambda event: [event.queue],
    e.CallUnqueued: lambda event: [event.queue],
    e.CallFellBack: lambda event: [event.queue, event.why],
    e.VoicemailLeft: lambda event: [event.queue, event.reference, f"{event.seconds:g} s"],
    e.CallbackAsked: lambda event: [event.queue, event.number],
    e.CallOffered: lambda event: [event.agent, event.queue or ""],
    e.CallOfferEnded: lambda event: [event.outcome.value],
    e.CallAnswered: lambda event: [event.party],
    e.RingFailed: lambda event: [event.offer_id, event.agent, "certain" if event.certain else ""],
    e.SendFailed: lambda event: [event.why],
    e.CallTransferred: _transferred,
    e.CallParked: lambda event: [event.slot],
    e.CallUnparked: lambda event: [event.slot],
    e.CallRecorded: lambda event: [event.reference],
    e.RecordingChanged: lambda event: [event.state],
    e.LegMuted: lambda event: [event.leg_id, "muted" if event.muted else ""],
    e.CallEnded: _ended,
    e.PbxConnected: lambda event: [event.boot_id, f"{len(event.live_call_ids)} live"],
    e.PbxLost: lambda event: [event.why],
}
