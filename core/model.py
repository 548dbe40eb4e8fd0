"""The things that all rooms talk about: cards, legs, clients, pops. Values only, no behaviour but what they say of themselves."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple


class Direction(StrEnum):
    """Who began it, seen from the contact centre."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class LegOutcome(StrEnum):
    """What became of one operator's phone that was rung."""

    RINGING = "ringing"
    ANSWERED = "answered"
    NOANSWER = "noanswer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    CANCELLED = "cancelled"


class EndedBy(StrEnum):
    """Whose act ended the conversation. `caller` is whoever placed the call, `called` the far end of an outbound or
    internal one, `agent` an operator on an inbound or click-to-call one, `system` the dialplan or the PBX."""

    CALLER = "caller"
    AGENT = "agent"
    CALLED = "called"
    SYSTEM = "system"


class TransferKind(StrEnum):
    BLIND = "blind"
    ATTENDED = "attended"


class Role(StrEnum):
    """What a person may do. Each includes those before it."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One operator's part in a conversation: a phone that rang, and what came of it.

    `leg_id` is the Uniqueid of the operator's channel; `rang` False: joined without being rung (pick-up, unpark, own
    call). `talk_s` counts from answer to the end of this part, hold included.
    """

    leg_id: str
    agent: str
    rang_at: datetime
    outcome: LegOutcome = LegOutcome.RINGING
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    hold_s: float = 0.0
    queue: str | None = None
    rang: bool = True

    @property
    def ring_s(self) -> float | None:
        """Seconds from the first ring to the answer or the end of ringing."""
        until = self.answered_at or self.ended_at
        return None if until is None else (until - self.rang_at).total_seconds()

    @property
    def talk_s(self) -> float | None:
        """Seconds from answer to the end of this part; None while it lasts or where it never began."""
        if self.answered_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.answered_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferStep:
    """One transfer: `to` is an agent's endpoint name, an extension or an outside number."""

    kind: TransferKind
    from_agent: str
    to: str
    at: datetime
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """The record of one conversation with one client, as the PBX tells it. What people type (notes, disposition, next
    contact) is stored beside it and never overwritten by it.

    `natural_key` is unique: (site, pbx, boot, primary Uniqueid). `linkedids` are all of Asterisk's conversation ids that
    turned out to be this one conversation; the CDR is joined by them. `revision` grows with every change.
    """

    card_id: str
    natural_key: str
    site: str
    pbx: str
    boot_id: str
    uniqueid: str
    linkedids: tuple[str, ...]
    channel: str
    direction: Direction
    caller_number: str
    caller_name: str
    client_number: str | None
    dialled: str
    started_at: datetime
    timezone: str
    agent: str | None = None
    queues: tuple[str, ...] = ()
    queued_at: datetime | None = None
    unqueued_at: datetime | None = None
    answered_at: datetime | None = None
    answered_by: str | None = None
    talk_ended_at: datetime | None = None
    hold_s: float = 0.0
    legs: tuple[Leg, ...] = ()
    transfers: tuple[TransferStep, ...] = ()
    recordings: tuple[str, ...] = ()
    voicemail: bool = False
    ended_at: datetime | None = None
    ended_by: EndedBy | None = None
    cause: int | None = None
    end_reason: str | None = None
    inferred: bool = False
    revision: int = 0

    @property
    def wait_s(self) -> float | None:
        """Seconds from entering the first queue to the answer, to giving up, or to leaving it unserved."""
        if self.queued_at is None:
            return None
        until = self.answered_at or self.unqueued_at or self.ended_at
        return None if until is None else max(0.0, (until - self.queued_at).total_seconds())

    @property
    def talk_s(self) -> float | None:
        """Seconds from the first answer to the end of the last talk, hold and parking included."""
        until = self.talk_ended_at or self.ended_at
        if self.answered_at is None or until is None:
            return None
        return max(0.0, (until - self.answered_at).total_seconds())


class ClientKind(StrEnum):
    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSummary:
    """Who it is, as far as a pop needs to know.

    `warning` is shown in red before anything else; `timezone` an IANA name or None; `owner` the login of whoever looks after
    this client; `fields` the administrator's own, as (code, value); `check`: ask the check questions before telling history.
    """

    client_id: str
    name: str
    number: str
    is_new: bool = False
    note: str = ""
    kind: ClientKind = ClientKind.PERSON
    organisation: str | None = None
    organisation_id: str | None = None
    vip: bool = False
    warning: str = ""
    language: str | None = None
    timezone: str | None = None
    owner: str | None = None
    fields: tuple[tuple[str, str], ...] = ()
    check: bool = False


