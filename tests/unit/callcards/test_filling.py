"""Records and cards brought together, again and again, in every order in which they may come."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from callcards.back_fill import BackFill
from callcards.cdr import MOST_ROWS, CdrRow
from callcards.filling import CdrFiller, Filled
from callcards.memory import MemoryCardStore
from core.effects import DiscardCard, SaveCard
from core.errors import Unavailable
from core.model import Card
from tests.cdr.reading import read
from tests.patience import PATIENT_S

CDR = Path(__file__).parents[2] / "cdr"
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Given:
    """Records handed out in portions; `away` makes the next look fail."""

    def __init__(self, *portions: list[CdrRow]) -> None:
        self.portions = list(portions)

    async def rows(self, since: datetime) -> list[CdrRow]:
        return [row for row in (self.portions.pop(0) if self.portions else []) if row.end >= since]


class Desk:
    """A filler with its store: what is put is stored at once."""

    def __init__(self, *portions: list[CdrRow]) -> None:
        self.source = Given(*portions)
        self.store = MemoryCardStore(client_of=lambda _site, _number: None)
        self.back_fill = BackFill(
            site="lab", pbx="lab", timezone="UTC", agents=("PJSIP/10??",), boot_at=lambda _at: "boot-1"
        )
        self.put: list[SaveCard] = []
        self.filler = CdrFiller(self.source, self.store, back_fill=self.back_fill, put=self.put.append)

    async def fill(self, at: datetime, *, live: tuple[str, ...] = ()) -> Filled:
        filled = await self.filler.fill(since=LONG_AGO, now=at, live=live)
        await self.store.apply(self.put)
        self.put.clear()
        return filled

    async def cards(self) -> list[Card]:
        return [stored.card for stored in await self.store.recent("lab", limit=1000)]


def rows(name: str) -> list[CdrRow]:
    return read(CDR / f"{name}.csv")


def after(found: list[CdrRow], seconds: float = 60) -> datetime:
    return max(row.end for row in found) + timedelta(seconds=seconds)


async def test_what_nobody_saw_gets_its_card_once() -> None:
    played = [*rows("acd_noanswer_next"), *rows("outbound_answered"), *rows("attended_transfer"), *rows("chanspy")]
    desk = Desk(played, list(reversed(played)), played)
    first = await desk.fill(after(played))
    assert (first.rows, first.made, first.mended) == (len(played), 4, 0)
    cards = await desk.cards()
    for _ in range(3):
        assert (await desk.fill(after(played))).made == 0
    assert await desk.cards() == cards


async def test_a_new_process_finds_them_made() -> None:
    played = rows("acd_noanswer_next")
    desk = Desk(played)
    await desk.fill(after(played))
    desk.filler = CdrFiller(Given(played), desk.store, back_fill=desk.back_fill, put=desk.put.append)
    assert await desk.fill(after(played)) == Filled(rows=len(played))


async def test_a_call_that_goes_on_or_has_only_just_ended_is_left_alone() -> None:
    played = rows("acd_noanswer_next")
    desk = Desk(played)
    assert (await desk.fill(after(played, 5))).made == 0
    assert (await desk.fill(after(played, 60), live=(played[-1].linkedid,))).made == 0
    assert (await desk.fill(after(played, 3600), live=(played[-1].linkedid,))).made == 0
    assert (await desk.fill(after(played, 3700))).made == 1


async def test_rows_that_come_in_two_portions_are_one_card() -> None:
    played = sorted(rows("acd_noanswer_next"), key=lambda row: row.end)
    desk = Desk(played[:1], played[1:])
    await desk.fill(after(played))
    await desk.fill(after(played, 120))
    (card,) = await desk.cards()
    assert [leg.agent for leg in card.legs] == ["1001", "1002"] and card.answered_by == "1002"


async def test_a_card_that_was_seen_gets_the_ids_that_only_the_records_know() -> None:
    played = rows("acd_noanswer_next")
    desk = Desk(played)
    (caller,) = {row.linkedid for row in played if not row.linkedid.startswith("cc.")}
    seen = replace(
        desk.back_fill.card(_conversation(played)), linkedids=(caller,), inferred=False, end_reason=None, revision=9
    )
    await desk.store.apply([SaveCard(card=seen)])
    assert (await desk.fill(after(played))).mended == 1
    assert await desk.cards() == [replace(seen, linkedids=(caller, f"cc.{caller}.1"), revision=10)]


async def test_an_open_card_waits_for_the_snapshot() -> None:
    played = rows("acd_noanswer_next")
    desk = Desk(played)
    whole = desk.back_fill.card(_conversation(played))
    await desk.store.apply([SaveCard(card=replace(whole, ended_at=None, end_reason=None, revision=1))])
    assert await desk.fill(after(played)) == Filled(rows=len(played))
    closed = replace(whole, ended_at=whole.started_at, end_reason="gone_while_away", talk_ended_at=None, revision=2)
    await desk.store.apply([SaveCard(card=closed)])
    assert (await desk.fill(after(played))).mended == 1
    (card,) = await desk.cards()
    assert (card.ended_at, card.revision) == (whole.ended_at, 3)


async def test_ids_that_were_found_to_need_no_card_get_none() -> None:
    played = rows("outbound_answered")
    desk = Desk(played)
    card = desk.back_fill.card(_conversation(played))
    gone = DiscardCard(card_id=card.card_id, into=None, linkedids=card.linkedids)
    await desk.store.apply([SaveCard(card=card), gone])
    assert await desk.fill(after(played)) == Filled(rows=len(played))
    assert await desk.cards() == []


async def test_the_same_id_of_an_earlier_boot_is_another_call() -> None:
    played = rows("outbound_answered")
    desk = Desk(played)
    old = desk.back_fill.card(_conversation(played))
    before = timedelta(days=2)
    assert old.ended_at is not None
    old = replace(
        old,
        card_id="old",
        natural_key="old",
        boot_id="boot-0",
        started_at=old.started_at - before,
        ended_at=old.ended_at - before,
    )
    await desk.store.apply([SaveCard(card=old)])
    await desk.fill(after(played))
    assert len(await desk.cards()) == 1, "known ids are left alone rather than doubled"


async def test_nothing_is_forgotten_while_the_store_is_away() -> None:
    played = rows("outbound_answered")
    desk = Desk(played)

    async def away(*_: object) -> frozenset[str]:
        raise Unavailable("the database is away")

    broken = MemoryCardStore(client_of=lambda _site, _number: None)
    broken.known_linkedids = away  # type: ignore[method-assign]
    desk.filler._store = broken
    try:
        await desk.fill(after(played))
    except Unavailable:
        desk.filler._store = desk.store
    assert (await desk.fill(after(played, 86_400))).made == 1


async def test_more_than_one_portion_is_taken_in_one_look() -> None:
    (one,) = rows("outbound_answered")
    many = [
        replace(
            one, uniqueid=f"{n}.1", linkedid=f"{n}.1", channel=f"PJSIP/1001-{n:08x}", dstchannel=f"PJSIP/trunk-{n:08x}"
        )
        for n in range(MOST_ROWS)
    ]
    last = replace(one, uniqueid="x.1", linkedid="x.1", channel="PJSIP/1001-x", dstchannel="PJSIP/trunk-x")
    desk = Desk(many, [last])
    filled = await asyncio.wait_for(desk.filler.fill(since=LONG_AGO, now=after([one])), PATIENT_S)
    assert filled.made == MOST_ROWS + 1


def _conversation(found: list[CdrRow]):  # type: ignore[no-untyped-def]
    from callcards.cdr import conversations

    (one,) = conversations(found)
    return one
