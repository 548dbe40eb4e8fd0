"""What becomes of an offer, as one table: state x moment -> state. Pure; every transition lives here.

An offer is an exclusive hold of an operator for one item (DEFINITIONS 10). It is `pending` until their phone rings, then
`ringing`; everything else is an outcome, and an outcome never changes.
"""

from collections.abc import Mapping
from enum import StrEnum

from core.model import LegOutcome, OfferOutcome


class OfferState(StrEnum):
    PENDING = "pending"
    RINGING = "ringing"


class Moment(StrEnum):
    """What may happen to an offer. `rang_out`: nobody took the phone; `unseen`: nor was there a browser to show it. `refused`: busy
    or declined; `unreachable`: the phone couldn't be rung. `overdue`: it should have ended by itself long ago."""

    RINGS = "rings"
    ANSWERED = "answered"
    RANG_OUT = "rang_out"
    UNSEEN = "unseen"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CALLER_GONE = "caller_gone"
    TAKEN = "taken"
    OPERATOR_GONE = "operator_gone"
    OVERDUE = "overdue"


State = OfferState | OfferOutcome

_EITHER: Mapping[Moment, State] = {
    Moment.RINGS: OfferState.RINGING,
    Moment.ANSWERED: OfferOutcome.ACCEPTED,
    Moment.REFUSED: OfferOutcome.DECLINED,
    Moment.UNREACHABLE: OfferOutcome.FAILED,
    Moment.CALLER_GONE: OfferOutcome.CANCELLED,
    Moment.TAKEN: OfferOutcome.RESCINDED,
    Moment.OPERATOR_GONE: OfferOutcome.RESCINDED,
    Moment.OVERDUE: OfferOutcome.FAILED,
}

TABLE: Mapping[OfferState, Mapping[Moment, State]] = {
    # Time ran out before the phone rang: nobody could have taken it.
    OfferState.PENDING: {**_EITHER, Moment.RANG_OUT: OfferOutcome.FAILED, Moment.UNSEEN: OfferOutcome.FAILED},
    OfferState.RINGING: {**_EITHER, Moment.RANG_OUT: OfferOutcome.EXPIRED, Moment.UNSEEN: OfferOutcome.ASLEEP},
}

AFTER_RINGING: Mapping[LegOutcome, Moment] = {
    LegOutcome.NOANSWER: Moment.RANG_OUT,
    LegOutcome.BUSY: Moment.REFUSED,
    LegOutcome.REJECTED: Moment.REFUSED,
    LegOutcome.UNAVAILABLE: Moment.UNREACHABLE,
    LegOutcome.CANCELLED: Moment.TAKEN,
}
"""How a phone that was rung fell silent -> what that is to the offer."""


def next_state(state: State, moment: Moment) -> State:
    """The state after `moment`; an outcome stays what it is."""
    return TABLE[state][moment] if isinstance(state, OfferState) else state
