"""lab - a real Asterisk with SIPp phones, Meridian attached; mixed traffic is played and the cards are shown as they appear.

  make lab                              until Ctrl-C
  tests/rig/lab --seconds 60 --check    stops by itself; fails unless SIPp's ledger, the CDR and the cards agree exactly

Agents 1001..1006 answer, decline, hold and transfer by themselves; 1007 and 1008 call out. The site is open in a browser
meanwhile. Everything is thrown away at the end.
"""

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from pathlib import Path

from tests.rig.driver import RigError
from tests.rig.instance import Asterisk, why_unavailable
from tests.rig.ledger import read_cdr, unmatched
from tests.rig.meridian import CardSeen, Meridian
from tests.rig.traffic import Crew, Mix, Traffic

LOOK_S = 0.5


class Stop(Exception):
    """Ctrl-C or SIGTERM."""


def told(card: CardSeen) -> str:
    """One card as one line."""
    who = {"inbound": "in ", "outbound": "out", "internal": "int"}[card.direction]
    asked = card.answered_at or card.talk_ended_at or card.ended_at
    wait = f"waited {(asked - card.queued_at).total_seconds():4.1f} s" if card.queued_at and asked else " " * 13
    if card.answered_at and (until := card.talk_ended_at or card.ended_at):
        talk = f"{card.answered_by} talked {(until - card.answered_at).total_seconds():4.1f} s"
    else:
        talk = "not answered"
    passed = "".join(f", passed on to {step['to']}" for step in card.transfers)
    queue = f" [{', '.join(card.queues)}]" if card.queues else ""
    end = f"ended by {card.ended_by}" if card.ended_by else "ended"
    mark = " (inferred)" if card.inferred else ""
    return f"{who} {card.caller_number} -> {card.dialled}{queue}  {wait}  {talk}{passed}, {end}{mark}"


class Screen:
    """Shows each card when it opens and when it is complete."""

    def __init__(self, meridian: Meridian) -> None:
        self._meridian = meridian
        self._opened: set[str] = set()
        self._complete: set[str] = set()

    def look(self) -> None:
        for card in self._meridian.cards():
            if card.card_id not in self._opened:
                self._opened.add(card.card_id)
                print(f"{card.started_at:%H:%M:%S}  new   {card.caller_number} -> {card.dialled}", flush=True)
            if card.ended_at and card.card_id not in self._complete:
                self._complete.add(card.card_id)
                print(f"{card.ended_at:%H:%M:%S}  card  {told(card)}", flush=True)


def play(asterisk: Asterisk, meridian: Meridian, options: argparse.Namespace, *, crew: Crew | None = None) -> list[str]:
    """Traffic until time is up; what does not match at the end."""
    screen = Screen(meridian)
    with Traffic(asterisk, seed=options.seed, mix=Mix(calls_per_s=options.rate), crew=crew) as traffic:
        deadline = time.monotonic() + options.seconds if options.seconds else None
        with contextlib.suppress(Stop):
            while deadline is None or time.monotonic() < deadline:
                screen.look()
                time.sleep(LOOK_S)
        print("lab: no new calls; letting those under way end", flush=True)
        traffic.place_no_more()
        while traffic.busy:
            screen.look()
            time.sleep(LOOK_S)
        ledger = traffic.finish()
    cards = meridian.wait_complete()
    screen.look()
    cdr = read_cdr(asterisk.cdr_csv)
    complaints = unmatched(ledger, cdr, [card.ids for card in cards])
    complaints += [f"still open: {card.uniqueid} {card.caller_number}" for card in cards if not card.ended_at]
    answered = sum(card.answered_at is not None for card in cards)
    print(f"lab: SIPp placed {len(ledger)} calls; CDR {len(cdr)} rows; {len(cards)} cards, {answered} answered")
    return complaints


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="lab", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--seconds", type=float, default=0, help="stop placing calls after so long (default: until Ctrl-C)"
    )
    parser.add_argument("--check", action="store_true", help="exit 1 unless SIPp's ledger, the CDR and the cards agree")
    parser.add_argument("--rate", type=float, default=0.8, help="new calls a second (default 0.8)")
    parser.add_argument("--seed", type=int, default=1, help="of the random mix")
    options = parser.parse_args()
    if reason := why_unavailable():
        print(f"lab: {reason}", file=sys.stderr)
        return 2
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    try:
        complaints = run(options)
    except Stop:
        print("lab: stopped", file=sys.stderr)
        return 130
    except RigError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    for line in complaints:
        print(f"lab: {line}")
    verdict = f"{len(complaints)} do not match" if complaints else "SIPp's ledger = CDR = cards"
    print(f"lab: {verdict}")
    return 1 if complaints and options.check else 0


def run(options: argparse.Namespace) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="meridian-lab-") as folder, Asterisk("lab") as asterisk:
        print(f"lab: Asterisk 22, AMI 127.0.0.1:{asterisk.ports.ami}, SIP 127.0.0.1:{asterisk.ports.sip}", flush=True)
        with Meridian(asterisk, Path(folder)) as meridian:
            print(f"lab: Meridian at {meridian.url}, log {meridian.log}", flush=True)
            return play(asterisk, meridian, options)


def stop(*_: object) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise Stop


if __name__ == "__main__":
    sys.exit(main())
