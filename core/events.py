"""What happened, in the words of the field. Rules receive these; nobody else makes them but trackers and rules.

Each has `at` (UTC, from the PBX or the engine; rules never read a clock) and the `call_id` of its conversation, which is
the card's id. Order within one call: CallArrived first, CallEnded / CallMerged / CallDropped last and nothing after it.
"""

from dataclasses import dataclass
from datetime import datetime

from core.callback import Attempt, Callback
from core.model import (
    AgentStatus,
    Candidate,
    Choice,
    ClientSummary,
    Direction,
    EndedBy,
    FollowUpLine,
    LegOutcome,
    OfferOutcome,
    PastInteraction,
    QueueMembership,
    TransferKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEvent(Event):
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(CallEvent):
    """A conversation began. Once per call. `adopted`: found in a snapshot, so we may have met it before.

    `client_number` is the outside party's number as the PBX gives it (None between colleagues); `agent` placed the call.
    """

    site: str
    pbx: str
    boot_id: str
    uniqueid: str
    linkedid: str
    channel: str
    direction: Direction
    caller_number: str
    caller_name: str
    client_number: str | None
    dialled: str
    agent: str | None = None
    adopted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecalled(CallEvent):
    """An adopted conversation has a card from before our restart: what a snapshot can't tell of it. `queue`: the last one;
    `queued_at` since when they waited (None: never)."""

    dialled: str
    queue: str | None
    queued_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLinked(CallEvent):
    """Another of Asterisk's conversation ids turned out to be this conversation (the CDR knows it by both)."""

    linkedid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(CallEvent):
    """The caller entered a queue. Several times when passed on; slices of one wait count once."""

    queue: str
    position: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnqueued(CallEvent):
    """The caller left the queue without an answer and is still there (time-out, redirect)."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOffered(CallEvent):
    """An operator's phone starts to ring for this call. Ends with CallAnswered or CallOfferEnded of the same leg."""

    leg_id: str
    agent: str
    queue: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOfferEnded(CallEvent):
    """The ringing ended without a talk; `outcome` says why."""

    leg_id: str
    agent: str
    outcome: LegOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(CallEvent):
    """Two people talk. `agent` is None where the one who answered is outside (`party` is then the number).

    With `leg_id` of an agent that was never offered (pick-up, unpark) the leg begins here.
    """

    leg_id: str
    party: str
    agent: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(CallEvent):
    """The operator of `leg_id` put the other side on hold."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(CallEvent):
    """The hold is over. Only after CallHeld of the same leg."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded(CallEvent):
    """The party of `leg_id` is out of the conversation (hung up, transferred it, parked it). Only after CallAnswered."""

    leg_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegGone(CallEvent):
    """The operator's phone is free of this call: hung up. A talk may have ended long before (a consultation is dialled, the
    client waits); after CallEnded it isn't told any more."""

    leg_id: str
    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(CallEvent):
    """An operator passed the client on. Whether anybody answers shows in the next CallAnswered."""

    kind: TransferKind
    from_agent: str
    to: str
    answered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallParked(CallEvent):
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUnparked(CallEvent):
    slot: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecorded(CallEvent):
    """A recording of this call began; `reference` is the file as the PBX names it."""

    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingChanged(CallEvent):
    """Whether the talk is recorded from here on. `state`: "on", "paused" (silence goes into the file) or "" (no file is open)."""

    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegMuted(CallEvent):
    """The others don't hear the operator of `leg_id` any more, or do again."""

    leg_id: str
    muted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CallToVoicemail(CallEvent):
    """The dialplan sent the caller to leave a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFellBack(CallEvent):
    """The dialplan took the caller out of the ACD queue `queue` by itself, to its fallback. `why`: "silent" (Meridian gave no sign
    of life), "patience" (they had waited as long as the queue allows), or what Asterisk's queue said."""

    queue: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailLeft(CallEvent):
    """The caller left a message for a queue. After CallToVoicemail; the call may be over already, or be one that nobody saw (it was
    left while we were away). May come again with the same `reference`, the file as the PBX names it."""

    queue: str
    reference: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackAsked(CallEvent):
    """The caller asked to be called back instead of waiting (pressed a key, or was sent to that door): `number` as the PBX has it,
    empty where it is withheld. They hang up after it."""

    queue: str
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallMerged(CallEvent):
    """This conversation (a consultation, a pick-up, an unpark) became part of `into`. Nothing follows under this id."""

    into: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDropped(CallEvent):
    """It was no conversation with anybody (supervision, conference room): it makes no card. Nothing follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallEvent):
    """The last channel is gone. Once per call, nothing follows. `inferred`: not seen, concluded from a snapshot;
    `reason` is then `gone_while_away` or `pbx_restart`."""

    ended_by: EndedBy | None
    cause: int | None
    inferred: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxConnected(Event):
    """Link up and in step: all that the snapshot tells has been told in events before this one.

    `lost_at`: since when we may have missed calls (None at the first connect of a process): the CDR fills that gap.
    """

    pbx: str
    boot_id: str
    lost_at: datetime | None
    live_call_ids: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxLost(Event):
    """The link is down or silent. Live state of this PBX is stale from `at` on."""

    pbx: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientIdentified(CallEvent):
    """The look-up of a call's client is back. `history` newest first; `available` False: the database is away.

    `client` None with `candidates`: several may be behind the number, and nobody is chosen blindly.
    """

    client: ClientSummary | None
    history: tuple[PastInteraction, ...]
    available: bool = True
    candidates: tuple[Candidate, ...] = ()
    follow_ups: tuple[FollowUpLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CardTyped(CallEvent):
    """A person (`by`: their name) saved something on this card. None: that field was not touched."""

    by: str
    notes: str | None = None
    disposition: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSignedIn(Event):
    """Somebody signed in at the extension `agent`. Several sessions may sit there (two browsers); the latest says who it is."""

    agent: str
    session_id: str
    login: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSignedOut(Event):
    """That session has ended, by whatever hand. Only with the last one the operator is signed out."""

    agent: str
    session_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentGone(Event):
    """No page of this operator is connected any more."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentBack(Event):
    """A page of this operator is connected (again)."""

    agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MembersSeen(Event):
    """All operators who are members of this PBX's own queues, as a snapshot shows them. `phones`: the operators' phones that the
    PBX has at all (None: it doesn't tell)."""

    pbx: str
    members: tuple[QueueMembership, ...]
    phones: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChanged(Event):
    """An operator's state is another one now."""

    status: AgentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMade(CallEvent):
    """Meridian chose an operator for a waiting call and holds them for it. Before their phone rings; ends with OfferEnded.

    `offer_id` is the id of the channel that will ring: the leg_id of the CallOffered to come. Of `ring_all`: one a phone.
    """

    offer_id: str
    agent: str
    login: str
    queue: str
    ring_s: int
    choice: Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded(CallEvent):
    """The offer is over, once. `missed`: it counts against the person."""

    offer_id: str
    agent: str
    outcome: OfferOutcome
    missed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RingFailed(CallEvent):
    """The PBX didn't ring the phone of this offer: unknown, not registered, refused, or the line to the PBX is down.

    `certain` False: it may ring for all we know (the answer was lost); the caller's place is safe either way.
    """

    offer_id: str
    agent: str
    why: str
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SendFailed(CallEvent):
    """The PBX didn't send this caller through the door: the dialplan has none, or the line is down. They wait where they were,
    for all we know."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOffered(CallEvent):
    """An attempt to call somebody back begins. Operator first: `attempt.agent` is held for it and their phone will ring; client
    first: the client's will. `call_id` is the card that the conversation will have: CallArrived of `attempt.leg_id` follows, or
    CallbackGivenUp."""

    callback: Callback
    attempt: Attempt
    ring_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackGivenUp(CallEvent):
    """The client was not called in that attempt: the operator's phone wasn't picked up (`missed`: it counts against the person), or
    nothing rang at all."""

    leg_id: str
    agent: str
    missed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackNotDialled(Event):
    """Nothing rang for this attempt. `barred`: the number may never be called; `certain` False: it may ring for all we know;
    `retry_s`: not sooner than that (None: at once, by somebody else)."""

    leg_id: str
    why: str
    certain: bool = True
    barred: bool = False
    retry_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Woke(Event):
    """A timer that was set with WakeAt went off."""

    timer_id: str
