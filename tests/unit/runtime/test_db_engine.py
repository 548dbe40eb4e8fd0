"""What the drivers' errors mean, without a database."""

import sqlite3

import psycopg
import pytest
from psycopg import errors

from core.errors import BadConfiguration, Unavailable
from runtime.db_engine import described, lost_connection, parse_url, translated

URL = parse_url("postgresql://meridian:s3cret@db.example/cards")
FILE = parse_url("sqlite:////var/lib/meridian/meridian.db")


def sqlite_error(code: int) -> sqlite3.Error:
    error = sqlite3.OperationalError("what sqlite says")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (psycopg.OperationalError("server closed the connection unexpectedly"), True),
        (errors.AdminShutdown("terminating connection"), True),
        (errors.InvalidPassword("password authentication failed"), True),
        (errors.TooManyConnections("sorry, too many clients already"), True),
        (errors.QueryCanceled("canceling statement due to statement timeout"), False),
        (errors.SerializationFailure("could not serialize access"), False),
        (errors.UniqueViolation("duplicate key"), False),
        (sqlite_error(sqlite3.SQLITE_BUSY), False),
        (ValueError("ours"), False),
    ],
)
def test_is_the_connection_gone_or_only_this_statement(error: Exception, lost: bool) -> None:
    assert lost_connection(error) is lost


@pytest.mark.parametrize(
    ("error", "ours"),
    [
        (psycopg.OperationalError("gone"), True),
        (errors.QueryCanceled("too long"), True),
        (errors.UniqueViolation("duplicate key"), False),
        (errors.UndefinedTable("no such table"), False),
        (sqlite_error(sqlite3.SQLITE_BUSY), True),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), True),
        (sqlite_error(sqlite3.SQLITE_FULL), True),
        (sqlite_error(sqlite3.SQLITE_INTERRUPT), True),
        (sqlite_error(sqlite3.SQLITE_ERROR), False),
        (sqlite_error(sqlite3.SQLITE_CONSTRAINT_UNIQUE), False),
        (KeyError("ours"), False),
    ],
)
def test_is_the_world_at_fault(error: Exception, ours: bool) -> None:
    assert isinstance(translated(error, URL if isinstance(error, psycopg.Error) else FILE), Unavailable) is ours


def test_whatever_a_driver_says_the_password_is_not_passed_on() -> None:
    said = translated(psycopg.OperationalError("can't parse meridian:s3cret@db\nsecond line"), URL)
    assert (
        str(said) == "PostgreSQL cards at db.example:5432 can't be used (can't parse meridian:***@db); "
        "is it running, and are host, user and password right?"
    )
    assert "s3cret" not in described(URL)


def test_a_damaged_file_says_what_to_do() -> None:
    assert "put the last backup in its place" in str(translated(sqlite_error(sqlite3.SQLITE_CORRUPT), FILE))


@pytest.mark.parametrize("text", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg2://u@h/d"])
def test_every_way_to_write_postgresql_is_psycopg(text: str) -> None:
    assert parse_url(text).drivername == "postgresql+psycopg"


@pytest.mark.parametrize("text", ["", "oracle://h/d", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_cannot_be_used(text: str) -> None:
    with pytest.raises(BadConfiguration):
        parse_url(text)
