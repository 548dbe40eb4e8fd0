"""The PBX restarts or crashes under load: its calls are closed as such, and later ones are new ones."""

from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.under_load import centre

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]


def test_restart(tmp_path: Path) -> None:
    with centre(tmp_path, seed=6) as c:
        c.run_on(15)
        c.asterisk.restart()
        c.becomes(ready=True, within_s=20)
        c.run_on(15)
        assert len(c.judge()) > 10


def test_crash(tmp_path: Path) -> None:
    """kill -9: the CDR of the live calls is lost by design, so SIPp's ledger alone is the reference."""
    with centre(tmp_path, seed=7) as c:
        c.run_on(15)
        c.asterisk.kill()
        c.becomes(ready=False, within_s=10)
        c.asterisk.start(fresh=False)
        c.becomes(ready=True, within_s=20)
        c.run_on(12)
        ledger = c.traffic.finish()
        cards = c.meridian.wait_complete()
        assert [card for card in cards if card.ended_at is None] == []
        # A phone that called while the PBX was down reached nobody: no call, no card. Whoever was answered has one.
        carded = Counter(card.caller_number for card in cards)
        placed = Counter(line.number for line in ledger)
        answered = Counter(line.number for line in ledger if line.answered)
        assert {n: (carded[n], placed[n]) for n in carded if carded[n] > placed[n]} == {}, "doubled"
        assert {n: (carded[n], answered[n]) for n in answered if carded[n] < answered[n]} == {}, "lost"
        assert any(card.inferred for card in cards), "nobody was in a call at the crash"
