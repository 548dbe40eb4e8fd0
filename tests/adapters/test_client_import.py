"""Many clients at once, on both databases: stored once, repeatable, killed and done again, cards linked."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from callcards.sql import SqlCardStore
from clients.bulk_rows import Checks, Incoming, incoming
from clients.ports import Client
from clients.sql import SqlClientDirectory
from clients.sql_bulk import PAGE, SqlClientExport, SqlClientImport
from core.effects import SaveCard
from core.ids import fresh_id
from core.model import ClientKind
from runtime.database import Database
from runtime.db_engine import parse_url
from runtime.schema import client_changes, client_numbers, clients, interactions, merged_clients, numbers_to_link
from tests.cards import NOON, card

ROOT = Path(__file__).parents[2]
ANNA, BORIS = "+79161234567", "+79161112233"  # the second is whose card tests.cards makes
CHECKS = Checks(region="RU", source="crm")


def row(line: int = 2, **texts: str) -> Incoming:
    return incoming(line, {t: [v] for t, v in ({"name": "Анна", "number": ANNA} | texts).items()}, CHECKS)


def importing(database: Database, site: str = "riga") -> SqlClientImport:
    return SqlClientImport(database, site=site, source="crm", by="import x.csv")


def directory(database: Database) -> SqlClientDirectory:
    return SqlClientDirectory(database, region_of=lambda _site: "RU")


async def everybody(database: Database, site: str = "riga") -> list[Client]:
    return [client async for page in SqlClientExport(database, site=site).clients() for client in page]


async def count(database: Database, table: sa.Table) -> int:
    return await database.read(lambda c: int(c.scalar(sa.select(sa.func.count()).select_from(table)) or 0))


async def test_a_whole_client_is_stored_as_the_file_says(database: Database) -> None:
    whole = row(
        key="1", kind="person", organisation="ООО Ромашка", number=f"112, {ANNA}", email="b@x.ru, a@x.ru", note="A\x00B",
        vip="yes", warning="w", language="ru", timezone="Europe/Riga", owner="boris", check="yes",
    )  # fmt: skip
    await importing(database).store([whole], at=NOON)
    organisation, anna = await everybody(database)
    assert (organisation.kind, organisation.name, organisation.made_by) == (
        ClientKind.ORGANISATION,
        "ООО Ромашка",
        "import x.csv",
    )
    assert anna == Client(
        client_id=anna.client_id, site="riga", name="Анна", created_at=NOON, note="A\ufffdB", numbers=(ANNA, "112"),
        emails=("a@x.ru", "b@x.ru"), organisation_id=organisation.client_id, organisation="ООО Ромашка", vip=True, warning="w",
        language="ru", timezone="Europe/Riga", owner="boris", check=True, made_by="import x.csv",
    )  # fmt: skip
    assert await directory(database).client("riga", anna.client_id) == anna
    found = await directory(database).find("riga", "8 916 123-45-67")
    assert found.client is not None and found.client.client_id == anna.client_id


async def test_a_change_has_its_history_and_the_next_version(database: Database) -> None:
    bulk = importing(database)
    await bulk.store([row(key="1")], at=NOON)
    done = await bulk.store([row(key="1", name="Анна Ким", number=f"{ANNA}, 112", vip="yes")], at=NOON)
    assert (done.created, done.updated, done.same) == (0, 1, 0)
    (anna,) = await everybody(database)
    assert (anna.name, anna.numbers, anna.vip, anna.version) == ("Анна Ким", (ANNA, "112"), True, 2)
    changes = await directory(database).changes("riga", anna.client_id)
    assert {(line.by, line.field, line.before, line.after) for line in changes} == {
        ("import x.csv", "name", "Анна", "Анна Ким"),
        ("import x.csv", "numbers", ANNA, f"{ANNA}\n112"),
        ("import x.csv", "vip", "", "yes"),
    }
    assert (await directory(database).search("riga", "ким"))[0].client_id == anna.client_id


async def test_what_an_operator_changed_stays_until_the_file_says_something_new(database: Database) -> None:
    bulk = importing(database)
    await bulk.store([row(note="from the file")], at=NOON)
    (anna,) = await everybody(database)
    await database.write(lambda c: c.execute(sa.update(clients).values(name="Анна Петрова", note="typed")))
    assert (await bulk.store([row(note="from the file")], at=NOON)).same == 1
    (kept,) = await everybody(database)
    assert (kept.name, kept.note, kept.client_id) == ("Анна Петрова", "typed", anna.client_id)


async def test_rehearsing_writes_nothing_and_says_the_same(database: Database) -> None:
    bulk, rows = importing(database), [row(key="1", organisation="X"), row(3, key="2")]
    rehearsed = await bulk.rehearse(rows, at=NOON)
    assert await everybody(database) == []
    assert await bulk.store(rows, at=NOON) == rehearsed


async def test_sites_are_apart(database: Database) -> None:
    await importing(database).store([row(key="1", organisation="X")], at=NOON)
    done = await importing(database, "oslo").store([row(key="1", organisation="X", note="n")], at=NOON)
    assert (done.created, done.organisations, done.updated) == (1, 1, 0)
    (anna_id,) = [client.client_id for client in await everybody(database) if client.name == "Анна"]
    stolen = await importing(database, "oslo").store([row(key=anna_id, name="Ева", number="113")], at=NOON)
    assert stolen.created == 1 and {client.name for client in await everybody(database)} == {"X", "Анна"}


async def call(database: Database, n: int, number: str) -> str:
    """A call of the past from this number; its card's id."""
    one = card(n, caller_number=number, client_number=number)
    store = SqlCardStore(database, client_key=lambda _site, given: directory(database).key("riga", given))
    await store.apply([SaveCard(card=one)])
    return one.card_id


