"""Promised callbacks and messages on a real Asterisk: a caller presses 1 and is called back, a caller outside hours leaves a
message that is heard; and what a kill in the middle of an attempt leaves."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.patience import PATIENT_S
from tests.rig.acd_centre import PASSWORD, PLAN, SALES, SUPPORT, AcdCentre
from tests.rig.instance import Asterisk
from tests.rig.screen import Screen

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(180)]
IVAN = "+79161110001"
CLIENT_FIRST = 'callback = { first = "client", attempts = 2, pause_s = 30, hours = "00:00-24:00" }\n'
OPERATOR_FIRST = 'callback = { attempts = 2, pause_s = 30, hours = "00:00-24:00" }\n'
SHUT = """
[hours.never]
zone = "Europe/Moscow"
week = ["Mon 00:00-00:01"]
forced = "closed"
"""


def plan_of(support: str, sales: str) -> str:
    with_support = PLAN.replace('fallback = "support"\n', f'fallback = "support"\n{support}')
    return with_support.replace('fallback = "sales"\n', f'fallback = "sales"\n{sales}')


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AcdCentre]:
    """Sales calls back, operator first; support is closed, and takes messages."""
    with Asterisk() as asterisk:
        plan = SHUT + plan_of('hours = "never"\nclosed = "voicemail"\n', OPERATOR_FIRST)
        pbx = f'recordings = "{asterisk.directory / "spool"}"'
        folder = tmp_path_factory.mktemp("callbacks")
        made = AcdCentre(asterisk, folder, {"anna": (1001, {}), "boris": (1002, {})}, plan=plan, pbx=pbx)
        try:
            yield made
        finally:
            made.close()


@contextlib.contextmanager
def supervisor(centre: AcdCentre) -> Iterator[Screen]:
    """Without a socket: she asks."""
    screen = Screen(centre.meridian.url, "sofia", PASSWORD)
    screen.http.post("/api/session", json={"login": "sofia", "password": PASSWORD}).raise_for_status()
    try:
        yield screen
    finally:
        screen.close()


@pytest.fixture
def centre(shared: AcdCentre) -> Iterator[AcdCentre]:
    yield shared
    with supervisor(shared) as sofia:
        for one in callbacks(sofia):
            sofia.http.post(f"/api/callbacks/{one['callback_id']}/cancel")
    shared.leave()


@pytest.fixture
def sofia(centre: AcdCentre) -> Iterator[Screen]:
    with supervisor(centre) as screen:
        yield screen


def asks_to_be_called(centre: AcdCentre, number: str = "79161110001", to: str = SALES) -> None:
    """A caller comes, waits, presses 1, hears the promise and is gone."""
    mark = centre.stage.ami.mark()
    caller = centre.call(number, to)
    centre.stage.ami.event("QueueCallerJoin", since=mark, CallerIDNum=number)
    time.sleep(0.5)
    caller.dial("1")
    caller.wait("ENDED")


def callbacks(screen: Screen, which: str = "open") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = screen.http.get("/api/callbacks").raise_for_status().json()[which]
    return found


def becomes(screen: Screen, state: str, which: str = "open", within_s: float = PATIENT_S) -> dict[str, Any]:
    screen.until(
        lambda: any(one["state"] == state for one in callbacks(screen, which)), f"a callback {state}", within_s
    )
    return next(one for one in callbacks(screen, which) if one["state"] == state)


def test_who_presses_one_is_called_back_operator_first(centre: AcdCentre, sofia: Screen) -> None:
    far = centre.stage.phones.trunk()
    asks_to_be_called(centre)
    asked = becomes(sofia, "waiting")
    assert (asked["queue"], asked["number"], asked["number_text"]) == ("sales-acd", IVAN, "+7 916 111-00-01")
    assert asked["entered_at"] < asked["asked_at"], "the place is that of the waiting"
    anna = centre.phone("anna")
    mark = centre.stage.ami.mark()
    screen = centre.screen("anna")
    anna.wait("RINGING")
    pop = screen.pop(number="79161110001")
    note = pop.message["pop"]["callback"]
    assert (note["callback_id"], note["attempt"], note["asked_at"]) == (asked["callback_id"], 1, asked["asked_at"])
    leg = centre.stage.ami.event("Newchannel", since=mark, Uniqueid=pop.message["pop"]["pop_id"].split("/")[1])
    assert pop.at < leg.t, "the pop is there before the phone rings"
    assert screen.state() == "offered"
    anna.answer()
    far.wait("RINGING")
    far.answer()
    becomes(sofia, "talking")
    time.sleep(1)
    far.hangup()
    anna.wait("ENDED")
    kept = becomes(sofia, "done", "kept")
    assert [attempt["outcome"] for attempt in kept["attempts"]] == ["talked"]
    screen.becomes("ready")
    (card,) = [c for c in centre.meridian.stored() if c.card.card_id == pop.message["pop"]["card_id"]]
    assert (card.card.channel, card.card.direction, card.card.queues) == ("callback", "outbound", ("sales-acd",))
    assert card.card.talk_s is not None and card.card.talk_s >= 0.9
    (first,) = [c.card for c in centre.meridian.stored() if c.card.card_id == asked["asked_on"]]
    assert first.answered_at is None and first.unqueued_at is not None, "flown out of the queue, not abandoned"
    why = sofia.http.get(f"/api/routing/cards/{card.card.card_id}/why").raise_for_status().json()
    assert [(offer["login"], offer["outcome"]) for offer in why["offers"]] == [("anna", "accepted")]


def test_an_operator_who_misses_it_costs_nothing_and_the_next_one_calls(centre: AcdCentre, sofia: Screen) -> None:
    far = centre.stage.phones.trunk()
    anna, boris = centre.phone("anna"), centre.phone("boris")
    asks_to_be_called(centre, "79161110002")
    first = centre.screen("anna")
    anna.wait("RINGING")
    centre.screen("boris")
    anna.wait("CANCELLED")
    first.becomes("not_responding")
    boris.wait("RINGING")
    boris.answer()
    far.wait("RINGING")
    far.reject(486)
    boris.wait("ENDED")
    again = becomes(sofia, "planned")
    assert [attempt["outcome"] for attempt in again["attempts"]] == ["operator_missed", "unanswered"]
    assert again["due_at"] > again["attempts"][-1]["ended_at"]


def test_who_calls_in_and_is_answered_is_called_back_no_more(centre: AcdCentre, sofia: Screen) -> None:
    asks_to_be_called(centre, "79161110003")
    becomes(sofia, "waiting")
    caller = centre.call("79161110003", SALES)
    time.sleep(1)
    anna = centre.phone("anna")
    centre.screen("anna")
    anna.wait("RINGING")  # of the two the callback is older: her phone rings for it first, and she declines
    if any(one["state"] == "ringing" for one in callbacks(sofia)):
        anna.reject(603)
        anna.wait("RINGING")
    anna.answer()
    sofia.until(lambda: any(one["reason"] == "called_in" for one in callbacks(sofia, "kept")), "cancelled: called in")
    caller.hangup()
    anna.wait("ENDED")


def test_a_message_outside_hours_is_an_item_that_is_heard_and_passed_on(centre: AcdCentre) -> None:
    screen = centre.screen("anna")
    caller, _ = centre.stage.call("79161110009", SUPPORT, '"Olga"')
    caller.wait("ANSWERED")
    spool = centre.asterisk.directory / "spool" / "meridian"
    centre.until(lambda: any(spool.glob("*.wav")), "a message in the spool", 25)
    time.sleep(2)
    caller.hangup()
    screen.until(lambda: bool(screen.http.get("/api/voicemails").json()["voicemails"]), "a message in the list")
    (item,) = screen.http.get("/api/voicemails").json()["voicemails"]
    assert (item["queue"], item["number"], item["state"], item["playable"]) == (
        "support-acd",
        "79161110009",
        "open",
        True,
    )
    screen.until(lambda: any(one.message["type"] == "items" for one in screen.told), "told of it")
    heard = screen.http.get(f"/api/cards/{item['card_id']}/voicemail")
    assert (heard.status_code, heard.headers["content-type"], heard.content[:4]) == (200, "audio/wav", b"RIFF")
    part = screen.http.get(f"/api/cards/{item['card_id']}/voicemail", headers={"Range": "bytes=8-11"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (
        206, b"WAVE", f"bytes 8-11/{len(heard.content)}",
    )  # fmt: skip
    beyond = screen.http.get(f"/api/cards/{item['card_id']}/voicemail", headers={"Range": "bytes=99999999-"})
    assert beyond.status_code == 416 and beyond.json()["code"] == "bad_range"
    act = f"/api/voicemails/{item['voicemail_id']}/"
    assert screen.http.post(act + "take").json()["owner"] == "anna"
    passed = screen.http.post(act + "pass-on", json={"to": "boris", "note": "knows her"}).json()
    assert (passed["state"], passed["owner"], passed["passed_by"], passed["note"]) == (
        "passed_on", "boris", "anna", "knows her",
    )  # fmt: skip
    assert screen.http.post(act + "take").json()["code"] == "voicemail_of_other"
    boris = centre.screen("boris")
    assert boris.http.post(act + "done").json()["state"] == "done"
    assert screen.http.post(act + "take").json()["code"] == "voicemail_state"
    (card,) = [c for c in centre.meridian.stored() if c.card.card_id == item["card_id"]]
    assert card.card.voicemail


def test_killed_while_the_operators_phone_rings_nothing_is_repeated_in_silence(
    centre: AcdCentre, sofia: Screen
) -> None:
    anna = centre.phone("anna")
    asks_to_be_called(centre, "79161110004")
    centre.screen("anna")
    anna.wait("RINGING")
    centre.meridian.kill()
    anna.wait("CANCELLED")
    centre.meridian.start()
    unknown = becomes(sofia, "unknown")
    assert (unknown["reason"], unknown["attempts"][-1]["outcome"]) == ("restart", "unknown")
    centre.screens["anna"].connect()
    time.sleep(3)
    assert anna.poll("RINGING") is None, "not by itself"
    sofia.http.post(f"/api/callbacks/{unknown['callback_id']}/again").raise_for_status()
    anna.wait("RINGING")
    sofia.http.post(f"/api/callbacks/{unknown['callback_id']}/cancel").raise_for_status()
    anna.wait("CANCELLED")


def test_client_first(tmp_path_factory: pytest.TempPathFactory) -> None:
    with Asterisk() as asterisk:
        plan, pbx = plan_of("", CLIENT_FIRST), 'client_phone = "PJSIP/{number}@trunk"'
        centre = AcdCentre(asterisk, tmp_path_factory.mktemp("first"), {"anna": (1001, {})}, plan=plan, pbx=pbx)
        try:
            with supervisor(centre) as sofia:
                called_first(centre, sofia)
        finally:
            centre.close()


def called_first(centre: AcdCentre, sofia: Screen) -> None:
    far = centre.stage.phones.trunk()
    asks_to_be_called(centre, "79161110005")
    becomes(sofia, "waiting")
    anna = centre.phone("anna")
    screen = centre.screen("anna")
    far.wait("RINGING")
    far.answer()
    anna.wait("RINGING")
    pop = screen.pop(number="79161110005")
    assert pop.message["pop"]["callback"]["attempt"] == 1
    anna.answer()
    becomes(sofia, "talking")
    far.hangup()
    anna.wait("ENDED")
    kept = becomes(sofia, "done", "kept")
    (card,) = [c.card for c in centre.meridian.stored() if c.card.card_id == kept["attempts"][-1]["card_id"]]
    assert (card.direction, card.client_number, card.answered_by, card.channel) == (
        "outbound", "+79161110005", "1001", "callback",
    )  # fmt: skip
