"""What shall be done to the world. Steps return these; only adapters carry them out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.callback import Attempt, Callback
from core.model import AgentStatus, Card, Choice, Door, OfferOutcome, Pop
from core.voicemail import Voicemail


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveCard(Effect):
    """Store this state of the card. A later revision replaces an earlier one; an earlier never a later."""

    card: Card


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardCard(Effect):
    """The card turned out to be part of `into` (its linkedids go there), or none at all (`into` None)."""

    card_id: str
    into: str | None
    linkedids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LookUpClient(Effect):
    """Find (or create, when `create`) the client behind `number`; the answer comes back as ClientIdentified.

    `adopted`: the conversation goes on since before our start, and a person may have said who it is already.
    """

    call_id: str
    site: str
    number: str
    name: str
    create: bool = True
    adopted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowPop(Effect):
    """Put this on the screen of `pop.agent`, and of nobody else."""

    pop: Pop


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdatePop(Effect):
    """The pop that is already there changed."""

    pop: Pop


@dataclass(frozen=True, slots=True, kw_only=True)
class FillFromCdr(Effect):
    """Look into the PBX's CDR for what happened since `since`, and make or mend the cards."""

    pbx: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForRecording(Effect):
    """A recording began on this channel; the PBX doesn't say into which file: ask it."""

    pbx: str
    uniqueid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncePbx(Effect):
    """Tell every screen whether the line to this PBX is live."""

    pbx: str
    live: bool
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit(Effect):
    """Write a line to the audit trail. `facts` are short strings, already cleaned for display."""

    at: datetime
    actor: str
    action: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WakeAt(Effect):
    """Say Woke(timer_id) at this instant; a later one for the same timer replaces it, None cancels it."""

    timer_id: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceAgent(Effect):
    """Tell the operator's own screens and the colleagues of the site."""

    status: AgentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveAgent(Effect):
    """Keep what the operator is doing since `at`, so that it outlives a restart of ours, and a line of it for ever."""

    status: AgentStatus
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncMember(Effect):
    """Make Asterisk's own queues see this operator as available or paused."""

    agent: str
    paused: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepMember(Effect):
    """Make this operator's phone a member of one of Asterisk's own queues, with this penalty; None: no member (a call that rings
    there rings on). Whether it is paused is SyncMember's business."""

    pbx: str
    queue: str
    agent: str
    name: str
    penalty: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RingAgent(Effect):
    """Ring this operator's phone for the waiting caller; whoever answers is joined to the caller by the dialplan
    (docs/adr/0011). Tells RingFailed where it can't ring; all else is seen in the PBX's events.

    `offer_id` becomes the channel's id: doing it twice rings once. `shown_*` stand on the phone's display.
    """

    pbx: str
    call_id: str
    offer_id: str
    agent: str
    queue: str
    caller_channel: str
    caller_uniqueid: str
    shown_number: str
    shown_name: str
    ring_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRinging(Effect):
    """The caller is gone or served: the phone of this offer falls silent."""

    pbx: str
    offer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendCaller(Effect):
    """Take the waiting caller out of their queue and through this door; `queue` is where it leads (or whose voicemail, whose
    callback it is)."""

    pbx: str
    call_id: str
    caller_uniqueid: str
    caller_channel: str
    door: Door
    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveOffer(Effect):
    """Keep why this operator was chosen (`choice`), and later what came of it (`outcome`); one row an offer."""

    call_id: str
    offer_id: str
    agent: str
    at: datetime
    choice: Choice | None = None
    outcome: OfferOutcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveCallback(Effect):
    """Keep this state of the callback. A later revision replaces an earlier one; an earlier never a later."""

    callback: Callback


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveVoicemail(Effect):
    """A message was left. One that is kept already stays as it is."""

    voicemail: Voicemail


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCallback(Effect):
    """Ring the phone with which this attempt begins, once its being under way is safely kept: of the operator, from which the
    client is then dialled, or of the client, who then waits in the queue. Tells CallbackNotDialled where it can't."""

    callback: Callback
    attempt: Attempt
    ring_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnounceItems(Effect):
    """Whoever looks at the callbacks or at the messages (`channel`) of the site has something new to see."""

    channel: str
