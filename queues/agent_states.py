"""What an operator's state becomes, as one table: state x moment -> cell. Pure; every transition lives here.

A cell is a state, or one of four words. `settle`: whatever the facts say now, in the order of `settled`. `stay`: nothing to it.
`later`: a wish that is kept and takes effect when the phone falls silent. `refused`: not from here; the asker is told what to do.
The drawing of it is in docs/adr/0008-operator-states.md.
"""

from collections.abc import Mapping
from enum import StrEnum

from core.model import AgentState as S


class Moment(StrEnum):
    """What may move a state. `rings`, `talks` and `silent` tell how the phone stands after a call's event; `beneath`: what is
    true without calls has changed (a wrap-up is over, calls were missed, the browser is gone or back)."""

    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    RINGS = "rings"
    TALKS = "talks"
    SILENT = "silent"
    PAUSE_ASKED = "pause_asked"
    READY_ASKED = "ready_asked"
    BENEATH = "beneath"


class Word(StrEnum):
    SETTLE = "settle"
    STAY = "stay"
    LATER = "later"
    REFUSED = "refused"


Cell = S | Word
M, SETTLE, STAY, LATER, REFUSED = Moment, Word.SETTLE, Word.STAY, Word.LATER, Word.REFUSED
_ORDER = (M.SIGNED_IN, M.SIGNED_OUT, M.RINGS, M.TALKS, M.SILENT, M.PAUSE_ASKED, M.READY_ASKED, M.BENEATH)


def _row(*cells: Cell) -> Mapping[Moment, Cell]:
    return dict(zip(_ORDER, cells, strict=True))


# fmt: off
TABLE: Mapping[S, Mapping[Moment, Cell]] = {
    #                          signed_in signed_out    rings      talks   silent  pause_asked ready_asked beneath
    S.SIGNED_OUT:     _row(    SETTLE,   STAY,         STAY,      STAY,   STAY,   REFUSED,    REFUSED,    STAY),
    S.READY:          _row(    STAY,     S.SIGNED_OUT, S.OFFERED, S.BUSY, SETTLE, S.PAUSED,   STAY,       SETTLE),
    S.OFFERED:        _row(    STAY,     S.SIGNED_OUT, STAY,      S.BUSY, SETTLE, LATER,      LATER,      STAY),
    S.BUSY:           _row(    STAY,     S.SIGNED_OUT, S.OFFERED, STAY,   SETTLE, LATER,      LATER,      STAY),
    S.WRAP_UP:        _row(    STAY,     S.SIGNED_OUT, S.OFFERED, S.BUSY, SETTLE, SETTLE,     SETTLE,     SETTLE),
    S.PAUSED:         _row(    STAY,     S.SIGNED_OUT, S.OFFERED, S.BUSY, SETTLE, SETTLE,     SETTLE,     SETTLE),
    S.NOT_RESPONDING: _row(    STAY,     S.SIGNED_OUT, S.OFFERED, S.BUSY, SETTLE, SETTLE,     SETTLE,     SETTLE),
}
# fmt: on


def settled(*, talks: bool, rings: bool, wraps_up: bool, paused: bool, misses: bool) -> S:
    """What somebody who is signed in does, by the facts alone; the first that holds."""
    held = ((talks, S.BUSY), (rings, S.OFFERED), (wraps_up, S.WRAP_UP), (paused, S.PAUSED), (misses, S.NOT_RESPONDING))
    return next((state for holds, state in held if holds), S.READY)


def next_state(state: S, moment: Moment, by_facts: S) -> S:
    """The state after `moment`; `by_facts` is what `settled` says."""
    match TABLE[state][moment]:
        case S() as named:
            return named
        case Word.SETTLE:
            return by_facts
        case _:
            return state
