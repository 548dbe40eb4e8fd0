"""Who talks: being in a bridge with somebody else; and hold. Never which calls meet in a bridge (telephony/meeting.py)."""

from datetime import datetime

from core.events import CallAnswered, CallHeld, CallResumed, LegEnded
from telephony import facts as f
from telephony import queueing
from telephony.floor import Floor
from telephony.live import Channel, ChannelRole


def start_talk(floor: Floor, channel: Channel, at: datetime) -> None:
    """Somebody else is in the channel's bridge. Only who answers is told: not the client who waited for it."""
    call = channel.call
    if channel.talking or channel.role is ChannelRole.LOCAL:
        return
    channel.talking = True
    if not call.opened:
        return
    if channel.role is ChannelRole.AGENT or (channel.dialled and not channel.left):
        channel.talked = True
        queueing.served(call)
        if channel is not call.primary:
            call.answered, call.asked_by = True, None
        floor.say(
            CallAnswered(
                at=at,
                call_id=call.call_id,
                leg_id=channel.uniqueid,
                party=channel.party,
                agent=channel.endpoint if channel.role is ChannelRole.AGENT else None,
            )
        )


def stop_talk(floor: Floor, channel: Channel, at: datetime) -> None:
    """The channel is alone, or is gone."""
    if not channel.talking:
        return
    channel.talking = False
    if channel.talked and channel.call.opened:
        floor.say(LegEnded(at=at, call_id=channel.call.call_id, leg_id=channel.uniqueid))


def leave_bridge(floor: Floor, channel: Channel, at: datetime) -> None:
    """The one who is left behind alone talks no more either."""
    if channel.bridge is None:
        return
    members = floor.bridges.get(channel.bridge, {})
    members.pop(channel.uniqueid, None)
    if not members:
        floor.bridges.pop(channel.bridge, None)
    channel.bridge = None
    stop_talk(floor, channel, at)
    if len(members) == 1:
        stop_talk(floor, next(iter(members.values())), at)


def on_bridge_left(floor: Floor, fact: f.BridgeLeft) -> None:
    channel = floor.known(fact.uniqueid, fact.channel)
    if channel is not None and channel.bridge == fact.bridge:
        # An operator who goes to ask a colleague (attended transfer by keys) leaves the client on hold.
        leave_bridge(floor, channel, fact.at)


def on_held(floor: Floor, fact: f.Held) -> None:
    channel = floor.known(fact.uniqueid, fact.channel)
    if channel and channel.talking and channel.talked and channel.role is ChannelRole.AGENT and not channel.held:
        channel.held = True
        floor.say(CallHeld(at=fact.at, call_id=channel.call.call_id, leg_id=channel.uniqueid))


def on_unheld(floor: Floor, fact: f.Unheld) -> None:
    if channel := floor.known(fact.uniqueid, fact.channel):
        resume(floor, channel, fact.at)


def resume(floor: Floor, channel: Channel, at: datetime) -> None:
    """Hold ends, if there was any."""
    if channel.held:
        channel.held = False
        floor.say(CallResumed(at=at, call_id=channel.call.call_id, leg_id=channel.uniqueid))
