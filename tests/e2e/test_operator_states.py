"""Operators' states on a real Asterisk: its own queue sees a pause, a wrap-up holds the next call off, restarts lose nothing."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.model import AgentState
from tests.patience import PATIENT_S
from tests.rig.driver import RigError
from tests.rig.instance import Asterisk
from tests.rig.meridian import MERIDIAN, Meridian
from tests.rig.phone import Phone
from tests.rig.stage import Stage

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]
PASSWORD = "correct horse battery"
WRAP_UP_S = 12
DESK = f"""
[desk]
away_after_s = 0
[desk.queues.support]
wrap_up = "limited"
wrap_up_s = {WRAP_UP_S}
[desk.queues.billing]
wrap_up = "mandatory"
"""


class Centre:
    """A PBX with one queue member, a Meridian attached to it, and the member's operator, who is signed in."""

    def __init__(self, asterisk: Asterisk, folder: Path) -> None:
        self.asterisk = asterisk
        self.meridian = Meridian(asterisk, folder)
        configured = self.meridian.config.read_text().replace(
            "cdr_every_s = 5.0", "cdr_every_s = 1.0\nreconcile_s = 1.0"
        )
        self.meridian.config.write_text(configured + DESK)
        self.meridian.start()
        command = [str(MERIDIAN), "user", "--config", str(self.meridian.config), "add", "anna", "--extension", "1001"]
        environment = {**os.environ, "MERIDIAN_PASSWORD": PASSWORD}
        subprocess.run(command, check=True, env=environment, capture_output=True, cwd=folder)
        self.stage = Stage(asterisk.ports.ami, asterisk.ports.sip)
        self.stage.member(1001)
        (self.phone,) = self.stage.agents(1001)
        self.anna = httpx.Client(base_url=self.meridian.url, headers={"Origin": self.meridian.url}, trust_env=False)

    def sign_in(self) -> None:
        answer = self.anna.post("/api/session", json={"login": "anna", "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        self.becomes("ready")

    def agent(self) -> dict[str, Any]:
        found: dict[str, Any] = self.anna.get("/api/agent").json()
        return found

    def asks(self, what: str, **body: str) -> dict[str, Any]:
        answer = self.anna.post(f"/api/agent/{what}", json=body)
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json()
        return status

    def becomes(self, state: str, within_s: float = PATIENT_S) -> dict[str, Any]:
        eventually(lambda: self.agent()["state"] == state, within_s, f"{state}; it is {self.agent()}")
        return self.agent()

    def member(self, queue: str = "support") -> str:
        """The line of 1001 in `queue show`."""
        lines = self.asterisk.cli("queue", "show", queue).splitlines()
        return next((line for line in lines if "PJSIP/1001" in line), "")

    def shows(self, words: str, *, present: bool = True, within_s: float = PATIENT_S, queue: str = "support") -> None:
        eventually(
            lambda: (words in self.member(queue)) is present, within_s, f"{words} {present}: {self.member(queue)}"
        )

    def call(self, to: str = "500", queue: str = "support") -> Phone:
        phone, _ = self.stage.call("79161234567", to, queue=queue)
        phone.wait("ANSWERED")
        return phone

    def rings(self, within_s: float = 8) -> None:
        self.phone.wait("RINGING", within_s)

    def stays_silent(self, for_s: float) -> None:
        with pytest.raises(RigError):
            self.phone.wait("RINGING", for_s)

    def close(self) -> None:
        self.anna.close()
        self.stage.close()
        self.meridian.stop()


def eventually(holds: Callable[[], bool], within_s: float, what: str) -> None:
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"not {what}"
        time.sleep(0.05)


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    with Asterisk() as asterisk:
        made = Centre(asterisk, tmp_path)
        try:
            yield made
        finally:
            made.close()


def test_who_is_not_signed_in_is_left_alone(centre: Centre) -> None:
    """Attaching Meridian to a running centre changes nothing until somebody uses it."""
    centre.asterisk.cli("queue", "pause", "member", "PJSIP/1001", "queue", "support", "reason", "by-phone")
    time.sleep(3)
    assert "paused:by-phone" in centre.member()
    centre.asterisk.cli("queue", "unpause", "member", "PJSIP/1001")
    caller = centre.call()
    centre.rings()
    caller.hangup()


def test_a_pause_is_a_pause_in_asterisks_own_queue(centre: Centre) -> None:
    centre.sign_in()
    assert centre.asks("state", state="paused", reason="lunch")["state"] == "paused"
    centre.shows("paused:lunch")
    caller = centre.call()
    centre.stays_silent(4)
    # Somebody meddles at the switch: it is made true again, and no call gets through for long.
    centre.asks("state", state="ready")
    centre.shows("paused", present=False)
    centre.rings()
    caller.hangup()
    centre.asks("state", state="paused", reason="lunch")
    centre.shows("paused:lunch")
    centre.asterisk.cli("queue", "unpause", "member", "PJSIP/1001")
    centre.shows("paused:lunch")
    # Signing out is complete.
    assert centre.anna.delete("/api/session").status_code == 204
    centre.shows("paused:signed_out")
    second = centre.call()
    centre.stays_silent(3)
    second.hangup()


def test_a_wrap_up_holds_the_next_call_off_and_then_it_rings(centre: Centre) -> None:
    centre.sign_in()
    first = centre.call()
    centre.rings()
    centre.phone.answer()
    busy = centre.becomes("busy")
    centre.shows("paused:wrap_up")  # before the end of the call: the queue would be faster
    second = centre.call()
    time.sleep(1)
    first.hangup()
    wrap_up = centre.becomes("wrap_up")
    began = time.monotonic()
    assert wrap_up["card_id"] == busy["card_id"]
    centre.stays_silent(WRAP_UP_S - 2)
    centre.rings(8)
    assert time.monotonic() - began > WRAP_UP_S - 0.5
    centre.becomes("offered")
    centre.phone.answer()
    centre.becomes("busy")
    assert centre.asks("state", state="paused", reason="lunch")["state"] == "busy"  # afterwards
    second.hangup()
    assert centre.becomes("wrap_up")["reason"] == "lunch"
    assert centre.asks("wrap-up", action="finish")["state"] == "paused"
    centre.shows("paused:lunch")


def test_a_mandatory_wrap_up_waits_for_the_disposition(centre: Centre) -> None:
    centre.sign_in()
    centre.stage.member(1001, "billing")
    caller = centre.call("502", "billing")
    centre.rings()
    centre.phone.answer()
    card_id = centre.becomes("busy")["card_id"]
    caller.hangup()
    centre.becomes("wrap_up")
    refused = centre.anna.post("/api/agent/wrap-up", json={"action": "finish"})
    assert (refused.status_code, refused.json()["code"]) == (409, "disposition_missing")
    eventually(
        lambda: centre.anna.put(f"/api/cards/{card_id}/notes", json={"disposition": "resolved"}).status_code == 200,
        5,
        "typed on",
    )
    eventually(
        lambda: centre.anna.post("/api/agent/wrap-up", json={"action": "finish"}).status_code == 200, 5, "finished"
    )
    centre.becomes("ready")


def test_meridian_is_killed_in_a_wrap_up(centre: Centre) -> None:
    centre.sign_in()
    caller = centre.call()
    centre.rings()
    centre.phone.answer()
    centre.becomes("busy")
    caller.hangup()
    before = centre.becomes("wrap_up")
    time.sleep(0.5)  # the ledger writes within moments
    centre.meridian.kill()
    assert "paused:wrap_up" in centre.member()
    centre.meridian.start()
    after = centre.agent()
    assert {after[key] for key in ("state", "until", "card_id")} == {
        before[key] for key in ("state", "until", "card_id")
    }
    centre.becomes("ready", WRAP_UP_S + 2)
    centre.shows("paused", present=False)
    # And once more, away for longer than the wrap-up lasts.
    again = centre.call()
    centre.rings()
    centre.phone.answer()
    centre.becomes("busy")
    again.hangup()
    centre.becomes("wrap_up")
    time.sleep(0.5)
    centre.meridian.kill()
    time.sleep(WRAP_UP_S)
    centre.meridian.start()
    assert centre.agent()["state"] == "ready"
    centre.shows("paused", present=False)


def test_meridian_is_killed_in_a_call(centre: Centre) -> None:
    centre.sign_in()
    caller = centre.call()
    centre.rings()
    centre.phone.answer()
    busy = centre.becomes("busy")
    time.sleep(0.5)
    centre.meridian.kill()
    centre.meridian.start()
    assert centre.becomes("busy")["card_id"] == busy["card_id"]
    time.sleep(0.5)
    centre.meridian.kill()
    caller.hangup()
    centre.meridian.start()
    assert centre.becomes("wrap_up")["card_id"] == busy["card_id"]
    centre.becomes("ready", WRAP_UP_S + 2)


def test_the_pbx_restarts(centre: Centre) -> None:
    """Calls vanish, nobody stays busy, and pauses hold though the PBX may have forgotten them."""
    centre.sign_in()
    centre.call()
    centre.rings()
    centre.phone.answer()
    centre.becomes("busy")
    centre.asterisk.restart()
    centre.becomes("wrap_up", 30)
    centre.becomes("ready", WRAP_UP_S + 10)
    centre.asks("state", state="paused", reason="meeting")
    centre.asterisk.restart()
    centre.asterisk.cli("queue", "unpause", "member", "PJSIP/1001")
    centre.shows("paused:meeting", within_s=PATIENT_S)
    assert centre.agent()["state"] == AgentState.PAUSED
