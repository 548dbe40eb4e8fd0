"""Calls that turn out to be one: they meet in a bridge, through a Local channel or by a leg of ours, and are joined or merged.
And channels that only listen in or meet in a conference room, which make no card. Never the transfers (telephony/passing_on.py).
"""

from datetime import datetime

from core.events import CallDropped, CallMerged
from core.model import Direction
from telephony import facts as f
from telephony import queueing, ringing, talking
from telephony.floor import Floor
from telephony.live import Call, Channel


def on_bridge_entered(floor: Floor, fact: f.BridgeEntered) -> None:
    channel = floor.known(fact.uniqueid, fact.channel)
    if channel is None:
        return
    channel.linkedid = fact.linkedid
    if fact.technology == "holding_bridge" or channel.bridge == fact.bridge:
        return
    if fact.creator == "ConfBridge":
        _drop_if_nobody_asked(floor, channel.call, fact.at)
    talking.leave_bridge(floor, channel, fact.at)
    members = floor.bridges.setdefault(fact.bridge, {})
    members[channel.uniqueid] = channel
    channel.bridge = fact.bridge
    if len(members) < 2:
        return
    for other in list(members.values()):
        if other.call is not channel.call:
            join(floor, channel.call, other.call, fact.at)
    # The far end of an outbound call first: it is the one who answers.
    for member in sorted(members.values(), key=lambda c: c is c.call.primary):
        talking.start_talk(floor, member, fact.at)


def on_local_paired(floor: Floor, fact: f.LocalPaired) -> None:
    one, two = floor.channels.get(fact.one), floor.channels.get(fact.two)
    if one is not None and two is not None and one.call is not two.call:
        join(floor, one.call, two.call, fact.at)


def on_offer_connected(floor: Floor, fact: f.OfferConnected) -> None:
    leg, caller = floor.channels.get(fact.leg_uniqueid), floor.channels.get(fact.caller_uniqueid)
    if leg is not None and caller is not None and leg.call is not caller.call:
        take_in(floor, leg, caller.call, fact.at)


def on_spied(floor: Floor, fact: f.Spied) -> None:
    if channel := floor.channels.get(fact.uniqueid):
        _drop_if_nobody_asked(floor, channel.call, fact.at)


def on_conference_joined(floor: Floor, fact: f.ConferenceJoined) -> None:
    if channel := floor.channels.get(fact.uniqueid):
        _drop_if_nobody_asked(floor, channel.call, fact.at)


def _drop_if_nobody_asked(floor: Floor, call: Call, at: datetime) -> None:
    """A channel that only listens in, or meets others in a conference room, makes no card."""
    if call.answered or call.queue is not None or call.silent:
        return
    call.silent = True
    if call.opened:
        call.direction = None
        floor.say(CallDropped(at=at, call_id=call.call_id))


def take_in(floor: Floor, channel: Channel, call: Call, at: datetime) -> None:
    """The channel turns out to belong to another call than the one that was begun for it."""
    if channel.call.channels.keys() - {channel.uniqueid}:
        merge(floor, channel.call, call, at)
        return
    floor.move(channel, call)
    floor.link(call, channel.linkedid, at)


def join(floor: Floor, one: Call, two: Call, at: datetime, *, transfer: bool = False) -> None:
    """Two calls met. A conversation among colleagues becomes part of the client's; two clients stay two cards, unless one
    of them was only called for the transfer."""
    main, other = sorted((one, two), key=_weight)
    if _weight(other)[0] > 0 or (transfer and other.direction is Direction.OUTBOUND):
        merge(floor, other, main, at)


def _weight(call: Call) -> tuple[int, datetime]:
    """Smaller = more the client's conversation: one with a client first, then the older one."""
    return (0 if call.client_number is not None else 1, call.started_at)


def merge(floor: Floor, call: Call, into: Call, at: datetime) -> None:
    """`call` was part of `into` all along."""
    if call is into or call.call_id not in floor.calls:
        return
    opened = call.opened
    moved = list(call.channels.values())
    for channel in moved:
        talking.resume(floor, channel, at)
        talking.stop_talk(floor, channel, at)
        channel.talked = False
        channel.call = into
        into.channels[channel.uniqueid] = channel
    call.channels.clear()
    floor.forget(call)
    if opened:
        floor.say(CallMerged(at=at, call_id=call.call_id, into=into.call_id))
    for linkedid in call.linkedids:
        floor.link(into, linkedid, at)
    if call.waiting and call.queue is not None and into.opened:
        # An operator asked in a queue and let the client have the place there: Asterisk 22 tells no QueueCallerJoin for it.
        queueing.takes_place(floor, into, call.queue, at)
    for channel in into.channels.values():
        if channel.offered and not channel.dialled_answer and opened:
            # It rang for the consultation; from now on it rings for the client.
            channel.offered = False
            ringing.offer(floor, channel, at)
    for channel in moved:
        if channel.bridge is not None and len(floor.bridges[channel.bridge]) > 1 and not channel.left:
            talking.start_talk(floor, channel, at)
