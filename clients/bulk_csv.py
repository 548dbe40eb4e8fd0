"""Rows of a table with the line on which each begins, whatever stands in its cells. Pure: gets lines, never a file.

A quote that is opened and never closed swallows everything behind it. Such a row costs its first line only: the others are
read again, as rows of their own.
"""

import csv
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from clients.bulk_text import UNDECODED, Form, guarded, unguarded

LONGEST_CELL = 65_536


class RawRow(NamedTuple):
    """`line` counts from 1. `trouble`: why these cells can't be a row; '' when they can."""

    line: int
    cells: list[str]
    trouble: str = ""


class _Lines:
    """Remembers the lines of the row that is being read, so that they can be given back."""

    def __init__(self, source: Iterable[str]) -> None:
        self._source = iter(source)
        self._given_back: deque[str] = deque()
        self.taken: list[str] = []
        self.number = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._given_back.popleft() if self._given_back else next(self._source)
        self.number += 1
        self.taken.append(line)
        return line

    def keep_first(self) -> str:
        """Give back all but the first line of this row."""
        first, *others = self.taken
        self._given_back.extendleft(reversed(others))
        self.number -= len(others)
        return first


def rows(source: Iterable[str], form: Form) -> Iterator[RawRow]:
    """The headings first, then every row that isn't empty. `source` keeps its line ends (as open(newline="") gives them)."""
    csv.field_size_limit(LONGEST_CELL)
    lines = _Lines(source)
    reader = form.reader(lines)
    width = 0
    while True:
        lines.taken.clear()
        start = lines.number + 1
        trouble = ""
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            cells, trouble = ["".join(lines.taken).rstrip("\r\n")], _told(error)
        if not trouble and not any(cells):
            continue
        width = width or len(cells)
        if not trouble and len(cells) != width:
            cells, trouble = _mended(cells, width)
        if trouble and len(lines.taken) > 1:
            cells, trouble = [lines.keep_first().rstrip("\r\n")], "a quote is opened and never closed"
        if not trouble and _undecoded(cells):
            trouble = f"it isn't {form.encoding} text"
        yield RawRow(start, cells, trouble)


def _mended(cells: list[str], width: int) -> tuple[list[str], str]:
    """Empty cells at the end are no harm."""
    if len(cells) > width and not any(cells[width:]):
        return cells[:width], ""
    return cells, f"it has {len(cells)} cells where the headings have {width}"


def _told(error: csv.Error) -> str:
    if "larger than field limit" in str(error):
        return f"a cell is longer than {LONGEST_CELL} characters"
    return (
        "a quote is opened and never closed" if "end of data" in str(error) else "there is text behind a closing quote"
    )


def _undecoded(cells: list[str]) -> bool:
    text = "".join(cells)
    return not text.isascii() and UNDECODED.search(text) is not None


def line_of(cells: Iterable[str], *, raw: bool = False) -> str:
    """One row as RFC 4180 has it, ending in CRLF; cells that look like formulas are guarded unless `raw`."""
    return ",".join(_quoted(cell if raw else guarded(cell)) for cell in cells) + "\r\n"


def _quoted(cell: str) -> str:
    if any(mark in cell for mark in ',"\r\n;\t') or cell != cell.strip() or not cell.isprintable():
        return '"' + cell.replace('"', '""') + '"'
    return cell


def plain(cells: list[str]) -> list[str]:
    """The cells of a row as meant: guards against formulas taken off."""
    return [unguarded(cell) if cell[:1] == "'" else cell for cell in cells]
