"""What an operator sees of a conversation, and when: call events in, ShowPop / UpdatePop / LookUpClient out.

Owns the pops of live calls, in memory, until the call is over; then the screen's channel keeps the last state. Never
stores, never sends, never reads a clock. A pop goes to the operator whose phone rings (or who dialled) and to nobody else.
"""

from dataclasses import dataclass, field
from datetime import datetime

from core.effects import Effect, LookUpClient, ShowPop, UpdatePop
from core.events import (
    CallAnswered,
    CallArrived,
    CallbackGivenUp,
    CallbackOffered,
    CallDropped,
    CallEnded,
    CallHeld,
    CallMerged,
    CallOffered,
    CallOfferEnded,
    CallParked,
    CallQueued,
    CallRecalled,
    CallResumed,
    CallTransferred,
    CallUnparked,
    CardTyped,
    ClientIdentified,
    LegEnded,
    LegMuted,
    OfferEnded,
    OfferMade,
    RecordingChanged,
)
from core.model import (
    CallbackNote,
    Candidate,
    ClientSummary,
    Direction,
    FollowUpLine,
    LegOutcome,
    OfferOutcome,
    PastInteraction,
    Pop,
)
from core.values import changed
from screenpop.callback_call import call_to_come, note_of

HISTORY_SHOWN = 20
OVER = frozenset({"missed", "ended"})


@dataclass(slots=True)
class _Call:
    """What the pops of one live conversation have in common."""

    arrived: CallArrived
    queue: str | None = None
    waiting_since: datetime | None = None
    queued: bool = False
    client: ClientSummary | None = None
    history: tuple[PastInteraction, ...] = ()
    history_state: str = "loading"
    candidates: tuple[Candidate, ...] = ()
    follow_ups: tuple[FollowUpLine, ...] = ()
    story: str = ""
    story_by: str = ""
    recording: str = ""
    callback: CallbackNote | None = None
    nobody_dialled: bool = False
    pops: dict[str, Pop] = field(default_factory=dict)

    def new_pop(self, leg_id: str, agent: str, at: datetime) -> Pop:
        """For the phone that rings, with everything that this conversation knows of its client."""
        arrived = self.arrived
        return Pop(
            pop_id=f"{arrived.call_id}/{leg_id}",
            card_id=arrived.call_id,
            leg_id=leg_id,
            agent=agent,
            state="ringing",
            direction=arrived.direction,
            number=_number(arrived),
            caller_name=_name(arrived),
            dialled=arrived.dialled,
            queue=self.queue,
            offered_at=at,
            waiting_since=self.waiting_since,
            client=self.client,
            history=self.history,
            history_state=self.history_state,
            candidates=self.candidates,
            follow_ups=self.follow_ups,
            story=self.story,
            story_by=self.story_by,
            recording=self.recording,
            callback=self.callback,
        )

    def taken_over(self, pop: Pop) -> Pop:
        """A pop that was made before all this was known, or for another call that turned out to be this one."""
        return changed(
            self.new_pop(pop.leg_id, pop.agent, pop.offered_at),
            pop_id=pop.pop_id,
            state=pop.state,
            answered_at=pop.answered_at,
            ended_at=pop.ended_at,
            muted=pop.muted,
            parked=pop.parked,
        )

    def identified(self, pop: Pop) -> Pop:
        return changed(
            pop,
            client=self.client,
            history=self.history,
            history_state=self.history_state,
            candidates=self.candidates,
            follow_ups=self.follow_ups,
        )

    def passed_on_to(self, agent: str) -> bool:
        """Somebody else talked with this client before or does so now."""
        return any(pop.agent != agent and pop.answered_at for pop in self.pops.values())

    def live_pop(self, agent: str) -> Pop | None:
        return next((p for p in self.pops.values() if p.agent == agent and p.state not in OVER), None)


