"""The tables of the composition root: nothing that happens falls on deaf ears unnoticed, nothing that must be done has nobody."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from callcards.card import Cards, OpenCardsLoaded
from callcards.voicemails import Voicemails
from configuration import Configuration, Pbx, Site, Storage
from core import effects, events
from core.desk import Desk
from core.effects import AnnouncePbx, Audit, Effect, FillFromCdr
from queues.agents import Agents, AgentsLoaded
from queues.wishes import AgentAsked
from routing import callback_events
from routing.callbacks import Callbacks
from routing.dispatcher import Dispatcher
from routing.live_plan import PlanChanged
from routing.native import NativeMembers
from routing.wishes import PriorityAsked
from screenpop.pops import Pops
from service import Service
from telephony.facts import FromPbx, Held, InStep, LinkLost, StreamTainted
from telephony.pbx_settings import AmiAccount
from telephony.wire import Odd
from tests.callback_day import Day
from tests.cards import NOON
from tests.centre import ScriptedPlan
from wiring import rules as root
from wiring.call_records import cdr_source
from wiring.rules import (
    agent_rules,
    callback_line_rules,
    callback_rules,
    card_rules,
    joined,
    native_rules,
    pbx_rules,
    pop_rules,
    resume_rules,
    routing_rules,
    voicemail_rules,
)

DELIBERATELY_UNHEARD: set[type] = {
    events.CallFellBack,  # CallUnqueued before it says what counts; this one is for records and reports
}
ABSTRACT = {events.Event, events.CallEvent, Effect}


def classes_of(module: object, base: type) -> set[type]:
    found = {thing for thing in vars(module).values() if isinstance(thing, type) and issubclass(thing, base)}
    return {thing for thing in found - ABSTRACT if thing.__module__ == getattr(module, "__name__", "")}


def agents() -> Agents:
    return Agents(site="riga", desk=Desk())


def of_rooms() -> tuple[dict[type, list[Any]], ...]:
    day = Day()
    return (
        card_rules(Cards(timezone_of=str)),
        pop_rules(Pops()),
        agent_rules(agents()),
        resume_rules(day.cut_offs),
        routing_rules(dispatcher()),
        callback_rules(day.callbacks),
        callback_line_rules(day.lines),
        voicemail_rules(Voicemails(site="riga")),
    )


def tables() -> dict[type, list[Any]]:
    return joined(pbx_rules({}), *of_rooms())


def dispatcher() -> Dispatcher:
    return Dispatcher(ScriptedPlan({}, {}))


def test_every_event_is_heard_or_deliberately_not() -> None:
    all_events = classes_of(events, events.Event)
    assert len(all_events) > 20
    assert all_events - set(tables()) == DELIBERATELY_UNHEARD


def test_nothing_is_listened_for_that_never_comes() -> None:
    facts = {FromPbx, InStep, LinkLost, StreamTainted, OpenCardsLoaded, AgentsLoaded, AgentAsked, PlanChanged}
    facts |= {PriorityAsked} | classes_of(callback_events, events.Event)
    assert set(tables()) - facts <= classes_of(events, events.Event)


def test_rules_are_named_after_their_event() -> None:
    def name(kind: type) -> str:
        return "on_" + "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in kind.__name__).lstrip(
            "_"
        )

    for kind, rules in joined(*of_rooms()).items():
        assert {rule.__name__ for rule in rules} == {name(kind)}


def test_every_rule_of_cards_pops_and_agents_is_in_the_table() -> None:
    for room, table in (
        (Cards(timezone_of=str), card_rules),
        (Pops(), pop_rules),
        (agents(), agent_rules),
        (dispatcher(), routing_rules),
        (Day().callbacks, callback_rules),
        (Day().lines, callback_line_rules),
        (Voicemails(site="riga"), voicemail_rules),
        (NativeMembers(), native_rules),
    ):
        written = {name for name in dir(room) if name.startswith("on_")}
        assert written == {rule.__name__ for rules in table(room).values() for rule in rules}  # type: ignore[operator]


def test_joining_keeps_every_rule_and_its_order() -> None:
    one: Callable[[Any], Any] = len
    two: Callable[[Any], Any] = repr
    assert joined({int: [one]}, {int: [two], str: [one]}) == {int: [one, two], str: [one]}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    whole = Service(
        Configuration(
            site=Site(name="riga", timezone="Europe/Riga", region="LV"),
            pbx={"one": Pbx(host="127.0.0.1", listener=AmiAccount(user="u", secret="s"))},
            database=Storage(url=f"sqlite:///{tmp_path}/m.db", folder=tmp_path),
        )
    )
    yield whole
    whole.passwords.close()
    await whole.database.close()


async def test_every_effect_has_somebody_who_carries_it_out(service: Service) -> None:
    assert set(service._effects) == classes_of(effects, Effect)


async def test_pops_hear_first_and_who_is_chosen_follows_from_what_operators_do(service: Service) -> None:
    """What a rule asks for is carried out at once: no bookkeeping delays a pop, and a pop is out before the phone rings."""

    def hear(kind: type) -> tuple[list[type], list[type]]:
        first, then = (table.get(kind, ()) for table in (service.engine._first, service.engine._then))
        return [type(rule.__self__) for rule in first], [type(rule.__self__) for rule in then]  # type: ignore[attr-defined]

    assert hear(events.CallOffered) == ([Pops], [Cards, Agents, Dispatcher])
    assert hear(events.CallAnswered) == ([Pops], [Cards, Agents, Dispatcher, Callbacks])
    assert hear(events.OfferMade) == ([Pops], [Dispatcher])
    assert FromPbx in service.engine._first and FromPbx not in service.engine._then


async def test_news_of_a_channel_is_heard_and_a_snapshot_is_taken_in_whole(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is decided after a snapshot is decided on all of it."""
    how: list[str] = []
    for name in ("hear", "step"):
        monkeypatch.setattr(service.engine, name, lambda _fact, name=name: how.append(name))
    service._from_link(FromPbx("one", Held(NOON, "PJSIP/1001-1", "1.1")))
    service._from_link(LinkLost("one", NOON, "cut"))
    assert how == ["hear", "step"]


