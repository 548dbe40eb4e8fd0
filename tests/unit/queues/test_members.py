"""How Asterisk's own queues shall see each state."""

import pytest

from core.model import AgentState, AgentStatus
from queues.members import AVAILABLE, Membership, wanted
from tests.cards import NOON

S = AgentState


def status(state: S, reason: str | None = None) -> AgentStatus:
    return AgentStatus(agent="1001", site="riga", state=state, since=NOON, reason=reason)


@pytest.mark.parametrize(
    ("now", "wrap_up_follows", "misses", "expected"),
    [
        (status(S.SIGNED_OUT), False, False, "signed_out"),
        (status(S.READY), False, False, None),
        (status(S.OFFERED), False, False, None),
        (status(S.OFFERED, "lunch"), False, False, "lunch"),
        (status(S.OFFERED), True, False, "wrap_up"),
        (status(S.OFFERED), False, True, "not_responding"),
        (status(S.BUSY), False, False, None),
        (status(S.BUSY), True, False, "wrap_up"),
        (status(S.BUSY, "lunch"), True, False, "wrap_up"),
        (status(S.BUSY, "lunch"), False, False, "lunch"),
        (status(S.BUSY, ""), False, False, "paused"),
        (status(S.WRAP_UP), True, False, "wrap_up"),
        (status(S.PAUSED, "lunch"), False, False, "lunch"),
        (status(S.PAUSED, ""), False, False, "paused"),
        (status(S.NOT_RESPONDING), False, True, "not_responding"),
    ],
)
def test_as_what(now: AgentStatus, wrap_up_follows: bool, misses: bool, expected: str | None) -> None:
    found = wanted(now, wrap_up_follows=wrap_up_follows, misses=misses)
    assert found == (AVAILABLE if expected is None else Membership(True, expected))
