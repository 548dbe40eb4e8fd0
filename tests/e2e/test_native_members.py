"""Native mode on a real Asterisk: its own queue rings the operators, and Meridian keeps its members true to the plan."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.patience import PATIENT_S
from tests.rig.acd_centre import PASSWORD, AcdCentre, employ, person
from tests.rig.driver import RigError
from tests.rig.instance import Asterisk
from tests.rig.meridian import Meridian
from tests.rig.phone import Phone
from tests.rig.screen import Screen
from tests.rig.stage import Stage

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(180)]
PLAN = """
[skills.billing]
en = "Billing"
ru = "Счета"

[hours.never]
zone = "UTC"
week = []

[queues.support]
requirement = "billing >= 2"
relax = [{ after_s = 30.0, requirement = "any" }]
[queues.own]
mode = "acd"
fallback = "billing"

[desk]
away_after_s = 0
[desk.queues.support]
wrap_up = "none"
"""
PEOPLE = {"anna": 1001, "boris": 1002, "carla": 1003}


class Centre:
    """Anna can, Boris only as a last resort, Carla's shift is another time. 1004 is no business of the plan."""

    def __init__(self, asterisk: Asterisk, folder: Path) -> None:
        self.asterisk = asterisk
        people = (
            person("anna", "support", "own", billing=4)
            + person("boris", "support")
            + person("carla", "support", "own", billing=5)
            + 'shifts = ["never"]\n'
        )
        self.meridian = Meridian(asterisk, folder, more=PLAN + people)
        configured = self.meridian.config.read_text()
        self.meridian.config.write_text(configured.replace("cdr_every_s = 5.0", "cdr_every_s = 1.0\nreconcile_s = 1.0"))
        self.meridian.start()
        for login, extension in PEOPLE.items():
            employ(self.meridian, login, str(extension))
        self.stage = Stage(asterisk.ports.ami, asterisk.ports.sip)
        self.stage.member(1004)
        self.stage.ami.action("QueuePause", Interface="PJSIP/1004", Paused="true")
        self.screens: list[Screen] = []

    def sign_in(self, login: str) -> Screen:
        screen = Screen(self.meridian.url, login, PASSWORD).sign_in()
        self.screens.append(screen)
        return screen.becomes("ready")

    def shown(self, queue: str = "support") -> dict[str, str]:
        """Extension -> what `queue show` says of it: its penalty, and whether it is paused."""
        found = {}
        for line in self.asterisk.cli("queue", "show", queue).splitlines():
            if member := re.search(r"PJSIP/(\d+)", line):
                penalty = re.search(r"with penalty (\d+)", line)
                paused = re.search(r"\(paused(:\S+)?", line)
                words = [penalty[1] if penalty else "0", *(["paused" + (paused[1] or "")] if paused else [])]
                found[member[1]] = " ".join(words)
        return found

    def becomes(self, members: dict[str, str], queue: str = "support", within_s: float = PATIENT_S) -> None:
        """What else stands there is 1004."""
        wanted = {**members, **({"1004": "0 paused"} if queue == "support" else {})}
        self.until(lambda: self.shown(queue) == wanted, lambda: f"{wanted} but {self.shown(queue)}", within_s)

    def until(self, holds: Callable[[], bool], what: Callable[[], str], within_s: float = PATIENT_S) -> None:
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                raise RigError(f"not {what()}; {self.meridian.log_tail()}")
            time.sleep(0.1)

    def call(self, number: str) -> Phone:
        caller, _ = self.stage.call(number, "500", queue="support")
        caller.wait("ANSWERED")
        return caller

    def close(self) -> None:
        for screen in self.screens:
            screen.close()
        self.stage.close()
        self.meridian.stop()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    with Asterisk() as asterisk:
        made = Centre(asterisk, tmp_path)
        try:
            yield made
        finally:
            made.close()


def test_members_come_and_go_with_their_people(centre: Centre) -> None:
    centre.becomes({})
    anna = centre.sign_in("anna")
    centre.becomes({"1001": "1"})
    centre.becomes({"1001": "0"}, "billing")  # it takes over from `own`, which asks for nothing
    centre.sign_in("boris")
    centre.becomes({"1001": "1", "1002": "10"})
    centre.sign_in("carla")
    anna.asks("state", state="paused", reason="lunch")
    centre.becomes({"1001": "1 paused:lunch", "1002": "10"})
    # Whoever meddles at the switch is overruled.
    centre.asterisk.cli("queue", "remove", "member", "PJSIP/1001", "from", "support")
    centre.asterisk.cli("queue", "set", "penalty", "3", "on", "PJSIP/1002", "in", "support")
    centre.becomes({"1001": "1 paused:lunch", "1002": "10"})
    # Signing out is complete everywhere.
    anna.sign_out()
    centre.becomes({"1002": "10"})
    assert centre.shown("billing") == {}


