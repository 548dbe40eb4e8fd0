"""How long the work after a conversation lasts."""

import pytest

from core.desk import QueueSettings, WrapUpMode
from queues.wrap_up import WrapUp, wrap_up_after
from tests.cards import NOON, instant


def after(mode: WrapUpMode, *, disposed: bool = False, extensions: int = 2) -> WrapUp:
    settings = QueueSettings(wrap_up=mode, wrap_up_s=60, extensions=extensions, extension_s=30)
    found = wrap_up_after("c1", "support", settings, disposed=disposed)
    assert found is not None
    return found


def test_where_none_is_wanted_there_is_none() -> None:
    assert wrap_up_after("c1", None, QueueSettings(wrap_up=WrapUpMode.NONE), disposed=False) is None


@pytest.mark.parametrize(
    ("mode", "limited", "ends_freely"),
    [
        (WrapUpMode.OPTIONAL, False, True),
        (WrapUpMode.LIMITED, True, True),
        (WrapUpMode.MANDATORY, False, False),
        (WrapUpMode.MANDATORY_LIMITED, True, False),
    ],
)
def test_modes(mode: WrapUpMode, limited: bool, ends_freely: bool) -> None:
    begun = after(mode).begin(NOON)
    assert begun.until == (instant(60) if limited else None)
    assert begun.may_end is ends_freely
    assert after(mode, disposed=True).may_end
    assert begun.may_be_longer is limited


def test_its_time_runs_once_from_the_first_silence() -> None:
    begun = after(WrapUpMode.LIMITED).begin(NOON)
    assert begun.begin(instant(40)) == begun
    assert not begun.over(instant(59.999))
    assert begun.over(instant(60))


def test_what_has_not_begun_is_never_over() -> None:
    assert not after(WrapUpMode.LIMITED).over(instant(10_000))


def test_extensions_are_counted() -> None:
    once = after(WrapUpMode.LIMITED).begin(NOON).longer()
    assert (once.until, once.extensions_left) == (instant(90), 1)
    twice = once.longer()
    assert (twice.until, twice.extensions_left, twice.may_be_longer) == (instant(120), 0, False)
    assert twice.longer() == twice


def test_without_a_limit_there_is_nothing_to_prolong() -> None:
    free = after(WrapUpMode.OPTIONAL).begin(NOON)
    assert free.longer() == free
