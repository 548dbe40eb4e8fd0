from itertools import permutations

from callcards.offers import kept
from core.model import OfferOutcome
from tests.cards import CHOICE, instant, offer_ended, offer_made


def test_beginning_and_end_are_one_offer_in_any_order() -> None:
    late = offer_ended("a", at=instant(20), outcome=OfferOutcome.EXPIRED)
    for told in permutations((offer_made("a"), offer_ended("a"), offer_made("a"))):
        offer = None
        for change in told:
            offer = kept(offer, change)
        assert offer is not None
        assert (offer.at, offer.ended_at, offer.outcome) == (instant(2), instant(9), OfferOutcome.DECLINED)
        assert (offer.login, offer.queue, offer.choice, offer.agent) == ("anna", "support", CHOICE, "1001")
        assert kept(offer, late) == offer, "the first end counts"
