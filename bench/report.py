"""One table of what the parts of a run found: printed, and kept as results.md and results.json unless the run was a quick one."""

import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bench.measure import KEPT, ROOT, Row, machine, table

PARTS = ("intake", "lookup", "writes", "pop", "rendered", "sockets", "decisions", "import_clients")


def main(parts: list[str]) -> int:
    found = {part: json.loads((KEPT / f"rows-{part}.json").read_text()) for part in parts}
    rows = {part: [_row(row) for row in kept["rows"]] for part, kept in found.items()}
    print("\n".join(f"{part}\n{table(some)}\n" for part, some in rows.items()))
    missed = [row for some in rows.values() for row in some if row.met is False]
    print(f"{len(missed)} bar(s) missed." if missed else "Every bar met.")
    if any(kept["quick"] for kept in found.values()):
        print("A quick run: not kept.")
        return 0
    _keep(rows)
    return 0


def _row(kept: dict[str, Any]) -> Row:
    return Row(**(kept | {"spread": tuple(kept["spread"])}))


def _keep(rows: dict[str, list[Row]]) -> None:
    """Parts that were not measured now stay as they were."""
    path = ROOT / "bench" / "results.json"
    old = json.loads(path.read_text())["parts"] if path.exists() else {}
    measured = {"at": datetime.now(UTC).isoformat(timespec="minutes"), "machine": machine()}
    parts = old | {part: measured | {"rows": [asdict(row) for row in some]} for part, some in rows.items()}
    path.write_text(json.dumps({"parts": parts}, ensure_ascii=False, indent=1) + "\n")
    path.with_suffix(".md").write_text(_text(parts))


def _text(parts: dict[str, Any]) -> str:
    lines = [
        "# Figures",
        "",
        "Made by `bench/run`. Every figure is a ratio against a baseline measured in the same run, by turns: the median of the",
        "rounds' ratios, with the lowest and the highest round in brackets. Absolute figures are of the machine named with them.",
        "",
    ]
    for part in PARTS:
        if part in parts:
            rows = [_row(row) for row in parts[part]["rows"]]
            lines += [
                f"## {part} (`python -m bench.{part}`)",
                "",
                table(rows),
                "",
                f"Measured {parts[part]['at']} on {parts[part]['machine']['cpu']}.",
                "",
            ]
    last = max(parts.values(), key=lambda part: str(part["at"]))
    lines += ["## Machine", "", *(f"- {name}: {value}" for name, value in last["machine"].items()), ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(PARTS)))
