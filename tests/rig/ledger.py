"""The judge of 'none lost, none doubled': joins SIPp's ledger, the PBX's CDR and Meridian's cards and prints what doesn't match.

    SIPp ledger --X-Rig header = CDR userfield--> CDR --linkedid--> card's uniqueid or linkedids

After a `kill -9` of the PBX its CDR lacks the calls that were up: then `unmatched_by_number` joins SIPp and cards directly.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.rig.phones import LedgerLine

COLUMNS = (
    "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end", "duration",
    "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield", "linkedid",
)  # fmt: skip
# No conversation of its own: picks up, fetches a parked call, listens in, joins a conference.
COMPANION = re.compile(r"\*8.*|7\d\d|8[12]\d{4}|800")
NO_CONVERSATION_APPS = {"ChanSpy", "ConfBridge", "AppDial2"}
# An offer of the ACD, and what `meridian doctor` made to see whether calls are told of.
NO_CONVERSATION_CONTEXTS = {"acd-agent", "meridian-doctor"}

CardIds = tuple[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class CdrRow:
    linkedid: str
    uniqueid: str
    userfields: tuple[str, ...]
    src: str
    dst: str
    lastapp: str
    dcontext: str
    start: str

    @property
    def may_lack_card(self) -> bool:
        """Spying, conferences, offers that nobody answered, the doctor: a card is not asked for, one is allowed."""
        return self.lastapp in NO_CONVERSATION_APPS or self.dcontext in NO_CONVERSATION_CONTEXTS

    def __str__(self) -> str:
        return (
            f"{self.start} {self.src} -> {self.dst} ({self.lastapp}) uniqueid {self.uniqueid} linkedid {self.linkedid}"
        )


def read_cdr(path: Path) -> list[CdrRow]:
    """The rows of Master.csv; none if there is no file yet."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        rows = [dict(zip(COLUMNS, line, strict=True)) for line in csv.reader(file)]
    return [
        CdrRow(
            linkedid=row["linkedid"], uniqueid=row["uniqueid"], src=row["src"], dst=row["dst"], lastapp=row["lastapp"],
            dcontext=row["dcontext"], start=row["start"],
            userfields=tuple(x for x in row["userfield"].split(";") if x),  # Asterisk joins both parties' with ';'
        )
        for row in rows
    ]  # fmt: skip


def unmatched(ledger: Iterable[LedgerLine], cdr: Iterable[CdrRow], cards: Iterable[CardIds]) -> list[str]:
    """All that does not match, one line each; empty if every call has exactly one card and every card a call."""
    cards_of: defaultdict[str, set[str]] = defaultdict(set)
    complaints = doubled_cards(cards := list(cards))
    for uniqueid, linkedids in cards:
        for linkedid in {uniqueid, *linkedids}:
            cards_of[linkedid].add(uniqueid)
    rows_of: defaultdict[str, list[CdrRow]] = defaultdict(list)
    linkedids_of: defaultdict[str, set[str]] = defaultdict(set)
    for row in cdr:
        rows_of[row.linkedid].append(row)
        for ledger_id in row.userfields:
            linkedids_of[ledger_id].add(row.linkedid)
    for linkedid, rows in rows_of.items():
        complaints += conversation_without_one_card(rows, cards_of[linkedid])
    for line in ledger:
        if line.reached and line.ledger_id not in linkedids_of and not COMPANION.fullmatch(line.to):
            complaints.append(
                f"SIPp placed it, the CDR has no row: {line.number} -> {line.to}, {line.said} {line.ledger_id}"
            )
    known = set(rows_of) | {row.uniqueid for rows in rows_of.values() for row in rows}
    for uniqueid, linkedids in cards:
        if not known & {uniqueid, *linkedids}:
            complaints.append(f"a card without a call in the CDR: uniqueid {uniqueid}, linkedids {sorted(linkedids)}")
    return complaints


def conversation_without_one_card(rows: list[CdrRow], cards: set[str]) -> list[str]:
    if len(cards) > 1:
        return [f"{len(cards)} cards {sorted(cards)} for one conversation: {rows[0]}"]
    if not cards and not all(row.may_lack_card for row in rows):
        return [f"no card for a conversation: {rows[0]}"]
    return []


def doubled_cards(cards: Iterable[CardIds]) -> list[str]:
    counts = Counter(uniqueid for uniqueid, _ in cards)
    return [f"{n} cards with uniqueid {uniqueid}" for uniqueid, n in counts.items() if n > 1]


def unmatched_by_number(ledger: Iterable[LedgerLine], card_numbers: Iterable[str]) -> list[str]:
    """Without a CDR: as many cards with a caller's number as SIPp placed calls from it. Numbers must tell callers apart."""
    placed = Counter(line.number for line in ledger if line.reached and not COMPANION.fullmatch(line.to))
    carded = Counter(card_numbers)
    return [
        f"{number}: SIPp placed {placed[number]} calls, there are {carded[number]} cards"
        for number in sorted(placed.keys() | carded.keys())
        if placed[number] != carded[number]
    ]
