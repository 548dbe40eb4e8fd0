"""What a file of rows is made of: its encoding, its delimiter and its quotes, found by looking. Pure: gets bytes and text.

Also the guard against formulas: a cell that a spreadsheet would carry out is written as text (OWASP ASVS 5.0, 1.2.10).
"""

import codecs
import contextlib
import csv
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.errors import Rejected

_DELIMITERS = ",;\t|"
_SAMPLE_ROWS = 50
# A byte that the encoding doesn't know comes through as one of these; the row that has it is refused by its line.
UNDECODED = re.compile("[\udc80-\udcff]")
_FORMULA = re.compile(r"'*[=+\-@\t\r\0]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How to read the rows. `escape`: quotes are written as \\" and not doubled."""

    encoding: str
    delimiter: str
    quote: str
    escape: bool = False

    def told(self) -> str:
        names = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar"}
        delimiter = names.get(self.delimiter, self.delimiter)
        return f"{self.encoding}, cells divided by {delimiter}, quoted with {self.quote}"

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        return csv.reader(
            lines,
            delimiter=self.delimiter,
            quotechar=self.quote,
            doublequote=not self.escape,
            escapechar="\\" if self.escape else None,
            strict=True,
        )


def encoding_of(blocks: Iterable[bytes]) -> str:
    """UTF-8 (with or without BOM), UTF-16 (with or without) or cp1251, by reading all of it once."""
    incremental = codecs.getincrementaldecoder("utf-8")(errors="surrogateescape")
    good = bad = 0
    first = True
    for block in blocks:
        if first:
            first = False
            if marked := _by_its_beginning(block[:4096]):
                return marked
        if block.isascii() and not incremental.getstate()[0]:
            continue
        text = incremental.decode(block)
        wrong = len(UNDECODED.findall(text))
        bad += wrong
        good += sum(map(len, re.findall(r"[^\x00-\x7f]+", text))) - wrong
    bad += len(UNDECODED.findall(incremental.decode(b"", final=True)))
    # Russian in cp1251 makes nearly no sense as UTF-8; a file in UTF-8 with a few damaged rows does.
    return "cp1251" if bad > good else "utf-8"


def _by_its_beginning(block: bytes) -> str | None:
    if block.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    # Delimiters, quotes and digits have a zero byte beside them in UTF-16, whatever the language.
    even, odd = block[0::2].count(0), block[1::2].count(0)
    if max(even, odd) * 8 > len(block) and min(even, odd) * 8 < max(even, odd):
        return "utf-16-be" if even > odd else "utf-16-le"
    return None


def checked_encoding(name: str) -> str:
    """The encoding that somebody asked for, if Python knows it as one of text."""
    try:
        "a".encode(name)
    except (LookupError, UnicodeError):
        raise Rejected(f"--encoding {name}: there is no such encoding; write e.g. utf-8, utf-16 or cp1251") from None
    return name


def form_of(sample: str, encoding: str, *, delimiter: str | None = None, quote: str | None = None) -> Form:
    """Delimiter and quotes by the look of the first rows; what is given isn't guessed."""
    escape = '\\"' in sample and '""' not in sample
    # Only headings tell whether ' is a quote: below them it also begins words, and guards formulas.
    around = quote or ("'" if sample.lstrip("\ufeff \r\n")[:1] == "'" else '"')
    marks = (delimiter,) if delimiter else _DELIMITERS
    forms = [Form(encoding=encoding, delimiter=mark, quote=around, escape=escape) for mark in marks]
    return max(forms, key=lambda form: _fit(sample, form))


def _fit(sample: str, form: Form) -> float:
    """How many of the first rows have as many cells as the first one; more columns win."""
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):
        rows.extend(itertools.islice(form.reader(sample.splitlines(keepends=True)), _SAMPLE_ROWS + 1))
    rows = [row for row in rows[: len(rows) - 1 or 1] if row]  # the last may be cut
    if not rows:
        return 0.0
    width = len(rows[0])
    return sum(len(row) == width for row in rows) / len(rows) * (width > 1) * 1_000 + width


def guarded(cell: str) -> str:
    """The cell with ' before it when a spreadsheet would take it for a formula; `unguarded` undoes exactly this."""
    return "'" + cell if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _FORMULA.match(cell) else cell
