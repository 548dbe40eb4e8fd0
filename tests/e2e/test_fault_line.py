"""The line to the PBX fails under load: cut, half-open, or we are too slow for it. No call is lost, none doubled."""

import os
import signal
from pathlib import Path

import pytest

from tests.e2e.under_load import centre

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]
KNOWN_WITHIN_S = 10.0
BACK_WITHIN_S = 15.0


def test_cut_for_five_seconds(tmp_path: Path) -> None:
    with centre(tmp_path, seed=1) as c:
        c.run_on(15)
        c.line.tell(lambda proxy: proxy.cut(refuse=True))
        c.becomes(ready=False, within_s=KNOWN_WITHIN_S)
        c.run_on(5)
        c.line.tell(lambda proxy: proxy.resume())
        c.becomes(ready=True, within_s=BACK_WITHIN_S)
        c.run_on(10)
        assert len(c.judge()) > 10


def test_half_open(tmp_path: Path) -> None:
    """Both sides believe in the connection and no byte passes: known within 10 s, and made good afterwards."""
    with centre(tmp_path, seed=2) as c:
        c.run_on(12)
        c.line.tell(lambda proxy: proxy.freeze())
        c.becomes(ready=False, within_s=KNOWN_WITHIN_S)
        c.run_on(5)
        c.line.tell(lambda proxy: proxy.resume())
        c.becomes(ready=True, within_s=BACK_WITHIN_S)
        c.run_on(10)
        assert len(c.judge()) > 10


def test_we_read_too_slowly(tmp_path: Path) -> None:
    """The process stands still for 12 s while the PBX floods it."""
    with centre(tmp_path, seed=3) as c:
        c.run_on(10)
        os.kill(c.meridian.pid, signal.SIGSTOP)
        c.run_on(12)
        os.kill(c.meridian.pid, signal.SIGCONT)
        c.becomes(ready=True, within_s=BACK_WITHIN_S)
        c.run_on(10)
        assert len(c.judge()) > 10
