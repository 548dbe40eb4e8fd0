"""A little of the soak; `python -m bench.soak` plays a million events of it."""

import pytest

from tests.soak.run import soak


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_is_stuck_and_nobody_waits_in_vain(seed: int) -> None:
    played = soak(seed, steps=10_000, operators=60, calls_per_s=0.6)
    assert played.offers > 300 and played.calls > 200 and played.faults > 0
