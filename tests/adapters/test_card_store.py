"""What every record of conversations promises: in memory, on SQLite and on a real PostgreSQL."""

from itertools import permutations
from typing import Any

import pytest

from callcards.memory import MemoryCardStore
from callcards.ports import Annotate, AuditLine, Before, CardStore, NextContact
from callcards.sql import SqlCardStore
from clients.match import client_key
from clients.memory import MemoryClientDirectory
from clients.ports import ClientDirectory
from clients.sql import SqlClientDirectory
from core.effects import DiscardCard, SaveCard
from core.errors import Rejected
from core.model import Card, PastInteraction
from tests.cards import NOON, card, instant, open_card
from tests.servers.database import patient


def region_of(_site: str) -> str:
    return "RU"


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgresql", marks=pytest.mark.real("postgresql"))])
async def rooms(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    """A record of conversations and a directory of clients that know each other, as service.py wires them."""
    if request.param == "memory":

        async def history_of(client_id: str) -> list[PastInteraction]:
            return await store.history(client_id)

        clients = MemoryClientDirectory(region_of=region_of, history_of=history_of)
        store = MemoryCardStore(client_of=clients.client_of, site_of=clients.site_of)
        yield store, clients
        return

    postgres = request.param == "postgresql"
    url = request.getfixturevalue("postgres").url() if postgres else f"sqlite:///{tmp_path}/meridian.db"
    database = patient(url)
    await database.migrate()
    key_of = lambda site, number: client_key(number, region_of(site))  # noqa: E731
    yield SqlCardStore(database, client_key=key_of), SqlClientDirectory(database, region_of=region_of)
    await database.close()


@pytest.fixture
def store(rooms: tuple[CardStore, ClientDirectory]) -> CardStore:
    return rooms[0]


@pytest.fixture
def clients(rooms: tuple[CardStore, ClientDirectory]) -> ClientDirectory:
    return rooms[1]


async def save(store: CardStore, *cards: Card) -> None:
    await store.apply([SaveCard(card=each) for each in cards])


async def stored(store: CardStore, card_id: str) -> Any:
    found = await store.card(card_id)
    assert found is not None
    return found


def discard(gone: Card, into: Card | None) -> DiscardCard:
    return DiscardCard(card_id=gone.card_id, into=None if into is None else into.card_id, linkedids=gone.linkedids)


def promised(found: Any) -> list[tuple[Any, str]]:
    return [(each.follow_up.due_at, each.follow_up.text) for each in found.follow_ups]


def typed(target: Card, number: int = 1, **fields: Any) -> Annotate:
    return Annotate(annotation_id=f"note-{number}", card_id=target.card_id, by="anna", at=instant(number), **fields)


@pytest.mark.parametrize(
    "wrong",
    [
        {"cause": 2**80},
        {"hold_s": "x"},
        {"timezone": None},
        {"ended_at": NOON.replace(tzinfo=None)},
        {"recordings": (1j,)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
async def test_a_card_that_no_database_holds_is_refused_with_its_whole_batch(store: CardStore, wrong: Any) -> None:
    if isinstance(store, MemoryCardStore):
        return  # holds anything
    good = card(1)
    with pytest.raises(Rejected):
        await save(store, good, card(2, **wrong), card(3))
    assert await store.card(good.card_id) is None
    await save(store, good)
    assert (await stored(store, good.card_id)).card == good


async def test_a_card_comes_back_exactly_as_it_was_saved(store: CardStore) -> None:
    whole, bare = card(1), card(2, client_number=None, queues=(), legs=(), transfers=(), recordings=(), queued_at=None)
    await save(store, whole, bare)
    assert (await stored(store, whole.card_id)).card == whole
    assert (await stored(store, bare.card_id)).card == bare
    assert await store.card("no-such-card") is None


async def test_text_from_outside_that_no_database_holds_is_made_visible(store: CardStore) -> None:
    hostile = card(caller_name="a\x00b\ud800c", linkedids=("x\x00", "y"), caller_number="\x00")
    await save(store, hostile)
    assert (await store.cards_by_linkedid("riga", "pbx1", ["y"]))[0].card_id == hostile.card_id


async def test_the_latest_revision_wins_in_any_order(store: CardStore) -> None:
    for n, order in enumerate(permutations((1, 2, 3))):
        for revision in order:
            await save(store, card(n, revision=revision, dialled=f"rev{revision}"))
        assert (await stored(store, card(n).card_id)).card.dialled == "rev3"
    n = 99
    await save(store, *(card(n, revision=revision, dialled=f"rev{revision}") for revision in (2, 3, 1)))
    assert (await stored(store, card(n).card_id)).card.dialled == "rev3"


async def test_one_refused_card_leaves_nothing_of_its_batch(rooms: Any) -> None:
    store, _ = rooms
    if isinstance(store, MemoryCardStore):
        pytest.skip("memory refuses nothing")
    broken = card(2, dialled=None)
    with pytest.raises(Exception, match=r"(?i)null"):
        await save(store, card(1), broken)
    assert await store.card(card(1).card_id) is None


async def test_open_cards_of_one_pbx_with_everything_they_know(store: CardStore) -> None:
    later, first = open_card(2), open_card(1)
    await save(store, later, first, card(3), open_card(4, pbx="pbx2"), open_card(5, site="omsk"))
    assert await store.open_cards("riga", "pbx1") == [first, later]
    await save(store, card(1))
    assert await store.open_cards("riga", "pbx1") == [later]


async def test_a_merged_card_leads_to_the_one_that_swallowed_it(store: CardStore) -> None:
    main, consultation = open_card(1), open_card(2)
    await save(store, main, consultation)
    await store.apply([discard(consultation, main)])
    assert (await stored(store, consultation.card_id)).card == main
    assert await store.cards_by_linkedid("riga", "pbx1", consultation.linkedids) == [main]
    assert await store.recent("riga") == [await store.card(main.card_id)]


async def test_a_discarded_card_is_never_brought_back(store: CardStore) -> None:
    main, gone, dropped = open_card(1), open_card(2), open_card(3)
    await save(store, main, gone, dropped)
    await store.apply([discard(gone, main), discard(dropped, None), SaveCard(card=card(2, revision=99))])
    await save(store, card(3, revision=99))
    assert await store.open_cards("riga", "pbx1") == [main]
    assert await store.card(dropped.card_id) is None
    assert await store.cards_by_linkedid("riga", "pbx1", gone.linkedids) == [main]


async def test_a_chain_of_merges_ends_in_the_last_one_whatever_the_order(store: CardStore) -> None:
    a, b, c = open_card(1), open_card(2), open_card(3)
    await save(store, a, b, c)
    await store.apply([discard(a, b), discard(b, c)])
    assert (await stored(store, a.card_id)).card == c
    d, e, f = open_card(4), open_card(5), open_card(6)
    await save(store, d, e, f)
    await store.apply([discard(e, f), discard(d, e)])
    assert (await stored(store, d.card_id)).card == f
    assert await store.cards_by_linkedid("riga", "pbx1", [*a.linkedids, *d.linkedids]) == [c, f]


async def test_ids_of_a_call_that_makes_no_card_are_remembered(store: CardStore) -> None:
    spy, real = open_card(1), card(2)
    await store.apply([SaveCard(card=spy), discard(spy, None), SaveCard(card=real)])
    asked = [*spy.linkedids, *real.linkedids, "never-seen"]
    assert await store.known_linkedids("riga", "pbx1", asked) == {*spy.linkedids, *real.linkedids}
    assert await store.cards_by_linkedid("riga", "pbx1", asked) == [real]


async def test_every_linkedid_has_one_card_and_the_first_owner_keeps_it(store: CardStore) -> None:
    first, second = card(1, linkedids=("L1", "L2")), card(2, linkedids=("L2", "L3"))
    await save(store, first)
    await save(store, second)
    assert await store.cards_by_linkedid("riga", "pbx1", ["L2"]) == [first]
    assert await store.cards_by_linkedid("riga", "pbx1", ["L3", "L1"]) == [first, second]
    assert await store.cards_by_linkedid("omsk", "pbx1", ["L1"]) == []
    assert await store.cards_by_linkedid("riga", "pbx1", []) == []


async def test_an_id_that_a_restarted_pbx_uses_again_is_another_call(store: CardStore) -> None:
    before = card(1, linkedids=("L1",))
    after = card(1, boot_id="boot-2", linkedids=("L1",), started_at=instant(9))
    await save(store, before, after)
    assert await store.cards_by_linkedid("riga", "pbx1", ["L1"]) == [before, after]


async def test_more_ids_than_one_statement_takes(store: CardStore) -> None:
    await save(store, *(card(n, linkedids=(f"L{n}",)) for n in range(3)))
    asked = [f"L{n}" for n in range(1200, -1, -1)]
    assert len(await store.cards_by_linkedid("riga", "pbx1", asked)) == 3
    assert len(await store.known_linkedids("riga", "pbx1", asked)) == 3


async def test_what_people_type_survives_every_save_of_the_pbx(store: CardStore) -> None:
    talk = open_card(1)
    contact = NextContact(at=NOON, text="call back about the invoice")
    await store.apply([SaveCard(card=talk), typed(talk, notes="angry", disposition="complaint", next_contact=contact)])
    await save(store, card(1, revision=50))
    found = await stored(store, talk.card_id)
    assert found.card == card(1, revision=50)
    assert (found.notes, found.disposition, found.edited_by) == ("angry", "complaint", "anna")
    assert promised(found) == [(NOON, "call back about the invoice")]
    assert found.edited_at == instant(1)


async def test_typing_changes_what_was_typed_and_only_once(store: CardStore) -> None:
    await save(store, card(1))
    first = typed(card(1), 1, notes="first", disposition="sold")
    await store.apply([first, typed(card(1), 2, notes="second")])
    await store.apply([first])
    found = await stored(store, card(1).card_id)
    assert (found.notes, found.disposition) == ("second", "sold")
    await store.apply([typed(card(1), 3, notes="", disposition="", next_contact=NextContact())])
    found = await stored(store, card(1).card_id)
    assert (found.notes, found.disposition, promised(found)) == ("", None, [])


async def test_what_was_typed_on_a_swallowed_card_goes_along(store: CardStore) -> None:
    main, consultation = open_card(1), open_card(2)
    await store.apply(
        [
            *(SaveCard(card=each) for each in (main, consultation)),
            typed(main, 1, notes="main"),
            typed(consultation, 2, notes="asked the boss", disposition="refund"),
            discard(consultation, main),
            typed(consultation, 3, next_contact=NextContact(text="typed late, on the old card")),
        ]
    )
    found = await stored(store, main.card_id)
    assert (found.notes, found.disposition) == ("main\nasked the boss", "refund")
    assert promised(found) == [(instant(3), "typed late, on the old card")]


async def test_applying_everything_again_changes_nothing(store: CardStore) -> None:
    changes = [
        SaveCard(card=open_card(1)),
        SaveCard(card=open_card(2)),
        typed(open_card(1), 1, notes="a"),
        typed(open_card(2), 2, notes="b"),
        discard(open_card(2), open_card(1)),
        SaveCard(card=card(1)),
        AuditLine(audit_id="line", at=NOON, actor="anna", action="signed_in", facts={"from": "127.0.0.1\x00"}),
    ]
    await store.apply(changes)
    once = await store.recent("riga")
    for start in range(len(changes)):
        await store.apply(changes[start:])
    assert await store.recent("riga") == once
    assert once[0].notes == "a\nb"


async def test_recent_cards_page_by_page(store: CardStore) -> None:
    cards = [card(n, started_at=instant(n // 2)) for n in range(7)]
    await save(store, *cards, card(99, site="omsk"))
    seen: list[str] = []
    before = None
    while page := await store.recent("riga", limit=3, before=before):
        seen += [each.card.card_id for each in page]
        before = Before(started_at=page[-1].card.started_at, card_id=page[-1].card.card_id)
    newest_first = sorted(cards, key=lambda each: (each.started_at, each.card_id), reverse=True)
    assert seen == [each.card_id for each in newest_first]


async def test_the_newest_start_of_a_pbx(store: CardStore) -> None:
    assert await store.last_started_at("riga", "pbx1") is None
    await save(store, card(1), card(5), card(9, pbx="pbx2"))
    assert await store.last_started_at("riga", "pbx1") == instant(5)


async def test_a_card_belongs_to_the_client_of_its_number(store: CardStore, clients: ClientDirectory) -> None:
    await save(store, card(1))
    assert (await stored(store, card(1).card_id)).client_id is None
    ivan = (await clients.find_or_create("riga", "+7 916 1112233", name="Ivan", at=NOON)).client
    assert ivan is not None
    await save(store, card(2), card(3, client_number=None), card(4, client_number="+79990000000"))
    assert (await stored(store, card(1).card_id)).client_name == "Ivan"
    assert (await stored(store, card(2).card_id)).client_id == ivan.client_id
    assert [past.card_id for past in await store.history(ivan.client_id)] == [card(2).card_id, card(1).card_id]


async def test_a_card_that_was_nobodys_finds_its_client_when_it_is_saved_again(
    store: CardStore, clients: ClientDirectory
) -> None:
    ivan = await clients.create("riga", name="Ivan", numbers=["89161112233"], at=NOON)
    shared = [await clients.create("riga", name=name, numbers=["89164445566"], at=NOON) for name in ("Olga", "Oleg")]
    await save(store, card(1, revision=2, client_number=None), card(2, revision=1, client_number="89164445566"))
    assert [(await stored(store, card(n).card_id)).client_id for n in (1, 2)] == [None, None]
    await save(store, card(1, revision=1, client_number="89161112233"))  # older than what is stored
    assert (await stored(store, card(1).card_id)).client_id is None
    await clients.remove_number("riga", shared[1].client_id, "89164445566", by="eva", at=NOON)
    await save(
        store,
        card(1, revision=3, client_number="89161112233"),
        card(2, revision=2, client_number="89164445566"),
        card(3, client_number=None),
    )
    assert [(await stored(store, card(n).card_id)).client_id for n in (1, 2, 3)] == [
        ivan.client_id, shared[0].client_id, None,
    ]  # fmt: skip


async def test_a_line_of_history_says_who_served_and_how_it_went(store: CardStore, clients: ClientDirectory) -> None:
    ivan = await clients.create("riga", name="Ivan", numbers=["89161112233"], at=NOON)
    missed = card(2, answered_at=None, answered_by=None, talk_ended_at=None, legs=(), queues=())
    await store.apply([SaveCard(card=card(1)), SaveCard(card=missed), typed(card(1), notes="n", disposition="d")])
    newest, oldest = await store.history(ivan.client_id)
    assert (newest.answered, newest.agent, newest.queue, newest.talk_s) == (False, None, None, None)
    expected = (True, "1001", "sales", 92.75, "n", "d", card(1).started_at)
    got = (
        oldest.answered,
        oldest.agent,
        oldest.queue,
        oldest.talk_s,
        oldest.notes,
        oldest.disposition,
        oldest.started_at,
    )
    assert got == expected
    assert (await clients.find("riga", "8 916 111 22 33")).history == (newest, oldest)


async def test_history_ends_after_twenty_and_goes_on_from_there(store: CardStore, clients: ClientDirectory) -> None:
    ivan = await clients.create("riga", name="Ivan", numbers=["89161112233"], at=NOON)
    await save(store, *(card(n) for n in range(25)))
    first = (await clients.find("riga", "89161112233")).history
    assert [past.card_id for past in first] == [card(n).card_id for n in range(24, 4, -1)]
    rest = await store.history(
        ivan.client_id, before=Before(started_at=first[-1].started_at, card_id=first[-1].card_id)
    )
    assert [past.card_id for past in rest] == [card(n).card_id for n in range(4, -1, -1)]


async def test_a_card_keeps_its_client_whoever_has_the_number_later(store: CardStore, clients: ClientDirectory) -> None:
    ivan = await clients.create("riga", name="Ivan", numbers=["89161112233"], at=NOON)
    await save(store, open_card(1))
    await clients.remove_number("riga", ivan.client_id, "89161112233", by="eva", at=NOON)
    await save(store, open_card(1, revision=3))
    assert (await stored(store, open_card(1).card_id)).client_id == ivan.client_id
    oleg = await clients.create("riga", name="Oleg", numbers=["89161112233"], at=NOON)
    await save(store, card(1), card(2))
    assert (await stored(store, card(1).card_id)).client_name == "Ivan"
    assert [past.card_id for past in await store.history(oleg.client_id)] == [card(2).card_id]
