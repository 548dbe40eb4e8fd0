"""Look-up of a caller: client by E.164 with the last 20 conversations, among a million clients and three million cards.

Like against like, the same SQL: the core (in the thread, values of our own) against the raw driver in one thread; and ours end to
end, awaited on a loop that goes on working, against the raw driver awaited on such a loop: for SQLite in a thread of the
loop's executor, for PostgreSQL asyncpg. Every client that is looked up has a full history. The same numbers for everybody in a
round, read once before, so that nobody finds a colder cache.
"""

import asyncio
import json
import random
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psycopg
import sqlalchemy as sa

from bench import dataset
from bench.dataset import SITE, Size, number_of
from bench.kept_postgres import kept_postgres
from bench.measure import KEPT, ROOT, Row, command, interleaved, median, milliseconds, quantile, ratios, spread
from clients.sql import SqlClientDirectory
from clients.sql_look_up import HISTORY, look_up_query
from core.phone import e164
from runtime.database import Database
from runtime.prepared import Prepared

LookUp = Callable[[str], int]


class Bench:
    """One database, with a loop, a directory and the raw driver beside it. Each way returns how many conversations it found."""

    def __init__(self, url: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = ThreadPoolExecutor(1)
        self._database = Database(url, exclusive=False)
        self._directory = SqlClientDirectory(self._database, region_of=lambda _site: "RU")
        plain = url.replace("postgresql:", "postgresql+psycopg:")
        self._query = Prepared(look_up_query(self._database.dialect), self._database.dialect)
        self._plain = sa.create_engine(plain, isolation_level="AUTOCOMMIT").connect()
        self.driver = self.awaited_driver(url)
        self.raw = self._sqlite(url) if url.startswith("sqlite") else self._postgres(url)

    def _sqlite(self, url: str) -> LookUp:
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA cache_size=-16000")
        text, constants = self._query._text, self._query._constants

        def look_up(number: str) -> int:
            return len(connection.execute(text, constants | {"site": SITE, "number": number}).fetchall()) - 1

        return look_up

    def _postgres(self, url: str) -> LookUp:
        connection = psycopg.connect(url, autocommit=True, options="-c jit=off")
        text, constants = self._query._text, self._query._constants

        def look_up(number: str) -> int:
            values = constants | {"site": SITE, "number": number}
            return len(connection.execute(text, values).fetchall()) - 1

        return look_up

    def awaited_driver(self, url: str) -> Callable[[Sequence[str]], list[float]]:
        """Seconds of each for the raw driver, awaited."""
        return self._executor() if url.startswith("sqlite") else _asyncpg(url, self._query)

    def _executor(self) -> Callable[[Sequence[str]], list[float]]:
        async def each(numbers: Sequence[str]) -> list[float]:
            took = []
            for number in numbers:
                began = time.perf_counter()
                found = await self._loop.run_in_executor(self._thread, self.raw, number)
                took.append(time.perf_counter() - began)
                _check(found)
            return took

        return lambda numbers: self._loop.run_until_complete(each(numbers))

    def core(self, number: str) -> int:
        return len(self._directory._look_up.found(self._plain, SITE, number).history)

    def ours(self, numbers: Sequence[str]) -> list[float]:
        """Seconds of each, as whoever awaits on the loop sees them."""
        return self._loop.run_until_complete(self._awaited(numbers))

    async def _awaited(self, numbers: Sequence[str]) -> list[float]:
        took = []
        for number in numbers:
            began = time.perf_counter()
            found = await self._directory.find(SITE, number)
            took.append(time.perf_counter() - began)
            _check(len(found.history))
        return took

    def close(self) -> None:
        self._loop.run_until_complete(self._database.close())
        self._plain.close()
        self._plain.engine.dispose()
        self._thread.shutdown()
        self._loop.close()


def _asyncpg(url: str, look_up: Prepared) -> Callable[[Sequence[str]], list[float]]:
    """asyncpg in a process of its own, under the peers' venv; it is told the statement once and numbers round after round."""
    named = [*look_up._constants, "site", "number"]
    order: list[str] = []

    def numbered(found: re.Match[str]) -> str:
        if found[1] not in order:
            order.append(found[1])
        return f"${order.index(found[1]) + 1}"

    statement = re.sub(r"%\((\w+)\)s", numbered, look_up._text).replace("%%", "%")
    if unknown := set(order) - set(named):
        raise RuntimeError(f"the statement asks for {unknown}")
    values = look_up._constants | {"site": SITE, "number": None}
    peer = subprocess.Popen(
        [KEPT.parent / "bench-venv/bin/python", ROOT / "bench/peer_asyncpg.py", url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert peer.stdin is not None and peer.stdout is not None
    told, heard = peer.stdin, peer.stdout

    def say(line: object) -> None:
        told.write(json.dumps(line) + "\n")
        told.flush()

    say({"statement": statement, "arguments": [values[name] for name in order], "rows": HISTORY + 1})

    def ask(numbers: Sequence[str]) -> list[float]:
        say(numbers)
        took: list[float] = json.loads(heard.readline())
        return took

    return ask


def _check(conversations: int) -> None:
    if conversations != HISTORY:
        raise RuntimeError(f"found {conversations} conversations instead of {HISTORY}")


def _one_by_one(look_up: LookUp, numbers: Sequence[str]) -> list[float]:
    took = []
    for number in numbers:
        began = time.perf_counter()
        found = look_up(number)
        took.append(time.perf_counter() - began)
        _check(found)
    return took


def rows(quick: bool) -> list[Row]:
    sizes = [Size(99_990)] if quick else [Size(99_990), Size(3_000_000)]
    found: list[Row] = []
    with kept_postgres() as server, ExitStack() as stack:
        for name in ("SQLite", "PostgreSQL"):
            if name == "PostgreSQL" and server is None:
                continue
            benches = []
            for size in sizes:
                url = (
                    dataset.in_sqlite(size) if server is None or name == "SQLite" else dataset.in_postgres(server, size)
                )
                benches.append(Bench(url))
                stack.callback(benches[-1].close)
            found += _compared(name, sizes[-1], benches[-1], rounds=3 if quick else 9)
            if not quick:
                found.append(_flatness(name, sizes, benches))
    return found


def _compared(name: str, size: Size, bench: Bench, *, rounds: int) -> list[Row]:
    numbers: list[str] = []
    all_took: dict[str, list[float]] = {"raw": [], "core": [], "driver": [], "ours": []}

    def way(which: str) -> Callable[[], float]:
        def run() -> float:
            e164.cache_clear()  # the raw driver is handed E.164; ours has to make it of a number not met before
            took = (
                getattr(bench, which)(numbers)
                if which in ("ours", "driver")
                else _one_by_one(getattr(bench, which), numbers)
            )
            all_took[which] += took
            return median(took)

        return run

    ways = {which: way(which) for which in all_took}
    medians: dict[str, list[float]] = {which: [] for which in ways}
    for turn in range(rounds):
        numbers[:] = _some_numbers(size, 400, seed=turn)
        for warm_up in ways.values():
            warm_up()
        for took in all_took.values():
            del took[-len(numbers) :]
        for which, values in interleaved(ways, rounds=1).items():
            medians[which] += values
    what = f"client + last {HISTORY} of {size.cards:,} cards, {name}"
    return [
        _row(f"{what}, in one thread", medians, all_took, ("raw", "core"), "<= 2"),
        _row(f"{what}, awaited on the loop", medians, all_took, ("driver", "ours"), "<= 2"),
        _row(f"{what}, awaited, against the driver in one thread", medians, all_took, ("raw", "ours"), ""),
    ]


def _row(
    what: str, medians: dict[str, list[float]], took: dict[str, list[float]], pair: tuple[str, str], bar: str
) -> Row:
    floor, which = pair
    slower = ratios(medians[which], medians[floor])

    def text(name: str) -> str:
        return f"p50 {milliseconds(quantile(took[name], 0.5))}, p99 {milliseconds(quantile(took[name], 0.99))}"

    return Row(
        part="lookup",
        what=what,
        baseline=f"raw driver {text(floor)}",
        ours=text(which),
        ratio=median(slower),
        spread=spread(slower),
        bar=bar,
    )


def _flatness(name: str, sizes: Sequence[Size], benches: Sequence[Bench]) -> Row:
    """The same look-up in a small and in a large database."""

    def way(size: Size, bench: Bench) -> Callable[[], float]:
        numbers = _some_numbers(size, 400, seed=0)
        return lambda: median(bench.ours(numbers))

    ways = {f"{size.cards}": way(size, bench) for size, bench in zip(sizes, benches, strict=True)}
    for run in ways.values():
        run()
    took = interleaved(ways, rounds=9)
    small, large = (f"{size.cards}" for size in sizes)
    slower = ratios(took[large], took[small])
    return Row(
        part="lookup",
        what=f"the same, {sizes[0].cards:,} against {sizes[1].cards:,} cards, {name}",
        baseline=milliseconds(median(took[small])),
        ours=milliseconds(median(took[large])),
        ratio=median(slower),
        spread=spread(slower),
        bar="<= 1.5",
        note="flat",
    )


def _some_numbers(size: Size, count: int, *, seed: int) -> list[str]:
    return [number_of(client) for client in random.Random(seed).sample(range(size.regulars), count)]


if __name__ == "__main__":
    sys.exit(command("lookup", __doc__ or "", rows))
