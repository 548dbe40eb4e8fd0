"""Whose screen shows what of every recorded call shape."""

import pytest

from core.model import Direction
from tests import streams
from tests.house import House


@pytest.mark.parametrize("shape", streams.shapes())
def test_nobody_is_shown_themselves(shape: str) -> None:
    assert [pop.pop_id for pop in House(shape).pops() if pop.number == pop.agent] == []


def test_who_consults_a_colleague_keeps_the_client_on_the_screen() -> None:
    """The consultation is a call of its own, from 1001 to 1002, until the transfer."""
    pops = House("attended_transfer").pops()
    assert {(pop.number, pop.direction) for pop in pops if pop.agent == "1001"} == {("79161240003", Direction.INBOUND)}
    consulted = [(pop.number, pop.state) for pop in pops if pop.agent == "1002"]
    assert (consulted[0], consulted[-1]) == (("1001", "ringing"), ("79161240003", "ended"))
