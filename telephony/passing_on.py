"""The client is passed on: transfers, parking, pick-up. Never what the PBX does to carry it out: bridges and dials tell that
themselves."""

from datetime import datetime

from core.events import CallParked, CallTransferred, CallUnparked
from core.model import TransferKind
from telephony import facts as f
from telephony import meeting, talking
from telephony.floor import Floor
from telephony.live import Channel, ChannelRole


def on_blind_transferred(floor: Floor, fact: f.BlindTransferred) -> None:
    who = floor.channels.get(fact.transferer)
    if who is None or fact.result != "Success" or not who.call.opened:
        return
    _part(floor, who, fact.at)
    who.call.refused = False
    _transferred(floor, who, TransferKind.BLIND, fact.extension, fact.at, answered=False)


def on_attended_transferred(floor: Floor, fact: f.AttendedTransferred) -> None:
    first, second = floor.channels.get(fact.original), floor.channels.get(fact.second)
    if fact.result != "Success" or (first is None and second is None):
        return
    who = first or second
    if who is None:
        return
    target = _far_end(floor, fact.target, second) or _far_end(floor, "", first)
    dialled = second.call.dialled if second is not None else ""
    for channel in (first, second):
        if channel is not None:
            _part(floor, channel, fact.at)
    if first is not None and second is not None and first.call is not second.call:
        meeting.join(floor, second.call, first.call, fact.at, transfer=True)
    if who.call.opened:
        to = target.endpoint if target is not None and target.role is ChannelRole.AGENT else dialled
        answered = target is not None and target.talking
        _transferred(floor, who, TransferKind.ATTENDED, to, fact.at, answered=answered)


def _far_end(floor: Floor, target: str, second: Channel | None) -> Channel | None:
    """Whom the client is passed to: the channel that the event names, or behind a Local channel or where the colleague's
    phone still rings (blonde transfer) the one that the transferrer's second call had dialled."""
    named = floor.channels.get(target)
    if named is not None and named.role is not ChannelRole.LOCAL:
        return named
    if second is None or second.call.client is second:
        return None
    people = (ChannelRole.AGENT, ChannelRole.OUTSIDE)
    call = second.call
    dialled = [
        c
        for c in call.channels.values()
        if c.role in people and c.dialled and not c.left and c is not second and c is not call.primary
    ]
    return dialled[-1] if dialled else None


def _part(floor: Floor, who: Channel, at: datetime) -> None:
    """`who` has passed the client on: not a party any more, whenever its own channel goes."""
    talking.resume(floor, who, at)
    talking.stop_talk(floor, who, at)
    who.left = True
    who.call.asked_by = None


def _transferred(floor: Floor, who: Channel, kind: TransferKind, to: str, at: datetime, *, answered: bool) -> None:
    if who.role is ChannelRole.AGENT:
        floor.say(
            CallTransferred(
                at=at, call_id=who.call.call_id, kind=kind, from_agent=who.endpoint, to=to, answered=answered
            )
        )


def on_parked(floor: Floor, fact: f.Parked) -> None:
    channel = floor.channels.get(fact.uniqueid)
    if channel is not None and channel.call.opened:
        talking.leave_bridge(floor, channel, fact.at)
        floor.say(CallParked(at=fact.at, call_id=channel.call.call_id, slot=fact.slot))


def on_unparked(floor: Floor, fact: f.Unparked) -> None:
    channel = floor.channels.get(fact.uniqueid)
    if channel is None or not channel.call.opened:
        return
    retriever = floor.channels.get(fact.retriever)
    if retriever is not None and retriever.call is not channel.call:
        meeting.merge(floor, retriever.call, channel.call, fact.at)
    floor.say(CallUnparked(at=fact.at, call_id=channel.call.call_id, slot=fact.slot))


def on_picked_up(floor: Floor, fact: f.PickedUp) -> None:
    taker, target = floor.known(fact.uniqueid, fact.channel), floor.channels.get(fact.target)
    if taker is not None and target is not None and taker.call is not target.call:
        target.elsewhere = True
        meeting.merge(floor, taker.call, target.call, fact.at)
