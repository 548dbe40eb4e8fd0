"""Who dials whom: brings both into one call and tells from it which way the call goes. Never how the ringing ends
(telephony/ringing.py)."""

from datetime import datetime

from core.model import Direction
from telephony import facts as f
from telephony import meeting, queueing, ringing
from telephony.floor import Floor
from telephony.live import Call, Channel, ChannelRole


def on_dial_began(floor: Floor, fact: f.DialBegan) -> None:
    dest = floor.known(fact.dest_uniqueid, fact.dest_channel)
    if dest is None or dest.talked:
        return
    source = floor.channels.get(fact.uniqueid) if fact.uniqueid else None
    dest.dialled = True
    if source is None:
        if ringing.OFFER_ID.match(dest.uniqueid):
            ringing.offer(floor, dest, fact.at)
        elif dest is dest.call.primary:
            dest.call.click = dest.role is ChannelRole.AGENT
        return
    call = source.call
    if dest.call is not call:
        meeting.take_in(floor, dest, call, fact.at)
    if dest.role is ChannelRole.OUTSIDE:
        dest.number = dialled_number(fact.dial_string) or dest.number
    if not call.opened:
        _judge_direction(floor, call, dest, fact.at)
    if source is call.client and call.left_queue and call.opened:
        queueing.left_for_good(floor, call)
    if dest.role is ChannelRole.AGENT and dest is not call.primary and call.opened:
        ringing.offer(floor, dest, fact.at)


def _judge_direction(floor: Floor, call: Call, dest: Channel, at: datetime) -> None:
    primary = call.primary
    if dest.role is ChannelRole.OUTSIDE:
        call.client = dest
        if call.click:
            call.dialled = dest.number  # the PBX rang the operator first and calls that "s"
        floor.open(call, Direction.OUTBOUND, at, number=dest.number)
    elif dest.role is ChannelRole.AGENT and primary.role is ChannelRole.AGENT and dest is not primary:
        floor.open(call, Direction.INTERNAL, at, number=None)
    elif dest.role is ChannelRole.AGENT and primary.role is ChannelRole.OUTSIDE:
        # We called the client first, now the operator: an outbound conversation all the same.
        call.client = primary
        floor.open(call, Direction.OUTBOUND, at, number=primary.number)


def dialled_number(dial_string: str) -> str:
    """The number in a dial string such as `79035550001@trunk` or `PJSIP/trunk/sip:79035550001@host`."""
    tail = dial_string.rpartition("/")[2].removeprefix("sip:")
    return tail.partition("@")[0]


def on_agent_rang(floor: Floor, fact: f.AgentRang) -> None:
    caller = floor.known(fact.uniqueid, fact.channel)
    dest = floor.known(fact.dest_uniqueid, fact.dest_channel)
    if caller is None or dest is None or dest.role is not ChannelRole.AGENT:
        return
    if dest.call is not caller.call:
        meeting.take_in(floor, dest, caller.call, fact.at)
    dest.dialled = True
    ringing.offer(floor, dest, fact.at)


def on_originated(floor: Floor, fact: f.Originated) -> None:
    """Of an offer whose phone got no channel nobody else tells; else the leg's own Hangup tells why it failed, the bridge that it
    worked."""
    offer = ringing.OFFER_ID.match(fact.uniqueid)
    caller = floor.channels.get(offer[1]) if offer else None
    if fact.succeeded or caller is None or fact.uniqueid in floor.channels or fact.uniqueid in floor.dead:
        return
    _, agent = floor.endpoints.role(f"{fact.channel}-")
    ringing.failed(floor, caller.call, fact.uniqueid, phone=agent, at=fact.at)
