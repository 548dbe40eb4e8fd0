"""The recorded rows, read without the adapter that the product reads them with."""

import csv
from datetime import UTC
from pathlib import Path

from callcards.cdr import CdrRow
from callcards.cdr_rows import CUSTOM_COLUMNS, cdr_row


def read(path: Path) -> list[CdrRow]:
    with path.open(newline="") as file:
        rows = [cdr_row(dict(zip(CUSTOM_COLUMNS, line, strict=True)), pbx="lab", zone=UTC) for line in csv.reader(file)]
    return [row for row in rows if row is not None]
