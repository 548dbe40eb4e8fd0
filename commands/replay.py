"""`meridian replay`: a raw AMI capture through the real parser, the real tracker and the real cards; prints one card per
conversation. Nothing is stored and nothing is connected."""

import json
import resource
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from pathlib import Path

from callcards.card import Cards
from core.effects import DiscardCard, Effect, SaveCard
from core.engine import Engine
from core.errors import Rejected
from core.events import Event
from core.model import Card, Direction, LegOutcome
from telephony.capture import Capture, Told
from telephony.facts import InStep, LinkLost
from telephony.live import Endpoints
from telephony.tracker import CallTracker
from wiring.rules import card_rules

DEFAULT_AGENTS = ("PJSIP/1???",)
_CHUNK = 64 * 1024


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="a raw AMI stream, as `meridian record` writes it")
    parser.add_argument(
        "--agents",
        action="append",
        metavar="GLOB",
        help="which endpoints are agents' phones, e.g. 'PJSIP/1???' (the default); may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of text")
    parser.add_argument("--stats", action="store_true", help="only how fast: messages a second and peak memory")


def run(arguments: Namespace) -> int:
    replay = Replay(tuple(arguments.agents or DEFAULT_AGENTS))
    started = time.perf_counter()
    for data in read_capture(arguments.file):
        replay.feed(data)
    replay.end()
    took = time.perf_counter() - started
    if replay.capture.messages <= len(replay.capture.odd):
        raise Rejected(f"{arguments.file} holds no AMI messages: record one with `meridian record FILE`")
    if arguments.stats:
        print(_stats(replay, took))
        return 0
    for card in replay.finished():
        print(
            json.dumps(as_contract(card, timed=replay.capture.timed), ensure_ascii=False)
            if arguments.json
            else as_text(card)
        )
    if replay.capture.odd and not arguments.json:
        print(
            f"{len(replay.capture.odd)} message(s) were not as Asterisk writes them and were left out.", file=sys.stderr
        )
    return 0


def read_capture(path: Path) -> Iterator[bytes]:
    """The capture's bytes in pieces, line ends made CRLF where the file has bare LF."""
    try:
        with path.open("rb") as file:
            bare = None
            while data := file.read(_CHUNK):
                if bare is None:
                    bare = b"\r\n" not in data
                yield data.replace(b"\n", b"\r\n") if bare else data
    except OSError as error:
        raise Rejected(f"can't read the capture {path}: {error.strerror or error}; name a readable file") from error


class Replay:
    """One PBX, replayed: the capture through the real tracker and the real cards."""

    def __init__(self, agents: tuple[str, ...]) -> None:
        self.capture = Capture("capture")
        self.tracker = CallTracker(site="replay", pbx="capture", endpoints=Endpoints(agents))
        self.cards = Cards(timezone_of=lambda _site: "UTC")
        self.stored: dict[str, Card] = {}
        self.engine = Engine(card_rules(self.cards), self._perform)

    def feed(self, data: bytes) -> None:
        self._take(self.capture.feed(data))

    def end(self) -> None:
        """The capture is over: nothing more follows."""
        self._take(self.capture.end())

    def _take(self, told: list[Told]) -> None:
        for one in told:
            events: Sequence[Event | Effect]
            if isinstance(one, InStep):
                events = self.tracker.on_in_step(one)
            elif isinstance(one, LinkLost):
                events = self.tracker.on_link_lost(one)
            else:
                events = self.tracker.feed(one)
            for event in events:
                self.engine.step(event)

    def _perform(self, effect: object) -> None:
        if isinstance(effect, SaveCard):
            self.stored[effect.card.card_id] = effect.card
        elif isinstance(effect, DiscardCard):
            self.stored.pop(effect.card_id, None)

    def finished(self) -> list[Card]:
        """All cards, in order of start."""
        return sorted(self.stored.values(), key=lambda card: card.started_at)


def as_contract(card: Card, *, timed: bool = True) -> dict[str, object]:
    """The documented JSON of `meridian replay --json`: see docs/integrator.md.

    `rang` lists the operators' phones that a queue, a group or a direct call rang for a client's inbound call (whoever a
    transfer rang is in `transfers`); durations are seconds, null where unknown.
    """

    def seconds(value: float | None) -> float | None:
        return round(value, 2) if timed and value is not None else None

    inbound = card.direction is Direction.INBOUND
    passed_to = {step.to for step in card.transfers}
    return {
        "uniqueid": card.uniqueid,
        "direction": card.direction.value,
        "caller_number": card.caller_number,
        "caller_name": card.caller_name,
        "dialled": card.dialled,
        "queue": card.queues[0] if card.queues else None,
        "rang": [
            {"agent": leg.agent, "outcome": leg.outcome.value}
            for leg in card.legs
            if inbound
            and leg.rang
            and leg.outcome is not LegOutcome.RINGING
            and (leg.queue or leg.agent not in passed_to)
        ],
        "answered_by": card.answered_by,
        "wait_s": seconds(card.wait_s),
        "talk_s": seconds(card.talk_s),
        "hold_s": seconds(card.hold_s),
        "transfers": [
            {"kind": step.kind.value, "from": step.from_agent, "to": step.to, "answered": step.answered}
            for step in card.transfers
        ],
        "legs": [
            {"agent": leg.agent, "talk_s": seconds(leg.talk_s)} for leg in card.legs if leg.answered_at is not None
        ],
        "ended_by": card.ended_by.value if card.ended_by else None,
        "cause": card.cause,
        "inferred": card.inferred,
    }


def as_text(card: Card) -> str:
    """The card for people, in a few lines."""
    lines = [
        f"{card.started_at:%Y-%m-%d %H:%M:%S} UTC  {card.direction.value:8}  {card.caller_number} {card.caller_name!r}"
        f" -> {card.dialled}" + (f"  queue {', '.join(card.queues)}" if card.queues else "")
    ]
    facts = [
        f"waited {card.wait_s:.1f} s" if card.wait_s is not None else "",
        f"answered by {card.answered_by}" if card.answered_by else "not answered",
        f"talked {card.talk_s:.1f} s" if card.talk_s is not None else "",
        f"held {card.hold_s:.1f} s" if card.hold_s else "",
        f"ended by {card.ended_by.value}" if card.ended_by else "end not seen",
        f"cause {card.cause}" if card.cause is not None else "",
    ]
    lines.append("    " + ", ".join(fact for fact in facts if fact))
    lines += [
        f"    {leg.agent}: {leg.outcome.value}" + (f", {leg.talk_s:.1f} s of talk" if leg.talk_s is not None else "")
        for leg in card.legs
    ]
    lines += [
        f"    {step.kind.value} transfer {step.from_agent} -> {step.to}" + ("" if step.answered else " (not answered)")
        for step in card.transfers
    ]
    return "\n".join(lines)


def _stats(replay: Replay, took: float) -> str:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{replay.capture.messages} messages in {took:.2f} s: {replay.capture.messages / took:,.0f} messages/s "
        f"(parse + track + card), {len(replay.stored)} cards, peak memory {peak_mb:.0f} MB"
    )
