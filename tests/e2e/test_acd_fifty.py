"""Fifty operators at fifty screens on a real Asterisk, and more callers than can be served at once: every caller is answered by
somebody who was free and had the pop, and nobody is left reserved."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.acd_centre import PLAN, SUPPORT, AcdCentre
from tests.rig.driver import Msg
from tests.rig.instance import Asterisk
from tests.rig.ledger import read_cdr, unmatched

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(420)]
OPERATORS, CALLS, A_SECOND = 50, 160, 5
BASE = "+4930555"
TALK_MS, RING_MS = 8_000, 400
# Fifty phones on a small machine: one that is late to answer must not pass for an operator who is gone.
PATIENT = PLAN.replace("offer_s = 6", "offer_s = 30").replace("missed_calls = 1", "missed_calls = 3")


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[AcdCentre]:
    people = {f"op{n}": (n, {}) for n in range(1011, 1011 + OPERATORS)}
    with Asterisk() as asterisk:
        made = AcdCentre(asterisk, tmp_path, people, plan=PATIENT)
        try:
            yield made
        finally:
            made.close()


def test_fifty_operators_and_nobody_is_stuck(centre: AcdCentre) -> None:
    for login in centre.people:
        centre.phone(login, "auto_uas.xml", words={"@RING@": RING_MS})
        centre.screen(login)
    mark = centre.stage.ami.mark()
    room = centre.stage.phones
    room.load(SUPPORT, base=BASE, talk_ms=TALK_MS, rate=A_SECOND, calls=CALLS)
    centre.until(lambda: sum(line.ended for line in room.ledger()) == CALLS, "all over", 200)
    cards = centre.meridian.wait_complete()
    assert len(cards) == CALLS
    assert [card for card in cards if card.answered_by is None] == []
    assert unmatched(room.ledger(), read_cdr(centre.asterisk.cdr_csv), [card.ids for card in cards]) == []
    nobody_is_reserved(centre)
    assert legs_without_pop(centre, centre.stage.ami.events(mark)) == []


def nobody_is_reserved(centre: AcdCentre) -> None:
    def rested() -> bool:
        seen = centre.boss.get("/api/routing/waiting").raise_for_status().json()
        line = next(queue for queue in seen["queues"] if queue["queue"] == "support-acd")
        return seen["items"] == [] and line["ready"] == OPERATORS

    def states() -> str:
        return str({login: screen.state() for login, screen in centre.screens.items()})

    centre.until(rested, "everybody ready again", seen=states)


def legs_without_pop(centre: AcdCentre, events: list[Msg]) -> list[str]:
    """The phones that we rang and whose operator's screen had no pop for it, or somebody else's had."""
    rung = {e["Uniqueid"] for e in events if e.get("Event") == "Newchannel" and e["Uniqueid"].startswith("cc.")}
    assert len(rung) >= CALLS
    popped = [
        (told.message["pop"]["pop_id"].split("/")[1], login)
        for login, screen in centre.screens.items()
        for told in screen.pops()
    ]
    doubled = [leg for leg, times in Counter(leg for leg, _ in set(popped)).items() if times > 1]
    return [*doubled, *(rung - {leg for leg, _ in popped})]
