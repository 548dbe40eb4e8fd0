"""`meridian import clients` of a big file: rows a second against a floor that only reads and inserts, memory, and the second run.

The floor does what can't be left out: the same file through the csv module, its cells as they stand into the same tables with
the same indexes, as many rows a commit, synced as we sync. It normalises nothing, checks nothing and would double everything
the second time.
"""

import csv
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.kept_postgres import KeptPostgres, kept_postgres
from bench.measure import KEPT, ROOT, Row, command, interleaved, median, ratios, say, spread
from commands.bulk_reading import BATCH

HEADINGS = ("ID", "ФИО", "Мобильный телефон", "Рабочий телефон", "Почта", "Компания", "Комментарий")
BAD_EVERY = 100
_FIRST = ("Анна", "Борис", "Вера", "Глеб", "Дарья", "Егор", "Жанна", "Захар", "Ирина", "Кирилл")
_LAST = ("Иванова", "Петров", "Соколова", "Ким", "Лебедева", "Орлов", "Зайцева", "Мельник", "Белова", "Гусев")


def people(rows: int) -> Iterator[tuple[str, ...]]:
    """As a company's list looks: two ways of writing numbers, some without this or that, notes of two lines, each hundredth bad."""
    dice = random.Random(1)
    for n in range(rows):
        mobile = f"{n:07}"
        mobile = f"+7916{mobile}" if n % 2 else f"8 (916) {mobile[:3]}-{mobile[3:5]}-{mobile[5:]}"
        work = f"+7 495 {dice.randrange(10**7):07}" if n % 3 == 0 else ""
        yield (
            f"C-{n}",
            f"{dice.choice(_LAST)} {dice.choice(_FIRST)} {n}",
            "не знаю" if n % BAD_EVERY == 7 else mobile,
            work,
            f"client{n}@example.org" if n % 2 else "",
            f"ООО «Ромашка {dice.randrange(20_000)}»" if n % 4 == 0 else "",
            "Просит звонить\nпосле обеда" if n % 20 == 0 else "",
        )


def make_file(path: Path, rows: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADINGS)
        writer.writerows(people(rows))


@dataclass(frozen=True, slots=True)
class Took:
    """Seconds, and the most memory that its processes held, in MiB."""

    seconds: float
    peak_mib: float


