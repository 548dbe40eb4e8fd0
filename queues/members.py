"""How Asterisk's own queues shall see an operator. Pure.

A member is paused while still talking where a wrap-up or a pause follows: pausing at the end of the call would come too late,
since the queue rings the next call within milliseconds.
"""

from typing import NamedTuple

from core.model import AgentState, AgentStatus


class Membership(NamedTuple):
    """`reason` is '' while not paused."""

    paused: bool
    reason: str


AVAILABLE = Membership(False, "")


def wanted(status: AgentStatus, *, wrap_up_follows: bool, misses: bool) -> Membership:
    """`wrap_up_follows`: the call is followed by one, or stands between the operator and one."""
    match status.state:
        case AgentState.READY:
            return AVAILABLE
        case AgentState.OFFERED | AgentState.BUSY:
            return _afterwards(status, wrap_up_follows=wrap_up_follows, misses=misses)
        case AgentState.PAUSED:
            return Membership(True, status.reason or "paused")
        case state:
            return Membership(True, state.value)


def _afterwards(status: AgentStatus, *, wrap_up_follows: bool, misses: bool) -> Membership:
    if wrap_up_follows:
        return Membership(True, AgentState.WRAP_UP.value)
    if status.reason is not None:
        return Membership(True, status.reason or "paused")
    return Membership(True, AgentState.NOT_RESPONDING.value) if misses else AVAILABLE
