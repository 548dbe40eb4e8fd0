"""What an operator (or a supervisor for one) asks for, and what is told where it can't be. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import Conflict, ContactCentreError, Rejected
from core.events import Event
from core.model import AgentState, AgentStatus
from queues.agent_states import TABLE, Moment, Word
from queues.wrap_up import WrapUp


class Wish(StrEnum):
    READY = "ready"
    PAUSE = "pause"
    FINISH = "finish"
    EXTEND = "extend"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentAsked(Event):
    """A wish that `refusal` had nothing against. `by` is the login of whoever asked."""

    agent: str
    wish: Wish
    by: str
    reason: str | None = None


MOMENTS = {Wish.READY: Moment.READY_ASKED, Wish.PAUSE: Moment.PAUSE_ASKED}
_IN_THE_WAY = {
    AgentState.OFFERED: "Your phone is ringing: answer the call or let it go, you are ready afterwards.",
    AgentState.BUSY: "You are in a call: you are ready when it ends.",
}


def refusal(
    status: AgentStatus, wrap_up: WrapUp | None, wish: Wish, reason: str | None, reasons: tuple[str, ...]
) -> ContactCentreError | None:
    """What stands against the wish now, in one sentence; None where nothing does. `reasons` are the codes of pauses."""
    if status.state is AgentState.SIGNED_OUT:
        return _not_now("You are signed out: sign in at an extension first.")
    if wish is Wish.EXTEND:
        return _against_more(wrap_up if status.state is AgentState.WRAP_UP else None)
    if wish is Wish.FINISH and status.state is not AgentState.WRAP_UP:
        return _not_now("There is no wrap-up to finish: it is over already.")
    if wish is Wish.PAUSE:
        return _against_reason(reason, reasons)
    if wish is Wish.READY and TABLE[status.state][Moment.READY_ASKED] is Word.LATER and status.reason is None:
        return _not_now(_IN_THE_WAY[status.state])
    if status.state is AgentState.WRAP_UP and wrap_up is not None and not wrap_up.may_end:
        return _not_now("Choose a result for this conversation first, then you can go on.", code="disposition_missing")
    return None


def _against_more(wrap_up: WrapUp | None) -> ContactCentreError | None:
    if wrap_up is None:
        return _not_now("There is no wrap-up to prolong: it is over already.")
    if wrap_up.until is None:
        return _not_now("This wrap-up has no time limit: take the time that you need.")
    return None if wrap_up.may_be_longer else _not_now("This wrap-up can't be prolonged again: finish it, or pause.")


def _against_reason(reason: str | None, reasons: tuple[str, ...]) -> ContactCentreError | None:
    if reason is None and not reasons:
        return None
    if reason in reasons:
        return None
    choose = f"choose one of {', '.join(reasons)}" if reasons else "leave the reason out, none is declared"
    said = "A pause needs its reason" if reason is None else f"There is no pause reason {reason!r}"
    return Rejected(f"{said}: {choose}.", code="bad_reason")


def _not_now(message: str, *, code: str = "not_now") -> Conflict:
    return Conflict(message, code=code)
