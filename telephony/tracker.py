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

The rules are functions of the floor (what lives on the PBX) and one fact: `coming_and_going`, `dials`, `ringing`,
`queueing`, `talking`, `recording`, `meeting`, `passing_on`. This module owns which rule takes which fact, snapshots and the
loss of the link; it never decides what a fact means.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core.effects import Effect
from core.events import Event, PbxConnected, PbxLost
from telephony import coming_and_going, dials, meeting, passing_on, queueing, reconcile, recording, ringing, talking
from telephony import facts as f
from telephony.floor import Floor
from telephony.live import Call, Channel, Endpoints

_MOST_EXPECTED = 1_000

RULES: dict[type, Callable[[Floor, Any], None]] = {
    f.ChannelCreated: coming_and_going.on_created,
    f.DialBegan: dials.on_dial_began,
    f.DialRang: ringing.on_dial_rang,
    f.DialEnded: ringing.on_dial_ended,
    f.AgentRang: dials.on_agent_rang,
    f.BridgeEntered: meeting.on_bridge_entered,
    f.BridgeLeft: talking.on_bridge_left,
    f.Held: talking.on_held,
    f.Unheld: talking.on_unheld,
    f.QueueJoined: queueing.on_queue_joined,
    f.QueueLeft: queueing.on_queue_left,
    f.BlindTransferred: passing_on.on_blind_transferred,
    f.AttendedTransferred: passing_on.on_attended_transferred,
    f.Parked: passing_on.on_parked,
    f.Unparked: passing_on.on_unparked,
    f.PickedUp: passing_on.on_picked_up,
    f.HangupAsked: coming_and_going.on_hangup_asked,
    f.HungUp: coming_and_going.on_hung_up,
    f.Spied: meeting.on_spied,
    f.ConferenceJoined: meeting.on_conference_joined,
    f.LocalPaired: meeting.on_local_paired,
    f.Renamed: coming_and_going.on_renamed,
    f.RecordingBegan: recording.on_recording_began,
    f.RecordingPaused: recording.on_recording_paused,
    f.RecordingEnded: recording.on_recording_ended,
    f.Muted: recording.on_muted,
    f.Originated: dials.on_originated,
    f.OfferConnected: meeting.on_offer_connected,
    f.VoicemailBegan: queueing.on_voicemail_began,
    f.MessageLeft: queueing.on_message_left,
    f.CallbackWished: queueing.on_callback_wished,
    f.LobbyLeft: queueing.on_lobby_left,
}
"""What each kind of fact means."""


_BEFORE_EVERYTHING = datetime(2000, 1, 1, tzinfo=UTC)


class CallTracker:
    """Keeps the live calls of one PBX. `feed` takes one fact and returns the events that follow from it."""

    def __init__(self, *, site: str, pbx: str, endpoints: Endpoints) -> None:
        self.site, self.pbx = site, pbx
        self.floor = Floor(site=site, pbx=pbx, endpoints=endpoints)
        self._lost_at: datetime | None = None

    @property
    def calls(self) -> Mapping[str, Call]:
        """By their call ids; those without a card too."""
        return self.floor.calls

    @property
    def channels(self) -> Mapping[str, Channel]:
        """By their Uniqueids."""
        return self.floor.channels

    @property
    def boot_id(self) -> str:
        """Of the PBX as it runs now; '' before the first snapshot."""
        return self.floor.boot_id

    @property
    def odd_facts(self) -> int:
        """How many facts were not believed, since their names don't fit each other."""
        return self.floor.odd_facts

    def expect(self, uniqueid: str, number: str) -> None:
        """We are about to ring this client with a channel of that id; Asterisk won't say whose number it is."""
        self.floor.expected[uniqueid] = number
        while len(self.floor.expected) > _MOST_EXPECTED:
            del self.floor.expected[next(iter(self.floor.expected))]

    def feed(self, fact: f.Fact) -> list[Event | Effect]:
        """One fact's consequences, in order."""
        floor = self.floor
        RULES[type(fact)](floor, fact)
        return floor.take_told() if floor.told else []

    def on_from_pbx(self, told: f.FromPbx) -> list[Event | Effect]:
        """The same, as the engine hears it."""
        return self.feed(told.fact)

    def on_in_step(self, step: f.InStep) -> list[Event | Effect]:
        """A snapshot: whatever we missed is told now, then that we are in step again."""
        snapshot = step.snapshot
        out: list[Event | Effect] = []
        missed_since = self._lost_at if self.boot_id else _BEFORE_EVERYTHING
        if self.boot_id and self.boot_id != snapshot.boot_id:
            out += self._close_all("pbx_restart", self._lost_at or snapshot.at)
        self.floor.boot_id = snapshot.boot_id
        self.floor.inferring = "gone_while_away"
        gone_at = self._lost_at or snapshot.at
        out += self._feed_all([gone._replace(at=gone_at) for gone in reconcile.departures(self.channels, snapshot)])
        self.floor.inferring, self.floor.adopting = None, True
        new = reconcile.newcomers(self.channels, snapshot)
        out += self._feed_all(reconcile.arrivals(new))
        self.floor.adopting = False
        out += self._feed_all(reconcile.joined_queues(self.channels, snapshot) + reconcile.doings(new))
        out += self._feed_all(reconcile.left_queues(self.channels, snapshot))
        out += self._feed_all(reconcile.bridges(self.channels, snapshot) + reconcile.ringing(snapshot))
        for call in reconcile.moved_on(self.channels, snapshot):
            queueing.left_for_good(self.floor, call)
        out += self.floor.take_told()
        out += queueing.kept_messages(self.floor, snapshot, missed_since)
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
        self.floor.inferring = reason
        for call in list(self.calls.values()):
            coming_and_going.end(self.floor, call, at)
        self.floor.inferring = None
        self.floor.clear()
        return self.floor.take_told()

    def live_call_ids(self) -> frozenset[str]:
        """The calls that have a card and are not over."""
        return frozenset(call.call_id for call in self.calls.values() if call.opened)
