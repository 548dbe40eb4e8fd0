"""A promise to call somebody back who waited in a queue, or came outside its hours. Values only.

It keeps the caller's place: their entry time and their points (DEFINITIONS 19). What may follow what is in
routing/callback_states.py.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CallbackState(StrEnum):
    """`planned`: not now (the queue is closed, it is night there, an attempt was in vain); `waiting` in its queue; `ringing`: an
    attempt is under way; `talking` with the client. `unknown`: we died, or lost the PBX, in the middle of an attempt, and a
    person must say whether it is to be repeated. `failed` always has a reason, and is listed until somebody closes it."""

    PLANNED = "planned"
    WAITING = "waiting"
    RINGING = "ringing"
    TALKING = "talking"
    UNKNOWN = "unknown"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class First(StrEnum):
    """Whose phone rings first."""

    OPERATOR = "operator"
    CLIENT = "client"


class AttemptOutcome(StrEnum):
    """`unanswered`: the client didn't answer, or hung up before an operator came; `operator_missed`: the operator's phone wasn't
    picked up, so that the client was never called; `not_dialled`: the PBX or the rules of dialling refused."""

    UNDER_WAY = "under_way"
    TALKED = "talked"
    UNANSWERED = "unanswered"
    OPERATOR_MISSED = "operator_missed"
    NOT_DIALLED = "not_dialled"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try. `leg_id` is the id of the channel that is made for it, `call_id` the card that its conversation gets."""

    at: datetime
    agent: str
    login: str
    leg_id: str
    call_id: str
    outcome: AttemptOutcome = AttemptOutcome.UNDER_WAY
    why: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """`number` in E.164, or as it came where it can't be called. `entered_at` and `offset` are the place that is kept. `asked_on`:
    the card of the call in which it was asked for; `asked_by`: the login of who asked for it by hand. `zone`: the client's,
    where it is known. `not_before`: the pause after an attempt in vain; `due_at`: the first moment from then on at which the queue
    is open and they may be called, as far as is known; `expires_at`: not after. `reached_for`: how often their phone was rung.
    """

    callback_id: str
    site: str
    pbx: str
    queue: str
    number: str
    name: str
    entered_at: datetime
    asked_at: datetime
    first: First
    state: CallbackState
    not_before: datetime
    due_at: datetime
    expires_at: datetime
    zone: str | None = None
    offset: float = 0.0
    asked_on: str | None = None
    asked_by: str = ""
    times_asked: int = 1
    reason: str = ""
    reached_for: int = 0
    attempts: tuple[Attempt, ...] = ()
    closed_at: datetime | None = None
    closed_by: str = ""
    revision: int = 0

    @property
    def attempt(self) -> Attempt | None:
        """The one under way, or the last."""
        return self.attempts[-1] if self.attempts else None