async def test_every_pbx_has_its_link_tracker_and_plan(service: Service) -> None:
    assert set(service.links) == set(service.trackers) == {"one"}
    assert service.trackers["one"].site == "riga"


# ---- the few rules of its own


def test_a_forged_message_is_audited() -> None:
    odd = Odd("the header Event twice", "Event: x")
    (line,) = root.on_stream_tainted(StreamTainted("one", NOON, odd))
    assert line == Audit(
        at=NOON, actor="pbx one", action="ami_stream_tainted",
        facts={"pbx": "one", "why": "the header Event twice", "excerpt": "Event: x"},
    )  # fmt: skip


def test_a_pbx_that_is_back_is_announced_and_its_records_are_looked_into() -> None:
    back = events.PbxConnected(at=NOON, pbx="one", boot_id="b", lost_at=None, live_call_ids=frozenset())
    assert root.on_pbx_connected(back) == [
        AnnouncePbx(pbx="one", live=True, at=NOON),
        FillFromCdr(pbx="one", since=None),
    ]


def test_a_pbx_that_is_away_is_announced() -> None:
    away = events.PbxLost(at=NOON, pbx="one", why="cut")
    assert root.on_pbx_lost(away) == [AnnouncePbx(pbx="one", live=False, at=NOON, why="cut")]


def test_where_the_records_lie() -> None:
    account = AmiAccount(user="u", secret="s")
    assert cdr_source("one", Pbx(host="h", listener=account)) is None
    csv = cdr_source("one", Pbx(host="h", listener=account, cdr_csv=Path("/x.csv")))
    assert type(csv).__name__ == "CsvCdr"
