"""Who it was: several owners of a number, organisations and their people, confirmations, merges, checks, corrections. In memory, on
SQLite and on a real PostgreSQL, together with the record of conversations."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from callcards.memory import MemoryCardStore
from callcards.ports import CardStore
from callcards.sql import SqlCardStore
from clients.memory import MemoryClientDirectory
from clients.ports import Client, ClientDirectory, Edit, Stale
from clients.sql import SqlClientDirectory
from core.desk import CheckQuestion, CustomField, Desk, FieldKind
from core.effects import DiscardCard, SaveCard
from core.errors import NotFound, Rejected
from core.model import Candidate, CandidateReason, Card, ClientKind, PastInteraction
from runtime.database import Database
from runtime.schema import follow_ups
from tests.cards import NOON, card, instant, open_card
from tests.servers.database import patient

NUMBER = "+79161112233"  # that of tests.cards
DESK = Desk(
    fields={
        "contract": CustomField(en="Contract", ru="Договор"),
        "debt": CustomField(en="Debt", ru="Долг", kind=FieldKind.NUMBER),
        "since": CustomField(en="Since", ru="С", kind=FieldKind.DATE),
        "plan": CustomField(en="Plan", ru="Тариф", kind=FieldKind.CHOICE, choices=("basic", "gold")),
    },
    checks={"birthday": CheckQuestion(en="Date of birth?", ru="Дата рождения?")},
)


class Rooms(NamedTuple):
    cards: CardStore
    clients: ClientDirectory
    database: Database | None


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))])
async def rooms(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Rooms]:
    if request.param == "memory":

        async def history_of(client_id: str) -> list[PastInteraction]:
            return await store.history(client_id)

        memory = MemoryClientDirectory(region_of=lambda _site: "RU", history_of=history_of, desk=DESK)
        memory.cards = store = MemoryCardStore(client_of=memory.client_of, site_of=memory.site_of)
        yield Rooms(store, memory, None)
        return
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres").url() if postgres else f"sqlite:///{tmp_path}/meridian.db"
    database = patient(url)
    await database.migrate()
    directory = SqlClientDirectory(database, region_of=lambda _site: "RU", desk=DESK)
    yield Rooms(SqlCardStore(database, client_key=directory.key), directory, database)
    await database.close()


async def save(rooms: Rooms, *cards: Card) -> None:
    await rooms.cards.apply([SaveCard(card=each) for each in cards])


async def client_of(rooms: Rooms, n: int) -> str | None:
    stored = await rooms.cards.card(card(n).card_id)
    assert stored is not None
    return stored.client_id


async def made(rooms: Rooms, name: str, *numbers: str, **more: Any) -> Client:
    return await rooms.clients.create("riga", name=name, numbers=numbers, at=NOON, by="eva", more=Edit(**more))


async def confirm(rooms: Rooms, n: int, who: str | Edit, *, learn: bool = False, at: int = 50) -> Any:
    return await rooms.clients.confirm("riga", card(n).card_id, who, learn=learn, by="eva", at=instant(at))


def names(candidates: tuple[Candidate, ...]) -> list[tuple[str, CandidateReason]]:
    return [(each.name, each.reason) for each in candidates]


# --- whose number ---------------------------------------------------------------------------------------------------


async def test_nobody_is_chosen_blindly_among_several_owners(rooms: Rooms) -> None:
    await made(rooms, "Anna", NUMBER)
    boris = await made(rooms, "Boris", NUMBER, vip=True)
    await save(rooms, card(1), card(2))
    assert [await client_of(rooms, n) for n in (1, 2)] == [None, None]
    found = await rooms.clients.find("riga", "8 916 111-22-33")
    assert found.client is None and not found.is_stranger
    assert names(found.candidates) == [
        ("Boris", CandidateReason.SHARED_NUMBER),
        ("Anna", CandidateReason.SHARED_NUMBER),
    ]
    assert found.candidates[0].vip and found.candidates[0].last_contact_at is None
    assert [past.card_id for past in found.history] == [card(2).card_id, card(1).card_id]
    assert await rooms.clients.find_or_create("riga", NUMBER, name="Somebody", at=instant(9)) == found
    assert len(await rooms.clients.search("riga", "")) == 2
    await confirm(rooms, 1, boris.client_id)
    found = await rooms.clients.find("riga", NUMBER)
    assert names(found.candidates) == [("Boris", CandidateReason.LAST_SPOKEN), ("Anna", CandidateReason.SHARED_NUMBER)]
    assert found.candidates[0].last_contact_at == card(1).started_at and found.client is None


async def test_what_one_of_several_said_from_elsewhere_is_not_told(rooms: Rooms) -> None:
    elsewhere = ("+74950000001", "+74950000002")
    people = [await made(rooms, name, NUMBER, other) for name, other in zip(("Anna", "Boris"), elsewhere, strict=True)]
    await save(rooms, *(replace(card(n), client_number=other) for n, other in enumerate(elsewhere)), card(2))
    assert [await client_of(rooms, n) for n in (0, 1)] == [each.client_id for each in people]
    assert [past.card_id for past in (await rooms.clients.find("riga", NUMBER)).history] == [card(2).card_id]
    assert [past.card_id for past in (await rooms.clients.find("riga", elsewhere[0])).history] == [card(0).card_id]


async def test_a_stranger_who_is_several_by_the_time_it_is_made_is_not_made(rooms: Rooms) -> None:
    if not isinstance(rooms.clients, SqlClientDirectory) or rooms.database is None:
        pytest.skip("in memory nothing comes between the look and the making")
    directory, new = rooms.clients, Client(client_id="", site="riga", name="", created_at=NOON)
    await made(rooms, "Anna", NUMBER)
    await made(rooms, "Boris", NUMBER)
    found = await rooms.database.write(lambda connection: directory._meet(connection, new, NUMBER))
    assert len(found.candidates) == 2 and len(await directory.search("riga", "")) == 2


async def test_who_spoke_last_from_this_number_comes_first(rooms: Rooms) -> None:
    people = [await made(rooms, name, NUMBER) for name in ("Anna", "Boris", "Clara")]
    await save(rooms, *(card(n) for n in range(4)))
    for n, person in ((0, people[1]), (2, people[2]), (3, people[1])):
        await confirm(rooms, n, person.client_id)
    found = await rooms.clients.find("riga", NUMBER)
    assert [each.name for each in found.candidates] == ["Boris", "Clara", "Anna"]
    assert [each.last_contact_at for each in found.candidates] == [card(3).started_at, card(2).started_at, None]


async def test_a_number_of_an_organisation_brings_its_people(rooms: Rooms) -> None:
    firm = await made(rooms, "Firm", NUMBER, kind=ClientKind.ORGANISATION, note="pays late")
    anna = await made(rooms, "Anna", organisation_id=firm.client_id)
    boris = await made(rooms, "Boris", organisation_id=firm.client_id)
    await made(rooms, "Stranger")
    await save(rooms, card(1), card(2))
    assert await client_of(rooms, 1) == firm.client_id
    found = await rooms.clients.find("riga", NUMBER)
    assert found.client is not None and (found.client.name, found.client.kind) == ("Firm", ClientKind.ORGANISATION)
    assert names(found.candidates) == [("Anna", CandidateReason.MEMBER), ("Boris", CandidateReason.MEMBER)]
    assert {each.organisation for each in found.candidates} == {"Firm"}
    confirmed = await confirm(rooms, 2, boris.client_id)
    assert (confirmed.before, confirmed.client.organisation) == (firm.client_id, "Firm")
    found = await rooms.clients.find("riga", NUMBER)
    assert names(found.candidates) == [("Boris", CandidateReason.LAST_SPOKEN), ("Anna", CandidateReason.MEMBER)]
    assert [past.card_id for past in found.history] == [card(2).card_id, card(1).card_id]
    assert [each.name for each in await rooms.clients.members("riga", firm.client_id)] == ["Anna", "Boris"]
    # One of them is at this number more than the others: still the organisation's.
    await rooms.clients.add_number("riga", anna.client_id, NUMBER, by="eva", at=instant(60))
    found = await rooms.clients.find("riga", NUMBER)
    assert found.client is not None and found.client.name == "Firm"
    assert names(found.candidates) == [("Boris", CandidateReason.LAST_SPOKEN), ("Anna", CandidateReason.OWN_NUMBER)]
    # Somebody else has it too: now it says nothing.
    await made(rooms, "Third", NUMBER)
    assert (await rooms.clients.find("riga", NUMBER)).client is None


async def test_candidates_are_bounded_and_the_same_every_time(rooms: Rooms) -> None:
    firm = await made(rooms, "Firm", NUMBER, kind=ClientKind.ORGANISATION)
    for n in range(30):
        await made(rooms, f"P{n:02}", organisation_id=firm.client_id)
    last = await made(rooms, "Zoe", organisation_id=firm.client_id)
    await save(rooms, card(1))
    await confirm(rooms, 1, last.client_id)
    found = await rooms.clients.find("riga", NUMBER)
    assert len(found.candidates) == 20 and found == await rooms.clients.find("riga", NUMBER)
    assert [each.name for each in found.candidates[:3]] == ["Zoe", "P00", "P01"]


async def test_what_the_pop_needs_of_a_client_comes_with_the_look_up(rooms: Rooms) -> None:
    firm = await made(rooms, "Firm", kind=ClientKind.ORGANISATION)
    await made(
        rooms,
        "Anna",
        NUMBER,
        organisation_id=firm.client_id,
        vip=True,
        warning="owes us",
        language="ru",
        timezone="Asia/Omsk",
        owner="eva",
        fields={"contract": "A-17", "plan": "gold"},
        check=True,
        note="n",
    )
    client = (await rooms.clients.find("riga", NUMBER)).client
    assert client is not None
    assert (client.organisation, client.organisation_id) == ("Firm", firm.client_id)
    assert (client.vip, client.warning, client.language, client.timezone) == (True, "owes us", "ru", "Asia/Omsk")
    assert (client.owner, client.check, client.note) == ("eva", True, "n")
    assert client.fields == (("contract", "A-17"), ("plan", "gold"))
    plain = await made(rooms, "Boris", "+74951234567")
    client = (await rooms.clients.find("riga", "+74951234567")).client
    assert client is not None and (client.vip, client.check, client.fields) == (False, False, ())
    assert client.timezone == "Europe/Moscow", "derived: a Moscow number has one zone"
    assert plain.timezone is None, "and not said by anybody"
    assert (await rooms.clients.find_or_create("riga", "+79990001122", name="", at=NOON)).client.timezone is None  # type: ignore[union-attr]


async def test_open_promises_come_with_their_client_only(rooms: Rooms) -> None:
    if rooms.database is None:
        pytest.skip("follow-ups in memory are another room's")
    anna = await made(rooms, "Anna", NUMBER)
    rows = [("f1", 20, "open", anna.client_id), ("f2", 10, "open", anna.client_id), ("f3", 5, "done", anna.client_id)]
    rows.append(("f4", 6, "open", (await made(rooms, "Boris", "+74951234567")).client_id))

    def write(connection: sa.Connection) -> None:
        for follow_up_id, at, state, client_id in rows:
            plain = {"site": "riga", "owner": "eva", "zone": "UTC", "created_by": "eva", "created_at": NOON}
            told = {"follow_up_id": follow_up_id, "due_at": instant(at), "text": f"call {at}", "state": state}
            connection.execute(sa.insert(follow_ups), plain | told | {"client_id": client_id})

    await rooms.database.write(write)
    found = await rooms.clients.find("riga", NUMBER)
    assert [tuple(line) for line in found.follow_ups] == [
        ("f2", instant(10), "call 10", "eva"),
        ("f1", instant(20), "call 20", "eva"),
    ]
    assert (await rooms.clients.about("riga", anna.client_id, number=NUMBER)).follow_ups == found.follow_ups
    clara = await made(rooms, "Clara")
    await rooms.clients.merge("riga", anna.client_id, into=clara.client_id, by="boss", at=instant(30))
    assert (await rooms.clients.find("riga", NUMBER)).follow_ups == found.follow_ups, "promises outlive a merge"


# --- a person says who it was ---------------------------------------------------------------------------------------


async def test_an_unknown_caller_becomes_somebody_in_one_step_and_earlier_cards_follow(rooms: Rooms) -> None:
    stranger = (await rooms.clients.find_or_create("riga", NUMBER, name="OFFICE 7", at=NOON)).client
    assert stranger is not None
    await save(rooms, card(1), card(2), card(3))
    assert await client_of(rooms, 3) == stranger.client_id
    confirmed = await confirm(rooms, 3, Edit(name="Anna Berg"), learn=True)
    assert (confirmed.client.name, confirmed.client.numbers, confirmed.linked) == ("Anna Berg", (NUMBER,), 2)
    assert [await client_of(rooms, n) for n in (1, 2, 3)] == [confirmed.client.client_id] * 3
    found = await rooms.clients.find("riga", NUMBER)
    assert found.client is not None and found.client.client_id == confirmed.client.client_id
    assert len(found.history) == 3 and found.candidates == ()
    assert (await rooms.clients.client("riga", stranger.client_id)).name == "Anna Berg", "the placeholder became her"
    assert len(await rooms.clients.search("riga", "")) == 1


async def test_a_confirmation_without_learning_is_about_this_card_only(rooms: Rooms) -> None:
    anna, boris = await made(rooms, "Anna", NUMBER), await made(rooms, "Boris")
    await save(rooms, card(1), card(2))
    confirmed = await confirm(rooms, 2, boris.client_id)
    assert (confirmed.linked, confirmed.before) == (0, anna.client_id)
    assert [await client_of(rooms, n) for n in (1, 2)] == [anna.client_id, boris.client_id]
    found = await rooms.clients.find("riga", NUMBER)
    assert found.client is not None and found.client.client_id == anna.client_id
    await save(rooms, replace(card(2), revision=99))
    assert await client_of(rooms, 2) == boris.client_id, "what a person said stays, whatever the PBX goes on to tell"
    again = await confirm(rooms, 2, anna.client_id)
    assert again.before == boris.client_id and await client_of(rooms, 2) == anna.client_id


async def test_a_number_that_somebody_has_is_shared_when_another_learns_it(rooms: Rooms) -> None:
    anna, boris = await made(rooms, "Anna", NUMBER), await made(rooms, "Boris")
    await save(rooms, card(1), card(2))
    confirmed = await confirm(rooms, 2, boris.client_id, learn=True)
    assert (confirmed.linked, confirmed.client.numbers) == (0, (NUMBER,))
    assert await client_of(rooms, 1) == anna.client_id
    assert (await rooms.clients.find("riga", NUMBER)).client is None


async def test_cards_of_a_number_without_owner_follow_its_first_one_only(rooms: Rooms) -> None:
    await save(rooms, card(1), card(2), card(3))
    anna, boris = await made(rooms, "Anna"), await made(rooms, "Boris")
    assert (await confirm(rooms, 3, anna.client_id, learn=True)).linked == 2
    await rooms.clients.remove_number("riga", anna.client_id, NUMBER, by="eva", at=NOON)
    await save(rooms, card(4))
    for owner in (anna, boris):
        await rooms.clients.add_number("riga", owner.client_id, NUMBER, by="eva", at=NOON)
    assert await client_of(rooms, 4) == anna.client_id, "she was the only one when she got it"
    await save(rooms, card(5), card(6))
    assert await client_of(rooms, 5) is None
    assert (await confirm(rooms, 6, boris.client_id, learn=True)).linked == 0
    assert await client_of(rooms, 5) is None


async def test_two_who_confirm_at_once_leave_one_client_and_no_card_behind(rooms: Rooms) -> None:
    await rooms.clients.find_or_create("riga", NUMBER, name="", at=NOON)
    anna = await made(rooms, "Anna")
    await save(rooms, *(card(n) for n in range(6)))
    done = await asyncio.gather(*(confirm(rooms, n, anna.client_id, learn=True) for n in range(6)))
    assert {each.client.client_id for each in done} == {anna.client_id} and sum(each.linked for each in done) == 5
    assert [await client_of(rooms, n) for n in range(6)] == [anna.client_id] * 6
    boris = await made(rooms, "Boris")
    await asyncio.gather(confirm(rooms, 1, boris.client_id), confirm(rooms, 1, anna.client_id))
    assert await client_of(rooms, 1) in (anna.client_id, boris.client_id)


async def test_a_card_that_was_swallowed_is_confirmed_where_it_went(rooms: Rooms) -> None:
    anna = await made(rooms, "Anna")
    await save(rooms, card(1), card(2))
    await rooms.cards.apply([DiscardCard(card_id=card(2).card_id, into=card(1).card_id, linkedids=())])
    confirmed = await confirm(rooms, 2, anna.client_id)
    assert confirmed.card_id == card(1).card_id and await client_of(rooms, 1) == anna.client_id


@pytest.mark.parametrize("learn", [False, True])
async def test_another_sites_card_or_client_is_none(rooms: Rooms, learn: bool) -> None:
    theirs = await rooms.clients.create("berlin", name="B", numbers=[], at=NOON)
    await save(rooms, card(1), replace(card(2), site="berlin", natural_key="b2"))
    anna = await made(rooms, "Anna")
    for n, who in ((1, theirs.client_id), (2, anna.client_id), (9, anna.client_id)):
        with pytest.raises(NotFound):
            await confirm(rooms, n, who, learn=learn)
    with pytest.raises(NotFound):
        await confirm(rooms, 1, Edit(name="X", organisation_id=theirs.client_id), learn=learn)
    with pytest.raises(NotFound):
        await rooms.clients.merge("riga", anna.client_id, into=theirs.client_id, by="eva", at=NOON)
    assert await client_of(rooms, 1) is None
    assert [each.name for each in await rooms.clients.search("riga", "")] == ["Anna"], "nothing was half made"
    assert await rooms.clients.home_of(client_id=theirs.client_id) == "berlin"
    assert await rooms.clients.home_of(card_id=card(2).card_id) == "berlin"
    assert await rooms.clients.home_of(client_id="nobody") is None


async def test_what_a_person_said_goes_before_what_the_number_says(rooms: Rooms) -> None:
    anna, boris = await made(rooms, "Anna", NUMBER), await made(rooms, "Boris")
    await save(rooms, open_card(1))
    found = await rooms.clients.find("riga", NUMBER)
    ask = rooms.clients.as_confirmed
    assert await ask("riga", open_card(1).card_id, found, number=NUMBER) == found
    assert await ask("riga", "no-such-card", found, number=NUMBER) == found
    await confirm(rooms, 1, boris.client_id)
    said = (await ask("riga", open_card(1).card_id, found, number=NUMBER)).client
    assert said is not None and (said.client_id, said.number) == (boris.client_id, NUMBER)
    assert await ask("omsk", open_card(1).card_id, found, number=NUMBER) == found
    await confirm(rooms, 1, anna.client_id)
    assert await ask("riga", open_card(1).card_id, found, number=NUMBER) == found


async def test_calls_that_go_on_are_known_by_their_client(rooms: Rooms) -> None:
    anna = await made(rooms, "Anna", NUMBER)
    await save(rooms, card(1), open_card(2))
    live = await rooms.clients.live_calls("riga", anna.client_id)
    assert list(live) == [(open_card(2).card_id, open_card(2).client_number)]


# --- two are one ----------------------------------------------------------------------------------------------------


async def test_a_merge_loses_nothing(rooms: Rooms) -> None:
    firm = await made(rooms, "Firm", kind=ClientKind.ORGANISATION)
    anna = await made(rooms, "Anna", NUMBER, emails=("a@example.com",), note="first", fields={"contract": "A"})
    other = await made(
        rooms,
        "Anna B.",
        "+74951234567",
        NUMBER,
        emails=("b@example.com", "a@example.com"),
        note="second",
        vip=True,
        warning="careful",
        language="ru",
        timezone="Asia/Omsk",
        owner="eva",
        check=True,
        organisation_id=firm.client_id,
        fields={"contract": "B", "plan": "gold"},
    )
    await save(rooms, card(1), card(2))
    await confirm(rooms, 1, other.client_id)
    await confirm(rooms, 2, anna.client_id)
    await rooms.clients.change("riga", other.client_id, Edit(note="second "), by="eva", at=instant(1))
    stays = await rooms.clients.merge("riga", other.client_id, into=anna.client_id, by="boss", at=instant(2))
    assert stays.numbers == (NUMBER, "+74951234567") and stays.emails == ("a@example.com", "b@example.com")
    assert (stays.name, stays.note, stays.vip, stays.warning) == ("Anna", "first\nsecond", True, "careful")
    assert (stays.language, stays.timezone, stays.owner, stays.check) == ("ru", "Asia/Omsk", "eva", True)
    assert (stays.organisation, stays.fields) == ("Firm", (("contract", "A"), ("plan", "gold")))
    assert [await client_of(rooms, n) for n in (1, 2)] == [anna.client_id] * 2
    assert await rooms.clients.client("riga", other.client_id) == stays
    found = await rooms.clients.find("riga", NUMBER)
    assert found.client is not None and found.client.client_id == anna.client_id and found.candidates == ()
    told = {line.field: line for line in await rooms.clients.changes("riga", anna.client_id)}
    assert "Anna B." in told["merged"].before and "contract" in told["merged"].before and told["merged"].by == "boss"
    # Whoever still holds the old one writes to the one that stays, and a chain of merges is one hop.
    await rooms.clients.add_number("riga", other.client_id, "+74950000001", by="eva", at=instant(3))
    third = await made(rooms, "Third")
    await rooms.clients.merge("riga", anna.client_id, into=third.client_id, by="boss", at=instant(4))
    assert (await rooms.clients.client("riga", other.client_id)).client_id == third.client_id
    with pytest.raises(Rejected):
        await rooms.clients.merge("riga", other.client_id, into=third.client_id, by="boss", at=instant(5))


async def test_organisations_merge_with_their_people_and_never_with_a_person(rooms: Rooms) -> None:
    one, two = [await made(rooms, name, kind=ClientKind.ORGANISATION) for name in ("One", "Two")]
    anna = await made(rooms, "Anna", organisation_id=one.client_id)
    with pytest.raises(Rejected, match="member"):
        await rooms.clients.merge("riga", anna.client_id, into=one.client_id, by="boss", at=NOON)
    await rooms.clients.merge("riga", one.client_id, into=two.client_id, by="boss", at=NOON)
    moved = await rooms.clients.client("riga", anna.client_id)
    assert (moved.organisation, moved.organisation_id) == ("Two", two.client_id)
    with pytest.raises(Rejected, match="person"):
        await rooms.clients.change("riga", two.client_id, Edit(organisation_id=anna.client_id, kind=ClientKind.PERSON),
                                   by="eva", at=NOON)  # fmt: skip


async def test_merges_while_calls_arrive_lose_no_card(rooms: Rooms) -> None:
    anna, other = await made(rooms, "Anna", NUMBER), await made(rooms, "Anna too", NUMBER)

    async def calls() -> None:
        for n in range(20):
            await save(rooms, card(n))
            await rooms.clients.find_or_create("riga", NUMBER, name="", at=instant(n))

    merging = rooms.clients.merge("riga", other.client_id, into=anna.client_id, by="boss", at=NOON)
    await asyncio.gather(calls(), merging)
    await save(rooms, *(replace(card(n), revision=card(n).revision + 1) for n in range(20)))
    assert {await client_of(rooms, n) for n in range(20)} == {anna.client_id}
    assert len(await rooms.clients.search("riga", "")) == 1


async def test_two_merges_of_one_pair_against_each_other_leave_one(rooms: Rooms) -> None:
    anna, other = await made(rooms, "Anna", NUMBER), await made(rooms, "Anna too", NUMBER)
    there = rooms.clients.merge("riga", other.client_id, into=anna.client_id, by="boss", at=NOON)
    back = rooms.clients.merge("riga", anna.client_id, into=other.client_id, by="eva", at=NOON)
    outcomes = await asyncio.gather(there, back, return_exceptions=True)
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Client", "Rejected"]
    (left,) = await rooms.clients.search("riga", "")
    for known in (anna, other):
        assert (await rooms.clients.client("riga", known.client_id)).client_id == left.client_id


@pytest.mark.real("postgresql")
async def test_two_nodes_at_once_make_one_client_and_one_change(request: pytest.FixtureRequest) -> None:
    """Each node has a writer of its own: only PostgreSQL itself can keep them apart."""
    url = request.getfixturevalue("postgres").url()
    databases = [patient(url) for _ in range(2)]
    await databases[0].migrate()
    nodes = [SqlClientDirectory(database, region_of=lambda _site: "RU", desk=DESK) for database in databases]
    for n in range(30):
        number = f"+7916000{n:04}"
        met = await asyncio.gather(*(node.find_or_create("riga", number, name="", at=NOON) for node in nodes))
        assert len({found.client.client_id for found in met if found.client}) == 1
        client = met[0].client
        assert client is not None
        edits = (
            node.change("riga", client.client_id, Edit(note=str(each)), by="eva", at=instant(1), version=1)
            for each, node in enumerate(nodes)
        )
        outcomes = await asyncio.gather(*edits, return_exceptions=True)
        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Client", "Stale"]
    for database in databases:
        await database.close()


# --- corrections ----------------------------------------------------------------------------------------------------


async def test_every_correction_is_kept_with_who_when_before_and_after(rooms: Rooms) -> None:
    anna = await made(rooms, "Anna", NUMBER)
    changed = await rooms.clients.change(
        "riga", anna.client_id, Edit(name="Anna Berg", vip=True, fields={"plan": "gold"}), by="boris", at=instant(5)
    )
    await rooms.clients.change("riga", anna.client_id, Edit(fields={"plan": ""}, vip=False), by="eva", at=instant(6))
    await rooms.clients.remove_number("riga", anna.client_id, NUMBER, by="eva", at=instant(7))
    told = [(c.by, c.at, c.field, c.before, c.after) for c in await rooms.clients.changes("riga", anna.client_id)]
    assert told[0] == ("eva", instant(7), "numbers", NUMBER, "")
    assert set(told[1:3]) == {
        ("eva", instant(6), "vip", "yes", ""),
        ("eva", instant(6), "fields.plan", "gold", ""),
    }
    assert set(told[3:6]) == {
        ("boris", instant(5), "name", "Anna", "Anna Berg"),
        ("boris", instant(5), "vip", "", "yes"),
        ("boris", instant(5), "fields.plan", "", "gold"),
    }
    assert set(told[6:]) == {("eva", NOON, "name", "", "Anna"), ("eva", NOON, "numbers", "", NUMBER)}
    same = await rooms.clients.change("riga", anna.client_id, Edit(name=" Anna Berg "), by="eva", at=instant(9))
    assert same.version == changed.version + 2, "what changes nothing is no change"
    assert len(await rooms.clients.changes("riga", anna.client_id)) == len(told)


async def test_who_writes_over_what_they_did_not_see_is_told(rooms: Rooms) -> None:
    anna = await made(rooms, "Anna")
    seen = anna.version
    edits = [
        rooms.clients.change("riga", anna.client_id, Edit(note=note), by=note, at=instant(1), version=seen)
        for note in ("one", "two")
    ]
    outcomes = await asyncio.gather(*edits, return_exceptions=True)
    (stale,) = [each for each in outcomes if isinstance(each, Stale)]
    (kept,) = [each for each in outcomes if isinstance(each, Client)]
    assert stale.present == kept == await rooms.clients.client("riga", anna.client_id)
    await rooms.clients.change(
        "riga", anna.client_id, Edit(note="three"), by="eva", at=instant(2), version=kept.version
    )


@pytest.mark.parametrize(
    "edit",
    [
        Edit(timezone="Mars/Phobos"),
        Edit(timezone="../../etc/passwd"),
        Edit(timezone="/etc/localtime"),
        Edit(language="Русский"),
        Edit(fields={"unknown": "x"}),
        Edit(fields={"debt": "much"}),
        Edit(fields={"debt": "1e400"}),
        Edit(fields={"since": "2026-02-30"}),
        Edit(fields={"since": "20260230"}),
        Edit(fields={"plan": "platinum"}),
        Edit(fields={"contract": "x" * 501}),
        Edit(emails=("nobody",)),
        Edit(emails=("a@b\r\nBcc: c@d",)),
        Edit(emails=tuple(f"a{n}@example.com" for n in range(51))),
        Edit(numbers=("anonymous",)),
        Edit(name="x" * 201),
        Edit(warning="x" * 201),
    ],
)
async def test_what_cannot_be_so_is_refused_and_changes_nothing(rooms: Rooms, edit: Edit) -> None:
    anna = await made(rooms, "Anna", NUMBER)
    with pytest.raises(Rejected):
        await rooms.clients.change("riga", anna.client_id, edit, by="eva", at=instant(1))
    assert await rooms.clients.client("riga", anna.client_id) == anna


HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "=HYPERLINK(1)",
    "'; DROP TABLE clients; --",
    "\u202eevil",
    "😀" * 50,
    "a\x00b\ud800",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_kept_as_text(rooms: Rooms, text: str) -> None:
    anna = await made(rooms, text, NUMBER, note=text, warning=text, fields={"contract": text}, owner=text[:60])
    found = (await rooms.clients.find("riga", NUMBER)).client
    assert found is not None
    clean = "a\ufffdb\ufffd" if "\x00" in text and rooms.database else text
    assert (found.name, found.note, found.warning, dict(found.fields)["contract"]) == (clean,) * 4
    assert (await rooms.clients.client("riga", anna.client_id)).name == clean
    assert any(line.after == clean for line in await rooms.clients.changes("riga", anna.client_id))
    await rooms.clients.search("riga", text)


async def test_addresses_belong_to_clients_too(rooms: Rooms) -> None:
    anna = await made(rooms, "Anna")
    await rooms.clients.add_email("riga", anna.client_id, " Anna@Example.COM ", by="eva", at=instant(1))
    more = await rooms.clients.add_email("riga", anna.client_id, "anna@example.com", by="eva", at=instant(2))
    assert more.emails == ("anna@example.com",)
    assert [each.name for each in await rooms.clients.search("riga", "ANNA@example.com")] == ["Anna"]
    assert (
        await rooms.clients.remove_email("riga", anna.client_id, "ANNA@example.com", by="e", at=instant(3))
    ).emails == ()


async def test_search_tells_people_from_organisations_and_takes_a_number_besides(rooms: Rooms) -> None:
    await made(rooms, "Anna", NUMBER)
    await made(rooms, "Anna's shop", NUMBER, kind=ClientKind.ORGANISATION)
    await made(rooms, "Boris", NUMBER)
    found = await rooms.clients.search("riga", "anna", kind=ClientKind.ORGANISATION)
    assert [each.name for each in found] == ["Anna's shop"]
    found = await rooms.clients.search("riga", "bor", number="8 916 111 22 33")
    assert [each.name for each in found] == ["Boris"]
    assert await rooms.clients.search("riga", "bor", number="+74951234567") == []


# --- a caller id is a claim -----------------------------------------------------------------------------------------


async def test_answers_to_the_check_questions_stay_with_the_card(rooms: Rooms) -> None:
    await save(rooms, card(1), card(2))
    one, two = card(1).card_id, card(2).card_id
    assert await rooms.clients.check_of("riga", one) is None
    await rooms.clients.note_check("riga", one, {"birthday": "wrong"}, by="eva", at=instant(1))
    noted = await rooms.clients.note_check("riga", one, {"birthday": "right"}, by="anna", at=instant(2))
    assert await rooms.clients.check_of("riga", one) == noted and dict(noted.answers) == {"birthday": "right"}
    assert await rooms.clients.check_of("riga", two) is None
    await rooms.cards.apply([DiscardCard(card_id=one, into=two, linkedids=())])
    assert await rooms.clients.check_of("riga", two) == noted, "the conversation goes on under the other card"
    with pytest.raises(Rejected):
        await rooms.clients.note_check("riga", two, {"shoe_size": "right"}, by="eva", at=instant(3))
    for ask in (rooms.clients.check_of("omsk", two), rooms.clients.check_of("riga", "no-such-card")):
        with pytest.raises(NotFound):
            await ask
    with pytest.raises(NotFound):
        await rooms.clients.note_check("omsk", two, {"birthday": "right"}, by="eva", at=instant(3))
