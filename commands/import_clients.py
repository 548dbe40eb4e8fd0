"""`meridian import clients FILE`: people and organisations from a table (CSV) or from vCards, into your site.

Do it as often as you like: a client who is known changes only where the file says something new, and nothing is doubled or
taken away. It works beside a running Meridian, and after being stopped in the middle it is simply done again.
"""

import asyncio
import secrets
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import configuration
from callcards.ports import AuditLine
from callcards.sql import SqlCardStore
from clients.bulk_csv import line_of
from clients.bulk_headings import OWN, TARGETS
from clients.bulk_rows import Checks, Incoming
from clients.sql_bulk import SqlClientImport
from commands.bulk_reading import Batch, Book, Reader, Skipped, Wishes, opened
from commands.progress import Progress, private
from core.errors import Rejected
from core.ids import fresh_id
from runtime.database import Database

_SHOWN = 20
_DEADLINE_S = 30.0
_POLITE_BATCH = 250
_EXAMPLES = f"""\
examples:
  meridian import clients clients.csv --dry-run
  meridian import clients clients.csv --map name="Full name" --map number="Mobile,Work phone" --key "Customer ID"
  meridian import clients contacts.vcf

--map can say: {", ".join(TARGETS[:7])},
  {", ".join(TARGETS[7:])}, and field.CODE for your own fields ([desk.fields.CODE]).
  Several columns may give name (joined by a space), number and email; one cell may hold several numbers.
"""


def add_arguments(parser: ArgumentParser) -> None:
    parser.description = "Bring in what you have elsewhere."
    acts = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    clients = acts.add_parser(
        "clients",
        help="people and organisations, from CSV or vCard",
        description=__doc__,
        epilog=_EXAMPLES,
        formatter_class=RawDescriptionHelpFormatter,
    )
    clients.add_argument(
        "file", type=Path, metavar="FILE", help="CSV with headings in its first line, or vCard 3.0 / 4.0"
    )
    clients.add_argument(
        "--map",
        action="append",
        default=[],
        metavar="TARGET=HEADING",
        help="what a column means (default: by its heading)",
    )
    clients.add_argument(
        "--key", metavar="HEADING", help="the column that names each client; without it: name and numbers do"
    )
    clients.add_argument(
        "--source", default="", metavar="NAME", help="sets keys of different systems apart, e.g. --source crm"
    )
    clients.add_argument("--dry-run", action="store_true", help="say what would happen, and write nothing")
    clients.add_argument(
        "--region", metavar="CC", help="country in which numbers without + are dialled (default: the site's)"
    )
    clients.add_argument("--encoding", metavar="NAME", help="utf-8, utf-16, cp1251, ... (default: found by looking)")
    clients.add_argument("--delimiter", type=_one_character, metavar="X", help="between cells; 'tab' is one too")
    clients.add_argument("--quote", type=_one_character, metavar="X", help="around cells that hold delimiters")
    clients.add_argument(
        "--config",
        type=Path,
        default=configuration.DEFAULT_FILE,
        help="the configuration (default: meridian.toml here)",
    )


def _one_character(text: str) -> str:
    character = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(character) != 1 or character in "\r\n":
        raise ArgumentTypeError(f"{text!r} is not one character")
    return character


def run(arguments: Namespace) -> int:
    settings = configuration.load(arguments.config)
    site = replace(settings.site, region=arguments.region) if arguments.region else settings.site
    checks = Checks(region=site.region, fields=settings.desk.fields, source=arguments.source)
    wishes = Wishes(
        encoding=arguments.encoding,
        delimiter=arguments.delimiter,
        quote=arguments.quote,
        mapping=arguments.map,
        key=arguments.key,
    )
    book = opened(arguments.file, checks, wishes)
    _introduce(book, arguments)
    try:
        with Reader(book) as reader:
            asyncio.run(_import(settings, book, reader, arguments))
    except KeyboardInterrupt:
        raise Rejected("stopped; what was stored stays. Import the same file again to go on") from None
    return 0


def _introduce(book: Book, arguments: Namespace) -> None:
    """What was found by looking, so that a wrong guess is seen before it does harm."""
    if book.columns is None:
        print(f"{book.path}: vCards, {book.form.encoding}.")
        return
    print(f"{book.path}: {book.form.told()}.")
    how = "guessed from the headings; --map says otherwise" if book.columns.guessed else "as you said"
    print(f"Columns ({how}): {book.columns.told()}.")
    if ignored := book.columns.ignored:
        print("Not imported: " + ", ".join(f'"{text}"' for text in ignored) + ".")
    if "key" not in book.columns.of:
        print(
            "Clients are known again by name and numbers; if a column names each of them for good, say it with --key."
        )


