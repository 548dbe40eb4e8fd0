"""Whether a talk is recorded, and who in it can't be heard. Never who may have that changed (telephony/call_acts.py)."""

from datetime import datetime

from core.effects import AskForRecording
from core.events import CallRecorded, LegMuted, RecordingChanged
from telephony import facts as f
from telephony.floor import Floor
from telephony.live import Call, Channel, ChannelRole


def on_recording_began(floor: Floor, fact: f.RecordingBegan) -> None:
    channel = floor.channels.get(fact.uniqueid)
    if channel is None or not channel.call.opened:
        return
    if fact.reference:
        floor.say(CallRecorded(at=fact.at, call_id=channel.call.call_id, reference=fact.reference))
    else:
        floor.say(AskForRecording(pbx=floor.pbx, uniqueid=fact.uniqueid))
    if not channel.recording:  # the name of the file comes as a second fact
        _set(floor, channel, "on", fact.at)


def on_recording_paused(floor: Floor, fact: f.RecordingPaused) -> None:
    """Asterisk says so of a channel without a recording too; only one that was there before us may be recorded unseen."""
    channel = floor.channels.get(fact.uniqueid)
    if channel is not None and (channel.recording or channel.call.adopted):
        _set(floor, channel, "paused" if fact.paused else "on", fact.at)


def on_recording_ended(floor: Floor, fact: f.RecordingEnded) -> None:
    if channel := floor.channels.get(fact.uniqueid):
        _set(floor, channel, "", fact.at)


def on_muted(floor: Floor, fact: f.Muted) -> None:
    channel = floor.channels.get(fact.uniqueid)
    if channel is None or channel.muted == fact.muted:
        return
    channel.muted = fact.muted
    if channel.call.opened and channel.role is ChannelRole.AGENT:
        muted = LegMuted(at=fact.at, call_id=channel.call.call_id, leg_id=channel.uniqueid, muted=fact.muted)
        floor.say(muted)


def gone(floor: Floor, channel: Channel, at: datetime) -> None:
    """The channel goes, and its recording with it, without an event of its own."""
    if channel.recording:
        _set(floor, channel, "", at)


def _set(floor: Floor, channel: Channel, state: str, at: datetime) -> None:
    call, before = channel.call, state_of(channel.call)
    channel.recording = state
    after = state_of(call)
    if after != before and call.opened:
        floor.say(RecordingChanged(at=at, call_id=call.call_id, state=after))


def state_of(call: Call) -> str:
    """Of all its channels together: "on" as long as anything of the talk goes into a file."""
    states = {channel.recording for channel in call.channels.values()}
    return "on" if "on" in states else "paused" if "paused" in states else ""
