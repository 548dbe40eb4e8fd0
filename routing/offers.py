"""The offers that are open: which phone is held for which item, and since when. Pure; never who is chosen (router.py)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.model import OfferOutcome
from routing.offer_states import Moment, OfferState, next_state

LEASE_MARGIN_S = 10
"""An offer ends with the ringing, which the PBX times; this much later we end it ourselves."""


@dataclass(slots=True, kw_only=True)
class OpenOffer:
    """`offer_id` is the id of the channel that rings."""

    offer_id: str
    item_id: str
    pbx: str
    queue: str
    agent: str
    login: str
    made_at: datetime
    ring_s: int
    state: OfferState = OfferState.PENDING

    @property
    def lease_until(self) -> datetime:
        return self.made_at + timedelta(seconds=self.ring_s + LEASE_MARGIN_S)


class OfferBook:
    """By the id of the channel, by item and by operator; none is here that has its outcome."""

    def __init__(self) -> None:
        self._offers: dict[str, OpenOffer] = {}
        self._of_item: dict[str, list[OpenOffer]] = {}

    def __len__(self) -> int:
        return len(self._offers)

    def __iter__(self) -> Iterator[OpenOffer]:
        return iter(list(self._offers.values()))

    def get(self, offer_id: str) -> OpenOffer | None:
        return self._offers.get(offer_id)

    def of_item(self, item_id: str) -> list[OpenOffer]:
        return list(self._of_item.get(item_id, ()))

    def of_login(self, login: str) -> list[OpenOffer]:
        return [offer for offer in self._offers.values() if offer.login == login]

    def add(self, offer: OpenOffer) -> None:
        self._offers[offer.offer_id] = offer
        self._of_item.setdefault(offer.item_id, []).append(offer)

    def after(self, offer: OpenOffer, moment: Moment) -> OfferOutcome | None:
        """Its outcome, with which it leaves the book; None while it goes on."""
        state = next_state(offer.state, moment)
        if isinstance(state, OfferState):
            offer.state = state
            return None
        del self._offers[offer.offer_id]
        others = self._of_item[offer.item_id]
        others.remove(offer)
        if not others:
            del self._of_item[offer.item_id]
        return state
