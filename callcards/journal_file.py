"""The local journal: changes that couldn't be stored yet, one a line, safe on disk before anybody goes on.

Owns one file (and beside it `.rejected` for what no store will ever take). A line cut short by a crash was never promised
to anybody and is dropped. The file shrinks to nothing when all of it has been stored.
"""

import fcntl
import logging
import os
from collections.abc import Iterable
from pathlib import Path

from callcards.ports import Change
from callcards.record import change_line, change_of
from core.errors import Conflict

log = logging.getLogger(__name__)
_BLOCK = 1 << 20


class JournalFile:
    """Blocking; one user at a time. `offset` is how far it has been stored, `size` where it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._fd)
            raise Conflict(
                f"the journal {path} is in use by another Meridian: give each its own directory for data"
            ) from None
        self.offset = 0
        self.size = self._drop_torn_line()

    @property
    def empty(self) -> bool:
        return self.offset == self.size

    def append(self, changes: Iterable[Change]) -> None:
        """On disk when this returns. OSError (no room): nothing of it is there."""
        self._append_bytes("".join(change_line(change) + "\n" for change in changes).encode())

    def read(self, most: int) -> tuple[list[Change], int]:
        """The next changes to store and the offset after them."""
        changes: list[Change] = []
        offset = self.offset
        tail = b""
        while len(changes) < most and (block := os.pread(self._fd, _BLOCK, offset + len(tail))):
            *lines, tail = (tail + block).split(b"\n")
            for line in lines:
                offset += len(line) + 1
                changes += self._understood(line)
                if len(changes) >= most:
                    break
        return changes, offset

    def stored_until(self, offset: int) -> None:
        self.offset = offset
        if self.empty and self.size:
            os.ftruncate(self._fd, 0)
            os.fsync(self._fd)
            self.offset = self.size = 0

    def reject(self, change: Change) -> None:
        """Keep for a person what the store will never take."""
        self._keep_aside(change_line(change).encode())

    def close(self) -> None:
        os.close(self._fd)

    def _append_bytes(self, data: bytes) -> None:
        try:
            written = 0
            while written < len(data):
                written += os.pwrite(self._fd, data[written:], self.size + written)
            os.fsync(self._fd)
        except OSError:
            os.ftruncate(self._fd, self.size)
            raise
        self.size += len(data)

    def _understood(self, line: bytes) -> list[Change]:
        try:
            return [change_of(line.decode())]
        except ValueError:
            log.error("journal line can't be read; kept in %s.rejected", self.path, extra={"action": "journal_damaged"})
            self._keep_aside(line)
            return []

    def _keep_aside(self, line: bytes) -> None:
        with open(f"{self.path}.rejected", "ab") as file:
            file.write(line + b"\n")

    def _drop_torn_line(self) -> int:
        size = os.fstat(self._fd).st_size
        end = size
        while end > 0:
            start = max(0, end - _BLOCK)
            newline = os.pread(self._fd, end - start, start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end != size:
            os.ftruncate(self._fd, end)
            os.fsync(self._fd)
        return end
