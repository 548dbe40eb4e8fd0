"""What the record of conversations promises of offers: in memory, on SQLite and on a real PostgreSQL."""

from dataclasses import replace
from itertools import permutations

from callcards.offers import KeptOffer
from callcards.ports import CardStore
from core.effects import DiscardCard, SaveCard
from core.model import OfferOutcome
from tests.adapters.test_card_store import rooms, store  # noqa: F401  # the same stores, by the same fixtures
from tests.cards import CHOICE, card, instant, offer_ended, offer_made

OFFER = "cc.1795262401.1."


async def test_an_offer_keeps_why_and_what_came_of_it(store: CardStore) -> None:  # noqa: F811
    one = card(1)
    await store.apply([SaveCard(card=one), offer_made(one.card_id)])
    (open_offer,) = await store.offers(one.card_id)
    assert (open_offer.ended_at, open_offer.outcome) == (None, None)
    await store.apply([offer_ended(one.card_id)])
    assert await store.offers(one.card_id) == [
        KeptOffer(
            offer_id=OFFER + "0", card_id=one.card_id, agent="1001", login="anna", queue="support", at=instant(2),
            ended_at=instant(9), outcome=OfferOutcome.DECLINED, choice=CHOICE,
        )
    ]  # fmt: skip
    assert await store.offers(card(2).card_id) == []


async def test_in_whatever_order_and_however_often(store: CardStore) -> None:  # noqa: F811
    late = offer_ended("a1", at=instant(30), outcome=OfferOutcome.EXPIRED)
    for n, told in enumerate(permutations((offer_made("x"), offer_ended("x"), offer_made("x"), offer_ended("x")))):
        for change in told:
            await store.apply([replace(change, call_id=f"a{n}", offer_id=f"o{n}")])
        (offer,) = await store.offers(f"a{n}")
        assert (offer.at, offer.ended_at, offer.choice) == (instant(2), instant(9), CHOICE)
    await store.apply([replace(late, offer_id="o1")])
    (offer,) = await store.offers("a1")
    assert (offer.outcome, offer.ended_at) == (OfferOutcome.DECLINED, instant(9)), "the first end counts"


async def test_many_at_once_in_the_order_in_which_they_were_made(store: CardStore) -> None:  # noqa: F811
    one = card(1)
    made = [offer_made(one.card_id, f"{OFFER}{n}", at=instant(20 - n), agent=str(1000 + n)) for n in range(20)]
    await store.apply([SaveCard(card=one), *made, *(offer_ended(one.card_id, f"{OFFER}{n}") for n in range(0, 20, 2))])
    found = await store.offers(one.card_id)
    assert [offer.agent for offer in found] == [str(1000 + n) for n in reversed(range(20))]
    assert [offer.outcome is None for offer in found] == [n % 2 == 1 for n in reversed(range(20))]


async def test_offers_follow_a_card_that_became_part_of_another(store: CardStore) -> None:  # noqa: F811
    main, gone = card(1), card(2)
    await store.apply([SaveCard(card=main), SaveCard(card=gone), offer_made(gone.card_id, OFFER + "1")])
    await store.apply([DiscardCard(card_id=gone.card_id, into=main.card_id, linkedids=gone.linkedids)])
    await store.apply([offer_made(gone.card_id, OFFER + "2", at=instant(5)), offer_ended(gone.card_id, OFFER + "1")])
    for asked in (main.card_id, gone.card_id):
        found = await store.offers(asked)
        assert [(offer.offer_id, offer.card_id) for offer in found] == [
            (OFFER + "1", main.card_id),
            (OFFER + "2", main.card_id),
        ]
        assert found[0].outcome is OfferOutcome.DECLINED


async def test_nothing_from_outside_keeps_an_offer_out(store: CardStore) -> None:  # noqa: F811
    await store.apply([offer_made("a", "cc.\x00\ud800.1", agent="10\x0001")])
    (offer,) = await store.offers("a")
    assert offer.choice == CHOICE
