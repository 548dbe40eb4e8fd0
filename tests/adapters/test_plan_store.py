"""One contract for changes of the plan, in memory and in SQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import Conflict
from routing.memory_plan import MemoryPlanStore
from routing.plan_store import ChangeLine, KeptFeed, PlanStore
from routing.sql_plan import SqlPlanStore
from routing.tables import Kind, PlanChange
from runtime.database import Database
from tests.cards import NOON, instant
from tests.servers.database import patient
from tests.servers.postgres import PostgresServer


def line(version: int, name: str = "anna", value: Any = None, **more: Any) -> ChangeLine:
    change = PlanChange(
        kind=more.pop("kind", Kind.PEOPLE), name=name, value=value, version=version, by="sofia", at=instant(version)
    )
    return ChangeLine(change=change, before=more.pop("before", None), after=value, **more)


SKILLS = {"skills": {"lang.ru": 3}, "queues": ["справка"], "shifts": []}


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PlanStore]:
    if request.param == "memory":
        yield MemoryPlanStore()
        return
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres").url() if postgres else f"sqlite:///{tmp_path}/meridian.db"
    database = patient(url)
    await database.migrate()
    yield SqlPlanStore(database)
    await database.close()


async def test_nothing_yet(store: PlanStore) -> None:
    assert await store.load("riga") == (0, [])
    assert await store.version("riga") == 0 and await store.history("riga") == [] and await store.feeds("riga") == []


async def test_the_latest_of_each_entry_counts_and_all_are_kept(store: PlanStore) -> None:
    first, second = line(1, value=SKILLS), line(2, "boris", {"skills": {}})
    third = line(3, value=None, before=SKILLS, holes=2)
    for each in (first, second, third):
        await store.add("riga", each)
    assert await store.load("riga") == (3, [second.change, third.change])
    assert await store.history("riga") == [third, second, first]
    assert await store.history("riga", most=1) == [third]
    assert await store.history("riga", before=3, kind=Kind.PEOPLE, name="anna") == [first]
    assert await store.history("riga", kind=Kind.QUEUES) == []
    assert await store.version("riga") == 3


async def test_a_person_and_a_skill_of_the_same_name_are_two_entries(store: PlanStore) -> None:
    await store.add("riga", line(1, "vip", {"skills": {}}))
    await store.add("riga", line(2, "vip", {"en": "VIP", "ru": "VIP"}, kind=Kind.SKILLS))
    assert [change.kind for change in (await store.load("riga")).changes] == [Kind.PEOPLE, Kind.SKILLS]


async def test_sites_have_their_own_plans(store: PlanStore) -> None:
    await store.add("riga", line(1, value=SKILLS))
    await store.add("omsk", line(1, value={"skills": {}}))
    await store.add("omsk", line(2, "boris", {"skills": {}}))
    assert [change.value for change in (await store.load("riga")).changes] == [SKILLS]
    assert (await store.load("omsk")).version == 2


@pytest.mark.parametrize("version", [1, 3])
async def test_of_two_changes_on_the_same_ground_one_is_refused(store: PlanStore, version: int) -> None:
    await store.add("riga", line(1, value=SKILLS))
    with pytest.raises(Conflict):
        await store.add("riga", line(version, "boris", {"skills": {}}))
    assert (await store.load("riga")).version == 1


async def test_racing_changes_take_one_version_each(store: PlanStore) -> None:
    racers = [store.add("riga", line(1, f"p{n}", {"skills": {}})) for n in range(8)]
    told = await asyncio.gather(*racers, return_exceptions=True)
    assert [type(each) for each in told].count(type(None)) == 1
    assert all(isinstance(each, Conflict) for each in told if each is not None)
    assert len(await store.history("riga")) == 1


async def test_a_feed_is_kept_as_last_fetched(store: PlanStore) -> None:
    feed = KeptFeed(address="https://x.example/a.ics", text="BEGIN:VCALENDAR\r\n", fetched_at=NOON, tried_at=NOON)
    never = KeptFeed(address="b.ics", text="", fetched_at=None, tried_at=NOON, error="no such file")
    await store.keep_feed("riga", never)
    await store.keep_feed("riga", feed)
    failed = replace(feed, tried_at=instant(60), error="no answer")
    await store.keep_feed("riga", failed)
    assert await store.feeds("riga") == [never, failed] or await store.feeds("riga") == [failed, never]
    assert await store.feeds("omsk") == []


@pytest.mark.real("postgresql")
async def test_of_two_processes_that_save_at_the_same_moment_one_is_told(postgres: PostgresServer) -> None:
    url = postgres.url()
    databases = [Database(url, readers=1) for _ in range(3)]
    await databases[0].migrate()
    stores = [SqlPlanStore(database) for database in databases]
    try:
        for version in range(1, 31):
            racers = [store.add("riga", line(version, f"p{n}", {"skills": {}})) for n, store in enumerate(stores)]
            told = await asyncio.gather(*racers, return_exceptions=True)
            assert sorted(type(each).__name__ for each in told) == ["Conflict", "Conflict", "NoneType"], told
    finally:
        for database in databases:
            await database.close()