class Pops:
    """The rules of the screen pop. One object per site; `live_calls` tells how much it remembers."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}
        self._notes: dict[str, CallbackNote] = {}

    @property
    def live_calls(self) -> int:
        return len(self._calls)

    def on_call_arrived(self, event: CallArrived) -> list[Effect]:
        """Start the look-up at once; an operator who dialled sees the pop now."""
        known = self._calls.get(event.call_id)
        if known is not None:
            known.nobody_dialled = known.callback is not None and event.client_number is None
            return []
        note = self._notes.pop(event.call_id, None)
        call = self._calls[event.call_id] = _Call(event, waiting_since=event.at, callback=note)
        effects: list[Effect] = []
        if event.direction is Direction.INTERNAL or not event.client_number:
            call.history_state = "ready"
        else:
            effects.append(
                LookUpClient(
                    call_id=event.call_id,
                    site=event.site,
                    number=event.client_number,
                    name=_name(event),
                    adopted=event.adopted,
                )
            )
        if event.direction is Direction.OUTBOUND and event.agent:
            effects.append(self._shown(call, event.uniqueid, event.agent, event.at))
        return effects

    def on_call_recalled(self, event: CallRecalled) -> list[Effect]:
        """What the card knows since before our restart."""
        call = self._calls.get(event.call_id)
        if call is None:
            return []
        call.arrived = changed(call.arrived, dialled=event.dialled)
        call.queue, call.waiting_since = call.queue or event.queue, event.queued_at or call.waiting_since
        return [self._kept(call, call.taken_over(pop)) for pop in list(call.pops.values())]

    def on_callback_offered(self, event: CallbackOffered) -> list[Effect]:
        """The pop is there before any phone rings; of the call to come everything is known but whether it will be answered."""
        note, to_come = note_of(event), call_to_come(event)
        if to_come is None:
            self._notes[event.call_id] = note
            return []
        effects = self.on_call_arrived(to_come)
        call = self._calls[event.call_id]
        call.queue, call.callback = event.callback.queue, note
        shown = [changed(call.taken_over(pop), caller_name=event.callback.name) for pop in call.pops.values()]
        call.pops = {pop.leg_id: pop for pop in shown}
        return [effect for effect in effects if isinstance(effect, LookUpClient)] + [ShowPop(pop=pop) for pop in shown]

    def on_callback_given_up(self, event: CallbackGivenUp) -> list[Effect]:
        """There was no call after all."""
        self._notes.pop(event.call_id, None)
        call = self._calls.get(event.call_id)
        if call is not None:
            call.nobody_dialled = event.missed
        return self._over(event.call_id, event.at)

    def on_call_queued(self, event: CallQueued) -> list[Effect]:
        """The wait counts from the first queue, as on the card; slices and overflows don't start it anew."""
        if call := self._calls.get(event.call_id):
            if not call.queued:
                call.waiting_since, call.queued = event.at, True
            call.queue = event.queue
        return []

    def on_offer_made(self, event: OfferMade) -> list[Effect]:
        """Chosen: the pop is there before the phone rings. The leg to come has the offer's id."""
        call = self._calls.get(event.call_id)
        if call is None or event.offer_id in call.pops:
            return []
        call.queue = event.queue
        return [self._shown(call, event.offer_id, event.agent, event.at)]

    def on_offer_ended(self, event: OfferEnded) -> list[Effect]:
        """Where the phone rang, its own end has said so before; where it didn't, this is the end."""
        if event.outcome is OfferOutcome.ACCEPTED:
            return []
        state = "missed" if event.missed else "ended"
        return self._changed(event.call_id, event.offer_id, state=state, ended_at=event.at)

    def on_call_offered(self, event: CallOffered) -> list[Effect]:
        """The phone rings: show, with whatever is known by now. Never wait to pop."""
        call = self._calls.get(event.call_id)
        if call is None or event.leg_id in call.pops:
            return []
        call.queue = event.queue or call.queue
        placed = call.live_pop(event.agent) if event.agent == call.arrived.agent else None
        if placed is not None:  # click-to-call rings the one who dialled: it is the same pop
            del call.pops[placed.leg_id]
            call.pops[event.leg_id] = placed = changed(placed, leg_id=event.leg_id)
            return [UpdatePop(pop=placed)]
        return [self._shown(call, event.leg_id, event.agent, event.at)]

    def on_call_offer_ended(self, event: CallOfferEnded) -> list[Effect]:
        """Not answered in time: missed. Taken elsewhere, given up, declined: closed."""
        missed = event.outcome is LegOutcome.NOANSWER
        return self._changed(event.call_id, event.leg_id, state="missed" if missed else "ended", ended_at=event.at)

    def on_call_answered(self, event: CallAnswered) -> list[Effect]:
        call = self._calls.get(event.call_id)
        if call is None:
            return []
        if event.agent is None:
            placed = call.live_pop(call.arrived.agent) if call.arrived.agent else None
            if placed is None or placed.answered_at:
                return []
            return self._changed(event.call_id, placed.leg_id, state="talking", answered_at=event.at)
        effects: list[Effect] = []
        if event.leg_id not in call.pops:  # pick-up, unpark, transfer: no phone of theirs rang for this call
            if call.arrived.direction is Direction.INTERNAL and event.agent == call.arrived.agent:
                return []  # they dialled a colleague; with a client on hold it is the client whom their screen shows
            effects.append(self._shown(call, event.leg_id, event.agent, event.at))
        return effects + self._changed(event.call_id, event.leg_id, state="talking", answered_at=event.at)

    def on_call_held(self, event: CallHeld) -> list[Effect]:
        return self._changed(event.call_id, event.leg_id, state="held")

    def on_call_resumed(self, event: CallResumed) -> list[Effect]:
        return self._changed(event.call_id, event.leg_id, state="talking")

    def on_leg_muted(self, event: LegMuted) -> list[Effect]:
        call = self._calls.get(event.call_id)
        pop = call.pops.get(event.leg_id) if call else None
        return [] if call is None or pop is None else [self._kept(call, changed(pop, muted=event.muted))]

    def on_recording_changed(self, event: RecordingChanged) -> list[Effect]:
        """Everybody who is in the call or comes to it sees whether it is recorded."""
        call = self._calls.get(event.call_id)
        if call is None:
            return []
        call.recording = event.state
        live = [pop for pop in call.pops.values() if pop.state not in OVER]
        return [self._kept(call, changed(pop, recording=event.state)) for pop in live]

    def on_call_parked(self, event: CallParked) -> list[Effect]:
        """Those who talked with the client see where the client waits; their own part ends with it."""
        call = self._calls.get(event.call_id)
        talked = [pop for pop in call.pops.values() if pop.answered_at] if call else []
        return [self._kept(call, changed(pop, parked=event.slot)) for pop in talked if call]

    def on_call_unparked(self, event: CallUnparked) -> list[Effect]:
        """Fetched, come back, or given up: the next event says which."""
        call = self._calls.get(event.call_id)
        parked = [pop for pop in call.pops.values() if pop.parked] if call else []
        return [self._kept(call, changed(pop, parked="")) for pop in parked if call]

    def on_call_transferred(self, event: CallTransferred) -> list[Effect]:
        """The client waits again, from now; which queue it is shows in the next CallQueued or CallOffered."""
        if call := self._calls.get(event.call_id):
            call.waiting_since, call.queue, call.queued = event.at, None, False
        return []

    def on_leg_ended(self, event: LegEnded) -> list[Effect]:
        return self._changed(event.call_id, event.leg_id, state="ended", ended_at=event.at)

    def on_client_identified(self, event: ClientIdentified) -> list[Effect]:
        """The look-up is back: every pop of the call learns it, the conversation itself left out of the history."""
        call = self._calls.get(event.call_id)
        if call is None:
            return []
        past = (p for p in event.history if p.card_id != event.call_id)
        call.client = event.client or call.client
        call.history = tuple(past)[:HISTORY_SHOWN]
        call.history_state = "ready" if event.available else "unavailable"
        call.candidates, call.follow_ups = event.candidates, event.follow_ups
        return [self._kept(call, call.identified(pop)) for pop in list(call.pops.values())]

    def on_card_typed(self, event: CardTyped) -> list[Effect]:
        """Keep it for whoever gets the client next; a colleague who has the client by now sees it at once."""
        call = self._calls.get(event.call_id)
        if call is None or event.notes is None:
            return []
        call.story, call.story_by = event.notes, event.by
        reading = [p for p in call.pops.values() if p.state not in OVER and call.passed_on_to(p.agent)]
        return [self._kept(call, changed(pop, story=call.story, story_by=call.story_by)) for pop in reading]

    def on_call_merged(self, event: CallMerged) -> list[Effect]:
        """A consultation became the client's call: its pops move on to that card and show that client."""
        call = self._calls.pop(event.call_id, None)
        if call is None:
            return []
        into = self._calls.get(event.into)
        effects: list[Effect] = []
        for pop in call.pops.values():
            if into is None or pop.state in OVER or into.live_pop(pop.agent):
                effects.append(UpdatePop(pop=changed(_closed(pop, event.at), card_id=event.into)))
            else:
                effects.append(self._kept(into, into.taken_over(pop)))
        return effects

    def on_call_dropped(self, event: CallDropped) -> list[Effect]:
        return self._over(event.call_id, event.at)

    def on_call_ended(self, event: CallEnded) -> list[Effect]:
        """The pop stays on the screen, so that the result can be typed; here the call is forgotten."""
        return self._over(event.call_id, event.at)

    def _over(self, call_id: str, at: datetime) -> list[Effect]:
        call = self._calls.pop(call_id, None)
        if call is None:
            return []
        state = "missed" if call.nobody_dialled else "ended"
        closed = ((pop, _closed(pop, at, state)) for pop in call.pops.values())
        return [UpdatePop(pop=last) for pop, last in closed if last != pop]

    def _shown(self, call: _Call, leg_id: str, agent: str, at: datetime) -> ShowPop:
        pop = call.pops[leg_id] = call.new_pop(leg_id, agent, at)
        return ShowPop(pop=pop)

    def _changed(
        self,
        call_id: str,
        leg_id: str,
        *,
        state: str,
        answered_at: datetime | None = None,
        ended_at: datetime | None = None,
    ) -> list[Effect]:
        call = self._calls.get(call_id)
        pop = call.pops.get(leg_id) if call else None
        if call is None or pop is None or pop.state == state or (pop.state in OVER and state in OVER):
            return []
        moved = changed(
            pop,
            state=state,
            answered_at=pop.answered_at or answered_at,
            ended_at=ended_at,
            recording="" if state in OVER else call.recording,
        )
        return [self._kept(call, moved)]

    @staticmethod
    def _kept(call: _Call, pop: Pop) -> UpdatePop:
        call.pops[pop.leg_id] = pop
        return UpdatePop(pop=pop)


def _closed(pop: Pop, at: datetime, state: str = "ended") -> Pop:
    """The last state of a pop: over, and no longer promising a history that nobody will bring."""
    history_state = "unavailable" if pop.history_state == "loading" else pop.history_state
    if pop.state in OVER:
        return changed(pop, history_state=history_state, muted=False, recording="", parked="")
    return changed(pop, state=state, ended_at=at, history_state=history_state, muted=False, recording="", parked="")


def _number(arrived: CallArrived) -> str:
    if arrived.client_number:
        return arrived.client_number
    return arrived.dialled if arrived.direction is Direction.OUTBOUND else arrived.caller_number


def _name(arrived: CallArrived) -> str:
    """The name that came with the call; on an outbound one that is the operator's own, and says nothing."""
    return "" if arrived.direction is Direction.OUTBOUND else arrived.caller_name
