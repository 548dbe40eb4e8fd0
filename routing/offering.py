"""From the router's decisions to offers that people see, and back: made, ended, and why this operator. Pure.

Owns the open offers and the timers of leases and of the router's next step. Never hears an event itself (dispatcher.py).
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta

from core import events as e
from core.effects import Effect, SaveOffer, StopRinging, WakeAt
from core.model import Choice, OfferOutcome
from routing.callback_events import CallbackTaken
from routing.callers import Caller
from routing.choices import choice_of
from routing.lines import Item
from routing.offer_states import Moment
from routing.offers import OfferBook, OpenOffer
from routing.router import Offer, Router
from routing.staff import Person

Outcome = list[e.Event | Effect]
CALLBACK = "callback"
STEPS_TIMER, LEASE_TIMER = "steps", "lease "
_SILENT_ALREADY = frozenset({Moment.ANSWERED, Moment.REFUSED, Moment.RANG_OUT, Moment.UNSEEN})


class Offering:
    """`caller_of` knows who waits as an item, `phone_of` the extension at which a login sits, `why_not` what keeps a login,
    `reaches` whether a PBX can be told anything now."""

    def __init__(
        self,
        router: Router,
        *,
        caller_of: Callable[[str], Caller],
        phone_of: Callable[[str], str],
        ring_s: Callable[[str], int],
        why_not: Callable[[str], tuple[str, ...]],
        reaches: Callable[[str], bool],
    ) -> None:
        self.router, self.book = router, OfferBook()
        router.watch = self._chosen
        self._caller_of, self._phone_of, self._ring_s, self._why_not = caller_of, phone_of, ring_s, why_not
        self._reaches = reaches
        self._to_silence: dict[str, str] = {}
        self._choices: dict[tuple[str, str], Choice] = {}
        self._wake_at: datetime | None = None

    def made(self, offers: Iterable[Offer], at: datetime) -> Outcome:
        """What the router decided, told; and the timer of its next step set anew where it is another."""
        outcome: Outcome = [told for offer in offers for told in self._tell(offer, at)]
        wake_s = self.router.next_wake_s()
        # A microsecond later than the float says, so that the step's time has come when the timer goes off.
        due = None if wake_s is None else datetime.fromtimestamp(wake_s, UTC) + timedelta(microseconds=1)
        if due != self._wake_at:
            self._wake_at = due
            outcome.append(WakeAt(timer_id=STEPS_TIMER, at=due))
        return outcome

    def woke(self, at: datetime) -> Outcome:
        """The time of a step has come."""
        self._wake_at = None
        return self.made(self.router.wake(at.timestamp()), at)

    def end(self, offer: OpenOffer, moment: Moment, at: datetime) -> tuple[OfferOutcome | None, Outcome]:
        """What became of it, told to everybody but the router; None and nothing while it goes on."""
        outcome = self.book.after(offer, moment)
        if outcome is None:
            return None, []
        return outcome, [
            *([] if moment in _SILENT_ALREADY else self.silence(offer.pbx, offer.offer_id)),
            WakeAt(timer_id=LEASE_TIMER + offer.offer_id, at=None),
            SaveOffer(call_id=offer.item_id, offer_id=offer.offer_id, agent=offer.agent, at=at, outcome=outcome),
            e.OfferEnded(
                at=at,
                call_id=offer.item_id,
                offer_id=offer.offer_id,
                agent=offer.agent,
                outcome=outcome,
                missed=outcome is OfferOutcome.EXPIRED,
            ),
        ]

    def silence(self, pbx: str, offer_id: str) -> Outcome:
        """That phone rings no more; at once, or when its PBX can be told again."""
        if self._reaches(pbx):
            return [StopRinging(pbx=pbx, offer_id=offer_id)]
        self._to_silence[offer_id] = pbx
        return []

    def reached(self, pbx: str) -> Outcome:
        """It can be told again: what should have fallen silent meanwhile."""
        ringing = [offer_id for offer_id, of_pbx in self._to_silence.items() if of_pbx == pbx]
        for offer_id in ringing:
            self.fell_silent(offer_id)
        return [StopRinging(pbx=pbx, offer_id=offer_id) for offer_id in ringing]

    def fell_silent(self, offer_id: str) -> None:
        """By itself."""
        self._to_silence.pop(offer_id, None)

    def end_all(self, item_id: str, moment: Moment, at: datetime) -> Outcome:
        """Every offer of this item; the router hears of it by what follows."""
        return [told for offer in self.book.of_item(item_id) for told in self.end(offer, moment, at)[1]]

    def _chosen(self, item: Item, people: list[Person], now_s: float) -> None:
        """The router is about to offer: the reasons are those of this moment."""
        for person in people:
            self._choices[item.item_id, person.login] = choice_of(self.router, item, person, now_s, self._why_not)

    def _tell(self, made: Offer, at: datetime) -> Outcome:
        item = self.router.items.get(made.item_id)
        if item is not None and item.channel == CALLBACK:
            return [self._taken(made.item_id, login, at) for login in made.logins[:1]]
        caller, outcome = self._caller_of(made.item_id), Outcome()
        for login in made.logins:
            offer = OpenOffer(
                offer_id=caller.next_offer_id(at),
                item_id=made.item_id,
                pbx=caller.arrived.pbx,
                queue=made.queue,
                agent=self._phone_of(login),
                login=login,
                made_at=at,
                ring_s=self._ring_s(made.queue),
            )
            self.book.add(offer)
            outcome.append(
                e.OfferMade(
                    at=at,
                    call_id=made.item_id,
                    offer_id=offer.offer_id,
                    agent=offer.agent,
                    login=login,
                    queue=made.queue,
                    ring_s=offer.ring_s,
                    choice=self._choices.pop((made.item_id, login)),
                )
            )
        return outcome

    def _taken(self, callback_id: str, login: str, at: datetime) -> CallbackTaken:
        """Of callbacks the attempt is callbacks.py's matter: it has its own pop, phone and end."""
        choice = self._choices.pop((callback_id, login), None)
        return CallbackTaken(at=at, callback_id=callback_id, agent=self._phone_of(login), login=login, choice=choice)
