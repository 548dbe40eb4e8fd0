"""What every directory of clients promises: in memory, on SQLite and on a real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from clients.memory import MemoryClientDirectory
from clients.ports import ClientDirectory, Edit
from clients.sql import SqlClientDirectory
from core.errors import NotFound, Rejected
from core.model import PastInteraction
from runtime.database import Database
from tests.cards import NOON, instant
from tests.patience import PATIENT_S


def region_of(site: str) -> str:
    return {"riga": "LV", "omsk": "RU"}[site]


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))])
async def clients(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ClientDirectory]:
    if request.param == "memory":

        async def no_history(_client_id: str) -> list[PastInteraction]:
            return []

        yield MemoryClientDirectory(region_of=region_of, history_of=no_history)
        return
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres").url() if postgres else f"sqlite:///{tmp_path}/meridian.db"
    database = Database(url, readers=4)
    await database.migrate()
    yield SqlClientDirectory(database, region_of=region_of)
    await database.close()


async def test_a_stranger_becomes_a_client_who_is_known_next_time(clients: ClientDirectory) -> None:
    assert (await clients.find("omsk", "8 (916) 111-22-33")).client is None
    new = (await clients.find_or_create("omsk", "8 (916) 111-22-33", name="  Жанна  Д'Арк ", at=NOON)).client
    assert new is not None and (new.name, new.number, new.is_new) == ("Жанна Д'Арк", "+79161112233", True)
    for punctuation in ("+79161112233", "89161112233", "+7 916 111-22-33", "7.916.111.22.33"):
        known = (await clients.find_or_create("omsk", punctuation, name="Somebody", at=instant(9))).client
        assert known is not None and (known.client_id, known.name, known.is_new) == (
            new.client_id,
            "Жанна Д'Арк",
            False,
        )
        assert (await clients.find("omsk", punctuation)).client == known


async def test_from_within_a_step_the_same_answer_comes_later_and_once(clients: ClientDirectory) -> None:
    await clients.find_or_create("omsk", "+79161112233", name="Жанна", at=NOON)
    for number in ("8 (916) 111-22-33", "+79160000000", "anonymous"):
        answers: asyncio.Queue[tuple[object, ...]] = asyncio.Queue()
        clients.look_up("omsk", number, lambda *answer, told=answers: told.put_nowait(answer))  # type: ignore[misc]
        assert answers.empty(), "never before it returned"
        async with asyncio.timeout(PATIENT_S):
            assert await answers.get() == (await clients.find("omsk", number), None)
        assert answers.empty()


async def test_the_same_number_at_another_site_is_another_client(clients: ClientDirectory) -> None:
    riga = (await clients.find_or_create("riga", "+79161112233", name="R", at=NOON)).client
    omsk = (await clients.find_or_create("omsk", "+79161112233", name="O", at=NOON)).client
    assert riga is not None and omsk is not None and riga.client_id != omsk.client_id
    with pytest.raises(NotFound):
        await clients.client("riga", omsk.client_id)
    assert [found.name for found in await clients.search("riga", "")] == ["R"]


@pytest.mark.parametrize(
    "nobody", ["", "  ", "anonymous", "Anonymous", "<unknown>", "unknown", "Restricted", "\x00", "---"]
)
async def test_who_hides_the_number_never_becomes_a_client(clients: ClientDirectory, nobody: str) -> None:
    assert (await clients.find_or_create("riga", nobody, name="Ivan", at=NOON)).client is None
    assert await clients.search("riga", "") == []
    with pytest.raises(Rejected):
        await clients.create("riga", name="Ivan", numbers=[nobody], at=NOON)


@pytest.mark.parametrize(
    "odd", ["112", "Ivan@Example.com", "1003", "+9991234567890123456", "x" * 300, "'; DROP TABLE clients; --"]
)
async def test_a_number_that_cannot_be_read_is_kept_as_given(clients: ClientDirectory, odd: str) -> None:
    first = (await clients.find_or_create("riga", odd, name="", at=NOON)).client
    again = (await clients.find_or_create("riga", f" {odd} ", name="", at=NOON)).client
    assert first is not None and again is not None and first.client_id == again.client_id


async def test_calls_at_once_from_one_stranger_make_one_client(clients: ClientDirectory) -> None:
    found = await asyncio.gather(
        *(clients.find_or_create("riga", "+37120000001", name=f"n{n}", at=instant(n)) for n in range(20))
    )
    assert len({each.client.client_id for each in found if each.client}) == 1
    assert sum(each.client.is_new for each in found if each.client) == 1
    assert len(await clients.search("riga", "")) == 1


async def test_a_caller_name_that_is_only_the_number_is_no_name(clients: ClientDirectory) -> None:
    for number, name in (("+37120000001", "+371 2000 0001"), ("+37120000002", "anonymous"), ("+37120000003", " ")):
        met = (await clients.find_or_create("riga", number, name=name, at=NOON)).client
        assert met is not None and met.name == ""


async def test_several_numbers_of_one_client(clients: ClientDirectory) -> None:
    made = await clients.create(
        "riga", name=" Anna ", numbers=["+371 2000 0001", "20000002", "20000001"], at=NOON, more=Edit(note="vip")
    )
    assert made.numbers == ("+37120000001", "+37120000002")
    more = await clients.add_number("riga", made.client_id, "+37120000003", by="anna", at=instant(1))
    assert more.numbers == ("+37120000001", "+37120000002", "+37120000003")
    assert await clients.add_number("riga", made.client_id, "20000003", by="eva", at=instant(2)) == more
    for number in more.numbers:
        found = (await clients.find("riga", number)).client
        assert found is not None and (found.client_id, found.name, found.note) == (made.client_id, "Anna", "vip")
    fewer = await clients.remove_number("riga", made.client_id, "2000 0002", by="anna", at=instant(3))
    assert fewer.numbers == ("+37120000001", "+37120000003")
    assert (await clients.find("riga", "20000002")).client is None


async def test_a_client_with_a_bad_number_is_not_made_at_all(clients: ClientDirectory) -> None:
    with pytest.raises(Rejected):
        await clients.create("riga", name="Third", numbers=["20000009", "anonymous"], at=NOON)
    assert await clients.search("riga", "") == []
    assert (await clients.find("riga", "20000009")).is_stranger


async def test_changing_name_and_note(clients: ClientDirectory) -> None:
    made = await clients.create("riga", name="Anna", numbers=[], at=NOON)
    await clients.change("riga", made.client_id, Edit(name="Anna \x00B."), by="eva", at=instant(1))
    changed = await clients.change("riga", made.client_id, Edit(note="calls on Mondays"), by="eva", at=instant(2))
    assert (changed.name[:5], changed.note) == ("Anna ", "calls on Mondays")
    assert await clients.client("riga", made.client_id) == changed
    with pytest.raises(NotFound):
        await clients.change("omsk", made.client_id, Edit(name="X"), by="eva", at=NOON)
    with pytest.raises(NotFound):
        await clients.add_number("omsk", made.client_id, "20000001", by="eva", at=NOON)


async def test_search_by_number_and_by_part_of_the_name(clients: ClientDirectory) -> None:
    for n, name in enumerate(("Anna 100%", "Annika", "Boris_1", "ЖАННА")):
        await clients.create("riga", name=name, numbers=[f"2000000{n}"], at=instant(n))
    names = lambda found: [client.name for client in found]  # noqa: E731
    assert names(await clients.search("riga", "ann")) == ["Annika", "Anna 100%"]
    assert names(await clients.search("riga", "%")) == ["Anna 100%"]
    assert names(await clients.search("riga", "_")) == ["Boris_1"]
    assert names(await clients.search("riga", "2000 0001")) == ["Annika"]
    assert names(await clients.search("riga", "жанна")) == ["ЖАННА"]
    assert len(await clients.search("riga", "", limit=2)) == 2
    assert await clients.search("riga", "nobody like this") == []
