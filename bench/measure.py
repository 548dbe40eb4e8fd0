"""How every figure is made: baseline and ours turn about, round after round; a bar is judged by the median of the ratios.

Owns rounds, medians, what a row of the table says and on which machine it was measured. Knows nothing of what is measured.
"""

import gc
import json
import os
import platform
import sqlite3
import statistics
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "var" / "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `bar` is e.g. '>= 5' or '<= 2' for `ratio`, '' where the figure only informs."""

    part: str
    what: str
    baseline: str
    ours: str
    ratio: float
    spread: tuple[float, float]
    bar: str = ""
    note: str = ""

    @property
    def met(self) -> bool | None:
        if not self.bar:
            return None
        sign, limit = self.bar.split()[:2]
        return self.ratio >= float(limit) if sign == ">=" else self.ratio <= float(limit)


def interleaved(contenders: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, list[float]]:
    """One value a round and contender; who begins changes with each round, so that no one always gets the quiet machine."""
    names = list(contenders)
    values: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            gc.collect()
            values[name].append(contenders[name]())
    return values


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Of the values of the same rounds."""
    return [a / b for a, b in zip(over, under, strict=True)]


def spread(values: Sequence[float]) -> tuple[float, float]:
    return (min(values), max(values))


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def milliseconds(seconds: float) -> str:
    ms = seconds * 1000
    return f"{ms:.3f} ms" if ms < 1 else f"{ms:.2f} ms" if ms < 100 else f"{ms:.0f} ms"


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    cpu = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor(),
    )
    memory = next((line.split()[1] for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), "0")
    packages = ("panoramisk", "websockets", "uvicorn", "sqlalchemy", "psycopg")
    return {
        "cpu": f"{cpu}, {os.cpu_count()} cores",
        "memory": f"{int(memory) / 1024**2:.0f} GB",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": ", ".join(f"{name} {version(name)}" for name in packages),
    }


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| what | baseline | ours | ratio (of rounds) | bar | met |", "|---|---|---|---|---|---|"]
    for row in rows:
        met = {True: "yes", False: "**no**", None: ""}[row.met]
        low, high = row.spread
        what = f"{row.what} ({row.note})" if row.note else row.what
        lines.append(
            f"| {what} | {row.baseline} | {row.ours} | {row.ratio:.2f} ({low:.2f} - {high:.2f}) | {row.bar} | {met} |"
        )
    return "\n".join(lines)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def command(part: str, about: str, rows: Callable[[bool], list[Row]]) -> int:
    """What `python -m bench.PART` does: measure, print the table, keep the rows for bench/run."""
    parser = ArgumentParser(prog=f"python -m bench.{part}", description=about)
    parser.add_argument(
        "--quick", action="store_true", help="fewer rounds and less data: for a look, not for the README"
    )
    quick = parser.parse_args().quick
    found = rows(quick)
    print(table(found))
    KEPT.mkdir(parents=True, exist_ok=True)
    (KEPT / f"rows-{part}.json").write_text(json.dumps({"quick": quick, "rows": [asdict(row) for row in found]}))
    return 0


def say(text: str) -> None:
    """Progress, beside the table."""
    print(text, file=sys.stderr, flush=True)
