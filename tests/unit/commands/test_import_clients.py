"""`meridian import clients` and `meridian export clients` on a real SQLite file, as a person at a terminal meets them."""

import asyncio
import csv
import os
import sqlite3
import stat
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import pytest

from clients.bulk_rows import Incoming
from clients.sql_bulk import SqlClientImport, Stored
from commands import bulk_reading
from commands.cli import main
from runtime.database import Database

Meridian = Callable[..., tuple[int, str, str]]
HEADINGS = "ФИО;Телефон;Почта;Примечание\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "m.toml").write_text(
        '[site]\nname = "riga"\ntimezone = "Europe/Riga"\nregion = "RU"\n'
        '[pbx.one]\nhost = "127.0.0.1"\nlistener = {user = "u", secret = "s"}\n'
        f'[database]\nurl = "sqlite:///{tmp_path}/m.db"\nfolder = "{tmp_path}"\n'
        '[desk.fields.contract]\nen = "Contract"\nru = "Договор"\n'
    )
    return tmp_path


@pytest.fixture
def meridian(folder: Path, capsys: pytest.CaptureFixture[str]) -> Meridian:
    """`meridian import|export clients ...` in this folder; gives exit code, output and complaint."""

    def run(verb: str, file: str, *argv: str) -> tuple[int, str, str]:
        code = main([verb, "clients", str(folder / file), "--config", str(folder / "m.toml"), *argv])
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


def content(folder: Path, *, ids: bool = False) -> list[tuple[object, ...]]:
    """What is in the database, whatever the ids are."""
    with sqlite3.connect(folder / "m.db") as database:
        return database.execute(
            f"SELECT {'c.client_id, c.version, ' if ids else ''} c.kind, c.name, c.note, c.vip, c.fields, o.name,"
            " (SELECT group_concat(number) FROM (SELECT number FROM client_numbers n WHERE n.client_id = c.client_id ORDER BY 1)),"
            " (SELECT group_concat(email) FROM (SELECT email FROM client_emails e WHERE e.client_id = c.client_id ORDER BY 1))"
            " FROM clients c LEFT JOIN clients o ON o.client_id = c.organisation_id ORDER BY c.kind, c.name, 7, 8"
        ).fetchall()


