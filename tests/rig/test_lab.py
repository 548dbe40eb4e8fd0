"""The main job on real input: what `make lab` shows, checked."""

import subprocess
from pathlib import Path

import pytest

LAB = Path(__file__).with_name("lab")

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]


def test_ledger_cdr_and_cards_agree_on_mixed_traffic() -> None:
    done = subprocess.run(
        [LAB, "--seconds", "20", "--rate", "1", "--seed", "7", "--check"], capture_output=True, text=True, check=False
    )
    print(done.stdout, done.stderr)
    assert done.returncode == 0
    assert "SIPp's ledger = CDR = cards" in done.stdout
    assert done.stdout.count("  card  ") >= 10
