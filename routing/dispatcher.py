"""Live choosing: calls that wait in ACD queues, operators who are ready, and the offers between them. Rules only, pure.

The router decides; this keeps it true to what happens, and turns its decisions into offers: OfferMade (the pop) first, then
RingAgent. The caller isn't touched by an offer: they wait in the PBX until somebody has really answered (docs/adr/0011).
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from math import inf

from core import events as e
from core.effects import Audit, RingAgent, SaveOffer, SendCaller, WakeAt
from core.model import AgentState, ClientSummary, Door, LegOutcome, OfferOutcome, PastInteraction
from routing.callers import OFFER_PREFIX, Caller
from routing.duty import REST_TIMER, SHIFT_TIMER, Duty
from routing.hours import Reason
from routing.lines import Item
from routing.live_doors import LiveDoors, Way
from routing.live_plan import PlanChanged
from routing.offer_states import AFTER_RINGING, Moment
from routing.offering import LEASE_TIMER, STEPS_TIMER, Offering, Outcome
from routing.offers import OpenOffer
from routing.on_duty import Operator
from routing.ports import PlanInForce
from routing.router import Router
from routing.settings import Mode
from routing.wishes import PriorityAsked

HOURS_TIMER, SITES_TIMER = "hours ", "sites"
BACK_TIMER, BACK_AFTER = "back ", timedelta(seconds=0.5)
SEND_AGAIN = timedelta(seconds=5)
NO_MORE = Reason("queue", "")
"""The plan says that Meridian serves this queue no more."""
LAST_SPOKEN = timedelta(days=30)
"""Whom a client talked with longer ago isn't their operator any more."""


