"""The judge itself: every kind of mismatch is seen, and nothing else is."""

from pathlib import Path

import pytest

from tests.rig.ledger import CdrRow, read_cdr, unmatched, unmatched_by_number
from tests.rig.phones import LedgerLine

SCENARIOS = Path(__file__).resolve().parents[1] / "scenarios"


def line(ledger_id: str, to: str = "500", number: str = "79160000001") -> LedgerLine:
    return LedgerLine(ledger_id=ledger_id, number=number, to=to)


def row(linkedid: str, ledger_id: str = "", lastapp: str = "Queue") -> CdrRow:
    return CdrRow(
        linkedid=linkedid, uniqueid=linkedid, userfields=(ledger_id,) if ledger_id else (), src="79160000001", dst="500",
        lastapp=lastapp, dcontext="native", start="2026-11-21 12:00:00",
    )  # fmt: skip


def test_all_three_agree() -> None:
    ledger, cdr = [line("a"), line("b", "1002")], [row("1.0", "a"), row("1.0", "a"), row("1.2", "b")]
    assert unmatched(ledger, cdr, [("1.0", ["1.0"]), ("1.2", [])]) == []


def test_one_card_may_hold_several_conversation_ids() -> None:
    """A consultation that became a transfer."""
    assert unmatched([line("a"), line("b")], [row("1.0", "a"), row("1.2", "b")], [("1.0", ["1.0", "1.2"])]) == []


@pytest.mark.parametrize(
    ("ledger", "cdr", "cards", "said"),
    [
        ([line("a")], [row("1.0", "a")], [], "no card"),
        ([line("a")], [row("1.0", "a")], [("1.0", []), ("1.5", ["1.0"])], "2 cards"),
        ([line("a")], [row("1.0", "a")], [("1.0", []), ("1.0", [])], "2 cards with uniqueid"),
        ([line("a")], [row("1.0", "a")], [("1.0", []), ("9.9", [])], "without a call"),
        ([line("a"), line("b")], [row("1.0", "a")], [("1.0", [])], "no row"),
        ([], [row("1.0")], [], "no card"),
    ],
)
def test_what_does_not_match_is_named(
    ledger: list[LedgerLine], cdr: list[CdrRow], cards: list[tuple[str, list[str]]], said: str
) -> None:
    (complaint,) = unmatched(ledger, cdr, cards)
    assert said in complaint


def test_spies_and_pickups_need_no_card_of_their_own() -> None:
    ledger = [line("a"), line("s", "811001"), line("p", "*8")]
    assert unmatched(ledger, [row("1.0", "a"), row("1.2", "s", "ChanSpy")], [("1.0", [])]) == []


def test_a_call_that_never_reached_the_pbx_is_nobodys() -> None:
    lost = LedgerLine(ledger_id="a", number="79160000001", to="500", reached=False)
    assert unmatched([lost], [], []) == []
    assert unmatched_by_number([lost], []) == []


def test_by_number_when_the_pbx_lost_its_records() -> None:
    ledger = [line("a"), line("b"), line("c", number="79160000002")]
    assert unmatched_by_number(ledger, ["79160000001", "79160000001", "79160000002"]) == []
    assert unmatched_by_number(ledger, ["79160000001", "79160000002"]) == [
        "79160000001: SIPp placed 2 calls, there are 1 cards"
    ]


def test_reads_what_asterisk_wrote() -> None:
    rows = read_cdr(SCENARIOS / "conference" / "cdr.csv")
    assert [r.lastapp for r in rows] == ["ConfBridge", "ConfBridge"]
    assert len(rows[1].userfields) == 2  # both parties' ids, joined by Asterisk
    assert read_cdr(Path("/nonexistent")) == []
