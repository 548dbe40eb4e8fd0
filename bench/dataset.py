"""Clients with a history by the million, made in the database itself; kept for the next run.

Of ten clients one calls all the time (21 conversations), nine called once: three cards a client. A client's conversations lie
scattered over the years, as they do in life. Tables and indexes are those of Meridian's own migrations.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, DropIndex

from bench.kept_postgres import KeptPostgres
from bench.measure import KEPT, say
from runtime.database import Database
from runtime.schema import client_numbers, clients, interaction_linkedids, interactions

SITE = "bench"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Size:
    cards: int

    @property
    def clients(self) -> int:
        return self.cards // 3

    @property
    def regulars(self) -> int:
        return self.clients // 10

    @property
    def name(self) -> str:
        return f"history_v{_VERSION}_{self.cards}"


def number_of(client: int) -> str:
    """The E.164 of a client; those below `Size.regulars` have a full history."""
    return f"+79{100_000_000 + client}"


def in_sqlite(size: Size) -> str:
    """The URL of the database of this size."""
    path = KEPT / f"{size.name}.db"
    if not path.exists():
        making = path.with_suffix(".making")
        for stale in KEPT.glob(f"{making.name}*"):
            stale.unlink()
        _made(f"sqlite:///{making}", size, lambda statements: _run_sqlite(making, statements))
        making.rename(path)
        Path(f"{making}.lock").unlink(missing_ok=True)
    asyncio.run(_migrated(f"sqlite:///{path}"))
    return f"sqlite:///{path}"


def in_postgres(server: KeptPostgres, size: Size) -> str:
    if not server.has(size.name):
        url = server.make(f"making_{size.name}")
        _made(url, size, lambda statements: _run_postgres(url, statements))
        with server.connection() as connection:
            connection.execute(f'ALTER DATABASE "making_{size.name}" RENAME TO "{size.name}"')
    asyncio.run(_migrated(server.url(size.name)))
    return server.url(size.name)


def _made(url: str, size: Size, run: Callable[[list[str]], None]) -> None:
    began = time.monotonic()
    say(f"making {size.clients:,} clients and {size.cards:,} cards in {url.partition(':')[0]} ...")
    asyncio.run(_migrated(url))
    run(_statements(size, url.startswith("sqlite")))
    say(f"... took {time.monotonic() - began:.0f} s")


async def _migrated(url: str) -> None:
    """Also a kept database of an older Meridian's."""
    database = Database(url)
    await database.migrate()
    await database.close()


def _statements(size: Size, is_sqlite: bool) -> list[str]:
    dialect = sqlite.dialect() if is_sqlite else postgresql.dialect()  # type: ignore[no-untyped-call]
    indexes = sorted((*interactions.indexes, *interaction_linkedids.indexes), key=lambda index: str(index.name))
    words = _Sqlite() if is_sqlite else _Postgres()
    return [
        *(str(DropIndex(index).compile(dialect=dialect)) for index in indexes),
        words.insert(clients, size.clients, _client_columns(words)),
        words.insert(client_numbers, size.clients, _number_columns(words)),
        words.insert(interactions, size.cards, _card_columns(words, size)),
        words.insert(interaction_linkedids, size.cards, _linkedid_columns(words)),
        *(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes),
        "ANALYZE",
    ]


class _Sqlite:
    """SQLite's words for what the two say differently. Instants are whole microseconds there."""

    no = "0"

    def hex(self, number: str) -> str:
        return f"printf('%012x', {number})"

    def at(self, seconds: str) -> str:
        return f"({seconds}) * 1000000"

    def json(self, text: str) -> str:
        return f"'{text}'"

    def insert(self, table: sa.Table, rows: int, columns: dict[str, str]) -> str:
        every = f"WITH RECURSIVE every(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM every WHERE n < {rows - 1})"
        return (
            f"INSERT INTO {table.name} ({', '.join(columns)}) {every} SELECT {', '.join(columns.values())} FROM every"
        )


class _Postgres:
    no = "false"

    def hex(self, number: str) -> str:
        return f"lpad(to_hex({number}), 12, '0')"

    def at(self, seconds: str) -> str:
        return f"to_timestamp({seconds})"

    def json(self, text: str) -> str:
        return f"'{text}'::jsonb"

    def insert(self, table: sa.Table, rows: int, columns: dict[str, str]) -> str:
        every = f"generate_series(0::bigint, {rows - 1}) AS every(n)"
        return f"INSERT INTO {table.name} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM {every}"