def imported(file: Path, folder: Path, url: str) -> Took:
    config = folder / "meridian.toml"
    config.write_text(
        '[site]\nname = "bench"\ntimezone = "Europe/Moscow"\nregion = "RU"\n'
        '[pbx.main]\nhost = "127.0.0.1"\nlistener = {user = "u", secret = "s"}\n'
        f'[database]\nurl = "{url}"\nfolder = "{folder}"\n'
    )
    began = time.monotonic()
    running = subprocess.Popen(
        [sys.executable, "-m", "commands.cli", "import", "clients", str(file), "--config", str(config), "--key", "ID"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    peak = 0.0
    while running.poll() is None:
        peak = max(peak, sum(map(_resident_mib, _family(running.pid))))
        time.sleep(0.05)
    took = time.monotonic() - began
    told = running.communicate()[0]
    if running.returncode:
        raise RuntimeError(told)
    say(next(line for line in told.splitlines() if "rows/s" in line))
    return Took(took, peak)


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *map(int, children)]


def _resident_mib(pid: int) -> float:
    """Proportional set size: pages that both processes share count once."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:")), 0.0)


_TABLES = (
    "CREATE TABLE clients (client_id TEXT PRIMARY KEY, name TEXT, note TEXT, organisation TEXT, created_at INTEGER)",
    "CREATE INDEX clients_by_site ON clients (created_at, client_id)",
    "CREATE TABLE numbers (number TEXT, client_id TEXT, PRIMARY KEY (number, client_id))",
    "CREATE INDEX numbers_by_client ON numbers (client_id)",
    "CREATE TABLE emails (email TEXT, client_id TEXT, PRIMARY KEY (email, client_id))",
    "CREATE INDEX emails_by_client ON emails (client_id)",
)


def floor(file: Path, database: Any, mark: str) -> float:
    """Seconds that reading and inserting alone take; `mark` stands for a value in a statement."""
    began = time.monotonic()
    cursor = database.cursor()
    for statement in _TABLES:
        cursor.execute(statement)
    with file.open(encoding="utf-8", newline="") as lines:
        reader = csv.reader(lines)
        next(reader)
        while some := [row for row, _ in zip(reader, range(BATCH), strict=False)]:
            cursor.execute("BEGIN")
            for table, values in (
                ("clients", [(r[0], r[1], r[6], r[5], 1) for r in some]),
                ("numbers", [(n, r[0]) for r in some for n in r[2:4] if n]),
                ("emails", [(r[4], r[0]) for r in some if r[4]]),
            ):
                cursor.executemany(f"INSERT INTO {table} VALUES ({', '.join([mark] * len(values[0]))})", values)
            cursor.execute("COMMIT")
    database.close()
    return time.monotonic() - began


class InSqlite:
    name = "SQLite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new(self) -> str:
        for left in self._folder.glob("meridian.db*"):
            left.unlink()
        return f"sqlite:///{self._folder}/meridian.db"

    def floor(self, file: Path) -> float:
        path = self._folder / "floor.db"
        path.unlink(missing_ok=True)
        database = sqlite3.connect(path, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-16000"):
            database.execute(f"PRAGMA {pragma}")
        return floor(file, database, "?")


class InPostgres:
    name = "PostgreSQL"

    def __init__(self, server: KeptPostgres) -> None:
        self._server = server

    def new(self) -> str:
        return self._server.make("import_ours")

    def floor(self, file: Path) -> float:
        return floor(file, psycopg.connect(self._server.make("import_floor"), autocommit=True), "%s")


def measured(where: InSqlite | InPostgres, folder: Path, rows: int) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Seconds and most memory of the first run into an empty database and of a second, which finds everything there."""
    file = folder / f"clients-{rows}.csv"
    if not file.exists():
        make_file(file, rows)
    peaks: dict[str, float] = {}
    url = [""]

    def first() -> float:
        url[0] = where.new()
        took = imported(file, folder, url[0])
        peaks["first"] = took.peak_mib
        return took.seconds

    took = interleaved({"floor": lambda: where.floor(file), "first": first}, rounds=1)
    again = imported(file, folder, url[0])
    peaks["again"] = again.peak_mib
    return took | {"again": [again.seconds]}, peaks


def rows(quick: bool) -> list[Row]:
    folder = KEPT / "import"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found: list[Row] = []
    with kept_postgres() as server:
        places: list[InSqlite | InPostgres] = [InSqlite(folder)]
        if server is not None:
            places.append(InPostgres(server))
        for where in places:
            found += _of(where, folder, quick)
    shutil.rmtree(folder)
    return found


def _of(where: InSqlite | InPostgres, folder: Path, quick: bool) -> list[Row]:
    small, big = (20_000, 100_000) if quick else (100_000, 1_000_000)
    _, little = measured(where, folder, small)
    took, peaks = measured(where, folder, big)
    slower = ratios(took["first"], took["floor"])
    memory = peaks["first"] / little["first"]
    return [
        Row(
            part="import_clients",
            what=f"import of {big:,} clients, {where.name}",
            baseline=f"csv + executemany {big / median(took['floor']):,.0f} rows/s",
            ours=f"{big / median(took['first']):,.0f} rows/s",
            ratio=median(slower),
            spread=spread(slower),
            note=f"1% bad rows; the second run, which changes nothing: {big / median(took['again']):,.0f} rows/s",
        ),
        Row(
            part="import_clients",
            what=f"memory of an import of {big:,} clients, {where.name}",
            baseline=f"{small:,} rows {little['first']:.0f} MiB",
            ours=f"{peaks['first']:.0f} MiB",
            ratio=memory,
            spread=(memory, memory),
            bar="<= 1.2",
            note="both processes, pages shared between them counted once",
        ),
    ]


if __name__ == "__main__":
    os.environ.pop("MERIDIAN_DATABASE", None)
    sys.exit(command("import_clients", __doc__ or "", rows))
