"""What becomes of a promised callback, as one table: state x moment -> cell. Pure; every transition lives here.

A cell is a state, or one of two words. `stay`: nothing to it. `refused`: a person asked for what can't be from here, and is
told so. The drawing of it is in docs/adr/0013-callbacks.md.
"""

from collections.abc import Mapping
from enum import StrEnum

from core.callback import CallbackState as S


class Moment(StrEnum):
    """What may happen. `due`: it may be called now; `not_now`: the queue closed, or it got late there. `offered`: an operator
    is held for it, or took it by hand. `missed`: that operator's phone wasn't picked up; `unanswered`: the client's wasn't;
    `exhausted`: and that was the last attempt; `barred`: the number may not be called. `lost`: we died, or lost the PBX, in the
    middle of it; `seen`: its call was found alive. `served`: the client called in and was answered. `again`, `settled`,
    `cancel`: a person says so."""

    ASKED_AGAIN = "asked_again"
    DUE = "due"
    NOT_NOW = "not_now"
    OFFERED = "offered"
    MISSED = "missed"
    UNANSWERED = "unanswered"
    EXHAUSTED = "exhausted"
    BARRED = "barred"
    TALKED = "talked"
    OVER = "over"
    SERVED = "served"
    EXPIRED = "expired"
    LOST = "lost"
    SEEN = "seen"
    CANCEL = "cancel"
    AGAIN = "again"
    SETTLED = "settled"


class Word(StrEnum):
    STAY = "stay"
    REFUSED = "refused"


Cell = S | Word
M, STAY, NO = Moment, Word.STAY, Word.REFUSED
OPEN = frozenset({S.PLANNED, S.WAITING, S.RINGING, S.TALKING, S.UNKNOWN})


def _row(*cells: Cell) -> Mapping[Moment, Cell]:
    return dict(zip(Moment, cells, strict=True))


P, W, R, T, U, D, C, F = S.PLANNED, S.WAITING, S.RINGING, S.TALKING, S.UNKNOWN, S.DONE, S.CANCELLED, S.FAILED
# fmt: off
TABLE: Mapping[S, Mapping[Moment, Cell]] = {
    #       asked  due   not_now offer miss  unans exhst barr  talked over served expir lost  seen  cancel again settled
    P: _row(STAY,  W,    STAY,   R,    STAY, STAY, STAY, F,    STAY, STAY, C,     F,    STAY, STAY, C,     W,    D),
    W: _row(STAY,  STAY, P,      R,    STAY, STAY, STAY, F,    STAY, STAY, C,     F,    STAY, STAY, C,     STAY, D),
    R: _row(STAY,  STAY, STAY,   NO,   W,    P,    F,    F,    T,    STAY, C,     STAY, U,    STAY, C,     NO,   NO),
    T: _row(STAY,  STAY, STAY,   NO,   STAY, STAY, STAY, STAY, STAY, D,    STAY,  STAY, D,    STAY, NO,    NO,   NO),
    U: _row(P,     STAY, STAY,   NO,   STAY, STAY, STAY, STAY, STAY, STAY, C,     STAY, STAY, R,    C,     P,    D),
    D: _row(STAY,  STAY, STAY,   NO,   STAY, STAY, STAY, STAY, STAY, STAY, STAY,  STAY, STAY, STAY, NO,    NO,   NO),
    C: _row(STAY,  STAY, STAY,   NO,   STAY, STAY, STAY, STAY, STAY, STAY, STAY,  STAY, STAY, STAY, NO,    NO,   NO),
    F: _row(STAY,  STAY, STAY,   NO,   STAY, STAY, STAY, STAY, STAY, STAY, STAY,  STAY, STAY, STAY, NO,    P,    D),
}
# fmt: on


def next_state(state: S, moment: Moment) -> S | None:
    """The state after `moment`, the same where nothing happens; None: refused."""
    match TABLE[state][moment]:
        case S() as named:
            return named
        case Word.STAY:
            return state
        case _:
            return None
