"""Meridian is killed while a caller waits, while the operator's phone rings, while they talk; and two Meridians want one caller.
No caller is ever left in silence, and every one ends answered or in the fallback."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig.acd_centre import PLAN, AcdCentre
from tests.rig.driver import RigError
from tests.rig.instance import Asterisk
from tests.rig.phone import Phone
from tests.rig.watched import Watched

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(180)]
PEOPLE = {"anna": (1001, {}), "boris": (1002, {})}
SILENCE_S = 10.0


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[AcdCentre]:
    with Asterisk() as asterisk:
        made = AcdCentre(asterisk, tmp_path, PEOPLE)
        try:
            yield made
        finally:
            made.close()


def test_killed_while_a_caller_waits(centre: AcdCentre) -> None:
    centre.stage.member(1005, "support")
    (native,) = centre.stage.agents(1005)
    caller = centre.call("79161120001")
    with Watched(centre.asterisk, "79161120001") as heard:
        time.sleep(2)
        centre.meridian.kill()
        native.wait("RINGING")
        native.answer()
        time.sleep(2)
        caller.hangup()
    assert heard.silent_s < SILENCE_S, heard.apps
    centre.meridian.start()
    centre.until(lambda: centre.card("79161120001").answered_by == "1005", "on the card, from the call record", 30)


def test_killed_while_the_phone_rings_the_operator_still_gets_the_caller(centre: AcdCentre) -> None:
    anna = centre.phone("anna")
    centre.screen("anna")
    caller = centre.call("79161120002")
    anna.wait("RINGING")
    with Watched(centre.asterisk, "79161120002") as heard:
        centre.meridian.kill()
        time.sleep(1)
        anna.answer()
        time.sleep(2)
        centre.meridian.start()
        time.sleep(2)
        caller.hangup()
        anna.wait("ENDED")
    assert heard.silent_s < SILENCE_S, heard.apps
    (card,) = centre.meridian.wait_complete()
    assert (card.answered_by, card.ended_by) == ("1001", "caller")


def test_killed_while_they_talk_and_the_operator_is_not_offered_another(centre: AcdCentre) -> None:
    anna = centre.phone("anna")
    screen = centre.screen("anna")
    first = centre.call("79161120003")
    anna.wait("RINGING")
    anna.answer()
    screen.becomes("busy")
    centre.until(lambda: centre.card("79161120003").answered_by == "1001", "stored")
    centre.meridian.kill()
    second = centre.call("79161120004")
    centre.meridian.start()
    screen.connect().becomes("busy")
    time.sleep(2)
    assert anna.poll("RINGING") is None
    first.hangup()
    anna.wait("RINGING")  # the second kept the place through our death
    anna.answer()
    time.sleep(1)
    second.hangup()
    anna.wait("ENDED")
    # Not in order of start: that of the second is known from its Uniqueid, to the second.
    answered = {card.caller_number: card.answered_by for card in centre.meridian.wait_complete()}
    assert answered == {"79161120003": "1001", "79161120004": "1001"}


def test_a_restart_with_callers_waiting_and_a_phone_ringing_loses_nobody_and_rings_nobody_twice(
    centre: AcdCentre,
) -> None:
    anna, boris = centre.phone("anna"), centre.phone("boris")
    screens = [centre.screen("anna")]
    time.sleep(0.3)
    screens.append(centre.screen("boris"))
    caller = centre.call("79161120005")
    anna.wait("RINGING")
    centre.meridian.kill()
    centre.meridian.start()
    for screen in screens:
        screen.connect()
    assert boris.poll("RINGING") is None  # anna's phone rings on for this caller
    anna.wait("CANCELLED")
    boris.wait("RINGING")
    centre.talk("boris", "79161120005")
    caller.hangup()
    boris.wait("ENDED")
    (card,) = centre.meridian.wait_complete()
    assert card.answered_by == "1002"


def test_two_meridians_want_one_caller_and_one_operator_gets_them(centre: AcdCentre, tmp_path: Path) -> None:
    """Each serves its own operators, and knows nothing of the other: the lock is in the dialplan. Nearly always both phones ring;
    a node that is slower by more than that sees the other's phone ring, and leaves the caller to it."""
    other_folder = tmp_path / "other"
    other_folder.mkdir()
    other = AcdCentre(centre.asterisk, other_folder, {"carmen": (1003, {})}, plan=PLAN)
    try:
        anna, carmen = centre.phone("anna"), other.phone("carmen")
        centre.screen("anna")
        other.screen("carmen")
        caller = centre.call("79161120006")
        rung = [phone for phone in (anna, carmen) if rings(phone)]
        assert rung
        for phone in rung:
            phone.key("XANSWER")
        time.sleep(2)
        bridged = [line for line in centre.asterisk.cli("core", "show", "channels", "concise").splitlines()
                   if "PJSIP/100" in line and line.split("!")[12]]  # fmt: skip
        assert len(bridged) == 1, bridged
        caller.hangup()
        assert len(centre.meridian.wait_complete()) == len(other.meridian.wait_complete()) == 1
    finally:
        other.close()


def rings(phone: Phone) -> bool:
    with contextlib.suppress(RigError):
        return phone.wait("RINGING", 4) != ""
    return False
