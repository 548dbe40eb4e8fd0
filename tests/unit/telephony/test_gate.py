"""Dropped, kept, passed on."""

from datetime import UTC, datetime

from telephony.facts import Fact, Spied
from telephony.gate import Gate, GateState


def fact(n: int) -> Fact:
    return Spied(datetime(2026, 11, 21, tzinfo=UTC), str(n))


def test_only_what_came_while_holding_or_open_is_passed_on_in_order() -> None:
    passed: list[Fact] = []
    gate = Gate(passed.append)
    gate.take(fact(1))
    gate.hold()
    gate.take(fact(2))
    gate.take(fact(3))
    assert passed == []
    gate.open()
    gate.take(fact(4))
    assert passed == [fact(2), fact(3), fact(4)]
    gate.shut()
    gate.take(fact(5))
    gate.hold()
    gate.take(fact(6))
    gate.hold()
    gate.open()
    assert len(passed) == 3 and gate.dropped == 2


def test_more_than_it_can_hold_shuts_it() -> None:
    passed: list[Fact] = []
    gate = Gate(passed.append, most_held=2)
    gate.hold()
    assert [gate.take(fact(n)) for n in range(3)] == [True, True, False]
    assert gate.state is GateState.SHUT and gate.dropped == 2
    gate.open()
    assert passed == []
