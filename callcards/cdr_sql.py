"""Call detail records from the SQL table that Asterisk's cdr_adaptive_odbc, cdr_pgsql or cdr_sqlite3_custom fills.

Owns its own connection, opened for each look and closed again. Never writes, never changes a setting of that database.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from callcards.cdr import CdrRow
from callcards.cdr_rows import cdr_row, check_columns
from core.errors import BadConfiguration, Unavailable

# No call lasts longer; `start` is the column that is indexed everywhere.
_LONGEST_CALL = timedelta(hours=24)
# Asterisk may keep rows back and write them in batches.
_OVERLAP = timedelta(minutes=10)
_STARTS = ("start", "calldate")


class SqlCdr:
    """Columns have Asterisk's names; `columns` names others, as `ours=theirs`."""

    def __init__(
        self,
        url: str,
        *,
        pbx: str,
        table: str = "cdr",
        columns: Sequence[str] = (),
        zone: tzinfo = UTC,
        deadline_s: float = 30.0,
    ) -> None:
        self._pbx = pbx
        self._table = table
        self._zone = zone
        self._deadline_s = deadline_s
        self._renamed = dict(each.partition("=")[::2] for each in columns if "=" in each)
        self._newest: datetime | None = None
        try:
            parsed = sa.make_url(url)
            if parsed.drivername in ("postgresql", "postgres"):
                parsed = parsed.set(drivername="postgresql+psycopg")
            self._where = f"the call records in {parsed.render_as_string(hide_password=True)}"
            self._engine = sa.create_engine(parsed, poolclass=NullPool)
        except (SQLAlchemyError, NoSuchModuleError, ImportError) as error:
            raise BadConfiguration(
                f"cdr_url can't be used ({type(error).__name__}): install the driver that the URL names, or mend the URL"
            ) from None

    async def rows(self, since: datetime) -> list[CdrRow]:
        """Unavailable: the database can't be reached or takes too long."""
        begin = since if self._newest is None else max(since, self._newest - _OVERLAP)
        try:
            async with asyncio.timeout(self._deadline_s):
                found = await asyncio.to_thread(self._rows, begin)
        except TimeoutError:
            raise Unavailable(f"{self._where} gave no answer within {self._deadline_s:g} s") from None
        except SQLAlchemyError as error:
            reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
            raise Unavailable(f"{self._where} can't be read: {reason}") from error
        self._newest = max([row.end for row in found] + ([self._newest] if self._newest else []), default=None)
        return found

    def _rows(self, since: datetime) -> list[CdrRow]:
        with self._engine.connect() as connection:
            inspector = sa.inspect(connection)
            if not inspector.has_table(self._table):
                raise BadConfiguration(f"{self._where}: there is no table {self._table}")
            names = self._names([column["name"] for column in inspector.get_columns(self._table)])
            chosen: list[Any] = [sa.column(theirs).label(ours) for ours, theirs in names.items()]
            start: Any = sa.column(names["start"])
            # Asterisk's columns are local times without a zone, in text or timestamp; both compare by their text.
            earliest = (since - _LONGEST_CALL).astimezone(self._zone).replace(tzinfo=None, microsecond=0)
            query = (
                sa.select(*chosen)
                .select_from(sa.table(self._table))
                .where(start >= sa.literal(self._bound(connection, earliest)))
            )
            rows = (self._row(row) for row in connection.execute(query).mappings())
            return [row for row in rows if row is not None and row.end >= since]

    def _bound(self, connection: sa.Connection, earliest: datetime) -> Any:
        return earliest.isoformat(" ") if connection.dialect.name == "sqlite" else earliest

    def _names(self, present: Sequence[str]) -> dict[str, str]:
        """Our name of each column -> theirs."""
        theirs = {name.lower(): name for name in present}
        names = {ours: self._renamed[ours] for ours in self._renamed if self._renamed[ours].lower() in theirs}
        for start in _STARTS:
            if start in theirs:
                names.setdefault("start", theirs[start])
        names |= {name: real for name, real in theirs.items() if name not in names and name not in _STARTS}
        check_columns(tuple(names), self._where)
        return names

    def _row(self, row: Mapping[Any, Any]) -> CdrRow | None:
        return cdr_row({str(name): value for name, value in row.items()}, pbx=self._pbx, zone=self._zone)
