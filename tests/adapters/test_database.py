"""The database goes away, hangs, comes back, is somebody else's, too old or too new: what Meridian does then."""

import asyncio
import contextlib
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

import web.tables  # noqa: F401  # tables of the schema that the web room owns
from callcards.journal import CardWriter
from callcards.sql import SqlCardStore
from clients.sql import SqlClientDirectory
from core.effects import SaveCard
from core.errors import BadConfiguration, Conflict, Unavailable
from runtime.database import Database
from runtime.schema import audit, metadata
from tests.cards import NOON, card
from tests.patience import PATIENT_S
from tests.servers.postgres import PASSWORD, PostgresServer, free_port
from tests.servers.tcp_proxy import TcpProxy

pytestmark = pytest.mark.timeout(240)
ROOT = str(Path(__file__).parents[2])
real_postgres = pytest.mark.real("postgresql")


@contextlib.asynccontextmanager
async def opened(url: str, **options: Any) -> AsyncIterator[Database]:
    database = Database(url, readers=2, **options)
    try:
        yield database
    finally:
        await database.close()


class LosesCommitReplies(TcpProxy):
    """Lets the next COMMIT through and nothing that the server says from then on, until resume."""

    def __init__(self, port: int) -> None:
        super().__init__("127.0.0.1", port)
        self.armed = False
        self.lost = 0

    async def _up(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            if self.armed and b"COMMIT" in data:
                self.armed = False
                self.lost += 1
                self.drop_replies()
            sink.write(data)
            await sink.drain()


def one(connection: sa.Connection) -> int:
    return int(connection.scalar(sa.select(1)) or 0)


def add_line(n: int) -> Any:
    line = {"audit_id": f"line-{n}", "at": NOON, "actor": "test", "action": "test", "facts": {}}
    return lambda connection: connection.execute(sa.insert(audit), line).close()


def count_lines(connection: sa.Connection) -> int:
    return int(connection.scalar(sa.select(sa.func.count()).select_from(audit)) or 0)


async def until_live(database: Database) -> None:
    await until(database, live=True)


async def until(database: Database, *, live: bool) -> None:
    turned = asyncio.Event()
    database.watch(lambda state: turned.set() if state.live is live else None)
    if database.state.live is not live:
        await asyncio.wait_for(turned.wait(), PATIENT_S)


def sessions(postgres: PostgresServer, url: str) -> int:
    with postgres.connection() as connection:
        name = url.rsplit("/", 1)[1]
        row = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", [name]).fetchone()
    return int(str(row[0])) if row else 0


def difference_to_the_program(connection: sa.Connection) -> Any:
    """What only the migrations know is left out: the machinery of search, and columns that SQLite can't drop cheaply."""

    def known(thing: Any, name: str | None, kind: str, *_: Any) -> bool:
        owner = thing.table.name if kind == "index" else name
        left_over = connection.dialect.name == "sqlite" and name in ("next_contact_at", "next_contact_text")
        searching = str(owner).startswith(("card_words", "client_words", "client_texts"))
        return not left_over and not searching and name not in ("card_texts_words", "clients_words")

    context = MigrationContext.configure(connection, opts={"include_object": known})
    return compare_metadata(context, metadata)


async def test_the_migrations_make_the_tables_that_the_program_uses(database: Database) -> None:
    assert await database.write(difference_to_the_program) == []


async def test_migrating_twice_changes_nothing(database: Database) -> None:
    await database.write(add_line(1))
    await database.migrate()
    assert await database.read(count_lines) == 1


async def test_a_database_newer_than_the_program_is_refused_and_left_alone(database: Database) -> None:
    await database.write(lambda c: c.execute(sa.text("UPDATE alembic_version SET version_num = '9999'")).close())
    with pytest.raises(
        BadConfiguration, match=r"newer Meridian .* 9999.*start that newer version, or restore the backup"
    ):
        await database.migrate()


_MIGRATE = """
import asyncio, os, sys
sys.path.insert(0, {root!r})
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from runtime.database import Database

seen = 0
@sa.event.listens_for(Engine, "after_cursor_execute")
def killed(*_):
    global seen
    seen += 1
    if seen == {kill_at}:
        os._exit(9)

async def main():
    database = Database({url!r})
    await database.migrate()
    await database.close()
asyncio.run(main())
"""


async def test_a_migration_killed_midway_is_completed_by_the_next_start(database_url: str) -> None:
    for kill_at in (3, 6, 9, 12, 15, 18):
        program = _MIGRATE.format(root=ROOT, kill_at=kill_at, url=database_url)
        killed = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
        assert await killed.wait() == 9
    async with opened(database_url) as database:
        await database.migrate()
        assert await database.write(difference_to_the_program) == []


async def test_sqlite_keeps_the_settings_that_make_it_safe(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/new/meridian.db") as database:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        read = lambda c: [c.exec_driver_sql(f"PRAGMA {name}").scalar() for name in pragmas]  # noqa: E731
        assert await database.write(read) == ["wal", 2, 1]
        assert await database.read(read) == ["wal", 2, 1]
        with pytest.raises(Unavailable, match="readonly"):
            await database.read(lambda c: c.exec_driver_sql("CREATE TABLE t (n)"))


async def test_read_then_write_of_many_at_once_loses_no_update(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/meridian.db"
    async with opened(url) as first, opened(url, exclusive=False) as second:
        await first.write(lambda c: c.exec_driver_sql("CREATE TABLE counter (n INTEGER)").close())
        await first.write(lambda c: c.exec_driver_sql("INSERT INTO counter VALUES (0)").close())

        def add_one(connection: sa.Connection) -> None:
            n = connection.exec_driver_sql("SELECT n FROM counter").scalar_one()
            connection.exec_driver_sql("UPDATE counter SET n = ?", (n + 1,))

        await asyncio.gather(*(each.write(add_one) for each in (first, second) for _ in range(100)))
        assert await first.read(lambda c: c.exec_driver_sql("SELECT n FROM counter").scalar()) == 200


async def test_an_error_in_a_write_leaves_nothing_behind(database: Database) -> None:
    def half(connection: sa.Connection) -> None:
        add_line(1)(connection)
        raise Conflict("changed my mind")

    with pytest.raises(Conflict, match="changed my mind"):
        await database.write(half)
    with pytest.raises(sa.exc.IntegrityError):
        await database.write(lambda c: (add_line(2)(c), add_line(2)(c)))
    assert await database.read(count_lines) == 0
    assert database.state.live


async def test_sqlite_serves_one_process(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/meridian.db"
    program = (
        f"import asyncio, sys; sys.path.insert(0, {ROOT!r})\n"
        "from runtime.database import Database\n"
        "async def main():\n"
        f"    database = Database({url!r})\n"
        "    await database.migrate()\n"
        "    print('open', flush=True)\n"
        "    await asyncio.to_thread(sys.stdin.read)\n"
        "asyncio.run(main())"
    )
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    assert await asyncio.wait_for(other.stdout.readline(), PATIENT_S) == b"open\n"
    async with opened(url) as database:
        with pytest.raises(Conflict, match=rf"process {other.pid}.*PostgreSQL for several"):
            await database.migrate()
        async with opened(url, exclusive=False) as tool:
            assert await tool.read(count_lines) == 0
        other.kill()
        await other.communicate()
        await database.migrate()


async def test_sqlite_held_by_an_outside_process(tmp_path: Path) -> None:
    """C4: reads go on, cards wait in the journal, nobody sees `locked` but who asked for the write, nothing is lost."""
    url = f"sqlite:///{tmp_path}/meridian.db"
    async with opened(url, deadline_s=2.0) as database:
        await database.migrate()
        writer = CardWriter(SqlCardStore(database, client_key=lambda _site, number: number), tmp_path / "journal")
        await writer.start()
        outside = sqlite3.connect(tmp_path / "meridian.db", isolation_level=None)
        outside.execute("BEGIN IMMEDIATE")
        started, put = time.monotonic(), 0
        while time.monotonic() - started < 3.0:
            writer.put(SaveCard(card=card(put)))
            put += 1
            await writer.flush()
            assert await database.read(one) == 1
        assert writer.backlog().journal_bytes > 0
        with pytest.raises(Unavailable, match=r"locked|in time"):
            await database.write(add_line(1))
        outside.execute("COMMIT")
        outside.close()
        await asyncio.wait_for(writer.drained(), PATIENT_S)
        assert await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM interactions").scalar()) == put
        assert database.state.live
        await writer.close()


async def test_a_statement_that_never_ends_is_stopped_at_the_deadline(database_url: str) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    async with opened(database_url, deadline_s=1.0) as database:
        await database.migrate()
        for ask in (database.read, database.write):
            started = time.monotonic()
            with pytest.raises(Unavailable):
                await ask(lambda c: c.exec_driver_sql(endless).all())
            assert time.monotonic() - started < 4.5
        await until_live(database)
        assert await asyncio.gather(*(database.read(one) for _ in range(10))) == [1] * 10
        assert await database.write(one) == 1


async def test_who_takes_long_over_a_step_may(postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server ends a transaction in which nothing is said for twice the deadline; not that of an upgrade."""
    monkeypatch.setattr("runtime.migrations._refuse_newer", lambda _present, _steps: time.sleep(1))
    async with opened(postgres.url(), deadline_s=0.8) as database:
        await database.migrate()
        assert await database.read(one) == 1


async def test_a_thousand_cancelled_requests_leak_nothing(database_url: str, request: Any) -> None:
    """C5."""
    async with opened(database_url) as database:
        await database.migrate()
        for n in range(1000):
            ask = database.read(one) if n % 2 else database.write(add_line(n))
            task = asyncio.ensure_future(ask)
            await asyncio.sleep(0 if n % 3 else 0.0005)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        assert await asyncio.wait_for(database.read(one), PATIENT_S) == 1
        assert await asyncio.wait_for(database.write(one), PATIENT_S) == 1
        if database.dialect == "postgresql":
            assert sessions(request.getfixturevalue("postgres"), database_url) <= 3


@real_postgres
async def test_postgres_stopped_and_started_under_load(postgres: PostgresServer, tmp_path: Path) -> None:
    """C1: calls go on, cards spool, readers hear at once that it is away, all is stored once when it is back."""
    url = postgres.url()
    async with opened(url, deadline_s=2.0) as database:
        await database.migrate()
        seen: list[bool] = []
        database.watch(lambda state: seen.append(state.live))
        writer = CardWriter(SqlCardStore(database, client_key=lambda _site, number: number), tmp_path / "journal")
        await writer.start()
        number = iter(range(10_000))

        async def load(seconds: float) -> None:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                for _ in range(5):
                    writer.put(SaveCard(card=card(next(number))))
                await asyncio.sleep(0.02)

        await load(0.3)
        await asyncio.to_thread(postgres.stop)
        try:
            await load(1.0)
            await writer.flush()
            assert writer.backlog().journal_bytes > 0
            with pytest.raises(Unavailable, match=r"PostgreSQL test_\w+ at 127.0.0.1:\d+ can't be used"):
                await database.read(one)
            assert not database.state.live
        finally:
            await asyncio.to_thread(postgres.start)
        await until_live(database)
        await load(0.2)
        await asyncio.wait_for(writer.drained(), PATIENT_S)
        total = next(number)
        assert await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM interactions").scalar()) == total
        assert seen == [False, True]
        await writer.close()


@real_postgres
async def test_postgres_killed_and_recovered_keeps_what_was_acknowledged(postgres: PostgresServer) -> None:
    async with opened(postgres.url(), deadline_s=2.0) as database:
        await database.migrate()
        await database.write(add_line(1))
        await asyncio.to_thread(postgres.kill)
        await asyncio.to_thread(postgres.start)
        # Idle connections died unnoticed: neither a reader nor a writer may stumble over that.
        assert await database.read(count_lines) == 1
        await database.write(add_line(2))
        assert await database.read(count_lines) == 2


@real_postgres
async def test_postgres_frozen_is_given_up_at_the_deadline(postgres: PostgresServer) -> None:
    """C2: alive for TCP, silent for us."""
    url = postgres.url()
    async with opened(url, deadline_s=2.0) as database:
        await database.migrate()
        await asyncio.gather(*(database.read(one) for _ in range(10)))
        before = sessions(postgres, url)
        postgres.freeze()
        try:
            started = time.monotonic()
            asked = [database.read(one) for _ in range(20)] + [database.write(one) for _ in range(20)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            assert time.monotonic() - started < 4.5
            assert all(isinstance(answer, Unavailable) for answer in answers)
            assert not database.state.live
            started = time.monotonic()
            with pytest.raises(Unavailable):
                await database.read(one)
            assert time.monotonic() - started < 1.0, "known to be away, yet somebody waited for it"
        finally:
            postgres.thaw()
        await until_live(database)
        assert await asyncio.gather(*(database.read(one) for _ in range(10))) == [1] * 10
        assert await database.write(one) == 1
        await asyncio.sleep(0.2)
        assert sessions(postgres, url) <= before + 1


@real_postgres
async def test_a_line_that_goes_silent_without_a_word(postgres: PostgresServer) -> None:
    url = postgres.url()
    async with TcpProxy("127.0.0.1", postgres.port) as proxy:
        through = url.replace(str(postgres.port), str(proxy.port))
        async with opened(through, deadline_s=1.0) as database:
            await database.migrate()
            proxy.freeze()
            started = time.monotonic()
            with pytest.raises(Unavailable, match="no answer in time"):
                await database.read(one)
            assert time.monotonic() - started < 4.5
            proxy.resume()
            await until_live(database)
            assert await database.read(one) == 1


@real_postgres
async def test_sessions_thrown_out_at_random(postgres: PostgresServer, tmp_path: Path) -> None:
    """C3: readers never notice; what is written arrives once."""
    url = postgres.url()
    name = url.rsplit("/", 1)[1]
    async with opened(url, deadline_s=3.0) as database:
        await database.migrate()
        writer = CardWriter(SqlCardStore(database, client_key=lambda _site, number: number), tmp_path / "journal")
        await writer.start()

        def throw_out() -> None:
            with postgres.connection() as connection:
                connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])

        refused = 0
        for n in range(200):
            writer.put(SaveCard(card=card(n)))
            if n % 20 == 10:
                await asyncio.to_thread(throw_out)
            try:
                await database.read(one)
            except Unavailable:
                refused += 1
            await asyncio.sleep(0.01)
        await until_live(database)
        await asyncio.wait_for(writer.drained(), PATIENT_S)
        assert await database.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM interactions").scalar()) == 200
        assert refused <= 100
        await writer.close()


@real_postgres
async def test_a_commit_whose_reply_is_lost_is_found_again(postgres: PostgresServer, tmp_path: Path) -> None:
    """C6: the server has it, we never heard: the repetition finds its own row."""
    async with LosesCommitReplies(postgres.port) as proxy:
        through = postgres.url().replace(str(postgres.port), str(proxy.port))
        async with opened(through, deadline_s=1.0) as database:
            await database.migrate()
            writer = CardWriter(SqlCardStore(database, client_key=lambda _site, number: number), tmp_path / "journal")
            await writer.start()
            proxy.armed = True
            writer.put(SaveCard(card=card(1)))
            await writer.flush()
            assert writer.backlog().journal_bytes > 0
            await until(database, live=False)
            proxy.resume()
            await asyncio.wait_for(writer.drained(), PATIENT_S)
            await until_live(database)
            clients = SqlClientDirectory(database, region_of=lambda _site: "RU")
            proxy.armed = True
            with pytest.raises(Unavailable):
                await clients.find_or_create("riga", "+79161112233", name="Ivan", at=NOON)
            proxy.resume()
            await until_live(database)
            found = (await clients.find_or_create("riga", "+79161112233", name="Ivan", at=NOON)).client
            assert found is not None and not found.is_new
            assert proxy.lost == 2
            counts = "SELECT (SELECT count(*) FROM interactions), (SELECT count(*) FROM clients)"
            assert await database.read(lambda c: tuple(c.exec_driver_sql(counts).one())) == (1, 1)
            await writer.close()


@real_postgres
async def test_a_wrong_password_is_one_sentence_without_the_password(
    postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    """C8."""
    async with opened(postgres.url("postgres", password="s3cret-but-wrong")) as database:
        with pytest.raises(Unavailable, match="password authentication failed") as caught:
            await database.migrate()
        assert not database.state.live
    assert "s3cret" not in str(caught.value) + repr(database) + caplog.text
    assert PASSWORD not in repr(database)


async def test_nobody_there_is_one_sentence(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    async with opened(f"postgresql://meridian:s3cret@127.0.0.1:{port}/cards") as database:
        with pytest.raises(
            Unavailable, match=f"PostgreSQL cards at 127.0.0.1:{port} can't be used .*refused"
        ) as caught:
            await database.migrate()
    assert "s3cret" not in str(caught.value)


async def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "meridian.db").write_bytes(b"this is no database" * 1000)
    async with opened(f"sqlite:///{tmp_path}/meridian.db") as database:
        with pytest.raises(Unavailable, match=r"is damaged .* last backup"):
            await database.migrate()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://u:s3cret@h/d", "write sqlite:///PATH or postgresql://"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("meridian.db", "can't be read"),
    ],
)
def test_a_url_that_cannot_be_used(url: str, says: str) -> None:
    with pytest.raises(BadConfiguration, match=says) as caught:
        Database(url)
    assert "s3cret" not in str(caught.value)


async def test_more_requests_than_it_can_ever_answer_are_refused(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/meridian.db") as database:
        await database.migrate()
        asked = [asyncio.ensure_future(database.write(one)) for _ in range(2500)]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, Unavailable)]
        assert refused and "too slow" in str(refused[0])
        assert answers.count(1) >= 1900


async def test_a_question_put_within_a_step_is_begun_before_the_step_goes_on(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An idle thread is given the interpreter at once; where all are busy there is nobody to give it to."""
    await database.migrate()
    woken: list[None] = []
    monkeypatch.setattr("runtime.database.let_woken_thread_run", lambda: woken.append(None))
    await asyncio.gather(*(database.read(lambda connection: None) for _ in range(8)))
    while not database._reads.anybody_idle:  # noqa: ASYNC110  # a thread answers before it is idle
        await asyncio.sleep(0.001)
    answered: asyncio.Queue[BaseException | None] = asyncio.Queue()
    hold = threading.Event()
    for _ in range(10):
        database.read_soon(lambda connection: hold.wait(5), lambda _result, error: answered.put_nowait(error))
    hold.set()
    assert [await answered.get() for _ in range(10)] == [None] * 10
    assert 1 <= len(woken) <= 4


async def test_after_closing_every_request_is_told_so(tmp_path: Path) -> None:
    async with opened(f"sqlite:///{tmp_path}/meridian.db") as database:
        await database.migrate()
    with pytest.raises(Unavailable, match="shutting down"):
        await database.read(one)
