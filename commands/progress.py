"""How far a long piece of work is: a bar on a terminal, a plain line now and then anywhere else. On standard error."""

import os
import shutil
import sys
import time
from pathlib import Path
from typing import Literal, TextIO

from core.errors import Rejected

_BAR_EVERY_S = 0.2
_LINE_EVERY_S = 10.0
_WIDTH = 24


def private(path: Path, how: Literal["w", "x"], encoding: str) -> TextIO:
    """A new text file with personal data, which only its owner may read. Line ends are kept as written."""

    def open_for_me(name: str, flags: int) -> int:
        return os.open(name, flags, 0o600)

    try:
        return open(path, how, encoding=encoding, errors="replace", newline="", opener=open_for_me)
    except OSError as error:
        raise Rejected(
            f"can't write {path} ({error.strerror or error}): name another file or mend its folder"
        ) from error


class Progress:
    """`whole` is in any unit of work (bytes, clients); what is shown are `rows` (called `unit`) and their speed."""

    def __init__(self, whole: int, *, out: TextIO | None = None, unit: str = "rows") -> None:
        self._unit = unit
        self._whole = max(whole, 1)
        self._out = sys.stderr if out is None else out
        self._terminal = self._out.isatty()
        self._began = self._shown = time.monotonic()
        self._drawn = 0

    def at(self, done: int, *, rows: int, skipped: int = 0) -> None:
        """Show it, if it is time to."""
        now = time.monotonic()
        if now - self._shown < (_BAR_EVERY_S if self._terminal else _LINE_EVERY_S):
            return
        self._shown = now
        text = self._told(min(done / self._whole, 1.0), rows, skipped, now - self._began)
        if not self._terminal:
            print(text, file=self._out, flush=True)
            return
        text = text[: shutil.get_terminal_size().columns - 1]
        print(f"\r{text:<{self._drawn}}", end="", file=self._out, flush=True)
        self._drawn = len(text)

    def say(self, text: str) -> None:
        """A line of its own, above the bar."""
        self.clear()
        print(text, file=self._out, flush=True)

    def clear(self) -> None:
        """Take the bar away."""
        if self._drawn:
            print(f"\r{'':<{self._drawn}}\r", end="", file=self._out, flush=True)
            self._drawn = 0

    def rate(self, rows: int) -> str:
        """`1,000 rows in 2 s (500 rows/s)`."""
        took_s = max(time.monotonic() - self._began, 0.001)
        return f"{rows:,} {self._unit} in {_clock(took_s)} ({rows / took_s:,.0f} {self._unit}/s)"

    def _told(self, part: float, rows: int, skipped: int, took_s: float) -> str:
        full = round(part * _WIDTH)
        bar = f"[{'#' * full}{'.' * (_WIDTH - full)}] " if self._terminal else ""
        rest = _clock(took_s / part - took_s) if part > 0.001 else "?"
        bad = f", {skipped:,} skipped" if skipped else ""
        speed = f"{rows / max(took_s, 0.001):,.0f} {self._unit}/s"
        return f"{bar}{part:4.0%}  {rows:,} {self._unit}{bad}, {speed}, {rest} left"


def _clock(seconds: float) -> str:
    whole = int(seconds + 0.5)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    return (
        f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"
        if whole >= 3600
        else f"{whole // 60}:{whole % 60:02} min"
    )
