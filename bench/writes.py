"""Card writes: grouped, as the card writer stores them, against one commit a card. SQLite at synchronous FULL, PG with fsync.

Same store, same statements, same durability; only the size of the transaction differs. And the whole way from `put` on the loop to
stored, 500 cards at a time, with the journal beside it.

How much grouping saves is the price of a flush. Where that is nearly nothing (a virtual disk that lies, or has a battery), a second
pair of rows says what it would be on a disk that takes FLUSH_S for each commit, as that of the machine on which the bar was set
(1,500 to 2,200 commits a second on SQLite, 1,000 on PostgreSQL): each commit of either contender is then followed by that wait.
"""

import asyncio
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy import event

from bench.kept_postgres import kept_postgres
from bench.measure import KEPT, Row, command, interleaved, median, ratios, spread
from callcards.journal import CardWriter
from callcards.sql import SqlCardStore
from core.effects import SaveCard
from core.ids import interaction_id
from core.model import Card, Direction, EndedBy, Leg, LegOutcome
from runtime.database import Database

FLUSH_S = 0.000_5
SITE, PBX = "bench", "main"
GROUPS = (100, 500)
_BEGAN = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def cards() -> Iterator[SaveCard]:
    """Finished cards with a leg and a queue, each new."""
    for n in count():
        uniqueid = f"msk1-{1795289549 + n // 10}.{n}"
        at = _BEGAN + timedelta(milliseconds=n)
        leg = Leg(
            leg_id=f"{uniqueid}1",
            agent="1001",
            rang_at=at,
            outcome=LegOutcome.ANSWERED,
            answered_at=at,
            ended_at=at + timedelta(seconds=60),
            queue="support",
        )
        yield SaveCard(
            card=Card(
                card_id=interaction_id(site=SITE, pbx=PBX, boot_id="b", uniqueid=uniqueid),
                natural_key=f"{SITE}|{PBX}|b|{uniqueid}",
                site=SITE,
                pbx=PBX,
                boot_id="b",
                uniqueid=uniqueid,
                linkedids=(uniqueid,),
                channel="voice",
                direction=Direction.INBOUND,
                caller_number=f"7916{n:07}",
                caller_name="Иван Петров",
                client_number=f"7916{n:07}",
                dialled="500",
                started_at=at,
                timezone="Europe/Moscow",
                queues=("support",),
                queued_at=at,
                answered_at=at,
                answered_by="1001",
                talk_ended_at=at,
                legs=(leg,),
                ended_at=at + timedelta(seconds=60),
                ended_by=EndedBy.CALLER,
                cause=16,
                revision=7,
            )
        )


class Bench:
    """An empty database and a store on it; hands out how long a card takes in groups of any size."""

    def __init__(self, name: str, url: str, *, flush_s: float = 0.0) -> None:
        self.name = name
        self._loop = asyncio.new_event_loop()
        self._database = Database(url, exclusive=False)
        self._loop.run_until_complete(self._database.migrate())
        if flush_s:
            writer = next(lane for lane in self._database._lanes if lane.thread.name == "db-writer")
            event.listen(writer._engine, "commit", lambda _connection: time.sleep(flush_s))
        self._store = SqlCardStore(self._database, client_key=lambda _site, number: f"+{number}")
        self._cards = cards()

    def grouped(self, size: int, groups: int) -> Callable[[], float]:
        """Seconds a card, `size` a commit."""

        async def store() -> float:
            batches = [[next(self._cards) for _ in range(size)] for _ in range(groups)]
            began = time.perf_counter()
            for batch in batches:
                await self._store.apply(batch)
            return (time.perf_counter() - began) / (size * groups)

        return lambda: self._loop.run_until_complete(store())

    def through_the_writer(self, size: int) -> Callable[[], float]:
        """Seconds a card from `put` to stored, all that stands between included."""

        async def store() -> float:
            journal = KEPT / "writes-journal"
            writer = CardWriter(self._store, journal)
            await writer.start()
            ended = [next(self._cards) for _ in range(size)]
            # As calls go: opened, then ended within the same grouping.
            calls = [(SaveCard(card=replace(save.card, ended_at=None, revision=1)), save) for save in ended]
            began = time.perf_counter()
            for opened, save in calls:
                writer.put(opened)
                writer.put(save)
            await writer.drained()
            took = (time.perf_counter() - began) / size
            await writer.close()
            return took

        return lambda: self._loop.run_until_complete(store())

    def close(self) -> None:
        self._loop.run_until_complete(self._database.close())
        self._loop.close()


def raw_sqlite() -> Callable[[], float]:
    """What the file system allows: one short row, one commit, the driver alone."""
    path = KEPT / "writes-raw.db"
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path, isolation_level=None)
    for line in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "CREATE TABLE t (a TEXT)"):
        connection.execute(line)

    def run() -> float:
        began = time.perf_counter()
        for _ in range(300):
            connection.execute("INSERT INTO t VALUES ('x')")
        return (time.perf_counter() - began) / 300

    return run


def rows(quick: bool) -> list[Row]:
    found: list[Row] = []
    with kept_postgres() as server, ExitStack() as stack:
        folder = KEPT / "writes"
        shutil.rmtree(folder, ignore_errors=True)
        slow = f"with {FLUSH_S * 1000:g} ms a flush"
        benches = [
            Bench("SQLite", f"sqlite:///{folder}/cards.db"),
            Bench(f"SQLite {slow}", f"sqlite:///{folder}/slow.db", flush_s=FLUSH_S),
        ]
        if server is not None:
            benches.append(Bench("PostgreSQL", server.make("writes")))
            benches.append(Bench(f"PostgreSQL {slow}", server.make("writes_slow"), flush_s=FLUSH_S))
        for bench in benches:
            stack.callback(bench.close)
            found += _compared(bench, rounds=3 if quick else 7)
    return found


def _compared(bench: Bench, *, rounds: int) -> list[Row]:
    ways = {"1": bench.grouped(1, 200)}
    ways |= {f"{size}": bench.grouped(size, 2000 // size) for size in GROUPS}
    ways["writer"] = bench.through_the_writer(2_000)
    if bench.name == "SQLite":
        ways["raw"] = raw_sqlite()
    for run in ways.values():
        run()
    took = interleaved(ways, rounds=rounds)
    found = []
    for name, what in [
        *((f"{size}", f"{size} cards a commit") for size in GROUPS),
        ("writer", "the card writer, put to stored"),
    ]:
        faster = ratios(took["1"], took[name])
        found.append(
            Row(
                part="writes",
                what=f"card writes, {bench.name}, {what}",
                baseline=f"one a commit {1 / median(took['1']):,.0f}/s",
                ours=f"{1 / median(took[name]):,.0f}/s",
                ratio=median(faster),
                spread=spread(faster),
                bar=">= 15",
                note=f"a bare one-row commit of the driver: {1 / median(took['raw']):,.0f}/s" if "raw" in took else "",
            )
        )
    return found


if __name__ == "__main__":
    sys.exit(command("writes", __doc__ or "", rows))
