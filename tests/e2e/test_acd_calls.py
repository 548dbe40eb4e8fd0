"""Meridian chooses the operator, on a real Asterisk: by skill, step, preference and points; and what becomes of each offer."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.rig.acd_centre import SALES, AcdCentre
from tests.rig.instance import Asterisk

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]
PEOPLE = {
    "anna": (1001, {}),
    "boris": (1002, {"billing": 4}),
    "carmen": (1003, {}),
    "dmitri": (1004, {}),
    "egor": (1005, {}),  # whose phone is never switched on: Asterisk goes on inviting it for half a minute
}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AcdCentre]:
    with Asterisk() as asterisk:
        made = AcdCentre(asterisk, tmp_path_factory.mktemp("acd"), PEOPLE)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def centre(shared: AcdCentre) -> Iterator[AcdCentre]:
    yield shared
    shared.leave()


def test_the_operator_with_the_skill_is_rung_and_has_the_pop_before_it_rings(centre: AcdCentre) -> None:
    anna, boris = centre.phone("anna"), centre.phone("boris")
    centre.screen("anna")
    screen = centre.screen("boris")
    mark = centre.stage.ami.mark()
    caller = centre.call("79161110001", SALES, '"Ivan"')
    boris.wait("RINGING")
    pop = screen.pop(number="79161110001")
    assert pop.message["pop"]["queue"] == "sales-acd"
    leg = centre.stage.ami.event("Newchannel", since=mark, Uniqueid=pop.message["pop"]["pop_id"].split("/")[1])
    assert pop.at < leg.t
    centre.talk("boris", "79161110001")
    assert anna.poll("RINGING") is None and not centre.screens["anna"].pops(number="79161110001")
    caller.hangup()
    boris.wait("ENDED")
    card = centre.meridian.wait_complete()[-1]
    assert (card.answered_by, card.queues, card.ended_by) == ("1002", ("sales-acd",), "caller")
    screen.becomes("ready")


def test_a_step_comes_at_its_time(centre: AcdCentre) -> None:
    anna = centre.phone("anna")
    centre.screen("anna")
    centre.phone("boris")
    centre.screen("boris").asks("state", state="paused", reason="break")
    caller = centre.call("79161110002", SALES)
    waits_since = time.time()
    anna.wait("RINGING")
    assert 3.0 < time.time() - waits_since < 8
    centre.talk("anna", "79161110002")
    caller.hangup()
    anna.wait("ENDED")


def test_who_looks_after_the_client_comes_first(centre: AcdCentre) -> None:
    anna, boris = centre.phone("anna"), centre.phone("boris")
    first = centre.screen("anna").http
    made = first.post("/api/clients", json={"name": "Olga", "numbers": ["+79161110003"], "owner": "boris"})
    assert made.status_code == 201, made.text
    centre.screen("boris")
    caller = centre.call("79161110003")
    boris.wait("RINGING")
    centre.talk("boris", "79161110003")
    caller.hangup()
    boris.wait("ENDED")
    assert anna.poll("RINGING") is None


def test_a_vip_comes_before_who_waited_longer(centre: AcdCentre) -> None:
    made = centre.boss.post("/api/clients", json={"name": "Vip", "numbers": ["+79161110005"], "vip": True})
    assert made.status_code == 201, made.text
    anna = centre.phone("anna")
    early = centre.call("79161110004")
    waits_since = centre.waits("9161110004")["entered_at"]
    vip = centre.call("79161110005")
    assert centre.waits("9161110005", vip=True)["entered_at"] > waits_since
    screen = centre.screen("anna")
    anna.wait("RINGING")
    assert screen.pop(number="79161110005").message["pop"]["client"]["name"] == "Vip"
    assert not screen.pops(number="79161110004")
    centre.talk("anna", "79161110005")
    vip.hangup()
    anna.wait("RINGING")
    centre.talk("anna", "79161110004")
    early.hangup()


def test_busy_declined_unreachable_and_unanswered_are_told_apart_and_the_fourth_answers(centre: AcdCentre) -> None:
    phones = {login: centre.phone(login) for login in ("anna", "boris", "carmen", "dmitri")}
    for login in ("anna", "boris", "carmen", "dmitri"):  # idle since, in this order
        centre.screen(login)
        time.sleep(0.3)
    caller = centre.call("79161110006")
    for login, code in (("anna", 486), ("boris", 603)):
        phones[login].wait("RINGING")
        phones[login].reject(code)
    phones["carmen"].wait("RINGING")
    phones["carmen"].wait("CANCELLED")
    phones["dmitri"].wait("RINGING")
    centre.talk("dmitri", "79161110006")
    caller.hangup()
    phones["dmitri"].wait("ENDED")
    centre.meridian.wait_complete()
    assert centre.offers("79161110006") == [
        ("anna", "declined"), ("boris", "declined"), ("carmen", "expired"), ("dmitri", "accepted"),
    ]  # fmt: skip
    assert {login: centre.screens[login].state() for login in phones} == {
        "anna": "ready", "boris": "ready", "carmen": "not_responding", "dmitri": "ready",
    }  # fmt: skip


def test_a_phone_that_is_switched_off_is_nobodys_fault(centre: AcdCentre) -> None:
    boris = centre.phone("boris")
    centre.screen("egor")
    time.sleep(0.3)
    centre.screen("boris")
    caller = centre.call("79161110007")
    boris.wait("RINGING")
    centre.talk("boris", "79161110007")
    caller.hangup()
    boris.wait("ENDED")
    centre.meridian.wait_complete()
    assert centre.offers("79161110007") == [("egor", "failed"), ("boris", "accepted")]
    assert centre.screens["egor"].state() == "ready"


def test_the_caller_goes_and_the_phone_falls_silent_at_once(centre: AcdCentre) -> None:
    anna = centre.phone("anna")
    screen = centre.screen("anna")
    caller = centre.call("79161110008")
    anna.wait("RINGING")
    gone_at = caller.hangup()
    anna.wait("CANCELLED", 3)
    assert time.time() - gone_at < 1.5
    screen.becomes("ready")
    centre.meridian.wait_complete()
    time.sleep(1)
    assert centre.offers("79161110008") == [("anna", "cancelled")]


def test_a_closed_browser_is_offered_nothing(centre: AcdCentre) -> None:
    anna = centre.phone("anna")
    screen = centre.screen("anna")
    screen.disconnect()
    time.sleep(1)
    caller = centre.call("79161110009")
    time.sleep(2)
    assert anna.poll("RINGING") is None
    screen.connect()
    anna.wait("RINGING")
    centre.talk("anna", "79161110009")
    caller.hangup()
    anna.wait("ENDED")


def test_a_supervisor_is_told_why_one_waits_and_what_it_says_helps(centre: AcdCentre) -> None:
    carmen = centre.phone("carmen")
    screen = centre.screen("carmen")
    screen.asks("state", state="paused", reason="break")
    caller = centre.call("79161110090")
    item_id = centre.waits("9161110090")["item_id"]

    def why() -> Any:
        return centre.boss.get(f"/api/routing/waiting/{item_id}/why").raise_for_status().json()

    def obstacles() -> list[tuple[str, list[str], str]]:
        return [(one["login"], one["obstacles"], one["reason"]) for one in why()["operators"]]

    centre.until(lambda: obstacles() == [("carmen", ["paused"], "break")], "her page noticed")
    assert [(would["act"], would["login"]) for would in why()["would"]] == [("ready", "carmen")]
    raised = centre.boss.post(f"/api/routing/waiting/{item_id}/priority", json={"offset": 10})
    assert raised.raise_for_status().json()["raised"] == 10
    screen.asks("state", state="ready")
    carmen.wait("RINGING")
    centre.talk("carmen", "79161110090")
    told = centre.boss.get(f"/api/routing/cards/{item_id}/why").raise_for_status().json()
    choice = told["offers"][0]["choice"]
    assert (choice["strategy"], choice["requirement"], choice["score"] >= 10) == ("longest_idle", "any", True)
    caller.hangup()
    carmen.wait("ENDED")


def test_a_reload_in_the_middle_of_calls_drops_none_and_counts_at_once_for_who_waits(centre: AcdCentre) -> None:
    """And one that is refused changes nothing, for those who talk and those who wait."""
    config = centre.meridian.config
    before = config.read_text()
    anna, carmen = centre.phone("anna"), centre.phone("carmen")
    centre.screen("anna")
    talks = centre.call("79161110011")
    anna.wait("RINGING")
    centre.talk("anna", "79161110011")
    centre.screen("carmen")
    waits = centre.call("79161110012", SALES)
    waits_since = time.time()
    try:
        config.write_text(before.replace('requirement = "billing >= 3"', 'requirement = "biling >= 3"'))
        os.kill(centre.meridian.pid, signal.SIGHUP)
        centre.until(lambda: "the configuration stays as it was" in centre.meridian.log_tail(), "refused", 3)
        assert carmen.poll("RINGING") is None
        config.write_text(before.replace('requirement = "billing >= 3"', 'requirement = "not billing"'))
        os.kill(centre.meridian.pid, signal.SIGHUP)
        carmen.wait("RINGING", 3)
        assert "read again: [queues]" in centre.meridian.log_tail()
        assert time.time() - waits_since < 4, "not by the step that comes at 4 s"
    finally:
        config.write_text(before)
        os.kill(centre.meridian.pid, signal.SIGHUP)
    centre.talk("carmen", "79161110012")
    assert anna.poll("ENDED") is None
    talks.hangup()
    waits.hangup()
    anna.wait("ENDED")
    carmen.wait("ENDED")
    cards = {card.caller_number: card for card in centre.meridian.wait_complete()}
    told = [(cards[number].answered_by, cards[number].ended_by) for number in ("79161110011", "79161110012")]
    assert told == [("1001", "caller"), ("1003", "caller")]
