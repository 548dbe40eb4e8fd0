"""Callers as a table (CSV) tells of them -> arrivals. Strict: every bad row is told by its line. Pure.

Columns, by their headings: `at` (an instant with its zone: 2026-03-01T09:15:00+02:00), `queue`, `handle_s`; and where wished
`patience_s` (empty: never gives up), `vip` (yes or no), `requirement` (an expression), `preferred` (a login).
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from math import inf

from core.errors import BadConfiguration, Rejected
from routing.requirement import Requirement, parse
from routing.simulation import Arrival

REQUIRED = ("at", "queue", "handle_s")
OPTIONAL = ("patience_s", "vip", "requirement", "preferred")
MOST_ROWS = 20_000_000
_MOST_TOLD = 20
_LONGEST_S = 7 * 86_400.0
_YES, _NO = frozenset({"yes", "true", "1"}), frozenset({"", "no", "false", "0"})


def arrivals(lines: Iterable[str], queues: Mapping[str, float], check: Callable[[Requirement], None]) -> list[Arrival]:
    """In order of time. `queues`: those there are -> points of their VIPs; `check` refuses what a requirement must not name.

    Rejected names the first bad rows, all by line.
    """
    reader = _Reader(queues, check)
    found = [arrival for arrival in reader.read(lines) if arrival is not None]
    if reader.bad:
        more = f"\n  and {reader.bad_count - len(reader.bad)} more" if reader.bad_count > len(reader.bad) else ""
        rows, them = (f"{reader.bad_count} rows", "them") if reader.bad_count > 1 else ("1 row", "it")
        raise Rejected(f"{rows} can't be read, mend {them}:\n  " + "\n  ".join(reader.bad) + more)
    if not found:
        raise Rejected("there are no rows below the headings: nobody called")
    return sorted(found, key=lambda arrival: arrival.at_s)


class _Reader:
    def __init__(self, queues: Mapping[str, float], check: Callable[[Requirement], None]) -> None:
        self._queues, self._check = queues, check
        self._requirements: dict[str, Requirement | None] = {"": None}
        self.bad: list[str] = []
        self.bad_count = 0

    def read(self, lines: Iterable[str]) -> Iterator[Arrival | None]:
        rows = csv.reader(lines, strict=True)
        try:
            headings = [cell.strip().lstrip("\ufeff") for cell in next(rows, [])]
            _check_headings(headings)
            for cells in rows:
                if rows.line_num > MOST_ROWS:
                    raise Rejected(f"more than {MOST_ROWS:,} rows: take fewer days")
                if cells:
                    yield self._row(rows.line_num, headings, cells)
        except csv.Error as error:
            raise Rejected(f"line {rows.line_num}: {error}: write it as comma-separated values") from error

    def _row(self, line: int, headings: list[str], cells: list[str]) -> Arrival | None:
        try:
            if len(cells) != len(headings):
                raise Rejected(f"{len(cells)} cells below {len(headings)} headings")
            return self._arrival({name: cell.strip() for name, cell in zip(headings, cells, strict=True)})
        except (Rejected, BadConfiguration) as error:
            self.bad_count += 1
            if len(self.bad) < _MOST_TOLD:
                self.bad.append(f"line {line}: {str(error).splitlines()[0]}")
            return None

    def _arrival(self, row: Mapping[str, str]) -> Arrival:
        queue = row["queue"]
        if queue not in self._queues:
            raise Rejected(f"queue {queue[:60]!r} is not declared; there is: {', '.join(sorted(self._queues))}")
        vip = row.get("vip", "").lower()
        if vip not in _YES | _NO:
            raise Rejected(f"vip {vip[:60]!r}: write yes or no")
        return Arrival(
            at_s=_instant(row["at"]),
            queue=queue,
            handle_s=_seconds("handle_s", row["handle_s"]),
            patience_s=_seconds("patience_s", row["patience_s"]) if row.get("patience_s") else inf,
            offset=self._queues[queue] if vip in _YES else 0.0,
            preferred=row.get("preferred") or None,
            extra=self._requirement(row.get("requirement", "")),
        )

    def _requirement(self, text: str) -> Requirement | None:
        if text not in self._requirements:
            requirement = parse(text)
            self._check(requirement)
            self._requirements[text] = requirement
        return self._requirements[text]


def _check_headings(headings: list[str]) -> None:
    if missing := [name for name in REQUIRED if name not in headings]:
        raise Rejected(
            f"line 1: no column {' and no column '.join(missing)}; the headings are {', '.join(REQUIRED)} and, where wished, "
            f"{', '.join(OPTIONAL)}"
        )
    for name in headings:
        if name not in REQUIRED + OPTIONAL:
            raise Rejected(f"line 1: unknown column {name[:60]!r}; there are {', '.join(REQUIRED + OPTIONAL)}")
    if len(set(headings)) < len(headings):
        raise Rejected("line 1: a column is there twice: leave one out")


def _instant(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1990 <= at.year <= 2200:
        raise Rejected(f"at {text[:60]!r}: write an instant with its zone, such as 2026-03-01T09:15:00+02:00")
    return at.timestamp()


def _seconds(name: str, text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= _LONGEST_S:  # nor is nan
        raise Rejected(f"{name} {text[:60]!r}: write seconds from 0 to {_LONGEST_S:g}")
    return seconds
