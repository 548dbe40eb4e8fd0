"""What SQLAlchemy and the two drivers need to be told, and what their errors mean in our words.

Owns the URL, the connection settings and the translation of driver errors. Never runs a query of its own.
"""

import contextlib
import os
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import URL, Dialect, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from core.errors import BadConfiguration, Unavailable

# SQLite's primary result codes that mean "not now" or "not here"; 1 (SQL error) and 19 (constraint) are our own mistakes.
_SQLITE_WORLD = {5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 26}
_SQLITE_DAMAGED = {11, 26}
# What a job may raise that is the database's doing: SQLAlchemy's errors, and the drivers' own past it (prepared.py).
DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error, psycopg.Error)
# busy_timeout and statement_timeout end before our own deadline does, so that the driver says why.
_HEADROOM_S = 0.5


def parse_url(text: str) -> URL:
    """`sqlite:///var/meridian.db` or `postgresql://user:password@host/name`, with the driver that we use."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise BadConfiguration(
            "database.url can't be read: write sqlite:///path/to/meridian.db or postgresql://user:password@host/name"
        ) from None
    if url.drivername.split("+")[0] in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername.split("+")[0] != "sqlite":
        raise BadConfiguration(
            f"database.url begins with {url.drivername}: write sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
        )
    if not url.database or url.database == ":memory:":
        raise BadConfiguration("database.url names no file: write sqlite:///path/to/meridian.db")
    return url.set(drivername="sqlite+pysqlite")


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def described(url: URL) -> str:
    """Which database, for people; never with the password."""
    if is_sqlite(url):
        return f"the database file {url.database}"
    return f"PostgreSQL {url.database} at {url.host or 'localhost'}:{url.port or 5432}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise BadConfiguration(f"the folder {folder} can't be made ({error.strerror}): mend database.url") from error


def make_engine(url: URL, *, writer: bool, deadline_s: float, opened: Callable[[object], None]) -> Engine:
    """An engine for one lane, whose connections keep our rules. Readers are in autocommit: no BEGIN, no COMMIT on the wire.

    `opened` gets the driver's connection before SQLAlchemy asks the server its first questions, so that even those can be
    severed. One engine a lane, because SQLAlchemy asks them under a lock that all threads of an engine share.
    """
    level: dict[str, Any] = {} if writer else {"isolation_level": "AUTOCOMMIT"}
    if is_sqlite(url):
        _make_folder(Path(str(url.database)).parent)
        engine = sa.create_engine(
            url,
            poolclass=NullPool,
            connect_args={"check_same_thread": False, "timeout": deadline_s - _HEADROOM_S},
            **level,
        )
        _keep_sqlite_rules(engine, writer=writer)
    else:
        arguments = _postgres_arguments(deadline_s)
        engine = sa.create_engine(url, poolclass=NullPool, connect_args=arguments, use_native_hstore=False, **level)

    def connect(dialect: Dialect, _record: object, positional: list[Any], named: dict[str, Any]) -> Any:
        connection = dialect.connect(*positional, **named)
        opened(connection)
        return connection

    sa.event.listen(engine, "do_connect", connect)
    return engine


def _postgres_arguments(deadline_s: float) -> dict[str, Any]:
    limit_ms = int((deadline_s - _HEADROOM_S) * 1000)
    return {
        "connect_timeout": max(2, int(deadline_s * 0.6)),
        "tcp_user_timeout": int(deadline_s * 1000),
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 2,
        "application_name": "meridian",
        "options": f"-c statement_timeout={limit_ms} -c lock_timeout={limit_ms} "
        f"-c idle_in_transaction_session_timeout={limit_ms * 2} -c timezone=UTC -c jit=off",
    }


def _keep_sqlite_rules(engine: Engine, *, writer: bool) -> None:
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself: on_begin does
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-16000"):
            connection.execute(f"PRAGMA {pragma}")
        if not writer:
            connection.execute("PRAGMA query_only=ON")

    sa.event.listen(engine, "connect", on_connect)
    if writer:
        # Taking the write lock first is what keeps a read-then-write from failing (or losing) halfway.
        sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))


def lost_connection(error: BaseException) -> bool:
    """Does this error say that the connection (not only this statement) is gone?"""
    cause = _driver_error(error)
    if not isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        return False
    # With a SQLSTATE a living server has spoken; these are its last words: shutting down, no room, no entry.
    return cause.sqlstate is None or cause.sqlstate.startswith(("57P", "08", "53300", "28", "3D"))


def _driver_error(error: BaseException | None) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error


def translated(error: BaseException, url: URL) -> Unavailable | None:
    """Unavailable where the world is at fault, None where the statement or its asker is."""
    cause = _driver_error(error)
    if isinstance(cause, sqlite3.Error):
        return _sqlite_trouble(cause, url)
    if isinstance(cause, psycopg.OperationalError | psycopg.InterfaceError):
        first_line = str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__
        why = _without_password(first_line, url)
        return Unavailable(
            f"{described(url)} can't be used ({why}); is it running, and are host, user and password right?"
        )
    return None


def _sqlite_trouble(error: sqlite3.Error, url: URL) -> Unavailable | None:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _SQLITE_DAMAGED:
        return Unavailable(f"{described(url)} is damaged ({error}): move it away and put the last backup in its place")
    return Unavailable(f"{described(url)} can't be used: {error}") if code in _SQLITE_WORLD else None


def _without_password(text: str, url: URL) -> str:
    return text.replace(str(url.password), "***") if url.password else text


def sever(driver_connection: object) -> None:
    """Make the thread that waits on this connection come back with an error, now. May be called from any thread."""
    if isinstance(driver_connection, sqlite3.Connection):
        driver_connection.interrupt()
    elif isinstance(driver_connection, psycopg.Connection):
        # Shutting a copy of the descriptor ends the wait without pulling the number from under libpq.
        with (
            contextlib.suppress(psycopg.Error, OSError),
            socket.socket(fileno=os.dup(driver_connection.fileno())) as twin,
        ):
            twin.shutdown(socket.SHUT_RDWR)
