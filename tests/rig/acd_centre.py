"""A centre whose queues Meridian serves itself (ACD mode), on a real Asterisk: operators with phones and screens, callers, and a
Meridian that may be killed."""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from core.ids import fresh_id
from core.model import Role
from runtime.database import Database
from tests.patience import PATIENT_S
from tests.rig.driver import RigError
from tests.rig.instance import Asterisk
from tests.rig.meridian import MERIDIAN, SITE, Meridian
from tests.rig.phone import Phone
from tests.rig.screen import Screen
from tests.rig.stage import Stage
from web.people import User
from web.sql import SqlAccounts

PASSWORD = "correct horse battery"
SUPPORT, SALES = "610", "611"
"""What callers dial for the ACD queues `support-acd` and `sales-acd`, whose fallbacks are `support` and `sales`."""
PLAN = """
[skills.billing]
en = "Billing"
ru = "Счета"
[skills."lang.ru"]
en = "Russian"
ru = "Русский"

[queues.support-acd]
mode = "acd"
strategy = "longest_idle"
offer_s = 6
retry_s = 4.0
preferred_s = 8.0
fallback = "support"
[queues.sales-acd]
mode = "acd"
strategy = "longest_idle"
requirement = "billing >= 3"
relax = [{ after_s = 4.0, requirement = "any" }]
offer_s = 6
fallback = "sales"

[desk]
missed_calls = 1
[desk.queues.support-acd]
wrap_up = "none"
[desk.queues.sales-acd]
wrap_up = "none"
"""


def person(login: str, *queues: str, **skills: int) -> str:
    """A line of the plan for one operator."""
    served = json.dumps(list(queues or ("support-acd", "sales-acd")))
    known = ", ".join(f"{json.dumps(skill)} = {level}" for skill, level in skills.items())
    return f"[people.{login}]\nqueues = {served}\nskills = {{ {known} }}\n"