_Words = _Sqlite | _Postgres
_BEGAN_S = 1_700_000_000


def _client_id(words: _Words, number: str) -> str:
    return f"'018bcfe5-6800-7000-8000-' || {words.hex(number)}"


def _client_columns(words: _Words) -> dict[str, str]:
    return {
        "client_id": _client_id(words, "n"),
        "site": f"'{SITE}'",
        "name": "'Клиент номер ' || n",
        "folded_name": "'клиент номер ' || n",
        "note": "CASE WHEN n % 5 = 0 THEN 'Просит звонить после обеда' ELSE '' END",
        "created_at": words.at(f"{_BEGAN_S} + n"),
    }


def _number_columns(words: _Words) -> dict[str, str]:
    return {
        "site": f"'{SITE}'",
        "number": "'+79' || (100000000 + n)",
        "client_id": _client_id(words, "n"),
        "added_at": words.at(f"{_BEGAN_S} + n"),
    }


_LEGS = (
    '[{"leg_id": "1795289549.2", "agent": "1001", "rang_at": "2026-01-21T19:32:29+00:00", "outcome": "answered", "answered_at": '
    '"2026-01-21T19:32:31+00:00", "ended_at": "2026-01-21T19:34:31+00:00", "hold_s": 0.0, "queue": "support", "rang": true}]'
)


def _card_columns(words: _Words, size: Size) -> dict[str, str]:
    # Seven cards of ten are regulars', dealt round and round; the rest are of those who called once.
    client = f"CASE WHEN n % 10 < 7 THEN (n / 10 * 7 + n % 10) % {size.regulars} ELSE {size.regulars} + n / 10 * 3 + n % 10 - 7 END"
    text = {
        "card_id": "'018bcfe5-6800-7000-9000-' || " + words.hex("n"),
        "natural_key": "'bench|main|boot|msk1-1795289549.' || n",
        "site": f"'{SITE}'",
        "pbx": "'main'",
        "boot_id": "'boot'",
        "uniqueid": "'msk1-1795289549.' || n",
        "channel": "'voice'",
        "direction": "'inbound'",
        "caller_number": f"'79' || (100000000 + {client})",
        "caller_name": "'Клиент'",
        "client_number": f"'79' || (100000000 + {client})",
        "dialled": "'74951234567'",
        "timezone": "'Europe/Moscow'",
        "answered_by": "'1001'",
        "ended_by": "'caller'",
        "client_key": f"'+79' || (100000000 + {client})",
        "client_id": _client_id(words, client),
        "last_queue": "'support'",
        "served_by": "'1001'",
        "notes": "'Спрашивал о счёте за прошлый месяц; обещали перезвонить, когда бухгалтерия ответит. №' || n",
        "disposition": "CASE WHEN n % 3 = 0 THEN 'resolved' ELSE 'callback' END",
    }
    instants = {"started_at": 0, "queued_at": 1, "answered_at": 12, "talk_ended_at": 132, "ended_at": 132}
    numbers = {
        "revision": "7",
        "hold_s": "0",
        "cause": "16",
        "talk_s": "120",
        "voicemail": words.no,
        "inferred": words.no,
    }
    nested = {
        "linkedids": '["msk1-1795289549.1"]',
        "queues": '["support"]',
        "legs": _LEGS,
        "transfers": "[]",
        "recordings": "[]",
    }
    return (
        text
        | numbers
        | {name: words.at(f"{_BEGAN_S} + n * 30 + {later}") for name, later in instants.items()}
        | {name: words.json(value) for name, value in nested.items()}
    )


def _linkedid_columns(words: _Words) -> dict[str, str]:
    card_id = "'018bcfe5-6800-7000-9000-' || " + words.hex("n")
    linkedid = "'msk1-1795289549.' || n"
    return {"site": f"'{SITE}'", "pbx": "'main'", "linkedid": linkedid, "boot_id": "'boot'", "card_id": card_id}


def _run_sqlite(path: Path, statements: list[str]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    # Nobody reads it until it is whole: no journal, no waiting for the disk.
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "temp_store=MEMORY", *statements):
        connection.execute(pragma if pragma in statements else f"PRAGMA {pragma}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()


def _run_postgres(url: str, statements: list[str]) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")  # no foreign key looked up a million times
        connection.execute("SET maintenance_work_mem = '512MB'")
        connection.execute("SET synchronous_commit = off")
        for statement in statements:
            connection.execute(statement)  # made above, of constants
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
