"""What lives on one PBX: its channels, calls and bridges, and the few steps that every rule takes on them: believe, begin, link,
open, move, forget. Says what is told. Never decides what a fact means; the modules of the rules do (telephony/tracker.py).
"""

from datetime import datetime

from core.effects import Effect
from core.events import CallArrived, CallLinked, Event
from core.ids import interaction_id
from core.model import Direction
from telephony.facts import ChannelCreated
from telephony.live import Call, Channel, ChannelRole, Endpoints

_REMEMBERED_DEAD = 20_000


class Floor:
    """One PBX's live picture, shared by all rules. `inferring`: why a snapshot ends calls, while it does; `adopting`: calls
    that begin were there before us. `expected`: channels of ours that ring a client, and whose number it is."""

    def __init__(self, *, site: str, pbx: str, endpoints: Endpoints) -> None:
        self.site, self.pbx, self.boot_id = site, pbx, ""
        self.endpoints = endpoints
        self.channels: dict[str, Channel] = {}
        self.calls: dict[str, Call] = {}
        self.by_linkedid: dict[str, Call] = {}
        self.bridges: dict[str, dict[str, Channel]] = {}
        self.dead: dict[str, None] = {}
        self.expected: dict[str, str] = {}
        self.told: list[Event | Effect] = []
        self.inferring: str | None = None
        self.adopting = False
        self.odd_facts = 0

    def say(self, what: Event | Effect) -> None:
        """Part of the story that the present fact makes."""
        self.told.append(what)

    def take_told(self) -> list[Event | Effect]:
        """What was said since the last time, in order."""
        told, self.told = self.told, []
        return told

    def known(self, uniqueid: str, name: str) -> Channel | None:
        """The live channel, if name and Uniqueid fit each other; a fact that mixes two channels is not believed."""
        channel = self.channels.get(uniqueid)
        if channel is not None and channel.name != name:
            self.odd_facts += 1
            return None
        return channel

    def begin(self, fact: ChannelCreated, role: ChannelRole, endpoint: str) -> Call:
        """A call for a channel that belongs to none; its caller puts the channel in."""
        from_agent = role is ChannelRole.AGENT
        call_id = interaction_id(site=self.site, pbx=self.pbx, boot_id=self.boot_id, uniqueid=fact.uniqueid)
        call = Call(
            call_id=call_id,
            started_at=fact.at,
            caller_number=endpoint if from_agent else fact.number,
            caller_name="" if from_agent else fact.name,
            dialled=fact.exten,
            adopted=self.adopting,
        )
        self.calls[call_id] = call
        return call

    def link(self, call: Call, linkedid: str, at: datetime) -> None:
        """The PBX calls this conversation so, too."""
        if linkedid in call.linkedids:
            return
        call.linkedids.add(linkedid)
        self.by_linkedid[linkedid] = call
        if call.opened:
            self.say(CallLinked(at=at, call_id=call.call_id, linkedid=linkedid))

    def open(self, call: Call, direction: Direction, at: datetime, *, number: str | None) -> None:
        """From here on the call has a card."""
        call.direction, call.client_number = direction, number
        primary = call.primary
        agent = next((c.endpoint for c in (primary, *call.channels.values()) if c.role is ChannelRole.AGENT), None)
        self.say(
            CallArrived(
                at=call.started_at,
                call_id=call.call_id,
                site=self.site,
                pbx=self.pbx,
                boot_id=self.boot_id,
                uniqueid=primary.uniqueid,
                linkedid=primary.linkedid,
                channel=primary.name,
                direction=direction,
                caller_number=call.caller_number,
                caller_name=call.caller_name,
                client_number=number,
                dialled=call.dialled,
                agent=None if direction is Direction.INBOUND else agent,
                adopted=call.adopted,
            )
        )
        for linkedid in call.linkedids - {primary.linkedid}:
            self.say(CallLinked(at=at, call_id=call.call_id, linkedid=linkedid))

    def move(self, channel: Channel, call: Call) -> None:
        """The channel is another call's; one that is left empty and has no card is forgotten."""
        old = channel.call
        old.channels.pop(channel.uniqueid, None)
        channel.call = call
        call.channels[channel.uniqueid] = channel
        if not old.channels and not old.opened and old.call_id in self.calls:
            self.forget(old)

    def forget(self, call: Call) -> None:
        """Not a call of its own any more: over, or part of another."""
        del self.calls[call.call_id]
        for linkedid in call.linkedids:
            if self.by_linkedid.get(linkedid) is call:
                del self.by_linkedid[linkedid]

    def bury(self, uniqueid: str) -> None:
        """A late fact about this channel must not bring it back."""
        self.dead[uniqueid] = None
        if len(self.dead) > _REMEMBERED_DEAD:
            del self.dead[next(iter(self.dead))]

    def clear(self) -> None:
        """Nothing of before lives; the names of channels begin again at zero."""
        self.channels.clear()
        self.bridges.clear()
        self.dead.clear()