async def clients_of_cards(database: Database) -> dict[str, str | None]:
    query = sa.select(interactions.c.card_id, interactions.c.client_id)
    return {r.card_id: r.client_id for r in await database.read(lambda c: c.execute(query).all())}


async def test_earlier_cards_are_linked_when_their_number_has_one_owner_in_the_whole_file(database: Database) -> None:
    sole, shared, other = (
        await call(database, 1, ANNA),
        await call(database, 2, BORIS),
        await call(database, 3, "+79160000009"),
    )
    bulk = importing(database)
    await bulk.store([row(), row(3, name="Борис", number=BORIS)], at=NOON)
    assert set((await clients_of_cards(database)).values()) == {None}  # the file may name another owner further down
    await bulk.store([row(4, name="Вера", number=BORIS)], at=NOON)
    while await bulk.link_cards(most=1):
        pass
    (anna,) = [client for client in await everybody(database) if client.name == "Анна"]
    assert await clients_of_cards(database) == {sole: anna.client_id, shared: None, other: None}
    assert await count(database, numbers_to_link) == 0


async def test_an_import_that_was_killed_before_linking_is_linked_by_the_next(database: Database) -> None:
    sole = await call(database, 1, ANNA)
    await importing(database).store([row()], at=NOON)
    again = importing(database)
    assert (await again.store([row()], at=NOON)).same == 1
    assert await again.link_cards() == 1 and await again.link_cards() == 0
    assert (await clients_of_cards(database))[sole] is not None


async def test_callers_of_the_past_become_whom_the_file_says_they_are(database: Database) -> None:
    """Two placeholders, each with a call, are one client of the file."""
    first = await directory(database).find_or_create("riga", ANNA, name="", at=NOON)
    second = await directory(database).find_or_create("riga", BORIS, name="", at=NOON)
    assert first.client is not None and second.client is not None
    cards = [await call(database, 1, ANNA), await call(database, 2, BORIS)]
    done = await importing(database).store([row(number=f"{ANNA}, {BORIS}", vip="yes")], at=NOON)
    assert (done.created, done.updated) == (0, 1)
    (anna,) = await everybody(database)
    assert (anna.client_id, anna.name, anna.numbers, anna.vip) == (
        first.client.client_id,
        "Анна",
        (BORIS, ANNA),
        True,
    ) or set(anna.numbers) == {ANNA, BORIS}
    assert await clients_of_cards(database) == dict.fromkeys(cards, anna.client_id)
    assert (await directory(database).client("riga", second.client.client_id)).client_id == anna.client_id
    assert await count(database, merged_clients) == 1
    assert (await importing(database).store([row(number=f"{ANNA}, {BORIS}", vip="yes")], at=NOON)).same == 1


