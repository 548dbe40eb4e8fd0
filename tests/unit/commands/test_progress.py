"""A bar on a terminal, plain lines elsewhere."""

import io
import stat
from pathlib import Path

import pytest

from commands import progress
from commands.progress import Progress, private
from core.errors import Rejected


class Screen(io.StringIO):
    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_terminal_gets_one_line_that_moves(clock: list[float]) -> None:
    screen = Screen(terminal=True)
    bar = Progress(1_000, out=screen)
    bar.at(1, rows=1)
    assert screen.getvalue() == ""  # not yet time to
    clock[0] += 10
    bar.at(250, rows=5_000, skipped=3)
    assert screen.getvalue() == "\r[######..................]  25%  5,000 rows, 3 skipped, 500 rows/s, 30 s left"
    bar.say("line 7: bad")
    assert screen.getvalue().endswith(" \rline 7: bad\n") and "\n" not in screen.getvalue()[:-1]
    bar.clear()
    assert screen.getvalue().endswith("line 7: bad\n")


def test_anything_else_gets_a_line_now_and_then(clock: list[float]) -> None:
    file = Screen(terminal=False)
    bar = Progress(1_000, out=file)
    for _ in range(25):
        clock[0] += 1
        bar.at(500, rows=100)
    assert file.getvalue().splitlines() == [
        " 50%  100 rows, 10 rows/s, 10 s left",
        " 50%  100 rows, 5 rows/s, 20 s left",
    ]
    bar.clear()
    assert "\r" not in file.getvalue()


def test_long_times_and_beginnings(clock: list[float]) -> None:
    screen = Screen(terminal=False)
    bar = Progress(0, out=screen)
    assert bar.rate(0) == "0 rows in 0.0 s (0 rows/s)"
    bar = Progress(1_000_000, out=screen)
    clock[0] += 100
    bar.at(1, rows=1)
    assert screen.getvalue().endswith("? left\n")
    clock[0] += 3_600
    bar.at(500_000, rows=37)
    assert screen.getvalue().endswith("1:01:40 left\n")
    assert bar.rate(7_400) == "7,400 rows in 1:01:40 (2 rows/s)"


def test_a_private_file_is_its_owners(tmp_path: Path) -> None:
    with private(tmp_path / "x", "x", "utf-8") as file:
        file.write("a\r\n")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o600 and (tmp_path / "x").read_bytes() == b"a\r\n"
    with pytest.raises(Rejected, match=r"can.t write .*File exists"):
        private(tmp_path / "x", "x", "utf-8")
