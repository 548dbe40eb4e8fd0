"""The table `cdr` as Asterisk's modules make it, in SQLite and in a real PostgreSQL."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from callcards.cdr_sql import SqlCdr
from core.errors import BadConfiguration, Unavailable

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).replace(tzinfo=None)
MODERN = (
    'CREATE TABLE cdr ("start" {time}, answer {time}, "end" {time}, clid TEXT, src TEXT, dst TEXT, dcontext TEXT, channel TEXT, '
    "dstchannel TEXT, lastapp TEXT, lastdata TEXT, duration INTEGER, billsec INTEGER, disposition TEXT, uniqueid TEXT, "
    "linkedid TEXT)"
)
CLASSIC = (
    "CREATE TABLE cdr (calldate {time}, clid TEXT, src TEXT, dst TEXT, channel TEXT, dstchannel TEXT, lastapp TEXT, "
    "lastdata TEXT, duration INTEGER, billsec INTEGER, disposition TEXT, uniqueid TEXT)"
)


def make(url: str, table: str, *rows: dict[str, object]) -> None:
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"), poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        if not sa.inspect(connection).has_table("cdr"):
            connection.exec_driver_sql(table.format(time="TEXT" if "sqlite" in url else "TIMESTAMP"))
        for row in rows:
            columns = ", ".join(f'"{name}"' for name in row)
            connection.execute(
                sa.text(f"INSERT INTO cdr ({columns}) VALUES ({', '.join(f':{name}' for name in row)})"), row
            )
    engine.dispose()


def modern(n: int) -> dict[str, object]:
    start = NOON + timedelta(minutes=n)
    times = {"start": str(start), "answer": str(start), "end": str(start + timedelta(seconds=9))}
    return {
        **times, "clid": '"Жанна" <7916>', "src": "7916", "dst": "500", "channel": f"PJSIP/t-{n}", "dstchannel": "PJSIP/1001-1",
        "lastapp": "Queue", "lastdata": "support", "duration": 9, "billsec": 9, "disposition": "ANSWERED",
        "uniqueid": f"{n}.1", "linkedid": f"{n}.0",
    }  # fmt: skip


def classic(n: int) -> dict[str, object]:
    row = {name: value for name, value in modern(n).items() if name not in ("start", "answer", "end", "linkedid")}
    return {**row, "calldate": str(NOON + timedelta(minutes=n)), "billsec": 4}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/cdr.db"
    return str(request.getfixturevalue("postgres").url())


async def test_new_rows_each_time(url: str) -> None:
    make(url, MODERN, modern(1), modern(2))
    cdr = SqlCdr(url, pbx="lab")
    first, second = sorted(await cdr.rows(LONG_AGO), key=lambda row: row.start)
    assert (first.uniqueid, first.linkedid, first.start) == (
        "1.1",
        "1.0",
        NOON.replace(tzinfo=UTC) + timedelta(minutes=1),
    )
    assert (second.clid, second.lastdata, second.billsec, second.answered) == ('"Жанна" <7916>', "support", 9, True)
    make(url, MODERN, modern(20), modern(60))
    assert {row.uniqueid for row in await cdr.rows(LONG_AGO)} >= {"20.1", "60.1"}
    assert {row.uniqueid for row in await cdr.rows(LONG_AGO)} == {"60.1"}


async def test_only_what_ended_since(url: str) -> None:
    make(url, MODERN, *(modern(n) for n in range(5)))
    since = NOON.replace(tzinfo=UTC) + timedelta(minutes=3)
    assert sorted(row.uniqueid for row in await SqlCdr(url, pbx="lab").rows(since)) == ["3.1", "4.1"]


async def test_the_table_of_older_modules(url: str) -> None:
    make(url, CLASSIC, classic(1))
    (row,) = await SqlCdr(url, pbx="lab", zone=ZoneInfo("Europe/Moscow")).rows(LONG_AGO)
    assert row.linkedid == row.uniqueid == "1.1"
    assert row.start == datetime(2026, 11, 21, 9, 1, tzinfo=UTC)
    assert row.answer is not None
    assert (row.end - row.start, row.end - row.answer) == (timedelta(seconds=9), timedelta(seconds=4))


async def test_columns_under_other_names(url: str) -> None:
    make(
        url,
        CLASSIC.replace("uniqueid", "call_uid"),
        {"call_uid" if k == "uniqueid" else k: v for k, v in classic(1).items()},
    )
    (row,) = await SqlCdr(url, pbx="lab", columns=["uniqueid=call_uid"]).rows(LONG_AGO)
    assert row.uniqueid == "1.1"
    with pytest.raises(BadConfiguration, match="lacks uniqueid"):
        await SqlCdr(url, pbx="lab").rows(LONG_AGO)


async def test_no_table_and_no_server_are_one_sentence(url: str, tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="there is no table cdr"):
        await SqlCdr(url, pbx="lab").rows(LONG_AGO)
    with pytest.raises(Unavailable, match=r"can't be read: ") as caught:
        await SqlCdr("postgresql://asterisk:s3cret@127.0.0.1:1/cdr", pbx="lab").rows(LONG_AGO)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("url", ["mysql+nodriver://u:s3cret@h/d", "no url", "oracle://u:s3cret@h/d"])
def test_a_url_without_its_driver(url: str) -> None:
    with pytest.raises(BadConfiguration, match="driver") as caught:
        SqlCdr(url, pbx="lab")
    assert "s3cret" not in str(caught.value)
