"""A database of before numbers could be shared comes over with everything in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from clients.ports import Edit
from clients.sql import SqlClientDirectory
from runtime import migrations
from runtime.database import Database
from runtime.schema import client_numbers
from tests.cards import NOON, instant

_CLIENTS = [(f"c{n}", f"Client {n}" if n % 2 else "") for n in range(500)]


def up_to_0002(connection: Connection) -> None:
    steps = ScriptDirectory(str(Path(migrations.__file__).parent))
    with EnvironmentContext(Config(), steps, fn=lambda at, _context: steps._upgrade_revs("0002", at)) as environment:  # type: ignore[arg-type]
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()


def fill(connection: Connection) -> None:
    at = NOON if connection.dialect.name == "postgresql" else int(NOON.timestamp() * 1_000_000)
    for n, (client_id, name) in enumerate(_CLIENTS):
        connection.execute(
            sa.text(
                "INSERT INTO clients (client_id, site, name, folded_name, note, created_at) VALUES (:c, 'riga', :n, :f, '', :t)"
            ),
            {"c": client_id, "n": name, "f": name.casefold(), "t": at},
        )
        for number in (f"+3712{n:07}", f"+3716{n:07}"):
            connection.execute(
                sa.text("INSERT INTO client_numbers (site, number, client_id, added_at) VALUES ('riga', :n, :c, :t)"),
                {"n": number, "c": client_id, "t": at},
            )


@pytest.fixture
async def old(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, readers=1)
    await database.write(up_to_0002)
    await database.write(fill)
    yield database
    await database.close()


async def test_every_client_and_number_is_there_afterwards(old: Database) -> None:
    await old.migrate()
    counted = await old.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(client_numbers)))
    assert counted == 1_000
    directory = SqlClientDirectory(old, region_of=lambda _site: "LV")
    found = (await directory.find("riga", "+37120000007")).client
    assert found is not None and (found.client_id, found.name, found.kind.value) == ("c7", "Client 7", "person")
    named, unnamed = await directory.client("riga", "c7"), await directory.client("riga", "c8")
    assert named.numbers == ("+37120000007", "+37160000007") and named.version == 1
    assert not named.is_placeholder, "a person may have written this name"
    assert unnamed.made_by is None


async def test_a_number_can_be_shared_afterwards_but_nobody_has_it_twice(old: Database) -> None:
    await old.migrate()
    directory = SqlClientDirectory(old, region_of=lambda _site: "LV")
    other = await directory.create("riga", name="Other", numbers=["+37120000007"], at=instant(1), more=Edit())
    assert {each.client_id for each in (await directory.find("riga", "+37120000007")).candidates} == {
        "c7",
        other.client_id,
    }
    row = {"site": "riga", "number": "+37120000007", "client_id": "c7", "added_at": NOON}
    with pytest.raises(IntegrityError):
        await old.write(lambda c: c.execute(sa.insert(client_numbers), row).close())
    gone = {"site": "riga", "number": "+37120000007", "client_id": "nobody", "added_at": NOON}
    with pytest.raises(IntegrityError):
        await old.write(lambda c: c.execute(sa.insert(client_numbers), gone).close())
