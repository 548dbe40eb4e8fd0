"""A file of clients, read and checked by a process of its own, so that reading the next rows and storing these go on at once.

Owns the file and the process. What comes out are batches of checked rows in the order of the file. The process ends with its
reader: when the import is killed, its next batch finds nobody to take it.
"""

import contextlib
import io
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from clients import bulk_csv, bulk_headings, bulk_text, bulk_vcard
from clients.bulk_headings import Columns
from clients.bulk_rows import BadRow, Checks, Incoming, incoming
from clients.bulk_text import Form
from core.errors import NotFound, Rejected

BATCH = 1_000
_SAMPLE = 65_536
_LONGEST_LINE = 1 << 20


class Skipped(NamedTuple):
    """A row that isn't imported, with its cells as they stand in the file."""

    line: int
    reason: str
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of the file; `read` bytes of it are behind them."""

    rows: list[Incoming]
    skipped: list[Skipped]
    read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A file of clients and how to read it. `columns` None: it is vCard."""

    path: Path
    form: Form
    columns: Columns | None
    size: int
    checks: Checks = field(repr=False)

    def headings(self) -> tuple[str, ...]:
        return ("card",) if self.columns is None else self.columns.headings

    def cells_at(self, lines: frozenset[int]) -> dict[int, list[str]]:
        """The rows that begin on these lines, as they stand in the file."""
        with io.FileIO(self.path) as file, _decoded(file, self.form) as text:
            return {line: cells for line, cells, _, _ in _raw(self, text) if line in lines}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the command line says about the file; None: look for yourself."""

    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    mapping: Sequence[str] = ()
    key: str | None = None


def opened(path: Path, checks: Checks, wishes: Wishes) -> Book:
    """Look at the file: what it is, how it is written, what its columns mean."""
    encoding = bulk_text.checked_encoding(wishes.encoding) if wishes.encoding else bulk_text.encoding_of(_blocks(path))
    form = Form(encoding=encoding, delimiter=wishes.delimiter or ",", quote=wishes.quote or '"')
    book = Book(path=path, form=form, columns=None, size=path.stat().st_size, checks=checks)
    with io.FileIO(path) as file, _decoded(file, form) as text:
        sample = text.read(_SAMPLE)
    if not sample.strip():
        raise Rejected(f"{path} is empty; nothing to import")
    if sample.lstrip("\ufeff \r\n").upper().startswith("BEGIN:VCARD"):
        if wishes.mapping or wishes.key:
            raise Rejected(f"{path} holds vCards, which say themselves what they mean: leave --map and --key out")
        return replace(book, checks=replace(checks, exported=f"PRODID:{bulk_vcard.PRODUCT}" in sample))
    form = bulk_text.form_of(sample, encoding, delimiter=wishes.delimiter, quote=wishes.quote)
    first = next(bulk_csv.rows(io.StringIO(sample, newline=""), form))
    headings = [" ".join(cell.lstrip("\ufeff").split()) for cell in bulk_csv.plain(first.cells)]
    if wishes.mapping:
        columns = bulk_headings.said(wishes.mapping, headings, checks.fields)
    else:
        columns = bulk_headings.guessed(headings, checks.fields)
    if wishes.key:
        columns = bulk_headings.with_key(columns, wishes.key)
    ours = bulk_headings.OWN_KEY in headings[:1]
    return replace(book, form=form, columns=columns, checks=replace(checks, exported=ours))


class Reader:
    """Reads ahead by a batch. Made before there are threads or a loop: it forks."""

    def __init__(self, book: Book) -> None:
        self._path = book.path
        fork = multiprocessing.get_context("fork")
        self._inbox, theirs = fork.Pipe(duplex=False)
        self._process = fork.Process(target=_serve, args=(book, self._inbox, theirs), name="import-reader", daemon=True)
        self._process.start()
        theirs.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        """The process hears nobody listening any more, and ends."""
        self._inbox.close()
        self._process.join(5)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def take(self) -> Batch | None:
        """The next batch, waited for; None behind the last."""
        try:
            told: Batch | BaseException | None = self._inbox.recv()
        except EOFError:
            raise Rejected(f"the process that reads {self._path} was killed; import again to go on") from None
        if isinstance(told, BaseException):
            raise told
        return told


def _serve(book: Book, not_ours: Connection, out: Connection) -> None:
    not_ours.close()  # else we would never learn that nobody listens any more
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is answered by the import, which then hangs up
    try:
        for batch in read_batches(book):
            out.send(batch)
        out.send(None)
    except BrokenPipeError:
        pass
    except Exception as error:
        out.send(error)
    finally:
        out.close()
        os._exit(0)  # nothing of the parent's is ours to tidy up


def read_batches(book: Book) -> Iterator[Batch]:
    """The same in this process."""
    rows: list[Incoming] = []
    skipped: list[Skipped] = []
    with contextlib.closing(_Met()) as met, io.FileIO(book.path) as file, _decoded(file, book.form) as text:
        for line, cells, texts, trouble in _raw(book, text):
            try:
                if trouble:
                    raise BadRow(trouble)
                row = incoming(line, texts, book.checks)
                if earlier := met.before(row):
                    raise BadRow(f"the same client as on line {earlier}")
            except BadRow as bad:
                skipped.append(Skipped(line, str(bad), cells))
            else:
                rows.append(row)
            if len(rows) + len(skipped) >= BATCH:
                yield Batch(rows, skipped, file.tell())
                rows, skipped = [], []
        yield Batch(rows, skipped, book.size)


def _raw(book: Book, text: io.TextIOWrapper) -> Iterator[tuple[int, list[str], dict[str, list[str]], str]]:
    """(line, cells, texts by meaning, trouble) of every row or card."""
    source = iter(lambda: text.readline(_LONGEST_LINE), "")
    if book.columns is None:
        for card in bulk_vcard.cards(source):
            texts, trouble = ({}, card.trouble) if card.trouble else bulk_vcard.texts_of(card.properties)
            yield card.line, ["\n".join(card.properties)], texts, trouble
        return
    wanted = tuple(book.columns.of.items())
    rows = bulk_csv.rows(source, book.form)
    next(rows, None)
    for row in rows:
        if row.trouble:
            yield row.line, row.cells, {}, row.trouble
            continue
        cells = bulk_csv.plain(row.cells)
        yield row.line, cells, {target: [cells[i] for i in places] for target, places in wanted}, ""


class _Met:
    """Rows of this file by what they are known by, on disk rather than in memory: SQLite's own temporary file."""

    def __init__(self) -> None:
        self._rows = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-8000", "temp_store=FILE"):
            self._rows.execute(f"PRAGMA {pragma}")
        self._rows.execute("CREATE TABLE met (origin INTEGER PRIMARY KEY, line INTEGER NOT NULL)")

    def close(self) -> None:
        self._rows.close()

    def before(self, row: Incoming) -> int:
        """The line on which the same client stood already; 0 the first time."""
        mark = int.from_bytes(
            blake2b(row.origin.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big", signed=True
        )
        if self._rows.execute("INSERT OR IGNORE INTO met VALUES (?, ?)", (mark, row.line)).rowcount:
            return 0
        found: tuple[int] = self._rows.execute("SELECT line FROM met WHERE origin = ?", (mark,)).fetchone()
        return found[0]


def _decoded(file: io.FileIO, form: Form) -> io.TextIOWrapper:
    # UTF-16 has no way to hide a damaged byte in a character; it shows as U+FFFD.
    errors = "replace" if form.encoding.startswith("utf-16") else "surrogateescape"
    return io.TextIOWrapper(io.BufferedReader(file, 1 << 18), encoding=form.encoding, errors=errors, newline="")


def _blocks(path: Path) -> Iterable[bytes]:
    try:
        with path.open("rb") as raw:
            while block := raw.read(1 << 20):
                yield block
    except FileNotFoundError as error:
        raise NotFound(f"there is no {path}") from error
    except OSError as error:
        raise Rejected(f"can't read {path}: {error.strerror or error}") from error
