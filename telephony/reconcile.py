"""A snapshot against what we believe: the facts that we must have missed. Pure; telephony/tracker.py takes them like any others.

Everything is told in the order in which it would have happened: who is gone, who came, who waits, whom they dialled, who left
the queue, who is in which bridge. When the truth can't be known (since when two talk) the instant of the snapshot stands for it.
"""

from collections.abc import Mapping, Sequence

from telephony import facts as f
from telephony.dialplan import LOBBY_CONTEXT
from telephony.live import Call, Channel

NORMAL_CLEARING = 16
_LISTENING = ("ChanSpy", "ExtenSpy")


def departures(channels: Mapping[str, Channel], snapshot: f.Snapshot) -> list[f.HungUp]:
    """Channels that we believe in and the PBX doesn't know. A list that could not be had proves nothing."""
    if "CoreShowChannels" in snapshot.missing:
        return []
    alive = {channel.uniqueid for channel in snapshot.channels}
    return [
        f.HungUp(snapshot.at, channel.name, channel.uniqueid, channel.linkedid, NORMAL_CLEARING, "")
        for channel in channels.values()
        if channel.uniqueid not in alive
    ]


def newcomers(channels: Mapping[str, Channel], snapshot: f.Snapshot) -> list[f.LiveChannel]:
    """Channels that the PBX has and we don't know, the oldest first."""
    return sorted((c for c in snapshot.channels if c.uniqueid not in channels), key=_age)


def arrivals(new: Sequence[f.LiveChannel]) -> list[f.Fact]:
    """That these channels were made."""
    return [_created(channel) for channel in new]


def doings(new: Sequence[f.LiveChannel]) -> list[f.Fact]:
    """Who dialled whom among them, and who only listens in."""
    dials: list[f.Fact] = [dial for channel in new if (dial := _dialled(channel))]
    return dials + [f.Spied(c.created_at, c.uniqueid) for c in new if c.application in _LISTENING]


def _age(channel: f.LiveChannel) -> tuple[object, bool, str]:
    # Of one conversation the channel that gave it its linkedid first: durations are whole seconds.
    return (channel.created_at, channel.uniqueid != channel.linkedid, channel.uniqueid)


def _created(channel: f.LiveChannel) -> f.Fact:
    state = "Down" if channel.dialled_by_pbx else "Ring"
    return f.ChannelCreated(
        channel.created_at,
        channel.channel,
        channel.uniqueid,
        channel.linkedid,
        state,
        channel.number,
        channel.name,
        channel.exten,
        channel.context,
    )


def _dialled(channel: f.LiveChannel) -> f.Fact | None:
    if not channel.dialled_by_pbx:
        return None
    by = "" if channel.uniqueid == channel.linkedid else channel.linkedid  # '': an Originate, of ours or another's
    number = channel.number or channel.connected_number
    return f.DialBegan(channel.created_at, by, channel.channel, channel.uniqueid, channel.linkedid, number)


def ringing(snapshot: f.Snapshot) -> list[f.Fact]:
    """Far phones that say they ring, and those that have answered."""
    found: list[f.Fact] = []
    for channel in snapshot.channels:
        if channel.dialled_by_pbx and channel.state == "Ringing":
            found.append(f.DialRang(snapshot.at, channel.uniqueid))
        elif channel.dialled_by_pbx and channel.state == "Up":
            found.append(f.DialEnded(snapshot.at, channel.linkedid, channel.uniqueid, "ANSWER", ""))
    return found


def joined_queues(channels: Mapping[str, Channel], snapshot: f.Snapshot) -> list[f.Fact]:
    """Who waits now."""
    return [
        f.QueueJoined(entry.joined_at, channel.name, entry.uniqueid, entry.queue, entry.position)
        for entry in sorted(snapshot.waiting, key=lambda e: e.joined_at)
        if (channel := channels.get(entry.uniqueid))
        and not (channel.call.waiting and channel.call.queue == entry.queue)
    ]


def left_queues(channels: Mapping[str, Channel], snapshot: f.Snapshot) -> list[f.Fact]:
    """Who doesn't wait any more."""
    if "QueueStatus" in snapshot.missing:
        return []
    waiting = {entry.uniqueid for entry in snapshot.waiting}
    return [
        f.QueueLeft(snapshot.at, channel.name, channel.uniqueid, channel.call.queue or "", True)
        for channel in channels.values()
        if channel is channel.call.primary and channel.call.waiting and channel.uniqueid not in waiting
    ]


def moved_on(channels: Mapping[str, Channel], snapshot: f.Snapshot) -> list[Call]:
    """Calls that left their queue for good: the dialplan does something else with the caller, and isn't between two slices of the
    lobby. Nothing that comes later would tell so before the call ends."""
    elsewhere = (live for live in snapshot.channels if live.application != "Queue" and live.context != LOBBY_CONTEXT)
    callers = (channels[live.uniqueid] for live in elsewhere if live.uniqueid in channels)
    return [caller.call for caller in callers if caller is caller.call.primary and caller.call.left_queue]


def bridges(channels: Mapping[str, Channel], snapshot: f.Snapshot) -> list[f.Fact]:
    """Who left which bridge and who is in which now."""
    kinds = {bridge.bridge: bridge for bridge in snapshot.bridges}
    left: list[f.Fact] = []
    entered: list[f.Fact] = []
    for live in snapshot.channels:
        channel = channels.get(live.uniqueid)
        if channel is None or (channel.bridge or "") == live.bridge:
            continue
        if channel.bridge is not None:
            left.append(f.BridgeLeft(snapshot.at, channel.bridge, channel.name, channel.uniqueid))
        if live.bridge:
            kind = kinds.get(live.bridge, f.LiveBridge(live.bridge, "simple_bridge", ""))
            entered.append(
                f.BridgeEntered(
                    snapshot.at, live.bridge, kind.technology, kind.creator, channel.name, live.uniqueid, live.linkedid
                )
            )
    return left + entered
