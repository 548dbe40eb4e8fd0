"""The look-up of a call's client: found, made, or kept for when the database is back."""

from collections import deque
from dataclasses import replace
from datetime import datetime

import pytest

from clients.look_up import LookUps
from clients.ports import Answer, Found
from core.effects import LookUpClient
from core.errors import Unavailable
from core.events import ClientIdentified
from core.model import Candidate, CandidateReason, ClientKind, ClientSummary, Direction, FollowUpLine, PastInteraction
from tests.cards import NOON

CLIENT = ClientSummary(client_id="c1", name="Жанна", number="+79161110001")
PAST = PastInteraction(
    card_id="k1", channel="voice", direction=Direction.INBOUND, started_at=NOON, queue=None, agent=None, talk_s=None,
    disposition=None, notes="", answered=True,
)  # fmt: skip


class Book:
    """Two of a directory's questions; `away` as when the database can't be reached. `late`: answers wait for `catch_up`."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.away = self.late = False
        self.confirmed: Found | None = None
        self.client: ClientSummary | None = CLIENT
        self.open: deque[tuple[str, str, Answer]] = deque()

    def look_up(self, site: str, number: str, answer: Answer) -> None:
        self.open.append((site, number, answer))
        if not self.late:
            self.catch_up()

    def catch_up(self, most: int = 1_000_000) -> None:
        for _ in range(min(most, len(self.open))):
            site, number, answer = self.open.popleft()
            try:
                found = self._answer("look_up", site, number)
            except Exception as error:
                answer(None, error)
            else:
                answer(found, None)

    async def find_or_create(self, site: str, number: str, *, name: str, at: datetime) -> Found:
        found = self._answer("find_or_create", site, number, name, at)
        return Found(client=CLIENT, history=found.history)

    async def as_confirmed(self, site: str, card_id: str, found: Found, *, number: str) -> Found:
        self._answer("as_confirmed", site, card_id, number)
        return self.confirmed or found

    def _answer(self, *asked: object) -> Found:
        if self.away:
            raise Unavailable("the database is away")
        self.asked.append(asked)
        return Found(client=self.client, history=(PAST,) if self.client else ())


class Desk:
    def __init__(self) -> None:
        self.book, self.delivered, self.strangers = Book(), list[ClientIdentified](), list[LookUpClient]()
        self.look_ups = LookUps(self.book, self.delivered.append, lambda: NOON, strangers=self.strangers.append)  # type: ignore[arg-type]


def asked(n: int = 1, *, create: bool = True) -> LookUpClient:
    return LookUpClient(call_id=f"call-{n}", site="riga", number=f"+7916111000{n}", name="Жанна", create=create)


def test_the_client_and_the_history_come_back_with_the_call() -> None:
    desk = Desk()
    desk.look_ups.ask(asked())
    assert desk.delivered == [ClientIdentified(at=NOON, call_id="call-1", client=CLIENT, history=(PAST,))]
    assert desk.book.asked == [("look_up", "riga", "+79161110001")] and desk.strangers == []


async def test_a_stranger_is_made_in_the_lane_and_then_told() -> None:
    desk = Desk()
    desk.book.client = None
    desk.look_ups.ask(asked())
    assert (desk.delivered, desk.strangers) == ([], [asked()])
    await desk.look_ups.make(asked())
    assert desk.delivered == [ClientIdentified(at=NOON, call_id="call-1", client=CLIENT, history=())]
    assert desk.book.asked[-1] == ("find_or_create", "riga", "+79161110001", "Жанна", NOON)


async def test_of_a_call_that_went_on_without_us_the_confirmed_client_counts() -> None:
    desk = Desk()
    adopted = replace(asked(), adopted=True)
    desk.look_ups.ask(adopted)
    assert (desk.delivered, desk.strangers) == ([], [adopted])
    desk.book.confirmed = Found(client=replace(CLIENT, client_id="c2", name="Anna"))
    await desk.look_ups.make(adopted)
    assert desk.delivered[0].client == desk.book.confirmed.client
    assert desk.book.asked[-1] == ("as_confirmed", "riga", "call-1", "+79161110001")


def test_several_owners_are_no_stranger_and_all_that_was_found_is_told() -> None:
    desk = Desk()
    one = Candidate("c1", "Anna", ClientKind.PERSON, None, CandidateReason.SHARED_NUMBER, None, False)
    promised = FollowUpLine("f1", NOON, "call", "eva")
    found = Found(client=None, history=(PAST,), candidates=(one,), follow_ups=(promised,))
    desk.book._answer = lambda *_asked: found  # type: ignore[method-assign]
    desk.look_ups.ask(asked())
    assert desk.strangers == []
    assert desk.delivered == [
        ClientIdentified(
            at=NOON, call_id="call-1", client=None, history=(PAST,), candidates=(one,), follow_ups=(promised,)
        )
    ]


def test_whoever_must_not_be_made_is_only_looked_for() -> None:
    desk = Desk()
    desk.book.client = None
    desk.look_ups.ask(asked(create=False))
    assert desk.strangers == [] and desk.delivered[0].client is None and desk.delivered[0].available


def test_while_the_database_is_away_the_operator_is_told_and_the_question_kept() -> None:
    desk = Desk()
    desk.book.away = True
    desk.look_ups.ask(asked(1))
    desk.look_ups.ask(asked(2))
    assert [(d.call_id, d.client, d.history, d.available) for d in desk.delivered] == [
        ("call-1", None, (), False),
        ("call-2", None, (), False),
    ]
    desk.book.away = False
    kept = desk.look_ups.take_kept()
    assert kept == [asked(1), asked(2)] and desk.look_ups.take_kept() == []
    desk.look_ups.ask(kept[0])
    assert desk.delivered[-1].available and desk.delivered[-1].client == CLIENT


async def test_a_stranger_of_an_hour_without_database_is_kept_too() -> None:
    desk = Desk()
    desk.book.away = True
    await desk.look_ups.make(asked())
    assert not desk.delivered[0].available and desk.look_ups.take_kept() == [asked()]


def test_a_burst_waits_here_and_not_in_the_database_and_all_are_answered_in_order() -> None:
    desk = Desk()
    desk.book.late = True
    for n in range(500):
        desk.look_ups.ask(asked(n))
    assert (len(desk.book.open), desk.look_ups.waiting) == (64, 436)
    desk.book.catch_up(100)
    assert (len(desk.book.open), desk.look_ups.waiting) == (64, 372)
    while desk.book.open:
        desk.book.catch_up()
    assert [told.call_id for told in desk.delivered] == [f"call-{n}" for n in range(500)]
    assert desk.look_ups.waiting == 0


def test_a_directory_that_breaks_in_the_asking_takes_no_place_for_ever(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()

    def broken(*_asked: object) -> None:
        raise ValueError("a mistake")

    sound, desk.book.look_up = desk.book.look_up, broken  # type: ignore[method-assign]
    for n in range(100):
        desk.look_ups.ask(asked(n))
    assert "look-up failed" in caplog.text and desk.look_ups.waiting == 0
    assert [told.available for told in desk.delivered] == [False] * 100, "no pop is left loading"
    desk.book.look_up = sound  # type: ignore[method-assign]
    desk.look_ups.ask(asked(100))
    assert desk.delivered[-1].client == CLIENT


def test_what_found_no_room_is_kept_too() -> None:
    desk = Desk()
    desk.look_ups.miss(asked())
    assert not desk.delivered[0].available and desk.look_ups.take_kept() == [asked()]


def test_what_is_kept_is_bounded_and_the_newest_stay() -> None:
    desk = Desk()
    for n in range(50_010):
        desk.look_ups.miss(asked(n))
    kept = desk.look_ups.take_kept()
    assert len(kept) == 50_000 and kept[-1] == asked(50_009) and kept[0] == asked(10)


async def test_a_mistake_is_told_to_the_lane_and_leaves_no_pop_loading(caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk()

    def broken(*_asked: object) -> Found:
        raise ValueError("a mistake")

    desk.book._answer = broken  # type: ignore[method-assign]
    with pytest.raises(ValueError, match="a mistake"):
        await desk.look_ups.make(asked())
    desk.look_ups.ask(asked(2))
    assert "look-up failed" in caplog.text
    assert [(told.available, told.client) for told in desk.delivered] == [(False, None), (False, None)]
    assert desk.look_ups.take_kept() == [asked(), asked(2)]