class AcdCentre:
    """`people`: login -> extension and skills; `pbx`: further lines of its table. Phones are put up with `phone`, screens with
    `screen`."""

    def __init__(
        self,
        asterisk: Asterisk,
        folder: Path,
        people: Mapping[str, tuple[int, Mapping[str, int]]],
        *,
        plan: str = PLAN,
        pbx: str = "",
    ) -> None:
        self.asterisk, self.people = asterisk, people
        known = "".join(person(login, **skills) for login, (_, skills) in people.items())
        self.meridian = Meridian(asterisk, folder, more=plan + known)
        configured = self.meridian.config.read_text().replace(
            "cdr_every_s = 5.0", f"cdr_every_s = 1.0\nreconcile_s = 5.0\n{pbx}"
        )
        self.meridian.config.write_text(configured)
        staff: dict[str, tuple[str | None, Role]] = {
            login: (str(extension), Role.OPERATOR) for login, (extension, _) in people.items()
        }
        asyncio.run(hire(self.meridian, staff | {"sofia": (None, Role.SUPERVISOR)}))
        self.meridian.start()
        self.until(lambda: beats(asterisk), "a heartbeat")
        self.boss = Screen(self.meridian.url, "sofia", PASSWORD).http
        self.boss.post("/api/session", json={"login": "sofia", "password": PASSWORD}).raise_for_status()
        self.stage = Stage(asterisk.ports.ami, asterisk.ports.sip)
        self.screens: dict[str, Screen] = {}
        self._phones: dict[int, Phone] = {}

    def phone(self, login: str, xml: str = "phone_uas.xml", *, words: Mapping[str, object] | None = None) -> Phone:
        extension = self.people[login][0]
        if extension not in self._phones:
            self._phones[extension] = self.stage.phones.agent(extension, xml, words=words)
        return self._phones[extension]

    def screen(self, login: str) -> Screen:
        """The operator signs in and is ready; or is called already, where somebody waited for just that."""
        screen = self.screens[login] = Screen(self.meridian.url, login, PASSWORD).sign_in()
        screen.until(lambda: screen.state() in ("ready", "offered"), f"{login} at work")
        return screen

    def call(self, number: str, to: str = SUPPORT, name: str = "") -> Phone:
        """A caller who has come to wait."""
        queue = {SUPPORT: "support-acd", SALES: "sales-acd"}.get(to)
        phone, _ = self.stage.call(number, to, name, queue=queue)
        phone.wait("ANSWERED")
        return phone

    def waits(self, number: str, **told: object) -> Any:
        """The caller's line in the waiting room, once it says this of them: on a busy machine some time after they came."""

        found: list[Any] = []

        def told_so() -> bool:
            items = self.boss.get("/api/routing/waiting").raise_for_status().json()["items"]
            found[:] = [one for one in items if one["number"].endswith(number) and told.items() <= one.items()]
            return bool(found)

        self.until(told_so, f"{number} in line {told}")
        return found[0]

    def card(self, number: str) -> Any:
        found = [card for card in self.meridian.cards() if card.caller_number == number]
        return found[-1] if found else None

    def offers(self, number: str) -> list[tuple[str, str]]:
        """What was offered to whom for this caller, and what came of it, as the record has it."""
        answer = self.boss.get(f"/api/routing/cards/{self.card(number).card_id}/why").raise_for_status().json()
        return [(offer["login"], offer["outcome"]) for offer in answer["offers"]]

    def talk(self, login: str, number: str) -> None:
        """The operator answers, and is with the caller: who answers a phone isn't yet (the bridge comes after)."""
        self.phone(login).answer()
        self.until(lambda: self.offers(number)[-1:] == [(login, "accepted")], f"{login} with {number}")

    def leave(self) -> None:
        """Everybody goes home: the next test begins with empty desks."""
        for screen in self.screens.values():
            screen.sign_out()
            screen.close()
        self.screens = {}
        self.stage.phones.close()
        self._phones = {}
        self.stage.close()
        self.asterisk.cli("channel", "request", "hangup", "all")
        self.until(lambda: "0 active channels" in self.asterisk.cli("core", "show", "channels", "count"), "quiet")
        self.stage = Stage(self.asterisk.ports.ami, self.asterisk.ports.sip)

    def until(
        self, holds: Callable[[], bool], what: str, within_s: float = PATIENT_S, *, seen: Callable[[], str] = lambda: ""
    ) -> float:
        """The time at which it held. `seen`: what there is to say where it doesn't."""
        deadline = time.monotonic() + within_s
        while not holds():
            if time.monotonic() > deadline:
                raise RigError(f"not {what} {seen()}; {self.meridian.log_tail()}")
            time.sleep(0.02)
        return time.time()

    def close(self) -> None:
        for screen in self.screens.values():
            screen.close()
        self.boss.close()
        self.stage.close()
        self.meridian.stop()


def beats(asterisk: Asterisk) -> bool:
    """Whether the dialplan knows that somebody chooses operators."""
    globals_ = dict(
        line.strip().split("=", 1) for line in asterisk.cli("dialplan", "show", "globals").splitlines() if "=" in line
    )
    return time.time() - int(globals_.get("CC_HEARTBEAT", "0")) < 10


async def hire(meridian: Meridian, people: Mapping[str, tuple[str | None, Role]]) -> None:
    """Before Meridian runs: login -> extension and role, all with one password."""
    database = Database(meridian.database_url)
    try:
        await database.migrate()
        users, hashed = SqlAccounts(database), PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
        for login, (extension, role) in people.items():
            user_id = fresh_id(datetime.now(UTC), os.urandom(10))
            user = User(
                user_id=user_id,
                login=login,
                name=login,
                password_hash=hashed,
                role=role,
                site=SITE,
                extension=extension,
            )
            await users.save_user(user)
    finally:
        await database.close()


def employ(meridian: Meridian, login: str, extension: str, *, role: str = "operator") -> None:
    """As an administrator does it, on the command line, while Meridian runs."""
    command = [str(MERIDIAN), "user", "--config", str(meridian.config), "add", login]
    command += ["--extension", extension] if extension else []
    command += ["--role", role]
    environment = {**os.environ, "MERIDIAN_PASSWORD": PASSWORD}
    subprocess.run(command, check=True, env=environment, capture_output=True, cwd=meridian.folder)
