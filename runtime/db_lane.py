"""One thread with one database connection of its own, doing jobs one after the other.

Owns its connection: connects when a job needs it, drops it after any trouble. Never touches the event loop but to hand
over an answer. A job's deadline is kept by the loop, which severs the connection if the thread is stuck in it.
"""

import asyncio
import contextlib
import select
import threading
import time
from collections import deque
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import psycopg
from sqlalchemy.engine import URL, Connection

from core.errors import ContactCentreError
from runtime.db_engine import DATABASE_ERRORS, lost_connection, make_engine, sever, translated

Answer = Callable[[Any, BaseException | None], None]


class Job:
    """What somebody wants done: `run` gets a connection inside a transaction; `answer` is called once, on the loop, with the
    result or with the error. Once it was called (or nobody waits any more) the job is `over`."""

    __slots__ = ("answer", "deadline", "expiry", "lane", "loop", "over", "run")

    def __init__(
        self, run: Callable[[Connection], Any], answer: Answer, *, loop: asyncio.AbstractEventLoop, deadline: float
    ) -> None:
        self.run = run
        self.answer = answer
        self.loop = loop
        self.deadline = deadline
        self.over = False
        self.expiry: asyncio.TimerHandle | None = None
        self.lane: Lane | None = None

    def worth_doing(self) -> bool:
        """Nobody gave it up, nobody was told yet that it failed."""
        return not self.over and time.monotonic() < self.deadline

    def settle(self, result: Any, error: BaseException | None) -> None:
        """On the loop: the first answer counts."""
        if not self.over:
            self.give_up()
            self.answer(result, error)

    def give_up(self) -> None:
        """On the loop: whatever becomes of it, nobody wants to know."""
        self.over = True
        if self.expiry is not None:
            self.expiry.cancel()

    def settle_from_thread(self, result: Any, error: BaseException | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self.loop.call_soon_threadsafe(self.settle, result, error)


class JobQueue:
    """Jobs in order, each to the lane that fell idle last: its connection has the warmest pages."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[Job | None] = deque()
        self._idle: list[SimpleQueue[Job | None]] = []

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def anybody_idle(self) -> bool:
        """Whether the next job is begun as soon as it is put."""
        return bool(self._idle)

    def put(self, job: Job | None) -> None:
        """None: one lane shall end. Never blocks."""
        with self._lock:
            if self._idle:
                self._idle.pop().put(job)
            else:
                self._waiting.append(job)

    def get(self, inbox: "SimpleQueue[Job | None]") -> Job | None:
        """The next job, waited for in the caller's own `inbox`."""
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._idle.append(inbox)
        return inbox.get()


class Lane:
    """`generation` counts the times the database went away: an older connection isn't trusted any more."""

    def __init__(
        self,
        name: str,
        url: URL,
        jobs: JobQueue,
        *,
        before_connect: Callable[[], None],
        generation: Callable[[], int],
        on_lost: Callable[[str], None],
        writer: bool,
        deadline_s: float,
    ) -> None:
        self._engine = make_engine(url, writer=writer, deadline_s=deadline_s, opened=self._opened)
        self._jobs = jobs
        self._inbox: SimpleQueue[Job | None] = SimpleQueue()
        self._before_connect = before_connect
        self._generation = generation
        self._on_lost = on_lost
        self._writer = writer
        self._connection: Connection | None = None
        self._raw: object = None
        self._made_in = -1
        self._lock = threading.Lock()
        self._current: Job | None = None
        self.thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def sever(self, job: Job) -> bool:
        """Free this lane from `job`, if it is what the lane is doing. From the loop; never blocks."""
        with self._lock:
            if self._current is not job:
                return False
            sever(self._raw)
            return True

    def _serve(self) -> None:
        while (job := self._jobs.get(self._inbox)) is not None:
            if job.worth_doing():
                self._do(job)
            del job  # an idle lane must not keep the last answer alive
        self._drop()
        self._engine.dispose()

    def _do(self, job: Job) -> None:
        job.lane = self
        with self._lock:
            self._current = job
        try:
            result, error = self._attempt(job), None
        except BaseException as trouble:  # whatever it is, it belongs to the asker and not to this thread
            result, error = None, trouble
        with self._lock:
            self._current = None
        if isinstance(error, DATABASE_ERRORS):
            error = self._judged(error)
        job.settle_from_thread(result, error)

    def _attempt(self, job: Job) -> Any:
        try:
            return self._run(job)
        except DATABASE_ERRORS as error:
            # A read may simply be done again on a fresh connection; a write is its asker's to repeat.
            if not (not self._writer and lost_connection(error) and job.worth_doing()):
                raise
            self._drop()
            return self._run(job)

    def _run(self, job: Job) -> Any:
        connection = self._connected()
        if not job.worth_doing():
            return None
        if self._writer:
            with connection.begin():
                return job.run(connection)
        try:
            return job.run(connection)
        finally:
            if connection.in_transaction():
                connection.rollback()  # SQLAlchemy's own bookkeeping: in autocommit nothing goes to the database

    def _connected(self) -> Connection:
        if self._connection is not None and (self._made_in != self._generation() or self._hung_up()):
            self._drop()
        if self._connection is None:
            self._before_connect()
            self._made_in = self._generation()
            self._connection = self._engine.connect()
        return self._connection

    def _opened(self, raw: object) -> None:
        with self._lock:
            self._raw = raw

    def _hung_up(self) -> bool:
        """An idle server connection that has something to read has been closed by the other side."""
        if not isinstance(self._raw, psycopg.Connection):
            return False
        try:
            poll = select.poll()
            poll.register(self._raw.fileno(), select.POLLIN)
            return bool(poll.poll(0))
        except psycopg.Error:
            return True

    def _judged(self, error: BaseException) -> BaseException:
        """Drop the connection after any trouble of the world's; say Unavailable for it, the error itself otherwise."""
        ours: ContactCentreError | None = translated(error, self._engine.url)
        if ours is None:
            return error
        was_connected = self._connection is not None
        self._drop()
        if lost_connection(error) or not was_connected:
            self._on_lost(str(ours))
        ours.__cause__ = error
        return ours

    def _drop(self) -> None:
        with self._lock:
            connection, self._connection, self._raw = self._connection, None, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.invalidate()
            with contextlib.suppress(Exception):
                connection.close()