async def _import(settings: configuration.Configuration, book: Book, reader: Reader, arguments: Namespace) -> None:
    # Not exclusive: a Meridian on SQLite may be running beside us. Each batch is one short transaction that takes the
    # write lock first, and readers are never kept waiting.
    database = Database(settings.database.url, readers=1, deadline_s=_DEADLINE_S, exclusive=False)
    try:
        await database.migrate()
        store = SqlClientImport(
            database, site=settings.site.name, source=arguments.source, by=f"import {book.path.name[:80]}"
        )
        with _Rejects(book, write=not arguments.dry_run) as rejects:
            tally = await _Run(store, book, rejects, dry=arguments.dry_run).go(reader)
        if not arguments.dry_run:
            await _audit(database, book, tally)
    finally:
        await database.close()


@dataclass
class _Tally:
    rows: int = 0
    created: int = 0
    updated: int = 0
    same: int = 0
    organisations: int = 0
    skipped: int = 0


class _Run:
    """From the file to the database; the next batch is read while this one is stored."""

    def __init__(self, store: SqlClientImport, book: Book, rejects: "_Rejects", *, dry: bool) -> None:
        self._store, self._book, self._rejects, self._dry = store, book, rejects, dry
        self._tally = _Tally()
        self._progress = Progress(book.size)
        self._late: dict[int, str] = {}

    async def go(self, reader: Reader) -> _Tally:
        coming = asyncio.create_task(asyncio.to_thread(reader.take))
        try:
            while (batch := await coming) is not None:
                coming = asyncio.create_task(asyncio.to_thread(reader.take))
                await self._take(batch)
        finally:
            coming.cancel()
            self._progress.clear()
        if self._late:
            cells = self._book.cells_at(frozenset(self._late))
            for line, reason in self._late.items():
                self._skip(Skipped(line, reason, cells.get(line, [])))
        while not self._dry and await self._store.link_cards():
            pass
        self._summarise()
        return self._tally

    async def _take(self, batch: Batch) -> None:
        for skipped in batch.skipped:
            self._skip(skipped)
        # SQLite wakes nobody who waits to write, they come back to look: beside a Meridian the lock is free half of the time.
        polite = not self._dry and self._store.in_company()
        size = _POLITE_BATCH if polite else len(batch.rows) or 1
        for start in range(0, len(batch.rows), size):
            began = time.monotonic()
            await self._save(batch.rows[start : start + size])
            if polite:
                await asyncio.sleep(time.monotonic() - began)
        self._tally.rows += len(batch.rows) + len(batch.skipped)
        self._progress.at(batch.read, rows=self._tally.rows, skipped=self._tally.skipped)

    async def _save(self, rows: list[Incoming]) -> None:
        done = await (self._store.rehearse if self._dry else self._store.store)(rows, at=datetime.now(UTC))
        for name in ("created", "updated", "same", "organisations"):
            setattr(self._tally, name, getattr(self._tally, name) + getattr(done, name))
        self._late.update(done.refused)

    def _skip(self, skipped: Skipped) -> None:
        self._tally.skipped += 1
        self._rejects.add(skipped)
        if self._tally.skipped <= _SHOWN:
            self._progress.say(f"line {skipped.line}: {skipped.reason}")

    def _summarise(self) -> None:
        tally = self._tally
        would = "would be " if self._dry else ""
        told = [f"{tally.created:,} {would}new", f"{tally.updated:,} {would}changed", f"{tally.same:,} as they were"]
        told += [f"{tally.skipped:,} skipped"] if tally.skipped else []
        print(f"{self._progress.rate(tally.rows)}: {', '.join(told)}.")
        if tally.organisations:
            print(f"Organisations {would}made because people belong to them: {tally.organisations:,}.")
        if tally.skipped:
            shown = "the first 20 are above, all" if tally.skipped > _SHOWN else "they"
            print(f"Skipped rows: {shown} {self._rejects.told()}")
        if self._dry:
            print("Nothing was written (--dry-run).")


class _Rejects:
    """FILE.rejected.csv: every skipped row as it stood in the file, with line and reason before it. Made by the first one."""

    def __init__(self, book: Book, *, write: bool) -> None:
        self._path = book.path.with_name(book.path.name + ".rejected.csv")
        self._headings, self._write = book.headings(), write
        self._file: TextIO | None = None

    def __enter__(self) -> "_Rejects":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, skipped: Skipped) -> None:
        if not self._write:
            return
        if self._file is None:
            self._file = private(self._path, "w", "utf-8-sig")
            self._file.write(line_of((*OWN, *self._headings)))
        self._file.write(line_of((str(skipped.line), skipped.reason, *skipped.cells)))

    def told(self) -> str:
        if not self._write:
            return "will be in " + str(self._path) + " when you import."
        return f"are in {self._path}; mend them there and import that file."


async def _audit(database: Database, book: Book, tally: _Tally) -> None:
    now = datetime.now(UTC)
    facts = {name: str(getattr(tally, name)) for name in ("rows", "created", "updated", "skipped")}
    line = AuditLine(
        audit_id=fresh_id(now, secrets.token_bytes(10)),
        at=now,
        actor="command line",
        action="clients_imported",
        facts={"file": book.path.name, **facts},
    )
    await SqlCardStore(database, client_key=lambda _site, _number: None).apply([line])
