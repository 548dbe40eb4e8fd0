"""Channels come, ask to hang up and go; with them calls begin and end, and who ended them. Never what happens between."""

from datetime import datetime

from core.events import CallEnded, LegGone
from core.model import Direction, EndedBy, LegOutcome
from telephony import facts as f
from telephony import queueing, recording, ringing, talking
from telephony.floor import Floor
from telephony.live import Call, Channel, ChannelRole


def on_created(floor: Floor, fact: f.ChannelCreated) -> None:
    if fact.uniqueid in floor.channels or fact.uniqueid in floor.dead:
        return
    role, endpoint = floor.endpoints.role(fact.channel)
    offer = ringing.OFFER_ID.match(fact.uniqueid)
    if role is ChannelRole.TECHNICAL or (offer and offer[1] not in floor.channels):
        return
    call = floor.channels[offer[1]].call if offer else floor.by_linkedid.get(fact.linkedid)
    if call is None:
        call = floor.begin(fact, role, endpoint)
    channel = Channel(
        uniqueid=fact.uniqueid,
        name=fact.channel,
        linkedid=fact.linkedid,
        role=role,
        endpoint=endpoint,
        number=floor.expected.pop(fact.uniqueid, fact.number),
        created_at=fact.at,
        call=call,
    )
    first = not call.channels
    floor.channels[fact.uniqueid] = call.channels[fact.uniqueid] = channel
    floor.link(call, fact.linkedid, fact.at)
    if first:
        call.primary = channel
        channel.dialled = fact.state == "Down"
        if role is ChannelRole.OUTSIDE and not channel.dialled:
            call.client = channel
            floor.open(call, Direction.INBOUND, fact.at, number=fact.number)


def on_renamed(floor: Floor, fact: f.Renamed) -> None:
    if channel := floor.known(fact.uniqueid, fact.former):
        channel.name = fact.channel


def on_hangup_asked(floor: Floor, fact: f.HangupAsked) -> None:
    channel = floor.known(fact.uniqueid, fact.channel)
    if channel is None or channel.asked:
        return
    channel.asked = True
    call = channel.call
    if call.asked_by is None and channel in call.parties():
        call.asked_by = _act_of(channel)


def _act_of(channel: Channel) -> EndedBy:
    call = channel.call
    if channel is call.primary:
        return EndedBy.AGENT if call.click else EndedBy.CALLER
    if channel.role is ChannelRole.AGENT and call.direction is not Direction.INTERNAL:
        return EndedBy.AGENT
    return EndedBy.CALLED


def on_hung_up(floor: Floor, fact: f.HungUp) -> None:
    channel = floor.known(fact.uniqueid, fact.channel)
    if channel is None:
        if fact.uniqueid not in floor.channels:
            floor.bury(fact.uniqueid)
        return
    call = channel.call
    talking.resume(floor, channel, fact.at)
    talking.leave_bridge(floor, channel, fact.at)
    recording.gone(floor, channel, fact.at)
    del floor.channels[fact.uniqueid]
    call.channels.pop(fact.uniqueid, None)
    floor.bury(fact.uniqueid)
    if channel is call.primary and floor.inferring is None:
        call.cause = fact.cause
    if channel.offered and not channel.talked:
        ringing.end_offer(floor, channel, ringing.outcome_of(channel, fact.cause), fact.at)
    elif ringing.never_rang(channel):
        ringing.failed(floor, call, channel.uniqueid, phone=channel.endpoint, at=fact.at)
    elif channel.dialled and not channel.talked and channel.asked:
        call.refused = True
    if channel.role is ChannelRole.AGENT and call.opened:
        floor.say(LegGone(at=fact.at, call_id=call.call_id, leg_id=channel.uniqueid, agent=channel.endpoint))
    _end_if_over(floor, call, fact.at)


def _end_if_over(floor: Floor, call: Call, at: datetime) -> None:
    if call.call_id not in floor.calls:
        return
    parties = call.parties()
    if call.direction is Direction.INBOUND:
        over = call.primary.uniqueid not in call.channels and sum(c.talking for c in parties) < 2
    else:
        over = not parties
    if over:
        end(floor, call, at)


def end(floor: Floor, call: Call, at: datetime) -> None:
    """The call is over, with whatever still hangs on it."""
    if not call.opened and not call.silent and call.primary.role is not ChannelRole.LOCAL:
        # Somebody lifted a phone and nothing came of it: the CDR has it, so it has a card.
        outside = call.primary.role is ChannelRole.OUTSIDE
        direction = Direction.OUTBOUND if outside or call.click else Direction.INTERNAL
        floor.open(call, direction, at, number=call.primary.number if outside else None)
    for channel in list(call.channels.values()):
        talking.resume(floor, channel, at)
        talking.leave_bridge(floor, channel, at)
        if channel.offered and not channel.talked:
            ringing.end_offer(floor, channel, LegOutcome.CANCELLED, at)
        floor.channels.pop(channel.uniqueid, None)
        floor.bury(channel.uniqueid)
    floor.forget(call)
    if call.opened:
        queueing.left_for_good(floor, call)
        floor.say(
            CallEnded(
                at=at,
                call_id=call.call_id,
                ended_by=_ended_by(floor, call),
                cause=call.cause,
                inferred=floor.inferring is not None,
                reason=floor.inferring,
            )
        )


def _ended_by(floor: Floor, call: Call) -> EndedBy | None:
    if call.asked_by is not None:
        return call.asked_by
    if floor.inferring is not None:
        return None
    return (
        EndedBy.CALLED
        if call.refused and not call.answered and call.direction is not Direction.INBOUND
        else EndedBy.SYSTEM
    )
