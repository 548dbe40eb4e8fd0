"""The look-up of a call's client: found, made, or kept for when the database is back."""

from datetime import datetime

import pytest

from clients.look_up import LookUps
from clients.ports import Found
from core.effects import LookUpClient
from core.errors import Unavailable
from core.events import ClientIdentified
from core.model import ClientSummary, Direction, PastInteraction
from tests.cards import NOON

CLIENT = ClientSummary(client_id="c1", name="Жанна", number="+79161110001")
PAST = PastInteraction(
    card_id="k1", channel="voice", direction=Direction.INBOUND, started_at=NOON, queue=None, agent=None, talk_s=None,
    disposition=None, notes="", answered=True,
)  # fmt: skip


class Book:
    """Two of a directory's questions; `away` as when the database can't be reached."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.away = False

    async def find(self, site: str, number: str) -> Found:
        return self._answer("find", site, number)

    async def find_or_create(self, site: str, number: str, *, name: str, at: datetime) -> Found:
        return self._answer("find_or_create", site, number, name, at)

    def _answer(self, *asked: object) -> Found:
        if self.away:
            raise Unavailable("the database is away")
        self.asked.append(asked)
        return Found(client=CLIENT, history=(PAST,))


class Desk:
    def __init__(self) -> None:
        self.book, self.delivered = Book(), list[ClientIdentified]()
        self.look_ups = LookUps(self.book, self.delivered.append, lambda: NOON)  # type: ignore[arg-type]


def asked(n: int = 1, *, create: bool = True) -> LookUpClient:
    return LookUpClient(call_id=f"call-{n}", site="riga", number=f"+7916111000{n}", name="Жанна", create=create)


async def test_the_client_and_the_history_come_back_with_the_call() -> None:
    desk = Desk()
    await desk.look_ups.answer(asked())
    assert desk.delivered == [ClientIdentified(at=NOON, call_id="call-1", client=CLIENT, history=(PAST,))]
    assert desk.book.asked == [("find_or_create", "riga", "+79161110001", "Жанна", NOON)]


async def test_whoever_must_not_be_made_is_only_looked_for() -> None:
    desk = Desk()
    await desk.look_ups.answer(asked(create=False))
    assert desk.book.asked == [("find", "riga", "+79161110001")]


async def test_while_the_database_is_away_the_operator_is_told_and_the_question_kept() -> None:
    desk = Desk()
    desk.book.away = True
    await desk.look_ups.answer(asked(1))
    await desk.look_ups.answer(asked(2))
    assert [(d.call_id, d.client, d.history, d.available) for d in desk.delivered] == [
        ("call-1", None, (), False),
        ("call-2", None, (), False),
    ]
    desk.book.away = False
    kept = desk.look_ups.take_kept()
    assert kept == [asked(1), asked(2)] and desk.look_ups.take_kept() == []
    await desk.look_ups.answer(kept[0])
    assert desk.delivered[-1].available and desk.delivered[-1].client == CLIENT


async def test_what_found_no_room_in_the_lane_is_kept_too() -> None:
    desk = Desk()
    desk.look_ups.miss(asked())
    assert not desk.delivered[0].available and desk.look_ups.take_kept() == [asked()]


async def test_what_is_kept_is_bounded_and_the_newest_stay() -> None:
    desk = Desk()
    for n in range(50_010):
        desk.look_ups.miss(asked(n))
    kept = desk.look_ups.take_kept()
    assert len(kept) == 50_000 and kept[-1] == asked(50_009) and kept[0] == asked(10)


async def test_a_mistake_is_told_to_the_lane_and_leaves_no_pop_loading() -> None:
    desk = Desk()

    def broken(*_asked: object) -> Found:
        raise ValueError("a mistake")

    desk.book._answer = broken  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="a mistake"):
        await desk.look_ups.answer(asked())
    (told,) = desk.delivered
    assert not told.available and told.client is None
    assert desk.look_ups.take_kept() == [asked()]
