"""A statement compiled once and handed straight to the driver: for the few that run while a phone rings.

Owns the way past SQLAlchemy's result machinery, which costs more than the query itself. Values come back as the driver
gives them: instants through `instant`.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.engine import Connection

from runtime.schema import us_to_instant


class Prepared:
    """Its parameters are the names of the query's `bindparam`s."""

    def __init__(self, query: sa.SelectBase, dialect: str) -> None:
        named: Any = psycopg.dialect() if dialect == "postgresql" else sqlite.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
        compiled = query.compile(dialect=named)
        self._text, self._constants = str(compiled), dict(compiled.params)

    def rows(self, connection: Connection, **values: object) -> list[tuple[Any, ...]]:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self._text, self._constants | values)
            return list(cursor.fetchall())
        finally:
            cursor.close()


def instant(value: Any) -> datetime:
    """An Instant column as either driver gives it."""
    return value.astimezone(UTC) if isinstance(value, datetime) else us_to_instant(value)
