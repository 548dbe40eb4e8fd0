"""The csv file as Asterisk treats it: appended, rotated, emptied, half written, written by callers."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callcards.cdr import CdrRow
from callcards.cdr_csv import CsvCdr
from callcards.cdr_rows import MASTER_COLUMNS
from core.errors import BadConfiguration, Unavailable

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
TEN = datetime(2026, 11, 21, 10, tzinfo=UTC).replace(tzinfo=None)
COLUMNS = ("uniqueid", "channel", "clid", "start", "answer", "end", "duration", "billsec", "disposition", "linkedid")


def line(n: int, *, clid: str = "", minutes: float | None = None) -> str:
    start = TEN + timedelta(minutes=n if minutes is None else minutes)
    end = start + timedelta(seconds=10)
    clid = clid.replace('"', '""')
    return f'"{n}.1","PJSIP/x-{n}","{clid}","{start}","{start}","{end}","10","10","ANSWERED","{n}.0"\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "Master.csv"


def source(path: Path, **options: object) -> CsvCdr:
    return CsvCdr(path, pbx="lab", columns=COLUMNS, **options)  # type: ignore[arg-type]


def write(path: Path, text: str | bytes) -> None:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def rotate(path: Path) -> None:
    path.rename(path.with_suffix(".1"))


def ids(rows: list[CdrRow]) -> list[str]:
    return [row.uniqueid for row in rows]


async def test_each_row_once_as_the_file_grows(path: Path) -> None:
    cdr = source(path)
    assert await cdr.rows(LONG_AGO) == []
    write(path, line(1) + line(2))
    assert ids(await cdr.rows(LONG_AGO)) == ["1.1", "2.1"]
    assert await cdr.rows(LONG_AGO) == []
    with path.open("a") as file:
        file.write(line(3))
    (row,) = await cdr.rows(LONG_AGO)
    assert (row.linkedid, row.start) == ("3.0", (TEN + timedelta(minutes=3)).replace(tzinfo=UTC))
    assert row.answered and row.end - row.start == timedelta(seconds=10)


async def test_a_line_that_is_still_being_written_waits(path: Path) -> None:
    cdr = source(path)
    whole = line(1) + line(2)
    for cut in range(0, len(whole), 7):
        write(path, whole[:cut])
        before = ids(await source(path).rows(LONG_AGO))
        assert before == ["1.1"][: whole[:cut].count("\n")]
    write(path, whole[:-20])
    assert ids(await cdr.rows(LONG_AGO)) == ["1.1"]
    write(path, whole)
    assert ids(await cdr.rows(LONG_AGO)) == ["2.1"]


async def test_rotated_and_emptied_files_are_read_from_their_beginning(path: Path) -> None:
    cdr = source(path)
    write(path, line(1) + line(2))
    await cdr.rows(LONG_AGO)
    rotate(path)
    assert await cdr.rows(LONG_AGO) == []
    write(path, line(3) + line(4) + line(5))
    assert ids(await cdr.rows(LONG_AGO)) == ["3.1", "4.1", "5.1"]
    with path.open("r+") as file:
        file.truncate(0)
        file.write(line(6))
    assert ids(await cdr.rows(LONG_AGO)) == ["6.1"]


async def test_line_breaks_and_quotes_that_a_caller_sent(path: Path) -> None:
    nasty = 'A "b"\r\nEvent: Hangup\r\n\r\n"'
    write(path, (line(1, clid=nasty) + line(2)).encode())
    first, second = await source(path).rows(LONG_AGO)
    assert first.clid == nasty and second.uniqueid == "2.1"


async def test_bytes_that_are_no_text_and_lines_that_are_no_call(path: Path) -> None:
    heading = ",".join(COLUMNS) + "\n"
    junk = '"x"\n\n"9.1","c","","not a date","","","10","10","ANSWERED","9.0"\n'
    write(
        path,
        heading.encode() + line(1, clid="Caf\xe9").encode("latin-1") + junk.encode() + b"\0\xff\n" + line(2).encode(),
    )
    rows = await source(path).rows(LONG_AGO)
    assert ids(rows) == ["1.1", "2.1"] and rows[0].clid == "Caf\ufffd"


async def test_an_odd_quote_costs_one_line_and_not_the_rest(path: Path) -> None:
    write(path, line(0) + '"damaged,line\n' + "".join(line(n % 60) for n in range(1, 3000)))
    found = ids(await source(path).rows(LONG_AGO))
    assert found[0] == "0.1" and len(found) >= 2990


async def test_only_what_ended_since_even_in_a_file_of_years(path: Path) -> None:
    write(path, "".join(line(n, minutes=n) for n in range(30_000)))
    since = TEN.replace(tzinfo=UTC) + timedelta(minutes=29_990)
    assert ids(await source(path).rows(since)) == [f"{n}.1" for n in range(29_990, 30_000)]


async def test_the_clock_of_the_machine_that_wrote_it(path: Path) -> None:
    write(path, line(0))
    (row,) = await source(path, zone=ZoneInfo("Asia/Tokyo")).rows(LONG_AGO)
    assert row.start == datetime(2026, 11, 21, 1, tzinfo=UTC)


async def test_the_other_files_that_asterisk_can_write(path: Path) -> None:
    fields = ["", "7916", "500", "ctx", '"A" <7916>', "PJSIP/t-1", "", "Dial", "x", str(TEN), "", str(TEN)]
    write(
        path,
        ",".join(f'"{value}"' for value in [*fields, "0", "0", "NO ANSWER", "3", "17.1", ""]).replace('""A"', '"""A""')
        + "\n",
    )
    (row,) = await CsvCdr(path, pbx="lab", columns=MASTER_COLUMNS).rows(LONG_AGO)
    assert (row.uniqueid, row.linkedid, row.src, row.answered) == ("17.1", "17.1", "7916", False)


def test_columns_without_which_no_card_can_be_found(path: Path) -> None:
    with pytest.raises(BadConfiguration, match="lacks uniqueid"):
        CsvCdr(path, pbx="lab", columns=("src", "dst", "channel", "start", "duration", "disposition"))


async def test_a_path_that_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="can't be read"):
        await source(tmp_path).rows(LONG_AGO)