class Dispatcher:
    """One a site. `router`, `offering`, `duty` and `callers` may be read by those who show them, between steps.

    `place_of`: since when a caller counts as waiting who was cut off and is back (resume.py); None for everybody else.
    """

    def __init__(
        self, plan: PlanInForce, *, place_of: Callable[[str], datetime | None] = lambda _call_id: None
    ) -> None:
        self.plan = plan
        self.doors = LiveDoors(plan.queues, plan.queue_hours.get)
        self._place_of = place_of
        self.callers: dict[str, Caller] = {}
        self.router = Router(plan.policies())
        self.duty = Duty(plan, self.router)
        self.offering = Offering(
            self.router,
            caller_of=self.callers.__getitem__,
            phone_of=self.duty.phone_of,
            ring_s=lambda queue: self.plan.queues[queue].offer_s,
            why_not=self.duty.why_not,
            reaches=self.chooses,
        )
        self._in_step: set[str] = set()
        self.raised: dict[str, float] = {}
        """Points that supervisors gave, by item."""

    def serves(self, queue: str | None) -> bool:
        """Whether Meridian chooses for this queue."""
        setting = self.plan.queues.get(queue or "")
        return setting is not None and setting.mode is Mode.ACD

    def chooses(self, pbx: str) -> bool:
        """Whether callers at this PBX are offered to anybody: we know who is there."""
        return pbx in self._in_step

    # --- callers --------------------------------------------------------------------------------------------------

    def on_call_arrived(self, event: e.CallArrived) -> Outcome:
        if event.call_id not in self.callers:
            self.callers[event.call_id] = Caller(arrived=event)
        return []

    def on_call_queued(self, event: e.CallQueued) -> Outcome:
        """They wait from here on; overflow and slices don't start the wait anew."""
        caller = self.callers.get(event.call_id)
        if caller is None:
            return []
        outcome = self._leaves(caller, event.at, Moment.TAKEN)
        if not self.serves(event.queue):
            caller.by_pbx = (event.queue, caller.arrived.at if caller.arrived.adopted else event.at)
            return outcome
        caller.queue, caller.sent_to, caller.let_in = event.queue, None, False
        if caller.entered_at is None:
            began_at = caller.arrived.at if caller.arrived.adopted else event.at
            caller.entered_at = self._place_of(event.call_id) or began_at
        return outcome + self._take_up(caller, event.at)

    def on_client_identified(self, event: e.ClientIdentified) -> Outcome:
        """Who it is may give them points, and an operator of their own."""
        caller = self.callers.get(event.call_id)
        if caller is None or event.client is None:
            return []
        caller.client = event.client
        caller.preferred = self._operator_of(event.client, event.history, event.at)
        if caller.call_id not in self.router.items:
            return []
        now_s = event.at.timestamp()
        self.router.change_priority(caller.call_id, self._points(caller), now_s)
        if caller.preferred is None:
            return []
        return self.offering.made(self.router.prefer(caller.call_id, caller.preferred, now_s), event.at)

    def on_call_unqueued(self, event: e.CallUnqueued) -> Outcome:
        return self._gone(event.call_id, event.at)

    def on_call_to_voicemail(self, event: e.CallToVoicemail) -> Outcome:
        return self._gone(event.call_id, event.at)

    def on_send_failed(self, event: e.SendFailed) -> Outcome:
        """Nobody may wait for nothing: they stand in line although it is closed. Was the line down, the door is tried when it's
        back; where there is no line to stand in any more, again and again."""
        caller = self.callers.get(event.call_id)
        if caller is None or caller.sent_to is None:
            return []
        caller.sent_to, caller.let_in = None, self.chooses(caller.arrived.pbx)
        if not self.serves(caller.queue):
            return [WakeAt(timer_id=BACK_TIMER + caller.call_id, at=event.at + SEND_AGAIN)]
        return self._take_up(caller, event.at)

    def on_call_transferred(self, event: e.CallTransferred) -> Outcome:
        """A colleague passed them on: a new wait, if they come to wait again."""
        outcome = self._gone(event.call_id, event.at)
        if caller := self.callers.get(event.call_id):
            caller.entered_at = None
        return outcome

    def on_call_merged(self, event: e.CallMerged) -> Outcome:
        return self._forget(event.call_id, event.at)

    def on_call_dropped(self, event: e.CallDropped) -> Outcome:
        return self._forget(event.call_id, event.at)

    def on_call_ended(self, event: e.CallEnded) -> Outcome:
        return self._forget(event.call_id, event.at)

    # --- offers ---------------------------------------------------------------------------------------------------

    def on_offer_made(self, event: e.OfferMade) -> Outcome:
        """Heard after the screen did: the pop is on its way, now the phone."""
        offer, caller = self.offering.book.get(event.offer_id), self.callers.get(event.call_id)
        if offer is None or caller is None:
            return []
        return [
            RingAgent(
                pbx=offer.pbx,
                call_id=event.call_id,
                offer_id=event.offer_id,
                agent=event.agent,
                queue=event.queue,
                caller_channel=caller.arrived.channel,
                caller_uniqueid=caller.arrived.uniqueid,
                shown_number=caller.number,
                shown_name=caller.name,
                ring_s=event.ring_s,
            ),
            WakeAt(timer_id=LEASE_TIMER + event.offer_id, at=offer.lease_until),
            SaveOffer(
                call_id=event.call_id, offer_id=event.offer_id, agent=event.agent, at=event.at, choice=event.choice
            ),
        ]

    def on_call_offered(self, event: e.CallOffered) -> Outcome:
        """A phone rings: at our bidding, or not (another node's, our own from before a restart): then we don't ring a second."""
        offer = self.offering.book.get(event.leg_id)
        if offer is not None:
            self.offering.end(offer, Moment.RINGS, event.at)
            if operator := self.duty.at(offer.agent):
                operator.well()
            return []
        caller = self.callers.get(event.call_id)
        if caller is None or caller.queue is None or self.offering.book.of_item(event.call_id):
            return []
        caller.rung_by_others.add(event.leg_id)
        return self.offering.made(self.router.withdraw(event.call_id, event.at.timestamp()), event.at)

    def on_call_offer_ended(self, event: e.CallOfferEnded) -> Outcome:
        self.offering.fell_silent(event.leg_id)
        offer, caller = self.offering.book.get(event.leg_id), self.callers.get(event.call_id)
        if offer is not None:
            moment, operator = AFTER_RINGING.get(event.outcome, Moment.UNREACHABLE), self.duty.at(offer.agent)
            if moment is Moment.RANG_OUT and operator is not None and not operator.here:
                moment = Moment.UNSEEN
            if event.outcome is LegOutcome.CANCELLED and len(self.offering.book.of_item(offer.item_id)) == 1:
                return self._called_off(offer, event.at)
            return self._over(offer, moment, event.at)
        if caller is None or event.leg_id not in caller.rung_by_others:
            return []
        caller.rung_by_others.discard(event.leg_id)
        return self._take_up(caller, event.at)

    def _called_off(self, offer: OpenOffer, at: datetime) -> Outcome:
        """The caller is gone, or somebody else has them: the next event says which. Only who waits still in a moment, since the two
        couldn't be joined, goes back into line: nobody else's phone may ring for a caller who has just hung up."""
        _, told = self.offering.end(offer, Moment.CALLER_GONE, at)
        made = self.router.withdraw(offer.item_id, at.timestamp())
        return [
            *told,
            *self.offering.made(made, at),
            WakeAt(timer_id=BACK_TIMER + offer.item_id, at=at + BACK_AFTER),
        ]

    def on_ring_failed(self, event: e.RingFailed) -> Outcome:
        """Where it isn't certain, the phone may ring: the lease ends it, if nothing else does."""
        offer = self.offering.book.get(event.offer_id)
        return [] if offer is None or not event.certain else self._over(offer, Moment.UNREACHABLE, event.at)

    def on_call_answered(self, event: e.CallAnswered) -> Outcome:
        """By whom it was offered, or by anybody else: they wait no more."""
        offer, caller = self.offering.book.get(event.leg_id), self.callers.get(event.call_id)
        outcome: Outcome = []
        if offer is not None:
            _, outcome = self.offering.end(offer, Moment.ANSWERED, event.at)
            if operator := self.duty.at(offer.agent):
                operator.held.append("voice")
                operator.well()
            outcome += self.offering.end_all(offer.item_id, Moment.TAKEN, event.at)
            made = self.router.accepted(offer.item_id, offer.login, event.at.timestamp())
            outcome += self.offering.made(made, event.at)
        if caller is None:
            return outcome
        caller.rung_by_others.discard(event.leg_id)
        return outcome + self._leaves(caller, event.at, Moment.TAKEN)

    # --- operators ------------------------------------------------------------------------------------------------

    def on_agent_changed(self, event: e.AgentChanged) -> Outcome:
        status, operator = event.status, self.duty.at(event.status.agent)
        if operator is not None and operator.login != status.login:
            return self._signs_out(operator, event.at) + self.on_agent_changed(event)
        if status.state is AgentState.SIGNED_OUT:
            return [] if operator is None else self._signs_out(operator, event.at)
        if operator is None:
            operator, made = self.duty.signs_in(status, event.at)
            outcome = self.offering.made(made, event.at)
            return outcome + self._shift(operator, event.at)
        operator.status = status
        return self._as_they_are(operator, event.at)

    def on_agent_gone(self, event: e.AgentGone) -> Outcome:
        return self._presence(event.agent, event.at, here=False)

    def on_agent_back(self, event: e.AgentBack) -> Outcome:
        return self._presence(event.agent, event.at, here=True)

    # --- the line, the clock --------------------------------------------------------------------------------------

    def on_pbx_connected(self, event: e.PbxConnected) -> Outcome:
        """In step with it: who waits there may be offered."""
        self._in_step.add(event.pbx)
        of_it = [caller for caller in self.callers.values() if caller.arrived.pbx == event.pbx and caller.entered_at]
        of_it.sort(key=lambda caller: caller.entered_at or event.at)
        told = self.offering.reached(event.pbx)
        return told + [outcome for caller in of_it for outcome in self._take_up(caller, event.at)]

    def on_pbx_lost(self, event: e.PbxLost) -> Outcome:
        """Nobody can be rung there any more; who rings already rings on. The callers keep their place and their age."""
        self._in_step.discard(event.pbx)
        waiting = [caller for caller in self.callers.values() if caller.arrived.pbx == event.pbx and caller.queue]
        for caller in waiting:
            if not self.offering.book.of_item(caller.call_id):
                self.router.withdraw(caller.call_id, event.at.timestamp())
        return self.offering.made([], event.at)

    def on_woke(self, event: e.Woke) -> Outcome:
        kind, _, who = event.timer_id.partition(" ")
        operator = self.duty.at(who)
        if kind == BACK_TIMER.strip() and (caller := self.callers.get(who)) is not None:
            return self._take_up(caller, event.at)
        if event.timer_id == STEPS_TIMER:
            return self.offering.woke(event.at)
        if event.timer_id == SITES_TIMER:
            return self._read_policies(event.at)
        if kind == LEASE_TIMER.strip() and (offer := self.offering.book.get(who)) is not None:
            return self._over(offer, Moment.OVERDUE, event.at)
        if kind == REST_TIMER.strip() and operator is not None and operator.rest_until == event.at:
            operator.rest_until = None
            return self._as_they_are(operator, event.at)
        if kind == SHIFT_TIMER.strip() and operator is not None:
            return self._shift(operator, event.at)
        if kind == HOURS_TIMER.strip() and self.serves(who):
            return self._at_closing(who, event.at)
        return []

    # --- the plan -------------------------------------------------------------------------------------------------

    def on_plan_changed(self, event: PlanChanged) -> Outcome:
        """Another plan is in force, at once, for those who wait too."""
        plan, at = event.plan, event.at
        self.plan = self.duty.plan = plan
        self.doors = LiveDoors(plan.queues, plan.queue_hours.get)
        outcome: Outcome = [self._hours_timer(queue, at) for queue in plan.queues]
        for caller in list(self.callers.values()):
            if caller.queue is not None and not self.serves(caller.queue):
                outcome += self._let_go(caller, at, Moment.TAKEN)
        for item_id in [item.item_id for item in self.router.items.values() if item.queue not in plan.queues]:
            outcome += self.offering.made(self.router.withdraw(item_id, at.timestamp()), at)
        outcome += self._read_policies(at)
        for operator in list(self.duty.operators.values()):
            outcome += self.offering.made(self.duty.learns(operator, at), at)
            outcome += self._shift(operator, at)
        for caller in list(self.callers.values()):
            outcome += self._take_up(caller, at)
        return outcome

    def on_priority_asked(self, event: PriorityAsked) -> Outcome:
        """Points instead of those that a supervisor gave before. Nobody is free who fits, so nothing can be offered by it."""
        item = self.router.items.get(event.item_id)
        if item is None:
            return []
        before = self.raised.get(event.item_id, 0.0)
        self.router.change_priority(event.item_id, item.offset - before + event.offset, event.at.timestamp())
        self.raised = {each: points for each, points in self.raised.items() if each in self.router.items}
        self.raised[event.item_id] = event.offset
        facts = {
            "item_id": event.item_id,
            "queue": item.queue,
            "before": f"{before:g}",
            "after": f"{event.offset:g}",
        }
        return [Audit(at=event.at, actor=event.by, action="priority_changed", facts=facts)]

    # --- inner ----------------------------------------------------------------------------------------------------

    def _take_up(self, caller: Caller, at: datetime) -> Outcome:
        """They wait, and nobody has them in hand: to the router, or through the door where the queue is closed or ours no more."""
        queue = caller.queue
        if queue is None or caller.call_id in self.router.items:
            return []
        if caller.arrived.pbx not in self._in_step or caller.rung_by_others or caller.entered_at is None:
            return []
        if not self.serves(queue):
            return self._send(caller, Way(Door.FALLBACK, queue, NO_MORE))
        way = None if caller.let_in else self.doors.at_arrival(queue, at, number=caller.arrived.client_number)
        if way is not None:
            return self._send(caller, way)
        entered_s, points = caller.entered_at.timestamp(), self._points(caller)
        item = Item(caller.call_id, queue, entered_s, offset=points, preferred=caller.preferred)
        return self.offering.made(self.router.enqueue(item, at.timestamp()), at)

    def _read_policies(self, at: datetime) -> Outcome:
        """As they are to be read from now on; and again when a centre opens or closes for which one of them asks."""
        changes_at = self.plan.sites_change_at(at)
        until_s = inf if changes_at is None else changes_at.timestamp()
        made = self.router.reform(self.plan.policies_at(at), at.timestamp(), until_s=until_s)
        return [WakeAt(timer_id=SITES_TIMER, at=changes_at), *self.offering.made(made, at)]

    def _points(self, caller: Caller) -> float:
        setting = self.plan.queues.get(caller.queue or "")
        vip = setting.vip if setting is not None and caller.client is not None and caller.client.vip else 0.0
        return vip + self.raised.get(caller.call_id, 0.0)

    def _operator_of(self, client: ClientSummary, history: tuple[PastInteraction, ...], at: datetime) -> str | None:
        """Who looks after them, else who talked with them last (whoever sits at that phone now)."""
        if client.owner:
            return client.owner
        recent = (past for past in history if past.agent and past.answered and at - past.started_at < LAST_SPOKEN)
        last = next(recent, None)
        operator = self.duty.at(last.agent or "") if last is not None else None
        return None if operator is None else operator.login

    def _send(self, caller: Caller, way: Way) -> Outcome:
        """Once: what came of it shows in the caller's next event."""
        if caller.sent_to == way[:2]:
            return []
        caller.sent_to = way[:2]
        return [
            SendCaller(
                pbx=caller.arrived.pbx,
                call_id=caller.call_id,
                caller_uniqueid=caller.arrived.uniqueid,
                caller_channel=caller.arrived.channel,
                door=way.door,
                queue=way.queue,
            )
        ]

    def _gone(self, call_id: str, at: datetime) -> Outcome:
        caller = self.callers.get(call_id)
        return [] if caller is None else self._leaves(caller, at, Moment.CALLER_GONE)

    def _leaves(self, caller: Caller, at: datetime, moment: Moment) -> Outcome:
        """They wait no more in that queue, for whatever reason."""
        caller.queue = caller.by_pbx = None
        return self._let_go(caller, at, moment)

    def _let_go(self, caller: Caller, at: datetime, moment: Moment) -> Outcome:
        """No phone rings for them any more, and they stand in no line of ours."""
        # Phones that rang at our bidding before a restart of ours: no offers any more, but nobody else silences them.
        ours = sorted(leg_id for leg_id in caller.rung_by_others if leg_id.startswith(OFFER_PREFIX))
        outcome: Outcome = [told for leg_id in ours for told in self.offering.silence(caller.arrived.pbx, leg_id)]
        caller.rung_by_others.clear()
        outcome += self.offering.end_all(caller.call_id, moment, at)
        return outcome + self.offering.made(self.router.withdraw(caller.call_id, at.timestamp()), at)

    def _forget(self, call_id: str, at: datetime) -> Outcome:
        outcome = self._gone(call_id, at)
        self.callers.pop(call_id, None)
        self.raised.pop(call_id, None)
        return outcome

    def _over(self, offer: OpenOffer, moment: Moment, at: datetime) -> Outcome:
        """It came to nothing: the caller is back in their old place, with their old age."""
        outcome, told = self.offering.end(offer, moment, at)
        operator, now_s = self.duty.at(offer.agent), at.timestamp()
        if outcome is OfferOutcome.FAILED and operator is not None and offer.pbx in self._in_step:
            told.append(self.duty.rests(operator, at))
        if offer.pbx not in self._in_step and not self.offering.book.of_item(offer.item_id):
            return told + self.offering.made(self.router.withdraw(offer.item_id, now_s), at)
        ready = operator is not None and operator.free_to_choose
        return told + self.offering.made(self.router.failed(offer.item_id, offer.login, now_s, ready=ready), at)

    def _signs_out(self, operator: Operator, at: datetime) -> Outcome:
        outcome: Outcome = [*self.duty.silenced(operator)]
        for offer in self.offering.book.of_login(operator.login):
            if offer.agent == operator.status.agent:
                outcome += self.offering.end(offer, Moment.OPERATOR_GONE, at)[1]
                if offer.pbx not in self._in_step and not self.offering.book.of_item(offer.item_id):
                    # Nobody else can be rung there now: it waits for the line.
                    self.router.set_ready(operator.login, False, at.timestamp())
                    outcome += self.offering.made(self.router.withdraw(offer.item_id, at.timestamp()), at)
        return outcome + self.offering.made(self.duty.signs_out(operator, at), at)

    def _presence(self, agent: str, at: datetime, *, here: bool) -> Outcome:
        operator = self.duty.at(agent)
        if operator is None or operator.here == here:
            return []
        operator.here = here
        return self._as_they_are(operator, at)

    def _shift(self, operator: Operator, at: datetime) -> Outcome:
        return [self.duty.shift(operator, at), *self._as_they_are(operator, at)]

    def _as_they_are(self, operator: Operator, at: datetime) -> Outcome:
        return self.offering.made(self.duty.as_they_are(operator, at), at)

    def _hours_timer(self, queue: str, at: datetime) -> WakeAt:
        """At its next closing; one that is closed must open first."""
        opens_at = self.doors.next_opening(queue, at) if self.serves(queue) else None
        closes_at = None if opens_at is None else self.doors.next_closing(queue, opens_at)
        return WakeAt(timer_id=HOURS_TIMER + queue, at=closes_at)

    def _at_closing(self, queue: str, at: datetime) -> Outcome:
        """Those who still wait go where the queue says, but for whom a phone rings already."""
        outcome: Outcome = [self._hours_timer(queue, at)]
        for caller in list(self.callers.values()):
            if caller.queue != queue or self.offering.book.of_item(caller.call_id):
                continue
            if way := self.doors.at_closing(queue, at, number=caller.arrived.client_number):
                outcome += self.offering.made(self.router.withdraw(caller.call_id, at.timestamp()), at)
                outcome += self._send(caller, way)
        return outcome
