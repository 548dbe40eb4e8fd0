"""Every recorded call shape with its bookkeeping put off, in bites of any size: pops and cards say the same as if nothing was."""

import pytest

from core.effects import SaveCard, ShowPop
from tests import streams
from tests.house import House


@pytest.mark.parametrize("put_off", [2, 10, 1_000_000])
@pytest.mark.parametrize("shape", streams.shapes())
def test_what_is_put_off_says_the_same(shape: str, put_off: int) -> None:
    at_once, later = House(shape), House(shape, put_off)
    assert later.told(screens=True) == at_once.told(screens=True)
    assert later.told(screens=False) == at_once.told(screens=False)
    assert at_once.left == 0 and later.engine.failures == 0


def test_pops_overtake_the_bookkeeping() -> None:
    """Else the test above proves nothing."""
    at_once, later = House("noanswer_next"), House("noanswer_next", 1_000_000)
    assert later.left > 5
    assert later.first(ShowPop) < later.first(SaveCard)
    assert at_once.first(ShowPop) > at_once.first(SaveCard)
