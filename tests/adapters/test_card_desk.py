"""What the desk asks of the record of conversations: corrections, promises, my day, search. In memory, on SQLite, on PostgreSQL."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from callcards.follow_ups import AddFollowUp, ChangeFollowUp, FollowUp, FollowUps, FollowUpState
from callcards.memory import MemoryCardStore
from callcards.memory_desk import MemoryMyDay, MemorySearch
from callcards.my_day import MyDay
from callcards.ports import Annotate, CardStore
from callcards.search import Findings, Search, sought
from callcards.sql import SqlCardStore
from callcards.sql_follow_ups import SqlFollowUps
from callcards.sql_my_day import SqlMyDay
from callcards.sql_search import SqlSearch
from clients.match import client_key
from clients.memory import MemoryClientDirectory
from clients.ports import ClientDirectory
from clients.sql import SqlClientDirectory
from core.desk import Desk
from core.effects import DiscardCard, SaveCard
from core.model import Card, Direction, Leg, LegOutcome, PastInteraction
from runtime.database import Database
from tests.cards import NOON, card, instant, open_card
from tests.servers.database import patient

DISPOSITIONS = Desk().dispositions


@dataclass
class Rooms:
    store: CardStore
    clients: ClientDirectory
    follow_ups: FollowUps
    my_day: MyDay
    search: Search
    database: Database | None = None

    async def save(self, *cards: Card) -> None:
        await self.store.apply([SaveCard(card=each) for each in cards])

    async def find(self, text: str, site: str = "riga", limit: int = 20) -> Findings:
        return await self.search.find(site, sought(text, DISPOSITIONS), limit=limit)

    async def cards(self, text: str, **more: Any) -> list[str]:
        return [each.card.card_id for each in (await self.find(text, **more)).cards]


@pytest.fixture(
    params=["memory", "sqlite", "no_fts5", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))]
)
async def rooms(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    if request.param == "memory":

        async def history_of(client_id: str) -> list[PastInteraction]:
            return await store.history(client_id)

        clients = MemoryClientDirectory(region_of=lambda _site: "RU", history_of=history_of)
        clients.cards = store = MemoryCardStore(client_of=clients.client_of, site_of=clients.site_of)
        yield Rooms(
            store,
            clients,
            store.follow_ups,
            MemoryMyDay(store, client_key=key_of),
            MemorySearch(store, client_key=key_of),
        )
        return
    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres").url() if postgres else f"sqlite:///{tmp_path}/meridian.db"
    database = patient(url)
    await database.migrate()
    if request.param == "no_fts5":
        await database.write(forget_fts5)
    yield Rooms(
        SqlCardStore(database, client_key=key_of),
        SqlClientDirectory(database, region_of=lambda _site: "RU"),
        SqlFollowUps(database),
        SqlMyDay(database),
        SqlSearch(database, client_key=key_of),
        database,
    )
    await database.close()


def key_of(_site: str, number: str) -> str | None:
    return client_key(number, "RU")


def forget_fts5(connection: sa.Connection) -> None:
    """As the migration leaves a database where SQLite lacks it."""
    triggers = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
    for name in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    for table in ("card_words", "client_words", "client_texts"):
        connection.exec_driver_sql(f"DROP TABLE {table}")


def typed(target: Card, number: float, by: str = "anna", **fields: Any) -> Annotate:
    return Annotate(annotation_id=f"note-{number}", card_id=target.card_id, by=by, at=instant(number), **fields)


def promise(n: int = 1, **changes: Any) -> AddFollowUp:
    made = FollowUp(
        follow_up_id=f"promise-{n}",
        site="riga",
        client_id=None,
        card_id=None,
        owner="anna",
        due_at=instant(n * 100),
        zone="Europe/Riga",
        text=f"call {n}",
        created_by="anna",
        created_at=NOON,
    )
    return AddFollowUp(follow_up=replace(made, **changes))


async def lines(rooms: Rooms, target: Card) -> list[tuple[str, str, str, str]]:
    return [(each.by, each.field, each.before, each.after) for each in await rooms.store.changes(target.card_id)]


async def notes(rooms: Rooms, target: Card) -> str:
    found = await rooms.store.card(target.card_id)
    assert found is not None
    return found.notes


async def test_corrections_keep_who_typed_what_over_what(rooms: Rooms) -> None:
    await rooms.save(card(1))
    await rooms.store.apply([typed(card(1), 1, notes="wants a refund", disposition="complaint")])
    await rooms.store.apply([typed(card(1), 2, by="boris", notes="got a refund")])
    await rooms.store.apply([typed(card(1), 3, by="boris", fields={"contract": "A-1"})])
    assert await lines(rooms, card(1)) == [
        ("anna", "disposition", "", "complaint"),
        ("anna", "notes", "", "wants a refund"),
        ("boris", "notes", "wants a refund", "got a refund"),
        ("boris", "fields", "", '{"contract": "A-1"}'),
    ]


async def test_saves_of_one_session_are_one_line_and_the_next_session_another(rooms: Rooms) -> None:
    await rooms.save(card(1))
    for n in range(1, 40):
        await rooms.store.apply([typed(card(1), n * 30, notes="x" * n)])
    await rooms.store.apply([typed(card(1), 39 * 30 + 601, notes="later")])
    assert await lines(rooms, card(1)) == [("anna", "notes", "", "x" * 39), ("anna", "notes", "x" * 39, "later")]


async def test_typing_once_more_what_stands_there_is_no_correction(rooms: Rooms) -> None:
    await rooms.save(card(1))
    await rooms.store.apply([typed(card(1), 1, notes="same"), typed(card(1), 2, by="boris", notes="same")])
    assert await lines(rooms, card(1)) == [("anna", "notes", "", "same")]


async def test_two_who_typed_at_once_both_keep_their_text(rooms: Rooms) -> None:
    await rooms.save(card(1))
    await rooms.store.apply([typed(card(1), 1, notes="hers", based=True)])
    await rooms.store.apply([typed(card(1), 2, by="boris", notes="his", based=True)])
    assert await notes(rooms, card(1)) == "hers\nhis"
    await rooms.store.apply([typed(card(1), 3, by="boris", notes="his alone", based=True, base=instant(2))])
    assert await notes(rooms, card(1)) == "his alone"
    await rooms.store.apply([typed(card(1), 4, notes="without a base the last one counts")])
    assert await notes(rooms, card(1)) == "without a base the last one counts"


async def test_fields_change_one_by_one_and_empty_ones_go(rooms: Rooms) -> None:
    await rooms.save(card(1))
    await rooms.store.apply(
        [typed(card(1), 1, fields={"a": "1", "b": "2"}), typed(card(1), 2, fields={"b": "", "c": "3"})]
    )
    await rooms.save(card(1, revision=9))
    found = await rooms.store.card(card(1).card_id)
    assert found is not None and found.fields == {"a": "1", "c": "3"}


async def test_what_is_typed_for_another_sites_card_is_ignored(rooms: Rooms) -> None:
    await rooms.save(card(1))
    contact = promise(1, card_id=card(1).card_id, site="omsk")
    await rooms.store.apply([typed(card(1), 1, notes="x", site="omsk"), contact])
    assert (await notes(rooms, card(1)), await lines(rooms, card(1))) == ("", [])
    await rooms.store.apply([typed(card(1), 2, site="riga", notes="y")])
    assert (await notes(rooms, card(1)), await lines(rooms, card(1))) == ("y", [("anna", "notes", "", "y")])
    assert await rooms.follow_ups.one("promise-1") is None


async def test_a_promise_is_for_whom_its_card_belongs_to(rooms: Rooms) -> None:
    ivan = await rooms.clients.create("riga", name="Ivan", numbers=["89161112233"], at=NOON)
    await rooms.save(card(1))
    await rooms.store.apply([promise(1, card_id=card(1).card_id), promise(1, card_id=card(1).card_id, text="again")])
    [shown] = await rooms.follow_ups.of_client("riga", ivan.client_id, state=FollowUpState.OPEN)
    assert (shown.follow_up.client_id, shown.follow_up.text, shown.client_name) == (ivan.client_id, "call 1", "Ivan")
    assert shown.number == card(1).client_number
    assert await rooms.follow_ups.of_client("omsk", ivan.client_id) == []
    found = await rooms.store.card(card(1).card_id)
    assert found is not None and found.follow_ups == (shown,)


async def test_promises_follow_when_a_person_says_whose_the_card_is(rooms: Rooms) -> None:
    await rooms.save(card(1))
    await rooms.store.apply([promise(1, card_id=card(1).card_id)])
    ivan = await rooms.clients.create("riga", name="Ivan", numbers=[], at=NOON)
    await rooms.clients.confirm("riga", card(1).card_id, ivan.client_id, learn=False, by="anna", at=NOON)
    [shown] = await rooms.follow_ups.of_client("riga", ivan.client_id)
    assert (shown.follow_up.follow_up_id, shown.client_name) == ("promise-1", "Ivan")
    oleg = await rooms.clients.create("riga", name="Oleg", numbers=[], at=NOON)
    await rooms.clients.merge("riga", ivan.client_id, into=oleg.client_id, by="eva", at=NOON)
    [shown] = await rooms.follow_ups.of_client("riga", oleg.client_id)
    assert shown.follow_up.follow_up_id == "promise-1"


async def test_a_promise_changes_once_and_closing_it_keeps_when(rooms: Rooms) -> None:
    await rooms.save(card(1))
    await rooms.store.apply([promise(1, card_id=card(1).card_id)])
    move = ChangeFollowUp(
        change_id="c1",
        follow_up_id="promise-1",
        site="riga",
        by="anna",
        at=instant(5),
        due_at=instant(999),
        owner="boris",
    )
    done = ChangeFollowUp(
        change_id="c2", follow_up_id="promise-1", site="riga", by="boris", at=instant(6), state=FollowUpState.DONE
    )
    await rooms.store.apply([move, done])
    await rooms.store.apply([move, replace(done, change_id="c3", site="omsk", state=FollowUpState.CANCELLED)])
    shown = await rooms.follow_ups.one("promise-1")
    assert shown is not None
    now = shown.follow_up
    assert (now.due_at, now.owner, now.state, now.closed_at) == (instant(999), "boris", FollowUpState.DONE, instant(6))
    found = await rooms.store.card(card(1).card_id)
    assert found is not None and found.follow_ups == ()


async def test_promises_of_an_owner_by_when_they_are_due(rooms: Rooms) -> None:
    await rooms.save(card(1))
    await rooms.store.apply([promise(n, card_id=card(1).card_id) for n in (3, 1, 2)])
    await rooms.store.apply([promise(4, owner="boris", card_id=card(1).card_id)])

    async def due(**when: Any) -> list[str]:
        return [each.follow_up.text for each in await rooms.follow_ups.of_owner("riga", "anna", **when)]

    assert await due() == ["call 1", "call 2", "call 3"]
    assert await due(due_before=instant(200)) == ["call 1"]
    assert await due(due_from=instant(200), due_before=instant(300)) == ["call 2"]
    assert await due(limit=2) == ["call 1", "call 2"]
    assert await rooms.follow_ups.of_owner("omsk", "anna") == []


async def test_promises_and_corrections_of_a_swallowed_card_go_along(rooms: Rooms) -> None:
    main, gone = open_card(1), open_card(2)
    await rooms.save(main, gone)
    await rooms.store.apply([promise(1, card_id=gone.card_id), typed(gone, 1, notes="about the lighthouse")])
    await rooms.store.apply([DiscardCard(card_id=gone.card_id, into=main.card_id, linkedids=gone.linkedids)])
    found = await rooms.store.card(main.card_id)
    assert found is not None and [each.follow_up.card_id for each in found.follow_ups] == [main.card_id]
    assert await lines(rooms, main) == [("anna", "notes", "", "about the lighthouse")]
    assert await rooms.cards("lighthouse") == [main.card_id]


def missed_by(n: int, *agents: str, **changes: Any) -> Card:
    legs = tuple(
        Leg(leg_id=f"{n}.{agent}", agent=agent, rang_at=instant(n), outcome=LegOutcome.NOANSWER, ended_at=instant(n))
        for agent in agents
    )
    unanswered = {"answered_at": None, "answered_by": None, "talk_ended_at": None, "transfers": ()}
    return card(n, **{"legs": legs, "client_number": f"8916000{n:04}", **unanswered, **changes})


async def test_missed_calls_are_those_that_nobody_took_or_called_back(rooms: Rooms) -> None:
    taken = card(5, legs=(*missed_by(5, "1001").legs, *card(5).legs), client_number="89160000005")
    await rooms.save(
        missed_by(1, "1001", "1002"),
        missed_by(2, "1002"),
        missed_by(3, "1001"),
        missed_by(4, "1001"),
        taken,
        missed_by(6, "1001", site="omsk"),
        missed_by(7, "1001", direction=Direction.INTERNAL),
        missed_by(8, "1001", client_number=None),
        missed_by(9, "1001", ended_at=None),
    )
    await rooms.save(
        card(20, client_number="8 916 000 00 03"),
        missed_by(21, direction=Direction.OUTBOUND, agent="1002", client_number="8-916-000-00-04"),
    )

    async def missed(**more: Any) -> list[str]:
        found = await rooms.my_day.missed("riga", "1001", since=more.pop("since", NOON), **more)
        return [each.card.card_id for each in found]

    assert await missed() == [missed_by(8).card_id, missed_by(1).card_id]
    assert await missed(since=instant(2)) == [missed_by(8).card_id]
    assert await missed(limit=1) == [missed_by(8).card_id]
    await rooms.save(replace(missed_by(8, "1001", client_number=None), revision=9, answered_at=instant(9)))
    assert await missed() == [missed_by(1).card_id]


async def test_the_last_conversations_of_a_phone(rooms: Rooms) -> None:
    await rooms.save(*(card(n) for n in range(5)), open_card(7), card(8, site="omsk"), missed_by(9, "1001"))
    found = await rooms.my_day.last("riga", "1001", limit=3)
    assert [each.card.card_id for each in found] == [card(n).card_id for n in (4, 3, 2)]
    assert await rooms.my_day.last("riga", "1002") == []


async def test_words_of_notes_are_found_whatever_their_case(rooms: Rooms) -> None:
    await rooms.save(*(card(n, client_number=None) for n in range(1, 5)), card(5, site="omsk", client_number=None))
    await rooms.store.apply(
        [
            typed(card(1), 1, notes="Ждёт СЧЁТ за ноябрь; перезвонить"),
            typed(card(2), 2, notes="О счете и о доставке", disposition="complaint"),
            typed(card(3), 3, notes='50% off, path_to\\file, said "it\'s 100%"'),
            typed(card(5, site="omsk"), 5, notes="счёт другого центра"),
        ]
    )
    one, two, three = (card(n).card_id for n in (1, 2, 3))
    assert set(await rooms.cards("счет")) == {one, two}
    assert await rooms.cards("СЧЁТЕ") == [two]
    assert await rooms.cards("счет ноябрь") == [one]
    assert await rooms.cards("ноя") == [one]
    assert await rooms.cards("жалоба") == [two]
    assert await rooms.cards("Complaint счет") == [two]
    assert await rooms.cards("100%") == [three]
    assert await rooms.cards("счет", site="omsk") == [card(5, site="omsk").card_id]
    await rooms.store.apply([typed(card(1), 9, notes="no more")])
    assert await rooms.cards("счет") == [two]
    assert await rooms.cards("more") == [one]


@pytest.mark.parametrize(
    "text",
    ['"', "'", "\\", "%", "_", "*", "%%%", "a\x00b", "x OR 1=1", "NEAR(a b)", '"a" AND', "words:счет", "-a", "^a", "a:*", "!a",
     "a & | b", "(", "((((", "{a b}:c", "'; DROP TABLE card_texts; --", "\ud800", "😀", "a" * 200, "счет* OR *", "NOT", "AND",
     "::tsquery", "%d %s", ":site", "+", "()", "+7 (", "8-(916"],
)  # fmt: skip
async def test_hostile_text_is_just_text(rooms: Rooms, text: str) -> None:
    await rooms.save(card(1, client_number=None))
    await rooms.store.apply([typed(card(1), 1, notes="счет")])
    assert (await rooms.find(text)).cards == ()
    assert await rooms.cards("счет") == [card(1).card_id]


async def test_clients_are_found_by_the_beginning_of_each_word_of_their_name(rooms: Rooms) -> None:
    anna = await rooms.clients.create("riga", name="Анна Петрова-Водкина", numbers=["89160000001"], at=NOON)
    petr = await rooms.clients.create("riga", name="ПЁТР Иванов", numbers=["89160000002"], at=instant(1))
    await rooms.clients.create("omsk", name="Петров", numbers=["89160000003"], at=NOON)
    await rooms.save(card(1, client_number="89160000001"), card(2, client_number="89160000002"))

    async def found(text: str) -> set[str]:
        return {each.client_id for each in (await rooms.find(text)).clients}

    assert await found("петр") == {anna.client_id, petr.client_id}
    assert await found("петр ива") == {petr.client_id}
    assert await found("водкин") == {anna.client_id}
    assert await found("кузнецов") == set()
    assert await rooms.cards("иванов") == [card(2).card_id]


async def test_clients_are_found_by_their_number_or_four_digits_of_it(rooms: Rooms) -> None:
    ivan = await rooms.clients.create("riga", name="Ivan", numbers=["+7 916 111-22-33"], at=NOON)
    await rooms.clients.create("omsk", name="Other", numbers=["+7 916 111-22-33"], at=NOON)
    await rooms.save(card(1))
    for text in ("+79161112233", "8 (916) 111-22-33", "8-916-111", "111-22", "2233", "7916"):
        found = await rooms.find(text)
        assert [each.client_id for each in found.clients] == [ivan.client_id], text
        assert [each.card.card_id for each in found.cards] == [card(1).card_id], text
    for text in ("223", "9999", "+7 495"):
        assert (await rooms.find(text)).clients == ()


async def test_no_more_than_asked_for_and_it_says_that_there_is_more(rooms: Rooms) -> None:
    await rooms.save(*(card(n, client_number=None) for n in range(5)))
    await rooms.store.apply([typed(card(n), n, notes="invoice") for n in range(5)])
    found = await rooms.find("invoice", limit=3)
    assert (len(found.cards), found.more) == (3, True)
    assert [each.card.card_id for each in found.cards] == [card(n).card_id for n in (4, 3, 2)]
    assert (await rooms.find("invoice", limit=5)).more is False


async def test_names_that_change_are_found_as_they_are(rooms: Rooms) -> None:
    if rooms.database is None:
        return  # finds clients by their cards
    ivan = await rooms.clients.create("riga", name="Ivan", numbers=["89161112233"], at=NOON)

    async def found(text: str) -> list[str]:
        return [each.client_id for each in (await rooms.find(text)).clients]

    await rooms.database.write(
        lambda c: c.execute(
            sa.text("UPDATE clients SET name = 'Oleg', folded_name = 'oleg' WHERE client_id = :id"),
            {"id": ivan.client_id},
        ).close()
    )
    assert await found("oleg") == [ivan.client_id] and await found("ivan") == []
    await rooms.database.write(
        lambda c: c.execute(sa.text("DELETE FROM clients WHERE client_id = :id"), {"id": ivan.client_id}).close()
    )
    assert await found("oleg") == []


async def test_the_day_of_a_promise_survives_years(rooms: Rooms) -> None:
    await rooms.save(card(1))
    far = NOON + timedelta(days=700)
    await rooms.store.apply([promise(1, card_id=card(1).card_id, due_at=far)])
    shown = await rooms.follow_ups.one("promise-1")
    assert shown is not None and shown.follow_up.due_at == far
