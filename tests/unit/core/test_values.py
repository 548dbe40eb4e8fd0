"""Changed copies: like dataclasses.replace, for values with slots."""

from dataclasses import dataclass, replace

import pytest

from core.values import changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    name: str
    parts: tuple[str, ...] = ()
    size: float | None = None


THING = Thing(name="a", parts=("x", "y"))


def test_it_is_what_replace_gives() -> None:
    assert changed(THING, size=2.5, name="b") == replace(THING, size=2.5, name="b")
    assert changed(THING) == THING


def test_the_old_value_stays() -> None:
    changed(THING, name="b")
    assert Thing(name="a", parts=("x", "y")) == THING


def test_a_field_that_is_not_there_is_refused() -> None:
    with pytest.raises(KeyError):
        changed(THING, colour="red")
