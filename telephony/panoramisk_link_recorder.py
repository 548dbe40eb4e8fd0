"""Keeps the raw bytes of a live AMI stream in a file, without ever making the loop wait for the disk.

A thread of its own writes and flushes. When the disk is full or too slow the recording ends with a warning; the link never
notices.
"""

import logging
import queue
import threading
from pathlib import Path

log = logging.getLogger(__name__)

_MOST_BUFFERED = 64 * 1024 * 1024


class Recorder:
    """Opened at once, so that an impossible path is an OSError for whoever asked."""

    def __init__(self, path: Path, *, most_buffered: int = _MOST_BUFFERED) -> None:
        self._path = path
        self._most_buffered = most_buffered
        self._file = path.open("ab", buffering=0)
        self._waiting: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._buffered = 0
        self._written = 0
        self.why_stopped = ""
        self._thread = threading.Thread(target=self._write_on, name=f"record {path.name}", daemon=True)
        self._thread.start()

    def keep(self, data: bytes) -> None:
        """Called from the loop with every read. Costs one append."""
        if self.why_stopped:
            return
        self._buffered += len(data)
        if self._buffered - self._written > self._most_buffered:
            self._stop_for("the disk is too slow")
            return
        self._waiting.put(data)

    def close(self) -> None:
        """Write what is left and close the file. Blocks for as long as the disk takes: not for the loop."""
        self._waiting.put(None)
        self._thread.join()

    def _write_on(self) -> None:
        with self._file:
            while (data := self._waiting.get()) is not None:
                if self.why_stopped:
                    continue
                try:
                    self._write(data)
                except OSError as full:
                    self._stop_for(str(full))
                self._written += len(data)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _stop_for(self, why: str) -> None:
        self.why_stopped = why
        log.warning("recording to %s ended: %s", self._path, why, extra={"action": "recording_ended"})
