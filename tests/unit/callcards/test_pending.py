from callcards.pending import Pending
from callcards.ports import Annotate
from core.effects import DiscardCard, SaveCard
from tests.cards import NOON, card


def save(n: int, revision: int) -> SaveCard:
    return SaveCard(card=card(n, revision=revision))


NOTE = Annotate(annotation_id="a", card_id=card(1).card_id, by="anna", at=NOON, notes="x")
GONE = DiscardCard(card_id=card(2).card_id, into=None, linkedids=())


def test_the_last_state_of_a_card_keeps_the_place_of_its_first() -> None:
    pending = Pending()
    for change in (save(1, 1), save(2, 1), NOTE, save(1, 2), GONE, save(1, 3)):
        pending.put(change, 0.0)
    assert len(pending) == 4
    assert pending.take_all() == [save(1, 3), save(2, 1), NOTE, GONE]
    assert pending.take_all() == []


def test_an_earlier_state_never_replaces_a_later_one() -> None:
    pending = Pending()
    pending.put(save(1, 3), 0.0)
    pending.put(save(1, 2), 0.0)
    assert pending.take_all() == [save(1, 3)]


def test_people_typing_the_same_twice_is_two_changes() -> None:
    pending = Pending()
    pending.put(NOTE, 0.0)
    pending.put(NOTE, 0.0)
    assert pending.take_all() == [NOTE, NOTE]


def test_what_is_put_back_comes_before_what_came_since() -> None:
    pending = Pending()
    pending.put(save(1, 1), 1.0)
    pending.put(NOTE, 1.0)
    taken = pending.take_all()
    pending.put(save(1, 2), 2.0)
    pending.put(GONE, 2.0)
    pending.put_back(taken, 1.0)
    assert pending.oldest_at == 1.0
    assert pending.take_all() == [save(1, 2), NOTE, GONE]


def test_the_age_is_that_of_the_longest_waiting() -> None:
    pending = Pending()
    assert pending.oldest_at is None
    pending.put(save(1, 1), 5.0)
    pending.put(save(1, 2), 9.0)
    assert pending.oldest_at == 5.0
