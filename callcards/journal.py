"""The one way into the record of conversations: takes changes at once, stores them in short grouped transactions.

Owns what waits: in memory for some 50 ms, and in the local journal while the store is slow or away. What `flush` has waited
for survives a crash, nothing is stored out of order, and repeating a batch after a lost reply doubles nothing. Never blocks
who puts.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from callcards.journal_file import JournalFile
from callcards.pending import Pending
from callcards.ports import AuditLine, CardStore, Change
from core.effects import Audit
from core.errors import ContactCentreError, Rejected, Unavailable
from core.ids import fresh_id

log = logging.getLogger(__name__)
T = TypeVar("T")
_GROUP_S = 0.05
_MOST_AT_ONCE = 500
# A store that takes longer than this is treated as away: what waits for it goes to disk.
_SLOW_S = 0.5
_LONGEST_PAUSE_S = 2.0
# Only reached when the store is away *and* the disk is full; one card counts once, however often it changes.
_MOST_IN_MEMORY = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What isn't stored yet: in memory, and in bytes of journal; the age of the oldest; why it waits."""

    waiting: int
    journal_bytes: int
    oldest_s: float
    why: str


class CardWriter:
    """`start` it before the first step; `put` may be called at any time, from the loop."""

    def __init__(self, store: CardStore, journal: Path) -> None:
        self._store = store
        self._path = journal
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._pending = Pending()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._flushers: list[asyncio.Future[None]] = []
        self._running: asyncio.Task[None] | None = None
        self._storing: asyncio.Task[bool] | None = None
        self._pause_s = 0.0
        self._retry_at = 0.0
        self._away_since: float | None = None
        self._why = ""
        self.rejected = 0
        self.dropped = 0

    async def start(self) -> None:
        """What an earlier process left in the journal is stored first. Conflict: another process has the journal."""
        self._file = await self._on_disk(lambda: JournalFile(self._path))
        if not self._file.empty:
            self._away_since = time.monotonic()
        self._wake.set()
        self._running = asyncio.get_running_loop().create_task(self._run(), name="card-writer")

    def put(self, change: Change | Audit) -> None:
        """Never blocks, never fails. To know that it is safe, await flush()."""
        if len(self._pending) >= _MOST_IN_MEMORY:
            self.dropped += 1
            log.critical("no room for a change of a card, in the store or on disk", extra={"action": "change_dropped"})
            return
        self._pending.put(_with_id(change) if isinstance(change, Audit) else change, time.monotonic())
        self._idle.clear()
        self._wake.set()

    async def flush(self, deadline_s: float = 10.0) -> None:
        """Everything put so far is stored, or safe in the journal. Unavailable: neither, not yet."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushers.append(done)
        self._wake.set()
        try:
            async with asyncio.timeout(deadline_s):
                await done
        except TimeoutError:
            raise Unavailable(f"{len(self._pending)} changes of cards are safe nowhere yet: {self._why}") from None

    async def drained(self) -> None:
        """Everything put so far is stored. Waits for as long as the store is away."""
        await self._idle.wait()

    async def close(self) -> None:
        """Leaves nothing in memory; what the store didn't take stays in the journal for the next start."""
        if self._running is None:
            return
        with contextlib.suppress(Unavailable):
            await self.flush()
        for task in (self._running, self._storing):
            if task is not None:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        await self._on_disk(self._file.close)
        self._disk.shutdown()
        self._running = None

    def backlog(self) -> Backlog:
        now = time.monotonic()
        oldest = min((at for at in (self._away_since, self._pending.oldest_at) if at is not None), default=now)
        in_journal = self._file.size - self._file.offset if self._running else 0
        return Backlog(waiting=len(self._pending), journal_bytes=in_journal, oldest_s=now - oldest, why=self._why)

    async def _run(self) -> None:
        while True:
            await self._sleep()
            flushers, self._flushers = self._flushers, []
            try:
                await self._cycle()
            except Exception as error:
                # Not even the journal takes it (disk full): it waits in memory, and we try again.
                self._flushers = flushers + self._flushers
                self._be_patient(error)
                log.exception("changes of cards are safe nowhere", extra={"action": "journal_failed"})
                continue
            for done in flushers:
                if not done.done():
                    done.set_result(None)

    async def _sleep(self) -> None:
        """Until there is something to do; then a moment more, so that what comes together is stored together."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._until_retry_s()):
                await self._wake.wait()
        if self._pending and not self._flushers and len(self._pending) < _MOST_AT_ONCE:
            await asyncio.sleep(_GROUP_S)
        self._wake.clear()

    def _until_retry_s(self) -> float | None:
        if self._storing is not None or (self._file.empty and not self._pending):
            return None
        return max(0.0, self._retry_at - time.monotonic())

    async def _cycle(self) -> None:
        if self._storing is not None and self._storing.done():
            self._storing = None
        batch = self._pending.take_all()
        try:
            if self._storing is None and self._file.empty and await self._stored_soon(batch):
                batch = []
            if batch:
                await self._on_disk(lambda: self._file.append(batch))
        except BaseException:
            self._pending.put_back(batch, time.monotonic())
            raise
        if self._storing is None and not self._file.empty and time.monotonic() >= self._retry_at:
            self._begin(self._drain)
        if self._storing is None and self._file.empty and not self._pending:
            self._idle.set()

    async def _stored_soon(self, batch: Sequence[Change]) -> bool:
        """The normal way, past the journal. False: it failed, or it is still at it and may yet fail."""
        if not batch:
            return True
        storing = self._begin(lambda: self._apply_all(batch))
        await asyncio.wait({storing}, timeout=_SLOW_S)
        if not storing.done():
            return False
        self._storing = None
        return storing.result()

    def _begin(self, work: Callable[[], Awaitable[None]]) -> "asyncio.Task[bool]":
        self._storing = asyncio.get_running_loop().create_task(self._attempt(work), name="card-writer-storing")
        self._storing.add_done_callback(lambda _: self._wake.set())
        return self._storing

    async def _attempt(self, work: Callable[[], Awaitable[None]]) -> bool:
        try:
            await work()
        except Exception as error:
            self._be_patient(error)
            if not isinstance(error, ContactCentreError):
                log.exception("the store failed in an unknown way", extra={"action": "store_failed"})
            return False
        self._pause_s, self._retry_at, self._away_since, self._why = 0.0, 0.0, None, ""
        return True

    async def _apply_all(self, batch: Sequence[Change]) -> None:
        for start in range(0, len(batch), _MOST_AT_ONCE):
            await self._apply(batch[start : start + _MOST_AT_ONCE])

    async def _drain(self) -> None:
        while not self._file.empty:
            changes, offset = await self._on_disk(lambda: self._file.read(_MOST_AT_ONCE))
            await self._apply(changes)
            await self._on_disk(partial(self._file.stored_until, offset))

    async def _apply(self, batch: Sequence[Change]) -> None:
        try:
            await self._store.apply(batch)
        except Rejected:
            # One change that can't be stored must not keep the others out.
            for change in batch:
                await self._apply_alone(change)

    async def _apply_alone(self, change: Change) -> None:
        try:
            await self._store.apply([change])
        except Rejected:
            self.rejected += 1
            log.exception("a change can't be stored, kept in %s.rejected", self._path, extra={"action": "rejected"})
            await self._on_disk(lambda: self._file.reject(change))

    def _be_patient(self, error: Exception) -> None:
        """The store is away: ask again soon, then ever more seldom."""
        now = time.monotonic()
        self._why = str(error)
        self._away_since = self._away_since or now
        self._pause_s = min(_LONGEST_PAUSE_S, max(0.1, self._pause_s * 2))
        self._retry_at = now + self._pause_s

    async def _on_disk(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work)


def _with_id(line: Audit) -> AuditLine:
    return AuditLine(
        audit_id=fresh_id(line.at, os.urandom(10)),
        at=line.at,
        actor=line.actor,
        action=line.action,
        facts=line.facts,
    )