async def test_the_export_goes_on_past_a_page_in_order(database: Database) -> None:
    rows = [row(n, key=str(n), name=f"N{n}", number="", organisation="Z" if n % 2 else "") for n in range(PAGE + 7)]
    await importing(database).store(rows[:500], at=NOON)
    await importing(database).store(rows[500:], at=datetime(2026, 11, 22, tzinfo=UTC))
    found = await everybody(database)
    assert [client.name for client in found] == ["Z", *(f"N{n}" for n in range(PAGE + 7))]
    assert await SqlClientExport(database, site="riga").count() == PAGE + 8


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_no_look_up_of_a_batch_reads_all_clients_of_the_site(database: Database) -> None:
    """SQLite chooses an index without knowing how many clients a site has: looked at by what it says it will do."""
    seen: list[str] = []

    def spy(connection: sa.Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        raw.set_trace_callback(seen.append)

    rows: Sequence[Incoming] = [
        row(n, key=fresh_id(NOON, os.urandom(10)), number=f"+7916{n:07}", organisation="X") for n in range(3)
    ]
    await importing(database).store(rows[:2], at=NOON)
    await database.write(spy)
    await importing(database).store(
        [*rows[1:], row(9, number="", email="a@b.ru"), row(key=rows[0].key, note="n")], at=NOON
    )
    await importing(database).link_cards()

    def plans(connection: sa.Connection) -> list[str]:
        raw: Any = connection.connection.dbapi_connection
        asked = [text for text in seen if text.startswith(("SELECT", "UPDATE", "DELETE")) and "EXPLAIN" not in text]
        return [step[3] for text in asked for step in raw.execute(f"EXPLAIN QUERY PLAN {text}").fetchall()]

    steps = await database.write(plans)
    big = ("clients", "client_numbers", "client_emails", "client_origins", "interactions")
    assert any("client_origins" in step for step in steps)
    for step in steps:
        assert not any(step == f"SCAN {table}" for table in big), step
        assert "numbers_to_link" in step or not step.endswith(
            ("clients_by_site (site=?)", "_1 (site=?)", "interactions_recent (site=?)")
        ), step


def config(folder: Path, url: str) -> Path:
    path = folder / "m.toml"
    path.write_text(
        '[site]\nname = "riga"\ntimezone = "Europe/Riga"\nregion = "RU"\n'
        '[pbx.one]\nhost = "127.0.0.1"\nlistener = {user = "u", secret = "s"}\n'
        f'[database]\nurl = "{url}"\nfolder = "{folder}"\n'
    )
    return path


def gone(process: str) -> bool:
    """Ended, or waiting to be buried."""
    try:
        return not Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return True


def wait(until: Callable[[], bool], complaint: str) -> None:
    ends = time.monotonic() + 40
    while not until():
        assert time.monotonic() < ends, complaint
        time.sleep(0.01)


@pytest.mark.timeout(180)
def test_killed_in_the_middle_and_done_again(database_url: str, tmp_path: Path) -> None:
    """kill -9 three times; in the end everybody is there once, as after one undisturbed import."""
    total, bad = 30_000, 300
    file = tmp_path / "a.csv"
    lines = [f"{n},N{n},{'?' if n % 100 == 0 else f'8916{n:07}'},C{n % 50}\n" for n in range(total)]
    file.write_text("ID,Name,Phone,Company\n" + "".join(lines))
    argv = [sys.executable, "-m", "commands.cli", "import", "clients", str(file), "--key", "ID"]
    argv += ["--config", str(config(tmp_path, database_url))]
    engine = sa.create_engine(parse_url(database_url), poolclass=sa.NullPool)

    def count_in(table: sa.Table) -> int:
        with engine.connect() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0)

    def numbers() -> int:
        return count_in(client_numbers) if sa.inspect(engine).has_table("numbers_to_link") else 0

    stored = 0
    for _ in range(3):
        with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            wait(lambda at_least=stored + 2_000: numbers() >= at_least, "the import doesn't get on")  # type: ignore[misc]
            children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
            running.send_signal(signal.SIGKILL)
        stored = numbers()
        assert (
            children and stored < total - bad and stored % 990 == 0
        )  # whole batches only: 990 of each 1,000 rows are good
        wait(lambda readers=children: all(map(gone, readers)), "the reader outlived its import")  # type: ignore[misc]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=90, check=True)
    assert "300 skipped" in done.stdout and f"{stored:,} as they were" in done.stdout
    assert numbers() == total - bad and count_in(clients) == total - bad + 50 and count_in(client_changes) == 0
