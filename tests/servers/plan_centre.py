"""A whole Meridian with a plan from a file, people to sign in, and its PBX away: for tests of the plan's routes and pages."""

import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Any

import httpx

import configuration as files
from core.errors import Conflict
from core.model import Role
from routing.live_plan import PlanChanged
from service import Service
from tests.servers.house import CHEAP, PASSWORD
from web.passwords import Passwords

FILE = """
[site]
name = "riga"
timezone = "Europe/Riga"
region = "LV"
[sites.omsk]
timezone = "Asia/Omsk"
[pbx.one]
host = "127.0.0.1"
port = 9
listener = {{ user = "u", secret = "s" }}
[database]
url = "sqlite:///{folder}/m.db"
folder = "{folder}/var"
[web]
port = 0
shutdown_s = 1
[desk.queues.support]
title = "Support"
[routing]
refuse_holes = {refuse}
[skills.billing]
en = "Billing"
ru = "Счета"
[hours.day]
zone = "Europe/Riga"
week = ["daily 09:00-18:00"]
feeds = {feeds}
[hours.half]
zone = "Europe/Riga"
week = ["daily 09:00-13:00"]
[queues.support]
mode = "acd"
requirement = "billing >= 2"
hours = "day"
[people.anna]
skills = {{ billing = 3 }}
queues = ["support"]
shifts = ["day"]
[people.olga]
site = "omsk"
"""
ANNA = {"skills": {"billing": 5}, "queues": ["support"], "shifts": ["day"]}


class Centre:
    def __init__(self, service: Service, path: Path) -> None:
        self.service, self.path = service, path
        self.told: list[PlanChanged] = []

    @asynccontextmanager
    async def signed_in(self, login: str) -> AsyncIterator[httpx.AsyncClient]:
        origin = f"http://127.0.0.1:{self.service.port}"
        async with httpx.AsyncClient(base_url=origin, headers={"Origin": origin}, trust_env=False) as client:
            (await client.post("/api/session", json={"login": login, "password": PASSWORD})).raise_for_status()
            yield client

    async def audit(self, action: str) -> list[dict[str, Any]]:
        await self.service.writer.flush()
        with closing(sqlite3.connect(self.path.parent / "m.db")) as database:
            rows = database.execute("select facts from audit where action = ? order by at", [action]).fetchall()
        return [json.loads(facts) for (facts,) in rows]


@asynccontextmanager
async def running(folder: Path, *, refuse: str = "false", feeds: Sequence[str] = ()) -> AsyncIterator[Centre]:
    path = folder / "meridian.toml"
    path.write_text(FILE.format(folder=folder, refuse=refuse, feeds=json.dumps(list(feeds))), encoding="utf-8")
    service = Service(files.load(path), path=path)
    service.accounts._passwords = Passwords(hasher=CHEAP)
    centre = Centre(service, path)
    step = service.engine.step

    def heard(fact: object) -> None:
        if isinstance(fact, PlanChanged):
            centre.told.append(fact)
        step(fact)

    service.planning.look_every_s = 0.05
    service.engine.step = heard  # type: ignore[method-assign]
    async with service.running():
        for login, role in (("anna", Role.OPERATOR), ("eva", Role.SUPERVISOR), ("ada", Role.ADMIN)):
            with suppress(Conflict):  # after a restart
                await service.accounts.add_user(
                    login=login, name=login.title(), password=PASSWORD, role=role, site="riga", extension=None
                )
        yield centre
    service.accounts._passwords.close()
