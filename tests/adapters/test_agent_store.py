"""One contract for operators' states and their log, in memory and in SQL."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.model import AgentState, AgentStatus
from queues.memory import MemoryAgentStore
from queues.ports import AgentStore, StateLine
from queues.sql import SqlAgentStore
from tests.cards import NOON, instant
from tests.servers.database import patient

ANNA = AgentStatus(
    agent="1001",
    site="riga",
    state=AgentState.WRAP_UP,
    since=NOON,
    login="anna",
    name="Анна O'Brien",
    reason="lunch",
    until=instant(60.5),
    card_id="c1",
    extensions_left=2,
    queue="support",
    disposed=True,
)
LINE = StateLine(
    line_id="l1",
    site="riga",
    agent="1001",
    login="anna",
    at=instant(1),
    before=AgentState.BUSY,
    after=AgentState.WRAP_UP,
    note="lunch",
    card_id="c1",
)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AgentStore]:
    if request.param == "memory":
        yield MemoryAgentStore()
        return
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres").url() if postgres else f"sqlite:///{tmp_path}/meridian.db"
    database = patient(url)
    await database.migrate()
    yield SqlAgentStore(database)
    await database.close()


async def test_a_status_is_kept_whole(store: AgentStore) -> None:
    bare = AgentStatus(agent="1002", site="riga", state=AgentState.READY, since=NOON)
    await store.save([bare, ANNA], [])
    assert await store.load("riga") == [ANNA, bare]


async def test_the_last_one_counts(store: AgentStore) -> None:
    await store.save([ANNA], [])
    later = replace(ANNA, state=AgentState.READY, until=None, card_id=None, disposed=False, since=instant(9))
    await store.save([later], [])
    assert await store.load("riga") == [later]


async def test_the_same_extension_at_two_sites_is_two_operators(store: AgentStore) -> None:
    omsk = replace(ANNA, site="omsk", name="Olga")
    await store.save([ANNA, omsk], [replace(LINE, site="omsk")])
    assert await store.load("riga") == [ANNA]
    assert await store.load("omsk") == [omsk]
    assert await store.lines("riga", since=NOON, before=instant(100)) == []


async def test_the_log_is_kept_whole_and_in_order(store: AgentStore) -> None:
    second = replace(LINE, line_id="l0", at=instant(2), before=AgentState.WRAP_UP, after=AgentState.READY, note=None)
    third = replace(second, line_id="l9", at=instant(3), card_id=None)
    await store.save([], [third, LINE, second])
    assert await store.lines("riga", since=instant(1), before=instant(3)) == [LINE, second]


async def test_a_line_written_again_is_one_line(store: AgentStore) -> None:
    """The answer of the database was lost, so the same group comes again, with one more."""
    await store.save([ANNA], [LINE])
    await store.save([ANNA], [LINE, replace(LINE, line_id="l2", at=instant(2))])
    assert [line.line_id for line in await store.lines("riga", since=NOON, before=instant(9))] == ["l1", "l2"]


async def test_names_that_no_database_can_hold(store: AgentStore) -> None:
    await store.save([replace(ANNA, name="a\ud800b")], [])
    (found,) = await store.load("riga")
    assert found.name in ("a\ufffdb", "a\ud800b")  # memory holds anything


async def test_nothing_to_save(store: AgentStore) -> None:
    await store.save([], [])
    assert await store.load("riga") == []
