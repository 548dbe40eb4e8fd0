"""Two clicks are one wish; two wishes are two."""

import pytest

from telephony import wishes as w
from telephony.wishes import Wishes
from tests.playbook import at


def test_the_same_at_once_is_one_and_later_a_new_one() -> None:
    wishes = Wishes()
    assert wishes.begin("1001", ("x", "park"), at(0))
    assert not wishes.begin("1001", ("x", "park"), at(1.9))
    assert wishes.begin("1001", ("x", "park"), at(2))


def test_another_operator_or_another_wish_is_another() -> None:
    wishes = Wishes()
    assert wishes.begin("1001", ("x", "mute", True), at(0)) and wishes.begin("1002", ("x", "mute", True), at(0))
    assert wishes.begin("1001", ("x", "mute", False), at(0.1)) and wishes.begin("1001", ("x", "mute", True), at(0.2))


def test_what_failed_may_be_tried_again_at_once() -> None:
    wishes = Wishes()
    wishes.begin("1001", ("x", "park"), at(0))
    wishes.failed("1001")
    assert wishes.begin("1001", ("x", "park"), at(0.1))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(w, "_MOST_OPERATORS", 3)
    wishes = Wishes()
    for n in range(10):
        assert wishes.begin(str(n), ("x",), at(0))
    assert len(wishes._last) == 3
