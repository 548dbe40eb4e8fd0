"""The database: one writer thread, a few reader threads, deadlines, and the truth about whether it is there.

Owns connections, transactions and the state that banners show. Never knows what is stored, and never blocks the loop:
every call is answered, with the result or with an error, at its deadline at the latest.
"""

import asyncio
import contextlib
import fcntl
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from core.errors import Conflict, Unavailable
from runtime.db_engine import described, is_sqlite, parse_url
from runtime.db_lane import Answer, Job, JobQueue, Lane
from runtime.migrations import bring_up_to_date
from runtime.process import let_woken_thread_run

T = TypeVar("T")
_MOST_WAITING = 2_000
_MIGRATION_DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """For banners: is the database there, and since when is that so."""

    live: bool
    since: datetime
    why: str = ""


class Database:
    """`exclusive`: on SQLite, refuse a second one on the same file. Tools that only look may pass False."""

    def __init__(self, url: str, *, readers: int = 4, deadline_s: float = 5.0, exclusive: bool = True) -> None:
        self._url = parse_url(url)
        self.dialect = self._url.get_backend_name()
        self._deadline_s = deadline_s
        self._exclusive = exclusive and is_sqlite(self._url)
        self._lock_fd: int | None = None
        self._generation = 0
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._probing: asyncio.Task[None] | None = None
        self._watchers: list[Callable[[DatabaseState], None]] = []
        self.state = DatabaseState(live=True, since=datetime.now(UTC))
        self._writes, self._reads = JobQueue(), JobQueue()
        self._lanes = [self._lane("db-writer", writer=True)]
        self._lanes += [self._lane(f"db-reader-{n}", writer=False) for n in range(readers)]

    def __repr__(self) -> str:
        return f"<Database {described(self._url)} {'live' if self.state.live else 'away'}>"

    def watch(self, watcher: Callable[[DatabaseState], None]) -> None:
        """Call `watcher` on the loop whenever the database goes away or comes back."""
        self._watchers.append(watcher)

    async def migrate(self) -> None:
        """Bring the tables up to what this program needs. Refuses a database newer than the program."""
        await self._ask(self._writes, bring_up_to_date, deadline_s=_MIGRATION_DEADLINE_S)

    async def write(self, fn: Callable[[Connection], T], *, deadline_s: float | None = None) -> T:
        """Run `fn` in the writer thread inside one transaction, committed when this returns.

        Unavailable leaves it open whether the commit happened: repeat only what can be repeated.
        """
        return await self._ask(self._writes, fn, deadline_s=deadline_s)

    async def read(self, fn: Callable[[Connection], T], *, deadline_s: float | None = None) -> T:
        """Run `fn` in a reader thread. Each statement sees its own moment; `fn` may be run a second time."""
        return await self._ask(self._reads, fn, deadline_s=deadline_s)

    def read_soon(
        self, fn: Callable[[Connection], T], answer: Callable[[T | None, BaseException | None], None]
    ) -> None:
        """The same without a task of its own, from within a step: never waits, raises nothing.

        `answer` is called once, on the loop and never before this returns: with what `fn` gave, or with the error.
        """
        try:
            self._refuse_early(self._reads, probing=False)
        except Unavailable as away:
            asyncio.get_running_loop().call_soon(answer, None, away)
            return
        wakes = self._reads.anybody_idle
        self._post(self._reads, fn, answer, self._deadline_s)
        if wakes:
            let_woken_thread_run()

    def has_neighbour(self) -> bool:
        """On SQLite: whether another process serves this file right now, as its lock file tells. Takes no lock itself."""
        if not is_sqlite(self._url) or self._lock_fd is not None:
            return False
        try:
            owner = int(Path(f"{self._url.database}.lock").read_text(encoding="ascii"))
            os.kill(owner, 0)
        except PermissionError:
            return True
        except (OSError, ValueError):
            return False
        return True

    async def close(self) -> None:
        """Finish what runs, then let go of every connection and of the file."""
        self._closed = True
        if self._probing is not None:
            self._probing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._probing
        for lane in self._lanes:
            (self._writes if lane.thread.name == "db-writer" else self._reads).put(None)
        await asyncio.to_thread(self._join)
        if self._lock_fd is not None:
            os.close(self._lock_fd)
            self._lock_fd = None

    def _join(self) -> None:
        """A thread that is stuck comes back at the deadline of its job; one that doesn't is left behind."""
        until = time.monotonic() + self._deadline_s + 1
        for lane in self._lanes:
            if lane.thread.ident is not None:
                lane.thread.join(max(0.0, until - time.monotonic()))

    def _lane(self, name: str, *, writer: bool) -> Lane:
        return Lane(
            name,
            self._url,
            self._writes if writer else self._reads,
            before_connect=self._take_file,
            generation=lambda: self._generation,
            on_lost=self._lost_from_thread,
            writer=writer,
            deadline_s=self._deadline_s,
        )

    async def _ask(
        self,
        jobs: JobQueue,
        fn: Callable[[Connection], T],
        *,
        deadline_s: float | None,
        probing: bool = False,
    ) -> T:
        self._refuse_early(jobs, probing=probing)
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        within_s = self._deadline_s if deadline_s is None else deadline_s
        job = self._post(jobs, fn, _to(future), within_s)
        try:
            return await future
        finally:
            job.give_up()

    def _post(self, jobs: JobQueue, fn: Callable[[Connection], Any], answer: Answer, within_s: float) -> Job:
        loop = self._begin()
        job = Job(fn, answer, loop=loop, deadline=time.monotonic() + within_s)
        jobs.put(job)
        job.expiry = loop.call_later(within_s, self._expire, job)
        return job

    def _refuse_early(self, jobs: JobQueue, *, probing: bool) -> None:
        if self._closed:
            raise Unavailable("the database has been closed: Meridian is shutting down")
        if not self.state.live and not probing:
            # Known to be away: say so now instead of letting every pop wait for its deadline.
            raise Unavailable(self.state.why)
        if len(jobs) >= _MOST_WAITING:
            raise Unavailable(f"{described(self._url)} is too slow: {_MOST_WAITING} requests wait for it")

    def _begin(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            for lane in self._lanes:
                lane.thread.start()
        return self._loop

    def _expire(self, job: Job) -> None:
        """The deadline has passed: answer the asker, and free the lane if it is stuck in this job."""
        if job.over:
            return
        why = f"{described(self._url)} gave no answer in time"
        job.settle(None, Unavailable(why))
        stuck = job.lane is not None and job.lane.sever(job)
        if stuck and not is_sqlite(self._url):
            self._lost(why)

    def _take_file(self) -> None:
        if not self._exclusive or self._lock_fd is not None:
            return
        path = Path(f"{self._url.database}.lock")
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise Unavailable(f"{path} can't be written ({error.strerror}): give Meridian the right to") from error
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.pread(fd, 20, 0).decode(errors="replace").strip() or "unknown"
            os.close(fd)
            raise Conflict(
                f"{described(self._url)} is in use by another Meridian (process {owner}). "
                "SQLite serves one process: stop the other one, or use PostgreSQL for several."
            ) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._lock_fd = fd

    def _lost_from_thread(self, why: str) -> None:
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._lost, why)

    def _lost(self, why: str) -> None:
        if self._closed or not self.state.live:
            return
        self._generation += 1
        self._become(DatabaseState(live=False, since=datetime.now(UTC), why=why))
        self._probing = asyncio.get_running_loop().create_task(self._probe(), name="db-probe")

    async def _probe(self) -> None:
        """Ask again, ever more patiently, until the database answers."""
        wait_s = 0.1
        while not self.state.live:
            await asyncio.sleep(wait_s * random.uniform(0.7, 1.3))
            wait_s = min(wait_s * 2, self._deadline_s)
            with contextlib.suppress(Unavailable):
                await self._ask(self._writes, lambda c: c.scalar(sa.select(1)), deadline_s=None, probing=True)
                self._become(DatabaseState(live=True, since=datetime.now(UTC)))

    def _become(self, state: DatabaseState) -> None:
        self.state = state
        for watcher in self._watchers:
            watcher(state)


def _to(future: "asyncio.Future[Any]") -> Answer:
    def answer(result: Any, error: BaseException | None) -> None:
        if future.done():
            return  # whoever asked gave it up
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    return answer
