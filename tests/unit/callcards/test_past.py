import pytest

from callcards.past import past_interaction, served_by
from callcards.ports import StoredCard
from core.model import Card, Direction
from tests.cards import card


@pytest.mark.parametrize(
    ("found", "who"),
    [
        (card(), "1001"),
        (card(legs=(), answered_by="+79160000000"), "+79160000000"),
        (card(legs=(), answered_by=None), None),
        (card(direction=Direction.OUTBOUND, agent="1007", answered_by="+7916"), "1007"),
        (card(direction=Direction.INBOUND, agent="1007", legs=(), answered_by="1002"), "1002"),
    ],
)
def test_who_served(found: Card, who: str | None) -> None:
    assert served_by(found) == who


def test_a_line_of_history() -> None:
    line = past_interaction(StoredCard(card=card(), notes="n", disposition="sold"))
    assert (line.card_id, line.queue, line.agent, line.talk_s) == (card().card_id, "sales", "1001", 92.75)
    assert (line.notes, line.disposition, line.answered) == ("n", "sold", True)
