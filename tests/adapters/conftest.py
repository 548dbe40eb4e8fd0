"""The real databases that the contract suites run on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from runtime.database import Database
from tests.servers.database import patient
from tests.servers.postgres import PostgresServer, missing, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    if reason := missing():
        pytest.skip(reason)
    with postgres_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/meridian.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url()


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    opened = patient(database_url)
    await opened.migrate()
    yield opened
    await opened.close()
