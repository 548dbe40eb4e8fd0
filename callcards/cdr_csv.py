"""Call detail records from the file that Asterisk's cdr_custom (or cdr_csv) writes.

Owns the place up to which the file has been read. Never writes. Rotation, truncation, a half-written last line, line breaks
inside quotes and bytes that are no text are all part of a day's work.
"""

import asyncio
import csv
import io
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

from callcards.cdr import MOST_ROWS, CdrRow
from callcards.cdr_rows import CUSTOM_COLUMNS, cdr_row, check_columns
from core.errors import Unavailable

_BLOCK = 1 << 20
_LONGEST_RECORD = 1 << 16
# Records are written when a call ends, so the file is in order of `end` but for a call's last moments.
_DISORDER = timedelta(minutes=10)


class CsvCdr:
    """`zone` is that of the machine on which Asterisk runs, unless the file is written in UTC."""

    def __init__(self, path: Path, *, pbx: str, columns: Sequence[str] = (), zone: tzinfo = UTC) -> None:
        self._path = path
        self._pbx = pbx
        self._columns = tuple(columns) or CUSTOM_COLUMNS
        self._zone = zone
        self._file_id: tuple[int, int] | None = None
        self._offset = 0
        check_columns(self._columns, f"the list of columns of {path}")

    async def rows(self, since: datetime) -> list[CdrRow]:
        """Unavailable: the file can't be read. A file that isn't there yet is an empty one."""
        return await asyncio.to_thread(self._rows, since)

    def _rows(self, since: datetime) -> list[CdrRow]:
        try:
            with self._path.open("rb") as file:
                return self._new_rows(file, since)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Unavailable(f"the call records {self._path} can't be read: {error.strerror}") from error

    def _new_rows(self, file: io.BufferedReader, since: datetime) -> list[CdrRow]:
        status = os.fstat(file.fileno())
        file_id = (status.st_dev, status.st_ino)
        if file_id != self._file_id and self._file_id is None:
            self._offset = self._start_for(file, status.st_size, since)
        elif file_id != self._file_id or status.st_size < self._offset:
            self._offset = 0  # another file under the same name, or emptied in place
        self._file_id = file_id
        found = []
        for record, end in self._records(file):
            self._offset = end
            row = self._row(record)
            if row is not None and row.end >= since:
                found.append(row)
            if len(found) >= MOST_ROWS:
                break
        return found

    def _start_for(self, file: io.BufferedReader, size: int, since: datetime) -> int:
        """The first time: from the end backwards, block by block, until the records are old enough."""
        start = size
        while start > 0:
            start = max(0, start - _BLOCK)
            file.seek(start)
            file.readline()
            row = self._row(file.readline())
            if row is not None and row.end < since - _DISORDER:
                file.seek(start)
                file.readline()
                return file.tell()
        return 0

    def _records(self, file: io.BufferedReader) -> Iterator[tuple[bytes, int]]:
        """Whole records with the offset after them. What isn't complete yet is left for the next time."""
        file.seek(self._offset)
        record, end = b"", self._offset
        for line in file:
            record += line
            end += len(line)
            if not line.endswith(b"\n"):
                return
            if record.count(b'"') % 2 == 0:
                yield record, end
                record = b""
            elif len(record) > _LONGEST_RECORD:
                # An odd quote somewhere: give up one line, or everything after it would be one record.
                first, _, rest = record.partition(b"\n")
                end -= len(rest)
                yield first, end
                file.seek(end)
                record = b""

    def _row(self, record: bytes) -> CdrRow | None:
        try:
            values = next(csv.reader(io.StringIO(record.decode(errors="replace"), newline="")), [])
        except csv.Error:
            return None
        return cdr_row(dict(zip(self._columns, values, strict=False)), pbx=self._pbx, zone=self._zone)