def test_the_queue_rings_the_better_operator_first(centre: Centre) -> None:
    anna_phone, boris_phone = centre.stage.agents(1001, 1002)
    centre.sign_in("boris")
    anna = centre.sign_in("anna")
    centre.becomes({"1001": "1", "1002": "10"})
    first = centre.call("79161130001")
    anna_phone.wait("RINGING")
    anna_phone.answer()
    second = centre.call("79161130002")
    boris_phone.wait("RINGING")  # while she talks
    second.hangup()
    first.hangup()
    anna_phone.wait("ENDED")
    anna.asks("state", state="paused", reason="lunch")
    centre.becomes({"1001": "1 paused:lunch", "1002": "10"})
    third = centre.call("79161130003")
    boris_phone.wait("RINGING")
    with pytest.raises(RigError):
        anna_phone.wait("RINGING", 2)
    third.hangup()


def changes(stage: Stage, since: int) -> list[str]:
    """What happened to members but for their phones' states."""
    kinds = ("QueueMemberAdded", "QueueMemberRemoved", "QueueMemberPause", "QueueMemberPenalty")
    return [f"{m['Event']} {m['Interface']}" for m in stage.ami.messages[since:] if m.get("Event") in kinds]


def test_nothing_flaps_when_meridian_dies_and_comes_back(centre: Centre) -> None:
    anna = centre.sign_in("anna")
    centre.sign_in("boris")
    anna.asks("state", state="paused", reason="lunch")
    there = {"1001": "1 paused:lunch", "1002": "10"}
    centre.becomes(there)
    time.sleep(1)
    mark = centre.stage.ami.mark()
    centre.meridian.kill()
    centre.meridian.start()
    time.sleep(4)
    centre.becomes(there)
    assert changes(centre.stage, mark) == []
    # What changed meanwhile is mended, and nothing else.
    centre.meridian.kill()
    mark = centre.stage.ami.mark()
    centre.asterisk.cli("queue", "remove", "member", "PJSIP/1002", "from", "support")
    centre.meridian.start()
    centre.becomes(there)
    assert changes(centre.stage, mark) == ["QueueMemberRemoved PJSIP/1002", "QueueMemberAdded PJSIP/1002"]


def test_the_pbx_restarts_and_has_forgotten_its_members(centre: Centre) -> None:
    anna = centre.sign_in("anna")
    boris = centre.sign_in("boris")
    anna.asks("state", state="paused", reason="lunch")
    centre.becomes({"1001": "1 paused:lunch", "1002": "10"})
    centre.stage.close()
    centre.asterisk.cli("database", "deltree", "Queue/PersistentMembers")
    centre.asterisk.kill()
    boris.sign_out()  # while it is away
    centre.asterisk.start(fresh=False)
    # Asterisk writes to its database a second later: where the kill was quicker it has kept them, and is told that Boris is gone.
    centre.until(
        lambda: {k: v for k, v in centre.shown().items() if k != "1004"} == {"1001": "1 paused:lunch"},
        lambda: f"back: {centre.shown()}",
    )
    boris = centre.sign_in("boris")
    centre.until(lambda: centre.shown().get("1002") == "10", lambda: f"Boris is back: {centre.shown()}")
    centre.asterisk.restart()  # and once with members that it kept
    boris.sign_out()
    centre.until(
        lambda: {k: v for k, v in centre.shown().items() if k != "1004"} == {"1001": "1 paused:lunch"},
        lambda: f"as it was: {centre.shown()}",
        within_s=40,
    )


def test_when_meridian_is_dead_its_operators_are_reached_by_the_queue_that_takes_over(tmp_path: Path) -> None:
    with Asterisk() as asterisk:
        centre = AcdCentre(asterisk, tmp_path, {"anna": (1001, {}), "boris": (1002, {})})
        try:
            phone, paused = centre.phone("anna"), centre.phone("boris")
            centre.screen("boris").asks("state", state="paused", reason="lunch")
            centre.screen("anna")
            centre.until(lambda: asterisk.cli("queue", "show", "support").count("PJSIP/100") == 2, "both are members")
            centre.meridian.kill()
            caller = centre.call("79161130009")
            phone.wait("RINGING")
            phone.answer()
            assert paused.poll("RINGING") is None
            caller.hangup()
            phone.wait("ENDED")
        finally:
            centre.close()
