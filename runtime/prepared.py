"""A statement compiled once and handed straight to the driver: for the few that run while a phone rings.

Owns the way past SQLAlchemy's result machinery, which costs more than the query itself. Values are the driver's
own: instants go in through `instant_writer` and come back through `instant`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from runtime.schema import instant_to_us, us_to_instant
from runtime.wire import decode


class Prepared:
    """Its parameters are the names of the query's `bindparam`s."""

    def __init__(self, query: sa.SelectBase, dialect: str) -> None:
        named: Any = psycopg.dialect() if dialect == "postgresql" else sqlite.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
        compiled = query.compile(dialect=named)
        self._text, self._constants = str(compiled), dict(compiled.params)

    def rows(self, connection: Connection, **values: object) -> list[tuple[Any, ...]]:
        cursor: Any = connection.connection.cursor()
        try:
            cursor.execute(self._text, self._constants | values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found
        finally:
            cursor.close()


class PreparedList(Prepared):
    """The same for an answer of many rows that is waited for. SQLite's driver lets go of the interpreter at each row and asks for
    it again, for which a busy loop lets it wait each time; so there the rows come as one value."""

    def __init__(self, query: sa.SelectBase, dialect: str) -> None:
        self._in_one = dialect != "postgresql"
        if self._in_one:
            row = query.subquery().c
            query = sa.select(sa.func.json_group_array(sa.func.json_array(*row)))
        super().__init__(query, dialect)

    def rows(self, connection: Connection, **values: object) -> list[tuple[Any, ...]]:
        found = super().rows(connection, **values)
        if not self._in_one:
            return found
        text: str = found[0][0]
        return [tuple(row) for row in decode(text, most_chars=len(text))]


class PreparedWrite:
    """One statement for many rows of plain driver values, in the order of `names`."""

    def __init__(self, statement: sa.UpdateBase, dialect: str) -> None:
        positional: Any = (
            psycopg.dialect(paramstyle="format") if dialect == "postgresql" else sqlite.dialect(paramstyle="qmark")  # type: ignore[no-untyped-call]
        )
        compiled = statement.compile(dialect=positional)
        self._text, self.names = str(compiled), tuple(compiled.positiontup or ())

    def run_once(self, connection: Connection, values: Mapping[str, Any]) -> None:
        """For one row, of plain driver values by name."""
        self.run(connection, [tuple(values[name] for name in self.names)])

    def run(self, connection: Connection, rows: Iterable[tuple[Any, ...]]) -> None:
        """`rows` may be made on the way: PostgreSQL stores the first while we make the next. Errors are SQLAlchemy's."""
        error_of_driver = connection.dialect.loaded_dbapi.Error
        cursor: Any = connection.connection.cursor()  # typed for lists, takes what can be looped over
        try:
            cursor.executemany(self._text, rows)
        except error_of_driver as error:
            raise DBAPIError.instance(self._text, None, error, error_of_driver) from error
        finally:
            cursor.close()


def instant_writer(dialect: str) -> Callable[[datetime], Any]:
    """What turns an instant into what the driver takes for an Instant column. ValueError, TypeError: it has no zone."""
    return _aware if dialect == "postgresql" else instant_to_us


def _aware(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise ValueError("an instant without a zone can't be stored")
    return at


def instant(value: Any) -> datetime:
    """An Instant column as either driver gives it."""
    return value.astimezone(UTC) if isinstance(value, datetime) else us_to_instant(value)