def count(folder: Path, table: str) -> int:
    with sqlite3.connect(folder / "m.db") as database:
        return int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def people(rows: int, *, bad_every: int = 0) -> str:
    return "ID;ФИО;Телефон;Примечание\n" + "".join(
        f"{n};Клиент {n};{'???' if bad_every and n % bad_every == 0 else f'8916{n:07}'};\n" for n in range(1, rows + 1)
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1251"])
def test_a_table_in_any_encoding(encoding: str, meridian: Meridian, folder: Path) -> None:
    rows = 'Анна Иванова;8 (916) 123-45-67;Anna@x.ru;"две\nстроки"\nБорис;+7 495 111-22-33;;\n'
    (folder / "a.csv").write_text(HEADINGS + rows, encoding=encoding)
    code, out, err = meridian("import", "a.csv")
    assert code == 0 and err == ""
    assert f"a.csv: {encoding}, cells divided by semicolon" in out
    assert 'Columns (guessed from the headings; --map says otherwise): name <- "ФИО"; number <- "Телефон"; email' in out
    assert "2 new, 0 changed, 0 as they were." in out
    assert content(folder) == [
        ("person", "Анна Иванова", "две\nстроки", 0, "{}", None, "+79161234567", "anna@x.ru"),
        ("person", "Борис", "", 0, "{}", None, "+74951112233", None),
    ]


def test_the_second_time_changes_nothing(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text(people(2_500))
    assert "2,500 new" in meridian("import", "a.csv")[1]
    before = content(folder, ids=True), count(folder, "client_changes"), count(folder, "client_origins")
    assert "0 new, 0 changed, 2,500 as they were." in meridian("import", "a.csv")[1]
    assert (content(folder, ids=True), count(folder, "client_changes"), count(folder, "client_origins")) == before


def test_without_a_change_no_client_is_written(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text(people(20))
    meridian("import", "a.csv")
    with sqlite3.connect(folder / "m.db") as database:
        for table in ("clients", "client_numbers", "client_origins"):
            for act in ("INSERT", "UPDATE", "DELETE"):
                database.execute(
                    f"CREATE TRIGGER no_{table}_{act} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'written'); END"
                )
    code, out, _ = meridian("import", "a.csv")
    assert code == 0 and "20 as they were" in out


def test_a_key_survives_a_new_name_and_a_new_number(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text("ID,Name,Phone\n1,Anna,89161234567\n")
    meridian("import", "a.csv", "--key", "ID")
    (folder / "a.csv").write_text("ID,Name,Phone\n1,Anna Kim,89161234568\n")
    assert "0 new, 1 changed" in meridian("import", "a.csv", "--key", "ID")[1]
    assert [row[1:7:5] for row in content(folder)] == [("Anna Kim", "+79161234567,+79161234568")]
    with sqlite3.connect(folder / "m.db") as database:
        changes = database.execute('SELECT "by", field, before, after FROM client_changes ORDER BY field').fetchall()
    assert changes == [
        ("import a.csv", "name", "Anna", "Anna Kim"),
        ("import a.csv", "numbers", "+79161234567", "+79161234567\n+79161234568"),
    ]


def test_keys_of_two_systems_are_kept_apart(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text("ID,Name,Phone\n1,Anna,89161234567\n")
    (folder / "b.csv").write_text("ID,Name,Phone\n1,Boris,112\n")
    meridian("import", "a.csv", "--key", "ID", "--source", "crm")
    assert "1 new" in meridian("import", "b.csv", "--key", "ID", "--source", "shop")[1]
    assert "0 new, 0 changed, 1 as they were" in meridian("import", "a.csv", "--key", "ID", "--source", "crm")[1]


def test_bad_rows_are_told_by_line_and_kept_for_mending(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text(
        HEADINGS
        + 'Анна;89161234567;;"first\nsecond\n\nfourth"\n'  # lines 2 to 5
        + "Борис;нет;;\n"  # 6
        + 'Вера;89161234568;;"never closed\n'  # 7
        + "Глеб;89161234569\n"  # 8
        + "\n"
        + "Дарья;89161234570;not an address;=1+1\n"  # 10
        + "Анна;8 916 123 45 67;;другое\n"  # 11
        + f"{'Е' * 300};89161234571;;\n"  # 12
        + "Жанна;89161234572;;\n"
    )
    code, out, err = meridian("import", "a.csv")
    assert code == 0 and "2 new, 0 changed, 0 as they were, 6 skipped." in out
    assert err.splitlines() == [
        "line 6: “нет” is no telephone number, as dialled in RU or with +",
        "line 7: a quote is opened and never closed",
        "line 8: it has 2 cells where the headings have 4",
        "line 10: “not” is no e-mail address",
        "line 11: the same client as on line 2",
        "line 12: name has 300 characters; 200 is the most",
    ]
    rejected = folder / "a.csv.rejected.csv"
    assert f"they are in {rejected}; mend them there and import that file." in out
    with rejected.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.reader(lines))
    assert rows[0] == ["rejected line", "rejected because", "ФИО", "Телефон", "Почта", "Примечание"]
    assert [row[0] for row in rows[1:]] == ["6", "7", "8", "10", "11", "12"]
    assert rows[4][2:] == ["Дарья", "89161234570", "not an address", "'=1+1"]  # no formula for a spreadsheet
    assert stat.S_IMODE(rejected.stat().st_mode) == 0o600


def test_mended_rows_are_imported_from_where_they_were_put(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text(HEADINGS + "Борис;нет;;=1+1\n")
    meridian("import", "a.csv")
    rejected = folder / "a.csv.rejected.csv"
    rejected.write_text(rejected.read_text("utf-8-sig").replace(",нет,", ",112,"), encoding="utf-8-sig")
    code, out, _ = meridian("import", "a.csv.rejected.csv")
    assert code == 0 and "1 new" in out and "Not imported" not in out
    assert content(folder)[0][1:3] == ("Борис", "=1+1")


def test_one_in_a_hundred_bad_rows(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text(people(3_000, bad_every=100))
    code, out, err = meridian("import", "a.csv", "--key", "ID")
    assert code == 0 and "2,970 new, 0 changed, 0 as they were, 30 skipped." in out
    assert [line.split(":")[0] for line in err.splitlines()] == [f"line {100 * n + 1}" for n in range(1, 21)]
    assert "the first 20 are above, all are in" in out
    rows = (folder / "a.csv.rejected.csv").read_text("utf-8-sig").splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == [str(100 * n + 1) for n in range(1, 31)]
    assert "0 new, 0 changed, 2,970 as they were, 30 skipped." in meridian("import", "a.csv", "--key", "ID")[1]


def test_a_rehearsal_writes_nothing(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text(people(50, bad_every=10))
    code, out, err = meridian("import", "a.csv", "--dry-run")
    assert code == 0 and "45 would be new" in out and "5 skipped" in out and "Nothing was written (--dry-run)." in out
    assert "line 11:" in err and sorted(path.name for path in folder.glob("*.csv")) == ["a.csv"]
    tables = ("clients", "client_numbers", "client_origins", "numbers_to_link", "audit")
    assert [count(folder, table) for table in tables] == [0] * 5


def test_an_import_leaves_a_line_in_the_audit_trail(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text(people(3))
    meridian("import", "a.csv")
    meridian("export", "b.csv")
    with sqlite3.connect(folder / "m.db") as database:
        lines = database.execute("SELECT actor, action, facts FROM audit ORDER BY audit_id").fetchall()
    assert [line[:2] for line in lines] == [("command line", "clients_imported"), ("command line", "clients_exported")]
    assert '"created": "3"' in lines[0][2] and '"clients": "3"' in lines[1][2]


def test_columns_as_said(meridian: Meridian, folder: Path) -> None:
    (folder / "a.txt").write_text("who|a|b|x\n'Anna|Kim'|112|8 916 1234567|C-1\n")
    code, out, _ = meridian(
        "import", "a.txt", "--map", "name=who", "--map", "number=b,a", "--map", "field.contract=x",
        "--delimiter", "|", "--quote", "'",
    )  # fmt: skip
    assert code == 0 and 'Columns (as you said): name <- "who"; number <- "b", "a"; field.contract <- "x".' in out
    assert content(folder) == [("person", "Anna|Kim", "", 0, '{"contract": "C-1"}', None, "+79161234567,112", None)]


def test_the_country_may_be_said(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text("name,phone\nHans,030 1234567\n")
    meridian("import", "a.csv", "--region", "DE")
    assert content(folder)[0][6] == "+49301234567"
    code, _, err = meridian("import", "a.csv", "--region", "XX")
    assert code == 1 and "is no country code" in err


VCARDS = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:Анна\r\nORG:ООО Ромашка\r\nTEL:8 916 123-45-67\r\nEND:VCARD\r\n" \
    "BEGIN:VCARD\r\nVERSION:2.1\r\nFN:old\r\nEND:VCARD\r\n" \
    "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:2\r\nKIND:org\r\nFN:ООО Ромашка\r\nTEL:112\r\nEND:VCARD\r\n"  # fmt: skip


def test_vcards(meridian: Meridian, folder: Path) -> None:
    (folder / "a.vcf").write_text(VCARDS, newline="")
    code, out, err = meridian("import", "a.vcf")
    assert code == 0 and err == "line 8: it is vCard 2.1; 3.0 and 4.0 can be read\n"
    assert "1 new, 1 changed, 0 as they were, 1 skipped." in out
    assert "Organisations made because people belong to them: 1." in out
    assert content(folder) == [
        ("organisation", "ООО Ромашка", "", 0, "{}", None, "112", None),
        ("person", "Анна", "", 0, "{}", "ООО Ромашка", "+79161234567", None),
    ]
    assert "0 new, 0 changed, 2 as they were, 1 skipped" in meridian("import", "a.vcf")[1]


@pytest.mark.parametrize("name", ["b.csv", "b.vcf"])
@pytest.mark.parametrize("raw", [False, True])
def test_what_is_exported_is_imported_as_the_same(name: str, raw: bool, meridian: Meridian, folder: Path) -> None:
    hostile = ["=1+1", "-x", "'=y", "\u202egnp", "😀", "<b>", 'a""b', "A\x00B"]
    rows = "".join(f'"{text}";8916{n:07};;"{text}\nб"\n' for n, text in enumerate(hostile))
    (folder / "a.csv").write_text(HEADINGS + rows)
    (folder / "c.vcf").write_text(VCARDS, newline="")
    # Our own guard is taken off at import; '=y stands for =y in a table.
    assert "8 new" in meridian("import", "a.csv")[1] and meridian("import", "c.vcf")[0] == 0
    code, out, _ = meridian("export", name, *(["--raw"] if raw else []))
    assert code == 0 and "10 rows in" in out and "only you can read it" in out
    assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600
    before = content(folder, ids=True)
    assert "0 new, 0 changed, 10 as they were." in meridian("import", name)[1]
    assert content(folder, ids=True) == before
    same = content(folder)
    for left in folder.glob("m.db*"):
        left.unlink()
    code, out, err = meridian("import", name)
    assert (code, err) == (0, "") and content(folder) == same


def test_a_file_is_not_overwritten_unasked(meridian: Meridian, folder: Path) -> None:
    (folder / "b.csv").write_text("mine")
    code, _, err = meridian("export", "b.csv")
    assert code == 1 and "name another one, or say --overwrite" in err and (folder / "b.csv").read_text() == "mine"
    assert meridian("export", "b.csv", "--overwrite")[0] == 0
    assert (folder / "b.csv").read_text("utf-8-sig").startswith("client_id,name,kind,")
    code, _, err = meridian("export", "no/b.csv")
    assert code == 1 and "can't write" in err and len(err.splitlines()) == 1
    assert [path.name for path in folder.glob(".*part")] == []


@pytest.mark.parametrize(
    ("text", "argv", "complaint"),
    [
        ("", [], "is empty; nothing to import"),
        ("\n\n", [], "is empty; nothing to import"),
        ("Anna,1\nBoris,2\n", [], "the first line should have headings, and I know none of these"),
        ("name,phone\n", ["--map", "name=who"], 'there is no column "who"; the file has "name", "phone"'),
        ("name,phone\n", ["--key", "ID"], 'there is no column "ID"'),
        ("name,phone\n", ["--map", "size=name"], "there is no 'size'; choose from"),
        ("name,phone\n", ["--encoding", "klingon"], "there is no such encoding"),
        (VCARDS, ["--key", "UID"], "leave --map and --key out"),
    ],
)
def test_what_can_not_be_imported_is_one_sentence(
    text: str, argv: list[str], complaint: str, meridian: Meridian, folder: Path
) -> None:
    (folder / "a.csv").write_text(text)
    code, _, err = meridian("import", "a.csv", *argv)
    assert code == 1 and err.startswith("meridian: ") and complaint in err and len(err.splitlines()) == 1
    assert not (folder / "m.db").exists()


def test_a_file_that_is_not_there(meridian: Meridian, folder: Path) -> None:
    assert meridian("import", "none.csv")[2] == f"meridian: there is no {folder / 'none.csv'}\n"
    (folder / "d").mkdir()
    assert "can't read" in meridian("import", "d")[2]


def test_headings_alone_are_no_harm(meridian: Meridian, folder: Path) -> None:
    (folder / "a.csv").write_text("name,phone\n")
    code, out, _ = meridian("import", "a.csv")
    assert code == 0 and "0 new, 0 changed, 0 as they were." in out


@pytest.mark.parametrize("option", ["--delimiter", "--quote"])
def test_a_delimiter_is_one_character(option: str, meridian: Meridian, folder: Path) -> None:
    with pytest.raises(SystemExit) as left:
        meridian("import", "a.csv", option, "ab")
    assert left.value.code == 2


@pytest.fixture
def batches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each transaction had."""
    sizes: list[int] = []
    store = SqlClientImport.store

    async def spied(self: SqlClientImport, rows: Sequence[Incoming], *, at: datetime) -> Stored:
        sizes.append(len(rows))
        return await store(self, rows, at=at)

    monkeypatch.setattr(SqlClientImport, "store", spied)
    return sizes


def test_alone_it_takes_big_bites(meridian: Meridian, folder: Path, batches: list[int]) -> None:
    (folder / "a.csv").write_text(people(2_500))
    (folder / "m.db.lock").write_text("999999999\n")  # of a Meridian that is long gone
    assert meridian("import", "a.csv")[0] == 0 and batches == [1_000, 1_000, 500]


def test_beside_a_running_meridian(meridian: Meridian, folder: Path, batches: list[int]) -> None:
    """Another one has the database for itself, and writes all the while: it gets its turns."""
    (folder / "a.csv").write_text(people(5_000))

    async def beside() -> tuple[tuple[int, str, str], int]:
        running = Database(f"sqlite:///{folder}/m.db", readers=1)
        written = 0
        try:
            await running.migrate()
            importing = asyncio.create_task(asyncio.to_thread(meridian, "import", "a.csv"))
            while not importing.done():
                await running.write(lambda c: c.exec_driver_sql("DELETE FROM clients WHERE client_id = 'nobody'"))
                written += 1
            return await importing, written
        finally:
            await running.close()

    (code, out, _), written = asyncio.run(beside())
    assert code == 0 and "5,000 new" in out and written > 5 and batches == [250] * 20


def test_a_reader_that_dies_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch, meridian: Meridian) -> None:
    (folder / "a.csv").write_text(people(5))

    def die(_book: object) -> None:
        os._exit(9)

    monkeypatch.setattr(bulk_reading, "read_batches", die)
    code, _, err = meridian("import", "a.csv")
    assert code == 1 and "the process that reads" in err and "import again to go on" in err
