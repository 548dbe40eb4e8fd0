"""`meridian export clients FILE`: all clients of your site as a table (CSV) or as vCards.

`meridian import clients FILE` reads it again: into an empty Meridian it makes the same clients, into this one it changes
nothing. It works beside a running Meridian.
"""

import asyncio
import os
import secrets
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import configuration
from callcards.ports import AuditLine
from callcards.sql import SqlCardStore
from clients import bulk_export
from clients.ports import Client
from clients.sql_bulk import SqlClientExport
from commands.progress import Progress, private
from core.errors import Rejected
from core.ids import fresh_id
from runtime.database import Database

_VCARD = (".vcf", ".vcard")
_DEADLINE_S = 30.0


def add_arguments(parser: ArgumentParser) -> None:
    parser.description = "Take out what Meridian knows."
    acts = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    clients = acts.add_parser("clients", help="people and organisations, as CSV or vCard", description=__doc__)
    clients.add_argument(
        "file", type=Path, metavar="FILE", help="where to write; vCard 4.0 if it ends in .vcf, else CSV"
    )
    clients.add_argument("--format", choices=["csv", "vcard"], help="whatever the file is called")
    clients.add_argument(
        "--raw",
        action="store_true",
        help="leave cells that begin with = + - @ as they are; otherwise a ' before them keeps spreadsheets from "
        "calculating them (an import takes it off again)",
    )
    clients.add_argument("--overwrite", action="store_true", help="FILE may exist")
    clients.add_argument(
        "--config",
        type=Path,
        default=configuration.DEFAULT_FILE,
        help="the configuration (default: meridian.toml here)",
    )


def run(arguments: Namespace) -> int:
    settings = configuration.load(arguments.config)
    if arguments.file.exists() and not arguments.overwrite:
        raise Rejected(f"there is a file {arguments.file} already: name another one, or say --overwrite")
    try:
        asyncio.run(_export(settings, arguments))
    except KeyboardInterrupt:
        raise Rejected("stopped; nothing was written") from None
    return 0


async def _export(settings: configuration.Configuration, arguments: Namespace) -> None:
    database = Database(settings.database.url, readers=1, deadline_s=_DEADLINE_S, exclusive=False)
    path: Path = arguments.file
    # Not under its name before it is whole; and personal data is nobody else's.
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        await database.migrate()
        count = await _write(SqlClientExport(database, site=settings.site.name), settings, arguments, unfinished)
        unfinished.replace(path)
        await _audit(database, path, count)
    except OSError as error:
        raise Rejected(f"can't write {path} ({error.strerror or error}); name another file") from error
    finally:
        unfinished.unlink(missing_ok=True)
        await database.close()


async def _write(
    store: SqlClientExport, settings: configuration.Configuration, arguments: Namespace, unfinished: Path
) -> int:
    fields = tuple(settings.desk.fields)
    is_vcard = (arguments.format or ("vcard" if arguments.file.suffix.lower() in _VCARD else "csv")) == "vcard"
    told: Callable[[Client], str] = bulk_export.card
    if not is_vcard:
        told = lambda client: bulk_export.row(client, fields, raw=arguments.raw)  # noqa: E731
    progress, count = Progress(await store.count()), 0
    # The mark at the beginning of a table is what makes spreadsheets read it as UTF-8.
    encoding = "utf-8" if is_vcard else "utf-8-sig"
    with private(unfinished, "x", encoding) as out:
        if not is_vcard:
            out.write(bulk_export.headings(fields, raw=arguments.raw))
        async for page in store.clients():
            out.writelines(map(told, page))
            count += len(page)
            progress.at(count, rows=count)
        out.flush()
        os.fsync(out.fileno())
    progress.clear()
    print(f"{progress.rate(count)} written to {arguments.file}. It holds personal data: only you can read it.")
    return count


async def _audit(database: Database, path: Path, count: int) -> None:
    now = datetime.now(UTC)
    line = AuditLine(
        audit_id=fresh_id(now, secrets.token_bytes(10)),
        at=now,
        actor="command line",
        action="clients_exported",
        facts={"file": path.name, "clients": str(count)},
    )
    await SqlCardStore(database, client_key=lambda _site, _number: None).apply([line])
