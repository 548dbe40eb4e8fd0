"""Call detail records of the simulated PBX, in the csv form of Asterisk's cdr_custom (UTC). Writes to a file it is given."""

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

COLUMNS = (
    *("clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end"),
    *("duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield", "linkedid"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    clid: str
    src: str
    dst: str
    dcontext: str
    channel: str
    dstchannel: str
    lastapp: str
    lastdata: str
    start: float
    answer: float | None
    end: float
    disposition: str
    uniqueid: str
    linkedid: str

    def row(self) -> list[str]:
        """The fields in the order of COLUMNS."""
        billed = int(self.end - self.answer) if self.answer is not None else 0
        return [
            *(self.clid, self.src, self.dst, self.dcontext, self.channel, self.dstchannel, self.lastapp, self.lastdata),
            *(_written(self.start), _written(self.answer), _written(self.end)),
            *(str(int(self.end - self.start)), str(billed), self.disposition, "DOCUMENTATION", ""),
            *(self.uniqueid, "", self.linkedid),
        ]


def _written(instant: float | None) -> str:
    return "" if instant is None else datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%d %H:%M:%S")


def lines(records: list[CallRecord]) -> str:
    """csv text, every field quoted, as cdr_custom writes them."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(record.row() for record in records)
    return text.getvalue()


class CdrFile:
    """Appends records to a csv file, creating it where it isn't."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def append(self, record: CallRecord) -> None:
        self.extend([record])

    def extend(self, records: list[CallRecord]) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8", newline="") as file:
            file.write(lines(records))
