"""Statements handed straight to the driver: an answer that comes in one piece says what its rows would."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from runtime.database import Database
from runtime.prepared import Prepared, PreparedList
from runtime.schema import metadata

TEXTS = ("", "plain", "q\"u\\o'te", "Иван\x1fПётр\n\t", "שלום 😀 e\u0301", "</script>", "{}", "[1]", "null")
NUMBERS = (0, -1, 2**53 + 1, 2**62, 1_795_289_549_123_456)
FLOATS = (0.0, 60.0, 12.345678, 0.1, 1e-7, 86_400.000001)


def query() -> sa.SelectBase:
    """As many rows as there are texts, every one of them with nothing in its last column."""
    rows = [
        sa.select(
            sa.literal(text, sa.Text).label("c0"),
            sa.literal(NUMBERS[n % len(NUMBERS)], sa.BigInteger).label("c1"),
            sa.cast(sa.literal(FLOATS[n % len(FLOATS)], sa.Double), sa.Double).label("c2"),
            sa.null().label("c3"),
        )
        for n, text in enumerate(TEXTS)
    ]
    return sa.union_all(*rows)


async def test_in_one_piece_or_row_by_row(database: Database) -> None:
    await database.migrate()
    rows, in_one = (kind(query(), database.dialect) for kind in (Prepared, PreparedList))
    told = await database.read(rows.rows)
    assert [row[0] for row in told] == list(TEXTS)
    assert await database.read(in_one.rows) == told
    assert [row[2] for row in told] == [FLOATS[n % len(FLOATS)] for n in range(len(TEXTS))]


async def test_in_one_piece_there_is_one_piece(database: Database) -> None:
    await database.migrate()
    in_one = PreparedList(query(), database.dialect)

    def pieces(connection: Connection) -> int:
        return len(Prepared.rows(in_one, connection))

    assert await database.read(pieces) == (1 if database.dialect == "sqlite" else len(TEXTS))


async def test_nothing_is_an_empty_list(database: Database) -> None:
    await database.migrate()
    audit = metadata.tables["audit"]
    in_one = PreparedList(sa.select(audit.c.audit_id.label("c0")), database.dialect)
    assert await database.read(in_one.rows) == []
