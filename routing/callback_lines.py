"""Callbacks in the queues: where they stand among the callers who wait, by the same score, and whom that offers them to. Rules
only.

The router and the people are the dispatcher's; the callback itself is callbacks.py's. Queues in which Meridian doesn't choose have
no line here: their callbacks are taken by hand from the list. Nor has a PBX that can't be reached.
"""

from core import events as e
from core.callback import Callback
from core.events import Event
from routing.callback_events import CallbackPickedUp, CallbackWaits, CallbackWaitsNoMore
from routing.dispatcher import Dispatcher
from routing.lines import Item
from routing.live_plan import PlanChanged
from routing.offering import CALLBACK, Outcome
from routing.router import Offer


class CallbackLines:
    """`dispatcher` is that of the site."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher
        self._waiting: dict[str, Callback] = {}
        self._in_step: set[str] = set()

    def on_callback_waits(self, event: CallbackWaits) -> Outcome:
        """In its old place with its old age: new here, or back from an operator who missed it."""
        self._waiting[event.callback.callback_id] = event.callback
        return self._line_up(event.callback, event)

    def on_callback_waits_no_more(self, event: CallbackWaitsNoMore) -> Outcome:
        self._waiting.pop(event.callback_id, None)
        return self._made(self._dispatcher.router.withdraw(event.callback_id, event.at.timestamp()), event)

    def on_callback_picked_up(self, event: CallbackPickedUp) -> Outcome:
        """They have it: their next work comes when this is behind them, wrap-up included."""
        self._waiting.pop(event.callback_id, None)
        router, operator = self._dispatcher.router, self._dispatcher.duty.of(event.login)
        offer = router.offers.get(event.callback_id)
        if offer is None or operator is None:
            return self._made(router.withdraw(event.callback_id, event.at.timestamp()), event)
        operator.held.append(CALLBACK)
        return self._made(router.accepted(event.callback_id, event.login, event.at.timestamp()), event)

    def on_pbx_connected(self, event: e.PbxConnected) -> Outcome:
        """Comes with every snapshot: what stands in line, or is offered, stays as it is."""
        self._in_step.add(event.pbx)
        return [told for one in self._of(event.pbx) for told in self._new_in_line(one, event)]

    def on_pbx_lost(self, event: e.PbxLost) -> Outcome:
        """Nobody can be rung there; who rings already rings on."""
        self._in_step.discard(event.pbx)
        router, outcome = self._dispatcher.router, Outcome()
        for one in self._of(event.pbx):
            if one.callback_id not in router.offers:
                outcome += self._made(router.withdraw(one.callback_id, event.at.timestamp()), event)
        return outcome

    def on_plan_changed(self, event: PlanChanged) -> Outcome:
        """After the dispatcher: queues that are new or back have a line again."""
        return [
            told for pbx in sorted(self._in_step) for one in self._of(pbx) for told in self._new_in_line(one, event)
        ]

    def _of(self, pbx: str) -> list[Callback]:
        return sorted((one for one in self._waiting.values() if one.pbx == pbx), key=lambda one: one.entered_at)

    def _line_up(self, one: Callback, event: Event) -> Outcome:
        router, now_s = self._dispatcher.router, event.at.timestamp()
        offer = router.offers.get(one.callback_id)
        if offer is not None and one.pbx not in self._in_step:
            return self._made(router.withdraw(one.callback_id, now_s), event)
        if offer is not None:
            (login,) = offer.waiting_for
            operator = self._dispatcher.duty.of(login)
            ready = operator is not None and operator.free_to_choose
            return self._made(router.failed(one.callback_id, login, now_s, ready=ready), event)
        return self._new_in_line(one, event)

    def _new_in_line(self, one: Callback, event: Event) -> Outcome:
        router, now_s = self._dispatcher.router, event.at.timestamp()
        absent = one.queue in router.policies and one.callback_id not in router.items
        if not absent or one.pbx not in self._in_step:
            return []
        points = one.offset + self._dispatcher.raised.get(one.callback_id, 0.0)
        item = Item(one.callback_id, one.queue, one.entered_at.timestamp(), offset=points, channel=CALLBACK)
        return self._made(router.enqueue(item, now_s), event)

    def _made(self, offers: list[Offer], event: Event) -> Outcome:
        return self._dispatcher.offering.made(offers, event.at)
