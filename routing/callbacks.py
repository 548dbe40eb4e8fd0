"""The promised callbacks of a site: asked for, put off, offered, tried, kept, or told as failed. Rules only; what follows from a
change is callback_book.py, what may follow what callback_states.py.

Never chooses an operator (dispatcher.py does, or they take it by hand) and never dials (PlaceCallback is carried out elsewhere).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core import events as e
from core.callback import Attempt, Callback, CallbackState, First
from core.effects import Audit, PlaceCallback, SaveOffer, StopRinging, WakeAt
from core.errors import Conflict
from core.model import Direction, EndedBy, OfferOutcome
from core.values import changed
from routing.callback_book import TIMER, Book, M, Outcome, S, Times
from routing.callback_events import (
    CallbackOrdered,
    CallbackPickedUp,
    CallbacksLoaded,
    CallbackTaken,
    CallbackWaitsNoMore,
    CallbackWished,
)
from routing.callback_states import OPEN, Moment, next_state
from routing.live_plan import PlanChanged
from routing.resume import NumberOf

MARGIN_S = 20
"""A phone that the PBX didn't ring tells nothing at all; so much later than its ringing would end we conclude that."""

_MOST_OPEN = 10_000
_MOST_TOLD = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What callbacks must know of the house they are in. `ring_s_of` a queue, and its `vip_points_of`; `barred` says why a
    number may not be called (None: it may), `zone_of` where it is; `place_of` since when a caller waits; `card_of` the id of
    the card that the call of a channel on a PBX will have, `id_of` that of the callback asked for in a call."""

    site: str
    pbx: str
    ring_s_of: Callable[[str], int]
    vip_points_of: Callable[[str], float]
    e164: NumberOf
    zone_of: NumberOf
    barred: Callable[[str], str | None]
    place_of: Callable[[str], datetime | None]
    card_of: Callable[[str, str], str]
    id_of: Callable[[str], str]


@dataclass(slots=True)
class _Caller:
    """A live inbound call, as far as callbacks need it."""

    pbx: str
    number: str | None
    name: str
    zone: str | None = None
    vip: bool = False
    entered_at: datetime | None = None


@dataclass(slots=True)
class _Leg:
    """The channel of an attempt. `chosen`: for an operator, with reasons that are kept; `dialled`: the client is being called;
    `blind`: we heard nothing for a while."""

    callback_id: str
    call_id: str
    agent: str = ""
    chosen: bool = False
    dialled: bool = False
    blind: bool = False


class Callbacks:
    """Rules and questions."""

    def __init__(self, house: House, times: Times) -> None:
        self._house, self._book = house, Book(times)
        self._callers: dict[str, _Caller] = {}
        self._legs: dict[str, _Leg] = {}

    # ---- questions

    def one(self, callback_id: str) -> Callback | None:
        """If it is open."""
        return self._book.open.get(callback_id)

    def of_number(self, number: str) -> Callback | None:
        """The open one."""
        return self._book.of_number(number)

    @property
    def last_closed(self) -> Callback | None:
        """For whoever has just closed one and is shown it; the record knows it a moment later."""
        return self._book.last_closed

    def listed(self) -> list[Callback]:
        """The open ones, the oldest place first."""
        return sorted(self._book.open.values(), key=lambda one: (one.entered_at, one.callback_id))

    def counts(self) -> dict[CallbackState, int]:
        states = [one.state for one in self._book.open.values()]
        return {state: states.count(state) for state in CallbackState if state in OPEN}

    def refusal(self, callback: Callback, moment: Moment) -> Conflict | None:
        """What stands against a person's wish; None: its event may go into the engine."""
        now = self._book.open.get(callback.callback_id, callback)
        if next_state(now.state, moment) is None:
            return Conflict(
                f"This callback is {now.state.value}: that can't be done with it now.", code="callback_state"
            )
        other = self._book.of_number(now.number)
        if moment is M.AGAIN and other is not None and other.callback_id != now.callback_id:
            return Conflict("They have asked again meanwhile: that callback is open.", code="callback_open")
        return None

    def place_of(self, call_id: str) -> datetime | None:
        """Since when a client whom we have called, and who waits for an operator, counts as waiting."""
        one = self._of_call(call_id)
        return one.entered_at if one is not None and one.first is First.CLIENT else None

    # ---- asked for

    def on_callbacks_loaded(self, event: CallbacksLoaded) -> Outcome:
        """What was under way when we died has an unknown result: it is told so, and not silently repeated."""
        out: Outcome = []
        for one in event.callbacks:
            self._book.put(one)
            if (attempt := one.attempt) is not None and one.state is S.RINGING:
                self._legs[attempt.leg_id] = _Leg(one.callback_id, attempt.call_id)
            if one.state is S.WAITING:  # it stands in no queue yet
                self._book.put(changed(one, state=S.PLANNED))
            out += self._book.moved(one, M.LOST, event.at, reason="restart") or self._book.looked_at(
                one.callback_id, event.at
            )
        return out

    def on_callback_asked(self, event: e.CallbackAsked) -> Outcome:
        """By a caller. Once for each call, whoever tells it and how often."""
        callback_id = self._house.id_of(event.call_id)
        if callback_id in self._book.open:
            return []
        caller = self._callers.get(event.call_id) or _Caller(self._house.pbx, None, "")
        number = self._house.e164(event.number)
        new = self._new(
            callback_id,
            event.at,
            pbx=caller.pbx,
            queue=event.queue,
            number=number or event.number,
            name=caller.name,
            zone=caller.zone,
            entered_at=caller.entered_at or event.at,
            offset=self._house.vip_points_of(event.queue) if caller.vip else 0.0,
            asked_on=event.call_id,
        )
        return self._asked(new, "no_number" if number is None else self._house.barred(number))

    def on_callback_wished(self, event: CallbackWished) -> Outcome:
        """By a person."""
        new = self._new(
            event.callback_id,
            event.at,
            pbx=event.pbx,
            queue=event.queue,
            number=event.number,
            name=event.name,
            entered_at=event.at,
            asked_by=event.by,
        )
        return self._asked(new, self._house.barred(event.number))

    def _new(self, callback_id: str, at: datetime, *, queue: str, **facts: object) -> Callback:
        times = self._book.times
        new = Callback(
            callback_id=callback_id,
            site=self._house.site,
            queue=queue,
            asked_at=at,
            first=times.setting_of(queue).first,
            state=S.PLANNED,
            not_before=at,
            due_at=at,
            expires_at=times.lives_until(queue, at),
            **facts,  # type: ignore[arg-type]  # named in full by the two who ask
        )
        return changed(new, zone=new.zone or self._house.zone_of(new.number))

    def _asked(self, new: Callback, why_not: str | None) -> Outcome:
        at, known = new.asked_at, self._book.of_number(new.number)
        if why_not is None and known is not None:
            return self._asked_again(known, new)
        if why_not is None and len(self._book.open) >= _MOST_OPEN:
            why_not = "too_many"
        self._book.put(new)
        if why_not is not None:  # the caller was promised something: it is listed until somebody has seen to it
            return self._book.moved(new, M.BARRED, at, reason=why_not)
        due_at = self._book.times.next_moment(new, at)
        if due_at is not None:  # its time to live begins when its queue opens
            new = changed(new, due_at=due_at, expires_at=self._book.times.lives_until(new.queue, due_at))
        return self._book.saved(new) + self._book.looked_at(new.callback_id, at)

    def _asked_again(self, known: Callback, new: Callback) -> Outcome:
        """Refreshed, not doubled: the older place counts, the time to live begins anew, and the latest queue is the one."""
        refreshed = changed(
            known,
            queue=new.queue,
            entered_at=min(known.entered_at, new.entered_at),
            expires_at=max(known.expires_at, new.expires_at),
            times_asked=known.times_asked + 1,
        )
        out: Outcome = []
        if known.state is S.WAITING and known.queue != new.queue:
            out.append(CallbackWaitsNoMore(at=new.asked_at, callback_id=known.callback_id))
            refreshed = changed(refreshed, state=S.PLANNED)
        moved = self._book.moved(refreshed, M.ASKED_AGAIN, new.asked_at, not_before=new.asked_at, reason="")
        return out + (moved or self._book.saved(refreshed) + self._book.looked_at(known.callback_id, new.asked_at))

    # ---- calls

    def on_call_arrived(self, event: e.CallArrived) -> Outcome:
        """A caller; or the conversation of an attempt, to which belongs a number as soon as the client is being called."""
        leg = self._legs.get(event.uniqueid)
        if leg is None:
            if event.direction is Direction.INBOUND:
                number = self._house.e164(event.client_number or "")
                self._callers[event.call_id] = _Caller(event.pbx, number, event.caller_name)
            return []
        leg.call_id = event.call_id
        one = self._book.open.get(leg.callback_id)
        if one is None or event.client_number is None:
            return []
        leg.dialled = True
        out: Outcome = [WakeAt(timer_id=TIMER + one.callback_id, at=None)]
        out += _offer_over(event.uniqueid, leg, event.at, OfferOutcome.ACCEPTED)
        if one.attempt is not None and one.first is First.OPERATOR:
            out.append(CallbackPickedUp(at=event.at, callback_id=one.callback_id, login=one.attempt.login))
        return out + self._book.moved(one, M.SEEN, event.at, reason="")

    def on_call_queued(self, event: e.CallQueued) -> Outcome:
        if (caller := self._callers.get(event.call_id)) is not None:
            caller.entered_at = self._house.place_of(event.call_id) or caller.entered_at or event.at
        return []

    def on_client_identified(self, event: e.ClientIdentified) -> Outcome:
        """The record knows a client's zone better than the number does."""
        caller = self._callers.get(event.call_id)
        if caller is not None and event.client is not None:
            caller.name, caller.zone = event.client.name or caller.name, event.client.timezone
            caller.vip = event.client.vip
        return []

    def on_call_answered(self, event: e.CallAnswered) -> Outcome:
        """The client of an attempt talks; or one who was promised a callback called in and was answered."""
        one = self._of_call(event.call_id)
        if one is not None:
            talks = (event.agent is None) if one.first is First.OPERATOR else (event.agent is not None)
            return self._book.moved(one, M.TALKED, event.at) if talks else []
        caller = self._callers.get(event.call_id)
        served = self._book.of_number(caller.number) if caller is not None and event.agent is not None else None
        if served is None:
            return []
        return self._book.moved(served, M.SERVED, event.at, reason="called_in") + self._let_go(served, event.at)

    def on_call_ended(self, event: e.CallEnded) -> Outcome:
        self._callers.pop(event.call_id, None)
        one = self._of_call(event.call_id)
        leg_id = next((leg_id for leg_id, leg in self._legs.items() if leg.call_id == event.call_id), None)
        leg = self._legs.pop(leg_id) if leg_id is not None else None
        if leg is None or leg_id is None:
            return []
        out: Outcome = []
        if not leg.dialled:
            missed = one is not None and not event.inferred and event.ended_by is not EndedBy.AGENT
            out.append(_given_up(leg_id, leg, event.at, missed=missed))
            out += _offer_over(leg_id, leg, event.at, OfferOutcome.EXPIRED if missed else OfferOutcome.DECLINED)
        if one is None:
            return out
        if one.state is S.TALKING:
            return out + self._book.moved(one, M.OVER, event.at)
        if event.inferred:
            return out + self._book.moved(one, M.LOST, event.at, reason="line_lost")
        return out + (
            self._unanswered(one, event.at) if leg.dialled else self._book.moved(one, M.MISSED, event.at, reason="")
        )

    def _unanswered(self, one: Callback, at: datetime) -> Outcome:
        setting, reached_for = self._book.times.setting_of(one.queue), one.reached_for + 1
        if reached_for >= setting.attempts:
            return self._book.moved(one, M.EXHAUSTED, at, reason="not_reached", reached_for=reached_for)
        not_before = at + timedelta(seconds=setting.pause_s)
        return self._book.moved(one, M.UNANSWERED, at, reached_for=reached_for, not_before=not_before)

    # ---- attempts

    def on_callback_taken(self, event: CallbackTaken) -> Outcome:
        """The attempt is kept before anything rings, and the pop goes out before that, too."""
        one = self._book.open.get(event.callback_id)
        if one is None or next_state(one.state, M.OFFERED) is not S.RINGING:
            # It is in hand, or over: whoever chose for it lets go.
            return [] if event.by_hand else [CallbackWaitsNoMore(at=event.at, callback_id=event.callback_id)]
        leg_id = f"cb.{one.callback_id.replace('-', '')}.{int(event.at.timestamp())}.{one.revision}"
        call_id = self._house.card_of(one.pbx, leg_id)
        attempt = Attempt(at=event.at, agent=event.agent, login=event.login, leg_id=leg_id, call_id=call_id)
        self._legs = {
            old: leg
            for old, leg in self._legs.items()
            if leg.callback_id in self._book.open and leg.callback_id != one.callback_id
        }
        self._legs[leg_id] = _Leg(one.callback_id, call_id, event.agent, chosen=not event.by_hand)
        ring_s = self._house.ring_s_of(one.queue)
        out = self._book.moved(one, M.OFFERED, event.at, attempts=(*one.attempts, attempt)[-_MOST_TOLD:], reason="")
        if event.by_hand or one.first is First.CLIENT:
            out.append(CallbackWaitsNoMore(at=event.at, callback_id=one.callback_id))
        now = self._book.open[one.callback_id]
        if event.choice is not None:
            out.append(SaveOffer(call_id=call_id, offer_id=leg_id, agent=event.agent, at=event.at, choice=event.choice))
        return [*out, e.CallbackOffered(at=event.at, call_id=call_id, callback=now, attempt=attempt, ring_s=ring_s)]

    def on_callback_offered(self, event: e.CallbackOffered) -> Outcome:
        """Heard after the screen did: the pop is on its way, now the phone."""
        lost_at = event.at + timedelta(seconds=event.ring_s + MARGIN_S)
        return [
            PlaceCallback(callback=event.callback, attempt=event.attempt, ring_s=event.ring_s),
            WakeAt(timer_id=TIMER + event.callback.callback_id, at=lost_at),
        ]

    def on_callback_not_dialled(self, event: e.CallbackNotDialled) -> Outcome:
        leg = self._legs.get(event.leg_id)
        one = self._book.open.get(leg.callback_id) if leg is not None else None
        if one is None or leg is None:
            return []
        if event.certain:  # else its call may still be seen
            del self._legs[event.leg_id]
        over = [_given_up(event.leg_id, leg, event.at), *_offer_over(event.leg_id, leg, event.at, OfferOutcome.FAILED)]
        if event.barred:
            return over + self._book.moved(one, M.BARRED, event.at, reason=event.why)
        if not event.certain:
            return over + self._book.moved(one, M.LOST, event.at, reason=event.why)
        if event.retry_s is None:
            return over + self._book.moved(one, M.MISSED, event.at, reason=event.why)
        not_before = event.at + timedelta(seconds=event.retry_s)
        return over + self._book.moved(one, M.UNANSWERED, event.at, reason=event.why, not_before=not_before)

    def on_pbx_lost(self, event: e.PbxLost) -> Outcome:
        for leg in self._legs.values():
            one = self._book.open.get(leg.callback_id)
            leg.blind = leg.blind or (one is not None and one.pbx == event.pbx)
        return []

    def on_woke(self, event: e.Woke) -> Outcome:
        one = self._book.open.get(event.timer_id.removeprefix(TIMER)) if event.timer_id.startswith(TIMER) else None
        if one is None:
            return []
        if one.state is not S.RINGING:
            return self._book.looked_at(one.callback_id, event.at)
        leg_id = one.attempts[-1].leg_id
        leg = self._legs.pop(leg_id, None)  # nothing was heard of its phone
        if leg is None:
            return self._book.moved(one, M.LOST, event.at, reason="line_lost")
        over = [_given_up(leg_id, leg, event.at), *_offer_over(leg_id, leg, event.at, OfferOutcome.FAILED)]
        if leg.blind:
            return over + self._book.moved(one, M.LOST, event.at, reason="line_lost")
        return over + self._book.moved(one, M.MISSED, event.at, reason="phone_unreachable")

    def on_plan_changed(self, event: PlanChanged) -> Outcome:
        """Other hours count at once."""
        return [told for one in self.listed() for told in self._book.looked_at(one.callback_id, event.at)]

    # ---- persons

    def on_callback_ordered(self, event: CallbackOrdered) -> Outcome:
        one = self._book.open.get(event.callback.callback_id, event.callback)
        if self.refusal(one, event.moment) is not None:
            return []
        facts: dict[str, object] = {"closed_by": event.by}
        if event.moment is M.AGAIN:
            until = max(one.expires_at, self._book.times.lives_until(one.queue, event.at))
            facts = {"not_before": event.at, "reached_for": 0, "reason": "", "closed_at": None, "expires_at": until}
        out = self._book.moved(one, event.moment, event.at, **facts)
        out += self._let_go(one, event.at)
        told = {"callback_id": one.callback_id, "number": one.number}
        return [*out, Audit(at=event.at, actor=event.by, action=f"callback_{event.moment}", facts=told)]

    # ---- inner

    def _of_call(self, call_id: str) -> Callback | None:
        """Whose attempt this conversation is, as long as it is the present one."""
        leg = next((leg for leg in self._legs.values() if leg.call_id == call_id), None)
        one = self._book.open.get(leg.callback_id) if leg is not None else None
        return one if one is not None and one.state in (S.RINGING, S.TALKING) else None

    def _let_go(self, before: Callback, at: datetime) -> Outcome:
        """It is over while a phone rings for it: that falls silent, unless the client is being called already."""
        attempt = before.attempt
        leg = self._legs.get(attempt.leg_id) if attempt is not None and before.state is S.RINGING else None
        if attempt is None or leg is None or leg.dialled:
            return []
        del self._legs[attempt.leg_id]
        return [
            StopRinging(pbx=before.pbx, offer_id=attempt.leg_id),
            _given_up(attempt.leg_id, leg, at),
            *_offer_over(attempt.leg_id, leg, at, OfferOutcome.CANCELLED),
        ]


def _given_up(leg_id: str, leg: _Leg, at: datetime, *, missed: bool = False) -> e.CallbackGivenUp:
    return e.CallbackGivenUp(at=at, call_id=leg.call_id, leg_id=leg_id, agent=leg.agent, missed=missed)


def _offer_over(leg_id: str, leg: _Leg, at: datetime, outcome: OfferOutcome) -> Outcome:
    """What came of a choice is kept beside its reasons."""
    if not leg.chosen:
        return []
    leg.chosen = False
    return [SaveOffer(call_id=leg.call_id, offer_id=leg_id, agent=leg.agent, at=at, outcome=outcome)]