class CandidateReason(StrEnum):
    """Why this may be the one who calls."""

    OWN_NUMBER = "own_number"
    SHARED_NUMBER = "shared_number"
    MEMBER = "member"
    LAST_SPOKEN = "last_spoken"


class Candidate(NamedTuple):
    """One of several whom a number may stand for; the operator confirms with one click."""

    client_id: str
    name: str
    kind: ClientKind
    organisation: str | None
    reason: CandidateReason
    last_contact_at: datetime | None
    vip: bool


class FollowUpLine(NamedTuple):
    """What was promised to a client and is still open."""

    follow_up_id: str
    due_at: datetime
    text: str
    owner: str


class PastInteraction(NamedTuple):
    """One line of a client's history. A tuple with names, since twenty are made while a phone rings."""

    card_id: str
    channel: str
    direction: Direction
    started_at: datetime
    queue: str | None
    agent: str | None
    talk_s: float | None
    disposition: str | None
    notes: str
    answered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackNote:
    """What an operator must know of the callback that they are about to keep. `asked_by`: a colleague's login, or '' for the
    client; `attempt`: the how-manieth call to the client this is."""

    callback_id: str
    asked_at: datetime
    entered_at: datetime
    zone: str | None
    asked_by: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Pop:
    """What one operator sees of one conversation. `state`: ringing, talking, held, missed, ended.

    `history_state`: `loading` until the look-up is back, `ready`, or `unavailable` while the database is away. `candidates`,
    best first, where the number alone doesn't tell who it is. `story` is what was typed on the card so far, for the colleague
    to whom the client was passed on, and `story_by` who typed it. `muted`: the others don't hear the operator; `recording` is
    "", "on" or "paused"; `parked` the slot in which the client waits to be fetched, or "". `callback`: they asked to be called
    back.
    """

    pop_id: str
    card_id: str
    leg_id: str
    agent: str
    state: str
    direction: Direction
    number: str
    caller_name: str
    dialled: str
    queue: str | None
    offered_at: datetime
    waiting_since: datetime | None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    client: ClientSummary | None = None
    history: tuple[PastInteraction, ...] = ()
    history_state: str = "loading"
    candidates: tuple[Candidate, ...] = ()
    follow_ups: tuple[FollowUpLine, ...] = ()
    story: str = ""
    story_by: str = ""
    muted: bool = False
    recording: str = ""
    parked: str = ""
    callback: CallbackNote | None = None


class AgentState(StrEnum):
    SIGNED_OUT = "signed_out"
    READY = "ready"
    OFFERED = "offered"
    BUSY = "busy"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    NOT_RESPONDING = "not_responding"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStatus:
    """What one operator is doing. `agent` is the endpoint's name, `until` when a timed state ends by itself.

    `reason` is the code of the pause (`away`: the browser is gone; '' where no reasons are declared); in a call or a wrap-up, of
    the pause that follows it. `card_id` and `queue` tell which conversation is talked, or wrapped up; `disposed`: it has its
    disposition, so that a mandatory wrap-up may end.
    """

    agent: str
    site: str
    state: AgentState
    since: datetime
    login: str = ""
    name: str = ""
    reason: str | None = None
    until: datetime | None = None
    card_id: str | None = None
    extensions_left: int = 0
    queue: str | None = None
    disposed: bool = False


class QueueMembership(NamedTuple):
    """An operator's phone as a member of one of the PBX's own queues."""

    agent: str
    queue: str
    paused: bool
    reason: str
    penalty: int = 0


class OfferOutcome(StrEnum):
    """What became of an offer (DEFINITIONS 10). Only `expired` (a phone that rang in vain before somebody who was there) counts
    against the person: `failed` is the device's or the line's fault, `asleep` the browser's, `declined` a choice.
    `cancelled`: the caller left; `rescinded`: taken elsewhere."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    FAILED = "failed"
    ASLEEP = "asleep"
    CANCELLED = "cancelled"
    RESCINDED = "rescinded"


class Door(StrEnum):
    """Where a caller who waits can be sent: another queue of ours, the PBX's own queue that takes over, a message, a promise to
    be called back."""

    QUEUE = "queue"
    FALLBACK = "fallback"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"


class Contender(NamedTuple):
    """A signed-in operator when a choice was made: the strategy's `measure` of one who could be chosen (the smallest is), or the
    `obstacles` of one who couldn't."""

    login: str
    measure: tuple[float, ...] = ()
    obstacles: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Why an item was offered to `login`: the step that counted and its requirement, the item's score, who else could have had
    it and who couldn't. `more`: contenders that are not listed, being too many."""

    login: str
    queue: str
    strategy: str
    step: int
    requirement: str
    score: float
    waited_s: float
    candidates: tuple[Contender, ...] = ()
    excluded: tuple[Contender, ...] = ()
    more: int = 0
