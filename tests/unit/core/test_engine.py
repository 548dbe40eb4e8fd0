"""One fact, one step: order, nesting, and a rule that fails alone."""

import logging
from collections.abc import Callable

import pytest

from core.effects import Effect
from core.engine import Engine
from tests.unit.core.vocabulary import Did, Happened


def test_effects_are_carried_out_as_they_arise_and_events_in_order() -> None:
    log: list[str] = []
    engine = Engine(
        {
            str: [lambda fact: [Happened(name=f"{fact}1"), Happened(name=f"{fact}2"), Did(name="first")]],
            Happened: [
                lambda event: (log.append(event.name), [Did(name=event.name)])[1],
                lambda event: (log.append(f"{event.name} is noted"), [])[1],
            ],
        },
        lambda effect: log.append(f"did {effect.name}"),  # type: ignore[attr-defined]
    )
    engine.step("a")
    assert log == ["did first", "a1", "did a1", "a1 is noted", "a2", "did a2", "a2 is noted"]


def test_a_step_begun_by_an_effect_waits_for_its_turn() -> None:
    log: list[str] = []

    def perform(effect: Effect) -> None:
        log.append("perform")
        if len(log) == 1:
            engine.step("again")
            log.append("performed")

    engine = Engine({str: [lambda fact: [Did(name=fact)]]}, perform)
    engine.step("once")
    assert log == ["perform", "performed", "perform"]


def test_a_failing_rule_costs_the_others_nothing(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def fails(fact: str) -> list[Effect]:
        raise ValueError(fact)

    engine = Engine({str: [fails, lambda fact: [Did(name=fact)]]}, lambda effect: done.append("done"))
    with caplog.at_level(logging.CRITICAL, "core.engine"):
        engine.step("x")
        engine.step("y")
    assert done == ["done", "done"] and engine.failures == 2


def test_a_failing_effect_costs_the_others_nothing(caplog: pytest.LogCaptureFixture) -> None:
    done: list[str] = []

    def perform(effect: Effect) -> None:
        done.append("tried")
        raise OSError

    engine = Engine({str: [lambda fact: [Did(name="1"), Did(name="2")]]}, perform)
    with caplog.at_level(logging.CRITICAL, "core.engine"):
        engine.step("x")
    assert done == ["tried", "tried"] and engine.failures == 2


class Loop:
    """Moments that come when the test says so."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.moments: list[Callable[[], None]] = []
        self.engine = Engine(
            {str: [lambda fact: [Did(name=f"show {fact}"), Happened(name=fact)]]},
            self.perform,
            then={
                str: [lambda fact: [Did(name=f"note {fact}")]],
                Happened: [lambda event: [Did(name=f"note that {event.name} happened")]],
            },
            soon=self.moments.append,
        )

    def perform(self, effect: Effect) -> None:
        assert isinstance(effect, Did)
        self.log.append(effect.name)

    def moment(self) -> None:
        self.moments.pop()()


def test_what_is_heard_is_shown_at_once_and_noted_in_a_moment() -> None:
    loop = Loop()
    loop.engine.hear("a")
    loop.engine.hear("b")
    assert loop.log == ["show a", "show b"] and loop.engine.due == 2 and len(loop.moments) == 1
    loop.moment()
    assert loop.log[2:] == ["note a", "note that a happened", "note b", "note that b happened"]
    assert loop.engine.due == 0 and not loop.moments


def test_nothing_overtakes_the_bookkeeping_that_is_due() -> None:
    loop = Loop()
    loop.engine.hear("a")
    loop.engine.step("b")
    assert loop.log == ["show a", "show b", "note a", "note that a happened", "note b", "note that b happened"]
    loop.moment()
    assert len(loop.log) == 6 and not loop.moments


def test_a_little_at_a_time_and_more_where_more_is_due() -> None:
    loop = Loop()
    for n in range(6):
        loop.engine.hear(str(n))
    loop.moment()
    assert loop.engine.due == 2 and len(loop.moments) == 1
    for n in range(1_000):
        loop.engine.hear(str(n))
    loop.moment()
    assert loop.engine.due == 1_002 - 250
    loop.engine.catch_up()
    assert loop.engine.due == 0
    loop.moment()
    assert not loop.moments


def test_what_bookkeeping_begins_is_shown_before_more_is_noted() -> None:
    """An operator chosen by the bookkeeping has the pop before anything else happens."""
    log: list[str] = []
    moments: list[Callable[[], None]] = []
    engine = Engine(
        {Happened: [lambda event: [Did(name=f"show {event.name}")]]},
        lambda effect: log.append(effect.name),  # type: ignore[attr-defined]
        then={
            str: [lambda fact: [Happened(name=fact)]],
            Happened: [lambda event: [Did(name=f"ring {event.name}")]],
        },
        soon=moments.append,
    )
    engine.hear("a")
    engine.hear("b")
    moments.pop()()
    assert log == ["show a", "ring a", "show b", "ring b"]


def test_a_step_begun_while_something_is_heard_is_put_off_with_it() -> None:
    loop = Loop()
    loop.engine.hear("a")
    loop.log.clear()

    def again(effect: Effect) -> None:
        assert isinstance(effect, Did)
        if effect.name == "show b":
            loop.engine.step("c")
        loop.log.append(effect.name)

    loop.engine._perform = again
    loop.engine.hear("b")
    assert loop.log == ["show b", "show c"] and loop.engine.due == 3
    loop.moment()
    assert loop.log[2::2] == ["note a", "note b", "note c"]


def test_facts_that_nobody_knows_are_nothing() -> None:
    Engine({}, lambda effect: pytest.fail("no effect expected")).step(object())
