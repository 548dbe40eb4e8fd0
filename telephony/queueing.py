"""Waiting in queues: who joined, who left unserved, who went to voicemail or asked to be called back. Never who was rung for
it, or who answered.

A queue that was left is told late: only when the call does something else than come back to it or be answered.
"""

from datetime import datetime, timedelta

from core.effects import Effect
from core.events import CallbackAsked, CallFellBack, CallQueued, CallToVoicemail, CallUnqueued, Event, VoicemailLeft
from core.ids import interaction_id
from core.model import Direction
from telephony import facts as f
from telephony.floor import Floor
from telephony.live import Call, ChannelRole

_CLOCKS_APART = timedelta(minutes=1)


def on_queue_joined(floor: Floor, fact: f.QueueJoined) -> None:
    channel = floor.known(fact.uniqueid, fact.channel)
    if channel is None:
        return
    call = channel.call
    if not call.opened and call.primary.role is ChannelRole.OUTSIDE:
        call.client = call.primary  # we called them, and now they wait for an operator
        floor.open(call, Direction.OUTBOUND, fact.at, number=call.primary.number)
    elif not call.opened:
        floor.open(call, Direction.INTERNAL, fact.at, number=None)
    if call.waiting and call.queue == fact.queue:
        return
    if call.left_queue is not None and call.left_queue[0] == fact.queue and call.queue == fact.queue:
        # The next slice of one and the same wait (ACD lobby).
        call.left_queue, call.waiting = None, True
        return
    left_for_good(floor, call)
    call.queue, call.waiting = fact.queue, True
    floor.say(CallQueued(at=fact.at, call_id=call.call_id, queue=fact.queue, position=fact.position))


def on_queue_left(floor: Floor, fact: f.QueueLeft) -> None:
    channel = floor.known(fact.uniqueid, fact.channel)
    if channel is not None and channel.call.waiting and channel.call.queue == fact.queue:
        channel.call.waiting = False
        channel.call.left_queue = (fact.queue, fact.at)


def on_voicemail_began(floor: Floor, fact: f.VoicemailBegan) -> None:
    channel = floor.channels.get(fact.uniqueid)
    if channel is not None and channel.call.opened:
        left_for_good(floor, channel.call)
        floor.say(CallToVoicemail(at=fact.at, call_id=channel.call.call_id))


def on_message_left(floor: Floor, fact: f.MessageLeft) -> None:
    channel = floor.channels.get(fact.uniqueid)
    if channel is not None and channel.call.opened:
        floor.say(
            VoicemailLeft(
                at=fact.at, call_id=channel.call.call_id, queue=fact.queue, reference=fact.file, seconds=fact.seconds
            )
        )


def kept_messages(floor: Floor, snapshot: f.Snapshot, missed_since: datetime | None) -> list[Event | Effect]:
    """What was left while we were away, perhaps in calls that nobody saw; their cards come from the call records. Told again
    rather than forgotten."""
    if missed_since is None:
        return []
    return [
        VoicemailLeft(
            at=kept.left_at,
            call_id=_call_of(floor, kept.uniqueid),
            queue=kept.queue,
            reference=kept.file,
            seconds=kept.seconds,
        )
        for kept in snapshot.messages
        if kept.left_at >= missed_since - _CLOCKS_APART
    ]


def _call_of(floor: Floor, uniqueid: str) -> str:
    channel = floor.channels.get(uniqueid)
    if channel is not None:
        return channel.call.call_id
    return interaction_id(site=floor.site, pbx=floor.pbx, boot_id=floor.boot_id, uniqueid=uniqueid)


def on_callback_wished(floor: Floor, fact: f.CallbackWished) -> None:
    channel = floor.channels.get(fact.uniqueid)
    if channel is not None and channel.call.opened:
        call = channel.call
        left_for_good(floor, call)
        floor.say(CallbackAsked(at=fact.at, call_id=call.call_id, queue=fact.queue, number=call.client_number or ""))


def on_lobby_left(floor: Floor, fact: f.LobbyLeft) -> None:
    channel = floor.channels.get(fact.uniqueid)
    if channel is not None and channel.call.opened:
        left_for_good(floor, channel.call)
        floor.say(CallFellBack(at=fact.at, call_id=channel.call.call_id, queue=fact.queue, why=fact.why))


def takes_place(floor: Floor, call: Call, queue: str, at: datetime) -> None:
    """The client of `call` waits in `queue` from here on, where somebody else has waited for them."""
    call.queue, call.waiting, call.left_queue = queue, True, None
    floor.say(CallQueued(at=at, call_id=call.call_id, queue=queue))


def served(call: Call) -> None:
    """Somebody talks with the caller: the wait wasn't in vain."""
    call.waiting, call.left_queue = False, None


def left_for_good(floor: Floor, call: Call) -> None:
    """Whoever left a queue unserved and didn't come back to it has left it for good."""
    if call.left_queue is not None:
        queue, at = call.left_queue
        call.left_queue = None
        floor.say(CallUnqueued(at=at, call_id=call.call_id, queue=queue))
