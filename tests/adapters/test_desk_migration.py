"""A database from before the desk: what was planned, typed and missed there is found by what reads it now."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

import runtime.migrations
from callcards.follow_ups import FollowUpState
from callcards.search import sought
from callcards.sql import SqlCardStore
from callcards.sql_follow_ups import SqlFollowUps
from callcards.sql_my_day import SqlMyDay
from callcards.sql_search import SqlSearch
from core.desk import Desk
from core.effects import SaveCard
from runtime.database import Database
from runtime.schema import Instant
from tests.adapters.test_card_desk import key_of, missed_by, typed
from tests.cards import card

NOW = datetime.now(UTC)
OLD = sa.table(
    "interactions",
    *(sa.column(name) for name in ("card_id", "notes", "disposition", "next_contact_text", "edited_by")),
    *(sa.column(name, Instant) for name in ("next_contact_at", "edited_at")),
)


def up_to_0003(connection: sa.Connection) -> None:
    steps = ScriptDirectory(str(runtime.migrations._HERE))
    fn: Any = lambda revision, _context: steps._upgrade_revs("0003", revision)  # noqa: E731
    with EnvironmentContext(Config(), steps, fn=fn) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()
    connection.execute(sa.text("ALTER TABLE interactions ADD COLUMN fields TEXT NOT NULL DEFAULT '{}'"))
    connection.execute(
        sa.text(
            "CREATE TABLE missed_calls (site TEXT, agent TEXT, started_at BIGINT, card_id TEXT, UNIQUE (card_id, agent))"
        )
    )


def back_to_0003(connection: sa.Connection) -> None:
    """The cards of today's program were only borrowed to fill the tables of then."""
    connection.execute(sa.text("DROP TABLE missed_calls"))
    connection.execute(sa.text("ALTER TABLE interactions DROP COLUMN fields"))


def typed_then(connection: sa.Connection, card_id: str, **values: Any) -> None:
    connection.execute(sa.update(OLD).where(OLD.c.card_id == card_id).values(edited_by="anna", edited_at=NOW, **values))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))])
async def database(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    postgres = request.param == "postgresql"
    opened = Database(
        request.getfixturevalue("postgres").url() if postgres else f"sqlite:///{tmp_path}/old.db", readers=1
    )
    yield opened
    await opened.close()


async def test_a_database_from_before_the_desk(database: Database) -> None:
    recent = NOW - timedelta(hours=1)
    planned, past, spoken = card(1), card(2), card(3)
    missed = missed_by(4, "1001", started_at=recent)
    store = SqlCardStore(database, client_key=key_of)
    await database.write(up_to_0003)
    if database.dialect == "postgresql":
        await database.write(
            lambda c: c.execute(
                sa.text("ALTER TABLE missed_calls ALTER started_at TYPE TIMESTAMPTZ USING now()")
            ).close()
        )
    await store.apply([SaveCard(card=each) for each in (planned, past, spoken, missed)])
    due = NOW + timedelta(days=3)

    def fill(connection: sa.Connection) -> None:
        typed_then(connection, planned.card_id, next_contact_at=due, next_contact_text="send the offer")
        typed_then(connection, past.card_id, next_contact_at=NOW - timedelta(days=400))
        typed_then(connection, spoken.card_id, notes="Ждёт СЧЁТ", disposition="complaint")
        back_to_0003(connection)

    await database.write(fill)
    await database.migrate()
    follow_ups = SqlFollowUps(database)
    [one] = await follow_ups.of_owner("riga", "anna")
    told = (one.follow_up.card_id, one.follow_up.due_at, one.follow_up.text, one.follow_up.zone)
    assert told == (planned.card_id, due, "send the offer", "Europe/Riga")
    [closed] = await follow_ups.of_owner("riga", "anna", state=FollowUpState.DONE)
    assert closed.follow_up.card_id == past.card_id
    search = SqlSearch(database, client_key=key_of)
    for text in ("счет", "жалоба"):
        found = await search.find("riga", sought(text, Desk().dispositions), limit=5)
        assert [each.card.card_id for each in found.cards] == [spoken.card_id]
    [rang] = await SqlMyDay(database).missed("riga", "1001", since=NOW - timedelta(days=7))
    assert rang.card == missed
    await store.apply([typed(planned, 9, notes="and a letter"), SaveCard(card=card(8))])
    assert (await search.find("riga", sought("letter", {}), limit=5)).cards[0].card == planned
