"""The call tracker: facts of one PBX in, the story of its conversations out. Pure and total: any facts in any order give
no exception and no call that stays for ever (a snapshot ends what is gone).

One conversation with a client is one call, however many channels, bridges and linkedids Asterisk needs for it:
- who belongs together is told by linkedid, by our own leg ids (`cc.<caller's uniqueid>.<attempt>`), by a shared bridge, and by the
  transfer, pick-up and unpark events; a consultation that ends in a transfer is merged into the client's call;
- *talk* is being in a bridge with somebody else, for whoever is in it; so time and credit go to the person who talked, whatever
  the queue believes;
- how a phone that rang was lost is told by its own hangup: asked for by the phone (busy 17, declined 21, else unavailable), or not
  asked: cancelled when the caller is gone or another answered, a true no-answer when it rang, unavailable when it never did.
  (DialEnd says NOANSWER for 486, 603, 480 and time-out alike: Asterisk 22, recordings reject_chain and agent_unreachable.)
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from core.effects import AskForRecording, Effect
from core.events import (
    CallAnswered,
    CallArrived,
    CallDropped,
    CallEnded,
    CallHeld,
    CallLinked,
    CallMerged,
    CallOffered,
    CallOfferEnded,
    CallParked,
    CallQueued,
    CallRecorded,
    CallResumed,
    CallToVoicemail,
    CallTransferred,
    CallUnparked,
    CallUnqueued,
    Event,
    LegEnded,
    PbxConnected,
    PbxLost,
)
from core.ids import interaction_id
from core.model import Direction, EndedBy, LegOutcome, TransferKind
from telephony import facts as f
from telephony import reconcile
from telephony.live import Call, Channel, ChannelRole, Endpoints

OFFER_ID = re.compile(r"^cc\.(.+)\.[^.]+$")
_REMEMBERED_DEAD = 20_000
_BUSY, _ANSWERED_ELSEWHERE, _DECLINED = 17, 26, 21


class CallTracker:
    """Keeps the live calls of one PBX. `feed` takes one fact and returns the events that follow from it."""

    def __init__(self, *, site: str, pbx: str, endpoints: Endpoints) -> None:
        self.site, self.pbx, self.boot_id = site, pbx, ""
        self._endpoints = endpoints
        self.channels: dict[str, Channel] = {}
        self.calls: dict[str, Call] = {}
        self._by_linkedid: dict[str, Call] = {}
        self._bridges: dict[str, dict[str, Channel]] = {}
        self._dead: dict[str, None] = {}
        self._out: list[Event | Effect] = []
        self._inferring: str | None = None
        self._lost_at: datetime | None = None
        self._adopting = False
        self.odd_facts = 0
        self._handlers: dict[type, Callable[[Any], None]] = {
            f.ChannelCreated: self._on_created,
            f.DialBegan: self._on_dial_began,
            f.DialRang: self._on_dial_rang,
            f.DialEnded: self._on_dial_ended,
            f.AgentRang: self._on_agent_rang,
            f.BridgeEntered: self._on_bridge_entered,
            f.BridgeLeft: self._on_bridge_left,
            f.Held: self._on_held,
            f.Unheld: self._on_unheld,
            f.QueueJoined: self._on_queue_joined,
            f.QueueLeft: self._on_queue_left,
            f.BlindTransferred: self._on_blind_transferred,
            f.AttendedTransferred: self._on_attended_transferred,
            f.Parked: self._on_parked,
            f.Unparked: self._on_unparked,
            f.PickedUp: self._on_picked_up,
            f.HangupAsked: self._on_hangup_asked,
            f.HungUp: self._on_hung_up,
            f.Spied: self._on_spied,
            f.ConferenceJoined: self._on_conference_joined,
            f.LocalPaired: self._on_local_paired,
            f.Renamed: self._on_renamed,
            f.RecordingBegan: self._on_recording_began,
            f.Originated: self._on_originated,
            f.OfferConnected: self._on_offer_connected,
            f.VoicemailBegan: self._on_voicemail_began,
        }

    def feed(self, fact: f.Fact) -> list[Event | Effect]:
        """One fact's consequences, in order."""
        self._handlers[type(fact)](fact)
        if not self._out:
            return []
        out, self._out = self._out, []
        return out

    def on_from_pbx(self, told: f.FromPbx) -> list[Event | Effect]:
        """The same, as the engine hears it."""
        return self.feed(told.fact)

    def on_in_step(self, step: f.InStep) -> list[Event | Effect]:
        """A snapshot: whatever we missed is told now, then that we are in step again."""
        snapshot = step.snapshot
        out: list[Event | Effect] = []
        if self.boot_id and self.boot_id != snapshot.boot_id:
            out += self._close_all("pbx_restart", self._lost_at or snapshot.at)
        self.boot_id = snapshot.boot_id
        self._inferring = "gone_while_away"
        gone_at = self._lost_at or snapshot.at
        out += self._feed_all([gone._replace(at=gone_at) for gone in reconcile.departures(self.channels, snapshot)])
        self._inferring, self._adopting = None, True
        new = reconcile.newcomers(self.channels, snapshot)
        out += self._feed_all(reconcile.arrivals(new))
        self._adopting = False
        out += self._feed_all(reconcile.joined_queues(self.channels, snapshot) + reconcile.doings(new))
        out += self._feed_all(reconcile.left_queues(self.channels, snapshot))
        out += self._feed_all(reconcile.bridges(self.channels, snapshot) + reconcile.ringing(snapshot))
        out.append(
            PbxConnected(
                at=snapshot.at,
                pbx=self.pbx,
                boot_id=self.boot_id,
                lost_at=self._lost_at,
                live_call_ids=self.live_call_ids(),
            )
        )
        self._lost_at = None
        return out

    def _feed_all(self, facts: Sequence[f.Fact]) -> list[Event | Effect]:
        return [event for fact in facts for event in self.feed(fact)]

    def on_link_lost(self, lost: f.LinkLost) -> list[Event]:
        """Nothing that we believe is certain from here on, and nothing of it is thrown away."""
        self._lost_at = self._lost_at or lost.at
        return [PbxLost(at=lost.at, pbx=self.pbx, why=lost.why)]

    def _close_all(self, reason: str, at: datetime) -> list[Event | Effect]:
        """The PBX was started anew: no call of before lives, and its channel names begin again at zero."""
        self._inferring = reason
        for call in list(self.calls.values()):
            self._end(call, at)
        self._inferring = None
        self.channels.clear()
        self._bridges.clear()
        self._dead.clear()
        out, self._out = self._out, []
        return out

    def live_call_ids(self) -> frozenset[str]:
        """The calls that have a card and are not over."""
        return frozenset(call.call_id for call in self.calls.values() if call.opened)

    # ---- channels come and go

    def _on_created(self, fact: f.ChannelCreated) -> None:
        if fact.uniqueid in self.channels or fact.uniqueid in self._dead:
            return
        role, endpoint = self._endpoints.role(fact.channel)
        offer = OFFER_ID.match(fact.uniqueid)
        if role is ChannelRole.TECHNICAL or (offer and offer[1] not in self.channels):
            return
        call = self.channels[offer[1]].call if offer else self._by_linkedid.get(fact.linkedid)
        if call is None:
            call = self._begin(fact, role, endpoint)
        channel = Channel(
            uniqueid=fact.uniqueid,
            name=fact.channel,
            linkedid=fact.linkedid,
            role=role,
            endpoint=endpoint,
            number=fact.number,
            created_at=fact.at,
            call=call,
        )
        first = not call.channels
        self.channels[fact.uniqueid] = call.channels[fact.uniqueid] = channel
        self._link(call, fact.linkedid, fact.at)
        if first:
            call.primary = channel
            channel.dialled = fact.state == "Down"
            if role is ChannelRole.OUTSIDE and not channel.dialled:
                call.client = channel
                self._open(call, Direction.INBOUND, fact.at, number=fact.number)

    def _begin(self, fact: f.ChannelCreated, role: ChannelRole, endpoint: str) -> Call:
        from_agent = role is ChannelRole.AGENT
        call_id = interaction_id(site=self.site, pbx=self.pbx, boot_id=self.boot_id, uniqueid=fact.uniqueid)
        call = Call(
            call_id=call_id,
            started_at=fact.at,
            caller_number=endpoint if from_agent else fact.number,
            caller_name="" if from_agent else fact.name,
            dialled=fact.exten,
            adopted=self._adopting,
        )
        self.calls[call_id] = call
        return call

    def _link(self, call: Call, linkedid: str, at: datetime) -> None:
        if linkedid in call.linkedids:
            return
        call.linkedids.add(linkedid)
        self._by_linkedid[linkedid] = call
        if call.opened:
            self._out.append(CallLinked(at=at, call_id=call.call_id, linkedid=linkedid))

    def _open(self, call: Call, direction: Direction, at: datetime, *, number: str | None) -> None:
        """From here on the call has a card."""
        call.direction, call.client_number = direction, number
        primary = call.primary
        agent = next((c.endpoint for c in (primary, *call.channels.values()) if c.role is ChannelRole.AGENT), None)
        self._out.append(
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
            self._out.append(CallLinked(at=at, call_id=call.call_id, linkedid=linkedid))

    def _on_hangup_asked(self, fact: f.HangupAsked) -> None:
        channel = self._known(fact.uniqueid, fact.channel)
        if channel is None or channel.asked:
            return
        channel.asked = True
        call = channel.call
        if call.asked_by is None and channel in call.parties():
            call.asked_by = self._act_of(channel)

    def _act_of(self, channel: Channel) -> EndedBy:
        call = channel.call
        if channel is call.primary:
            return EndedBy.AGENT if call.click else EndedBy.CALLER
        if channel.role is ChannelRole.AGENT and call.direction is not Direction.INTERNAL:
            return EndedBy.AGENT
        return EndedBy.CALLED

    def _on_hung_up(self, fact: f.HungUp) -> None:
        channel = self._known(fact.uniqueid, fact.channel)
        if channel is None:
            if fact.uniqueid not in self.channels:
                self._bury(fact.uniqueid)
            return
        call = channel.call
        self._resume(channel, fact.at)
        self._leave_bridge(channel, fact.at)
        del self.channels[fact.uniqueid]
        call.channels.pop(fact.uniqueid, None)
        self._bury(fact.uniqueid)
        if channel is call.primary and self._inferring is None:
            call.cause = fact.cause
        if channel.offered and not channel.talked:
            self._end_offer(channel, self._outcome(channel, fact.cause), fact.at)
        elif channel.dialled and not channel.talked and channel.asked:
            call.refused = True
        self._end_if_over(call, fact.at)

    def _outcome(self, channel: Channel, cause: int) -> LegOutcome:
        call = channel.call
        if channel.dialled_answer or channel.elsewhere:
            return LegOutcome.CANCELLED
        if channel.asked:
            refusals = {_BUSY: LegOutcome.BUSY, _DECLINED: LegOutcome.REJECTED}
            return refusals.get(cause, LegOutcome.UNAVAILABLE)
        caller = call.client or call.primary
        gone = caller.asked or caller.uniqueid not in call.channels
        if gone or cause == _ANSWERED_ELSEWHERE or any(c.talking and c.offered for c in call.channels.values()):
            return LegOutcome.CANCELLED
        return LegOutcome.NOANSWER if channel.rang else LegOutcome.UNAVAILABLE

    def _end_offer(self, channel: Channel, outcome: LegOutcome, at: datetime) -> None:
        channel.offered = False
        call = channel.call
        if channel.asked and not call.answered:
            call.refused = True
        if call.opened:
            self._out.append(
                CallOfferEnded(
                    at=at, call_id=call.call_id, leg_id=channel.uniqueid, agent=channel.endpoint, outcome=outcome
                )
            )

    def _bury(self, uniqueid: str) -> None:
        self._dead[uniqueid] = None
        if len(self._dead) > _REMEMBERED_DEAD:
            del self._dead[next(iter(self._dead))]

    def _end_if_over(self, call: Call, at: datetime) -> None:
        if call.call_id not in self.calls:
            return
        parties = call.parties()
        if call.direction is Direction.INBOUND:
            over = call.primary.uniqueid not in call.channels and sum(c.talking for c in parties) < 2
        else:
            over = not parties
        if over:
            self._end(call, at)

    def _end(self, call: Call, at: datetime) -> None:
        if not call.opened and not call.silent and call.primary.role is not ChannelRole.LOCAL:
            # Somebody lifted a phone and nothing came of it: the CDR has it, so it has a card.
            outside = call.primary.role is ChannelRole.OUTSIDE
            direction = Direction.OUTBOUND if outside or call.click else Direction.INTERNAL
            self._open(call, direction, at, number=call.primary.number if outside else None)
        for channel in list(call.channels.values()):
            self._resume(channel, at)
            self._leave_bridge(channel, at)
            if channel.offered and not channel.talked:
                self._end_offer(channel, LegOutcome.CANCELLED, at)
            self.channels.pop(channel.uniqueid, None)
            self._bury(channel.uniqueid)
        self._forget(call)
        if call.opened:
            self._flush_left_queue(call)
            self._out.append(
                CallEnded(
                    at=at,
                    call_id=call.call_id,
                    ended_by=self._ended_by(call),
                    cause=call.cause,
                    inferred=self._inferring is not None,
                    reason=self._inferring,
                )
            )

    def _ended_by(self, call: Call) -> EndedBy | None:
        if call.asked_by is not None:
            return call.asked_by
        if self._inferring is not None:
            return None
        return (
            EndedBy.CALLED
            if call.refused and not call.answered and call.direction is not Direction.INBOUND
            else EndedBy.SYSTEM
        )

    def _forget(self, call: Call) -> None:
        del self.calls[call.call_id]
        for linkedid in call.linkedids:
            if self._by_linkedid.get(linkedid) is call:
                del self._by_linkedid[linkedid]

    # ---- dialling and ringing

    def _on_dial_began(self, fact: f.DialBegan) -> None:
        dest = self._known(fact.dest_uniqueid, fact.dest_channel)
        if dest is None or dest.talked:
            return
        source = self.channels.get(fact.uniqueid) if fact.uniqueid else None
        dest.dialled = True
        if source is None:
            if OFFER_ID.match(dest.uniqueid):
                self._offer(dest, fact.at)
            elif dest is dest.call.primary:
                dest.call.click = dest.role is ChannelRole.AGENT
            return
        call = source.call
        if dest.call is not call:
            self._adopt_channel(dest, call, fact.at)
        if dest.role is ChannelRole.OUTSIDE:
            dest.number = dialled_number(fact.dial_string) or dest.number
        if not call.opened:
            self._judge_direction(call, dest, fact.at)
        if source is call.client and call.left_queue and call.opened:
            self._flush_left_queue(call)
        if dest.role is ChannelRole.AGENT and dest is not call.primary and call.opened:
            self._offer(dest, fact.at)

    def _judge_direction(self, call: Call, dest: Channel, at: datetime) -> None:
        primary = call.primary
        if dest.role is ChannelRole.OUTSIDE:
            call.client = dest
            if call.click:
                call.dialled = dest.number  # the PBX rang the operator first and calls that "s"
            self._open(call, Direction.OUTBOUND, at, number=dest.number)
        elif dest.role is ChannelRole.AGENT and primary.role is ChannelRole.AGENT and dest is not primary:
            self._open(call, Direction.INTERNAL, at, number=None)
        elif dest.role is ChannelRole.AGENT and primary.role is ChannelRole.OUTSIDE:
            # We called the client first, now the operator: an outbound conversation all the same.
            call.client = primary
            self._open(call, Direction.OUTBOUND, at, number=primary.number)

    def _adopt_channel(self, channel: Channel, call: Call, at: datetime) -> None:
        """The channel turns out to belong to another call than the one that was begun for it."""
        if channel.call.channels.keys() - {channel.uniqueid}:
            self._merge(channel.call, call, at)
            return
        self._move(channel, call)
        self._link(call, channel.linkedid, at)

    def _move(self, channel: Channel, call: Call) -> None:
        old = channel.call
        old.channels.pop(channel.uniqueid, None)
        channel.call = call
        call.channels[channel.uniqueid] = channel
        if not old.channels and not old.opened and old.call_id in self.calls:
            self._forget(old)

    def _on_dial_rang(self, fact: f.DialRang) -> None:
        if dest := self.channels.get(fact.dest_uniqueid):
            dest.rang = True

    def _on_dial_ended(self, fact: f.DialEnded) -> None:
        dest = self.channels.get(fact.dest_uniqueid)
        if dest is not None:
            dest.dialled_answer = dest.dialled_answer or fact.status == "ANSWER"
            dest.elsewhere = dest.elsewhere or bool(fact.forward)

    def _on_agent_rang(self, fact: f.AgentRang) -> None:
        caller = self._known(fact.uniqueid, fact.channel)
        dest = self._known(fact.dest_uniqueid, fact.dest_channel)
        if caller is None or dest is None or dest.role is not ChannelRole.AGENT:
            return
        if dest.call is not caller.call:
            self._adopt_channel(dest, caller.call, fact.at)
        dest.dialled = True
        self._offer(dest, fact.at)

    def _offer(self, channel: Channel, at: datetime) -> None:
        call = channel.call
        if channel.offered or channel.talked or not call.opened:
            return
        channel.offered = True
        self._out.append(
            CallOffered(
                at=at,
                call_id=call.call_id,
                leg_id=channel.uniqueid,
                agent=channel.endpoint,
                queue=call.queue if call.waiting else None,
            )
        )

    def _on_originated(self, fact: f.Originated) -> None:
        """Nothing to add: the leg's own Hangup tells why it failed, the bridge that it worked."""

    def _on_offer_connected(self, fact: f.OfferConnected) -> None:
        leg, caller = self.channels.get(fact.leg_uniqueid), self.channels.get(fact.caller_uniqueid)
        if leg is not None and caller is not None and leg.call is not caller.call:
            self._adopt_channel(leg, caller.call, fact.at)

    def _on_renamed(self, fact: f.Renamed) -> None:
        if channel := self._known(fact.uniqueid, fact.former):
            channel.name = fact.channel

    def _on_local_paired(self, fact: f.LocalPaired) -> None:
        one, two = self.channels.get(fact.one), self.channels.get(fact.two)
        if one is not None and two is not None and one.call is not two.call:
            self._join(one.call, two.call, fact.at)

    # ---- bridges: who talks

    def _on_bridge_entered(self, fact: f.BridgeEntered) -> None:
        channel = self._known(fact.uniqueid, fact.channel)
        if channel is None:
            return
        channel.linkedid = fact.linkedid
        if fact.technology == "holding_bridge" or channel.bridge == fact.bridge:
            return
        if fact.creator == "ConfBridge":
            self._drop_if_nobody_asked(channel.call, fact.at)
        self._leave_bridge(channel, fact.at)
        members = self._bridges.setdefault(fact.bridge, {})
        members[channel.uniqueid] = channel
        channel.bridge = fact.bridge
        if len(members) < 2:
            return
        for other in list(members.values()):
            if other.call is not channel.call:
                self._join(channel.call, other.call, fact.at)
        # The far end of an outbound call first: it is the one who answers.
        for member in sorted(members.values(), key=lambda c: c is c.call.primary):
            self._start_talk(member, fact.at)

    def _start_talk(self, channel: Channel, at: datetime) -> None:
        call = channel.call
        if channel.talking or channel.role is ChannelRole.LOCAL:
            return
        channel.talking = True
        if not call.opened:
            return
        if channel.role is ChannelRole.AGENT or (channel.dialled and not channel.left):
            channel.talked = True
            self._leave_waiting(call)
            if channel is not call.primary:
                call.answered, call.asked_by = True, None
            self._out.append(
                CallAnswered(
                    at=at,
                    call_id=call.call_id,
                    leg_id=channel.uniqueid,
                    party=channel.party,
                    agent=channel.endpoint if channel.role is ChannelRole.AGENT else None,
                )
            )

    def _on_bridge_left(self, fact: f.BridgeLeft) -> None:
        channel = self._known(fact.uniqueid, fact.channel)
        if channel is not None and channel.bridge == fact.bridge:
            # An operator who goes to ask a colleague (attended transfer by keys) leaves the client on hold.
            self._leave_bridge(channel, fact.at)

    def _leave_bridge(self, channel: Channel, at: datetime) -> None:
        if channel.bridge is None:
            return
        members = self._bridges.get(channel.bridge, {})
        members.pop(channel.uniqueid, None)
        if not members:
            self._bridges.pop(channel.bridge, None)
        channel.bridge = None
        self._stop_talk(channel, at)
        if len(members) == 1:
            self._stop_talk(next(iter(members.values())), at)

    def _stop_talk(self, channel: Channel, at: datetime) -> None:
        if not channel.talking:
            return
        channel.talking = False
        if channel.talked and channel.call.opened:
            self._out.append(LegEnded(at=at, call_id=channel.call.call_id, leg_id=channel.uniqueid))

    def _on_held(self, fact: f.Held) -> None:
        channel = self._known(fact.uniqueid, fact.channel)
        if channel and channel.talking and channel.talked and channel.role is ChannelRole.AGENT and not channel.held:
            channel.held = True
            self._out.append(CallHeld(at=fact.at, call_id=channel.call.call_id, leg_id=channel.uniqueid))

    def _on_unheld(self, fact: f.Unheld) -> None:
        if channel := self._known(fact.uniqueid, fact.channel):
            self._resume(channel, fact.at)

    def _resume(self, channel: Channel, at: datetime) -> None:
        if channel.held:
            channel.held = False
            self._out.append(CallResumed(at=at, call_id=channel.call.call_id, leg_id=channel.uniqueid))

    # ---- queues

    def _on_queue_joined(self, fact: f.QueueJoined) -> None:
        channel = self._known(fact.uniqueid, fact.channel)
        if channel is None:
            return
        call = channel.call
        if not call.opened:
            self._open(call, Direction.INTERNAL, fact.at, number=None)
        if call.waiting and call.queue == fact.queue:
            return
        if call.left_queue is not None and call.left_queue[0] == fact.queue and call.queue == fact.queue:
            # The next slice of one and the same wait (ACD lobby).
            call.left_queue, call.waiting = None, True
            return
        self._flush_left_queue(call)
        call.queue, call.waiting = fact.queue, True
        self._out.append(CallQueued(at=fact.at, call_id=call.call_id, queue=fact.queue, position=fact.position))

    def _on_queue_left(self, fact: f.QueueLeft) -> None:
        channel = self._known(fact.uniqueid, fact.channel)
        if channel is not None and channel.call.waiting and channel.call.queue == fact.queue:
            channel.call.waiting = False
            channel.call.left_queue = (fact.queue, fact.at)

    def _leave_waiting(self, call: Call) -> None:
        call.waiting, call.left_queue = False, None

    def _flush_left_queue(self, call: Call) -> None:
        """Whoever left a queue unserved and didn't come back to it has left it for good."""
        if call.left_queue is not None:
            queue, at = call.left_queue
            call.left_queue = None
            self._out.append(CallUnqueued(at=at, call_id=call.call_id, queue=queue))

    def _on_voicemail_began(self, fact: f.VoicemailBegan) -> None:
        channel = self.channels.get(fact.uniqueid)
        if channel is not None and channel.call.opened:
            self._flush_left_queue(channel.call)
            self._out.append(CallToVoicemail(at=fact.at, call_id=channel.call.call_id))

    # ---- passing on

    def _on_blind_transferred(self, fact: f.BlindTransferred) -> None:
        who = self.channels.get(fact.transferer)
        if who is None or fact.result != "Success" or not who.call.opened:
            return
        self._part(who, fact.at)
        who.call.refused = False
        self._transferred(who, TransferKind.BLIND, fact.extension, fact.at, answered=False)

    def _part(self, who: Channel, at: datetime) -> None:
        """`who` has passed the client on: not a party any more, whenever its own channel goes."""
        self._resume(who, at)
        self._stop_talk(who, at)
        who.left = True
        who.call.asked_by = None

    def _transferred(self, who: Channel, kind: TransferKind, to: str, at: datetime, *, answered: bool) -> None:
        if who.role is ChannelRole.AGENT:
            self._out.append(
                CallTransferred(
                    at=at, call_id=who.call.call_id, kind=kind, from_agent=who.endpoint, to=to, answered=answered
                )
            )

    def _on_attended_transferred(self, fact: f.AttendedTransferred) -> None:
        first, second = self.channels.get(fact.original), self.channels.get(fact.second)
        if fact.result != "Success" or (first is None and second is None):
            return
        who = first or second
        if who is None:
            return
        target = self._far_end(fact.target, second) or self._far_end("", first)
        dialled = second.call.dialled if second is not None else ""
        for channel in (first, second):
            if channel is not None:
                self._part(channel, fact.at)
        if first is not None and second is not None and first.call is not second.call:
            self._join(second.call, first.call, fact.at, transfer=True)
        if who.call.opened:
            to = target.endpoint if target is not None and target.role is ChannelRole.AGENT else dialled
            answered = target is not None and target.talking
            self._transferred(who, TransferKind.ATTENDED, to, fact.at, answered=answered)

    def _far_end(self, target: str, second: Channel | None) -> Channel | None:
        """Whom the client is passed to: the channel that the event names, or behind a Local channel or where the colleague's
        phone still rings (blonde transfer) the one that the transferrer's second call had dialled."""
        named = self.channels.get(target)
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

    def _on_parked(self, fact: f.Parked) -> None:
        channel = self.channels.get(fact.uniqueid)
        if channel is not None and channel.call.opened:
            self._leave_bridge(channel, fact.at)
            self._out.append(CallParked(at=fact.at, call_id=channel.call.call_id, slot=fact.slot))

    def _on_unparked(self, fact: f.Unparked) -> None:
        channel = self.channels.get(fact.uniqueid)
        if channel is None or not channel.call.opened:
            return
        retriever = self.channels.get(fact.retriever)
        if retriever is not None and retriever.call is not channel.call:
            self._merge(retriever.call, channel.call, fact.at)
        self._out.append(CallUnparked(at=fact.at, call_id=channel.call.call_id, slot=fact.slot))

    def _on_picked_up(self, fact: f.PickedUp) -> None:
        taker, target = self._known(fact.uniqueid, fact.channel), self.channels.get(fact.target)
        if taker is not None and target is not None and taker.call is not target.call:
            target.elsewhere = True
            self._merge(taker.call, target.call, fact.at)

    def _join(self, one: Call, two: Call, at: datetime, *, transfer: bool = False) -> None:
        """Two calls met. A conversation among colleagues becomes part of the client's; two clients stay two cards, unless one
        of them was only called for the transfer."""
        main, other = sorted((one, two), key=_weight)
        if _weight(other)[0] > 0 or (transfer and other.direction is Direction.OUTBOUND):
            self._merge(other, main, at)

    def _merge(self, call: Call, into: Call, at: datetime) -> None:
        """`call` was part of `into` all along."""
        if call is into or call.call_id not in self.calls:
            return
        opened = call.opened
        moved = list(call.channels.values())
        for channel in moved:
            self._resume(channel, at)
            self._stop_talk(channel, at)
            channel.talked = False
            channel.call = into
            into.channels[channel.uniqueid] = channel
        call.channels.clear()
        self._forget(call)
        if opened:
            self._out.append(CallMerged(at=at, call_id=call.call_id, into=into.call_id))
        for linkedid in call.linkedids:
            self._link(into, linkedid, at)
        for channel in into.channels.values():
            if channel.offered and not channel.dialled_answer and opened:
                # It rang for the consultation; from now on it rings for the client.
                channel.offered = False
                self._offer(channel, at)
        for channel in moved:
            if channel.bridge is not None and len(self._bridges[channel.bridge]) > 1 and not channel.left:
                self._start_talk(channel, at)

    # ---- not conversations

    def _on_spied(self, fact: f.Spied) -> None:
        if channel := self.channels.get(fact.uniqueid):
            self._drop_if_nobody_asked(channel.call, fact.at)

    def _on_conference_joined(self, fact: f.ConferenceJoined) -> None:
        if channel := self.channels.get(fact.uniqueid):
            self._drop_if_nobody_asked(channel.call, fact.at)

    def _drop_if_nobody_asked(self, call: Call, at: datetime) -> None:
        """A channel that only listens in, or meets others in a conference room, makes no card."""
        if call.answered or call.queue is not None or call.silent:
            return
        call.silent = True
        if call.opened:
            call.direction = None
            self._out.append(CallDropped(at=at, call_id=call.call_id))

    def _on_recording_began(self, fact: f.RecordingBegan) -> None:
        channel = self.channels.get(fact.uniqueid)
        if channel is None or not channel.call.opened:
            return
        if fact.reference:
            self._out.append(CallRecorded(at=fact.at, call_id=channel.call.call_id, reference=fact.reference))
        else:
            self._out.append(AskForRecording(pbx=self.pbx, uniqueid=fact.uniqueid))

    def _known(self, uniqueid: str, name: str) -> Channel | None:
        """The live channel, if name and Uniqueid fit each other; a fact that mixes two channels is not believed."""
        channel = self.channels.get(uniqueid)
        if channel is not None and channel.name != name:
            self.odd_facts += 1
            return None
        return channel


def dialled_number(dial_string: str) -> str:
    """The number in a dial string such as `79035550001@trunk` or `PJSIP/trunk/sip:79035550001@host`."""
    tail = dial_string.rpartition("/")[2].removeprefix("sip:")
    return tail.partition("@")[0]


def _weight(call: Call) -> tuple[int, datetime]:
    """Smaller = more the client's conversation: one with a client first, then the older one."""
    return (0 if call.client_number is not None else 1, call.started_at)
