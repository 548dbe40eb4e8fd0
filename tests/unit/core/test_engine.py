"""One fact, one step: order, nesting, and a rule that fails alone."""

import logging

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


def test_facts_that_nobody_knows_are_nothing() -> None:
    Engine({}, lambda effect: pytest.fail("no effect expected")).step(object())
