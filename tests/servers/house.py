"""The whole service as composed, in this process, filled with people and things of one site, for tests of who may see them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx
from argon2 import PasswordHasher

from configuration import Configuration, Pbx, Site, Storage
from core import events as e
from core.desk import CheckQuestion, Desk
from core.events import CallArrived, CallQueued
from core.model import Direction, Role
from routing.settings import Mode, QueueSetting
from service import Service, utc_now
from telephony import facts as f
from telephony.pbx_settings import AmiAccount
from web.passwords import Passwords
from web.settings import WebSettings

PASSWORD = "correct horse"
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
SECRETS = ("Sekretov", "79161230077", "secret note", "secret promise", "Secret Ltd")
SOON = "2030-01-01T10:00:00Z"


@dataclass
class House:
    """A running service with people of two sites, and things of the first: `ids` by the names that routes give them."""

    service: Service
    ids: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.service.port}"

    @asynccontextmanager
    async def signed_in(self, login: str | None) -> AsyncIterator[httpx.AsyncClient]:
        headers = {"Origin": self.origin}
        async with httpx.AsyncClient(base_url=self.origin, headers=headers, trust_env=False, timeout=10) as client:
            if login is not None:
                asked = {"login": login, "password": PASSWORD}
                (await client.post("/api/session", json=asked)).raise_for_status()
            yield client

    async def audit(self) -> list[tuple[str, str]]:
        """(actor, action), the oldest first."""
        await self.service.writer.flush()
        path = self.service.configuration.database.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as database:
            return database.execute("select actor, action from audit order by at, audit_id").fetchall()


def configuration(folder: Path) -> Configuration:
    return Configuration(
        site=Site(name="riga", timezone="Europe/Riga", region="RU"),
        pbx={
            "one": Pbx(
                host="127.0.0.1", port=9, listener=AmiAccount(user="u", secret="s"), recordings=folder / "recordings"
            )
        },
        queues={"support": QueueSetting(mode=Mode.ACD)},
        database=Storage(url=f"sqlite:///{folder}/m.db", folder=folder / "var"),
        web=WebSettings(port=0, shutdown_s=1),
        desk=Desk(checks={"birthday": CheckQuestion(en="Birthday?", ru="Дата рождения?")}),
    )


@asynccontextmanager
async def running_house(folder: Path) -> AsyncIterator[House]:
    """A Meridian of the site riga on SQLite, its PBX away, with people of riga and of tokyo; a live call with a client who has a
    history."""
    service = Service(configuration(folder))
    service.accounts._passwords = Passwords(hasher=CHEAP)  # dozens of sign-ins: not what is measured here
    async with service.running():
        made = House(service)
        for login, role, site, extension in (
            ("anna", Role.OPERATOR, "riga", "1001"),
            ("boris", Role.OPERATOR, "riga", "1002"),
            ("eva", Role.SUPERVISOR, "riga", None),
            ("otto", Role.OPERATOR, "tokyo", "1001"),
            ("olga", Role.SUPERVISOR, "tokyo", None),
        ):
            await service.accounts.add_user(
                login=login, name=login.title(), password=PASSWORD, role=role, site=site, extension=extension
            )
        await fill(made)
        yield made
    service.accounts._passwords.close()


async def fill(house: House) -> None:
    """A live call of anna's with a client who has a history."""
    now = utc_now()
    client_channel = ("PJSIP/trunk-00000001", "1795289549.1")
    phone = ("PJSIP/1001-00000002", "1795289549.2")
    for fact in (
        f.ChannelCreated(now, *client_channel, client_channel[1], "Ring", "79161230077", "Sekretov", "500", "c"),
        f.ChannelCreated(now, *phone, client_channel[1], "Down", "", "", "", "c"),
        f.DialBegan(now, client_channel[1], *phone, client_channel[1], "1001"),
        f.DialRang(now, phone[1]),
        f.BridgeEntered(now, "b", "simple_bridge", "", *phone, client_channel[1]),
        f.BridgeEntered(now, "b", "simple_bridge", "", *client_channel, client_channel[1]),
    ):
        house.service.engine.step(f.FromPbx("one", fact))
    (house.ids["card_id"],) = house.service.trackers["one"].live_call_ids()
    somebody_waits(house, now)
    house.ids["call_id"] = house.ids["card_id"]
    about = {"at": now, "call_id": house.ids["card_id"], "queue": "support"}
    house.service.engine.step(e.CallbackAsked(**about, number="79161230077"))
    house.service.engine.step(e.VoicemailLeft(**about, reference="secret note.wav", seconds=3.0))
    (callback,) = house.service.calling_back.callbacks.listed()
    await house.service.writer.flush()
    async with house.signed_in("anna") as anna:
        for _ in range(100):
            card = (await anna.get(f"/api/cards/{house.ids['card_id']}")).json()
            if card.get("client_id"):
                break
            await asyncio.sleep(0.05)
        (message,) = (await anna.get("/api/voicemails")).json()["voicemails"]
        house.ids |= {"callback_id": callback.callback_id, "voicemail_id": message["voicemail_id"], "act": "take"}
        house.ids["client_id"] = card["client_id"]
        organisation = await anna.post("/api/clients", json={"name": "Secret Ltd", "kind": "organisation"})
        house.ids["organisation_id"] = organisation.json()["client_id"]
        note = await anna.put(f"/api/cards/{house.ids['card_id']}/notes", json={"notes": "secret note"})
        assert note.is_success, note.text
        promise = {"client_id": house.ids["client_id"], "due_at": SOON, "text": "secret promise"}
        house.ids["follow_up_id"] = (await anna.post("/api/follow-ups", json=promise)).json()["follow_up_id"]


def somebody_waits(house: House, now: datetime) -> None:
    """In a queue in which Meridian chooses."""
    house.ids["item_id"] = "waiting-0001"
    arrived = CallArrived(
        at=now, call_id=house.ids["item_id"], site="riga", pbx="one", boot_id="b", uniqueid="1795289550.9",
        linkedid="1795289550.9", channel="PJSIP/trunk-00000009", direction=Direction.INBOUND, caller_number="79161230077",
        caller_name="Sekretov", client_number="79161230077", dialled="500",
    )  # fmt: skip
    house.service.engine.step(arrived)
    house.service.engine.step(CallQueued(at=now, call_id=house.ids["item_id"], queue="support"))
