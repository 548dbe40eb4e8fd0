"""The operator's state over HTTP, on the real port, with the real rules behind it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest
from argon2 import PasswordHasher

from core.errors import Conflict
from core.model import Role
from queues import http as agent_pages
from runtime.metrics import Registry
from tests.desk_day import Day
from web.accounts import Accounts
from web.app import create_app
from web.memory import MemoryAccounts, MemoryAuditTrail
from web.passwords import Passwords
from web.presence import Presence
from web.server import WebServer, take_port
from web.settings import WebSettings

PASSWORD = "correct horse"


@dataclass
class Scene:
    """`day` runs the rules; sign-ins over HTTP reach it as in the service."""

    day: Day
    accounts: Accounts
    origin: str
    stack: contextlib.AsyncExitStack

    async def signed_in(self, login: str, extension: str | None, *, site: str = "riga") -> httpx.AsyncClient:
        with contextlib.suppress(Conflict):
            role = Role.OPERATOR if extension else Role.SUPERVISOR
            await self.accounts.add_user(login=login, name=login.title(), password=PASSWORD, role=role, site=site)
        client = await self.stack.enter_async_context(
            httpx.AsyncClient(base_url=self.origin, headers={"Origin": self.origin}, trust_env=False)
        )
        asked = {"login": login, "password": PASSWORD, "extension": extension}
        answer = await client.post("/api/session", json=asked)
        assert answer.status_code == 201, answer.text
        return client


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    day = Day()
    hasher = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    settings = WebSettings(port=0, shutdown_s=1, extension_idle_s=0.001)
    accounts = Accounts(
        store=MemoryAccounts(), audit=MemoryAuditTrail(), passwords=Passwords(hasher=hasher), settings=settings
    )
    Presence(accounts, site="riga", connected=frozenset, tell=day.step, now=lambda: day.now)
    app = create_app(
        settings=settings,
        accounts=accounts,
        registry=Registry(),
        checks={},
        routers=[agent_pages.router(day.agents, step=day.step, now=lambda: day.now)],
    )
    listener = take_port(settings)
    server = WebServer(app, listener, settings)
    serving = asyncio.create_task(server.serve())
    async with contextlib.AsyncExitStack() as stack:
        yield Scene(day, accounts, f"http://127.0.0.1:{listener.getsockname()[1]}", stack)
    server.stop()
    await serving
    listener.close()


async def test_what_i_am_doing(scene: Scene) -> None:
    anna = await scene.signed_in("anna", "1001")
    assert (await anna.get("/api/agent")).json() == {
        "agent": "1001",
        "name": "Anna",
        "state": "ready",
        "since": scene.day.now.isoformat().replace("+00:00", "Z"),
        "reason": None,
        "until": None,
        "card_id": None,
        "extensions_left": 0,
    }


async def test_pause_and_ready(scene: Scene) -> None:
    anna = await scene.signed_in("anna", "1001")
    answer = await anna.post("/api/agent/state", json={"state": "paused", "reason": "lunch"})
    assert (answer.status_code, answer.json()["state"], answer.json()["reason"]) == (200, "paused", "lunch")
    answer = await anna.post("/api/agent/state", json={"state": "ready"})
    assert (answer.status_code, answer.json()["state"]) == (200, "ready")


async def test_wrap_up_is_prolonged_and_finished(scene: Scene) -> None:
    anna = await scene.signed_in("anna", "1001")
    scene.day.talks("c1")
    scene.day.hangs_up("c1")
    before = (await anna.get("/api/agent")).json()
    assert (before["state"], before["card_id"], before["extensions_left"]) == ("wrap_up", "c1", 2)
    longer = (await anna.post("/api/agent/wrap-up", json={"action": "extend"})).json()
    assert longer["until"] > before["until"] and longer["extensions_left"] == 1
    assert (await anna.post("/api/agent/wrap-up", json={"action": "finish"})).json()["state"] == "ready"


async def test_two_clicks_at_once(scene: Scene) -> None:
    """Both may come through; the second one is told, and nothing happens twice."""
    anna = await scene.signed_in("anna", "1001")
    scene.day.talks("c1")
    scene.day.hangs_up("c1")
    scene.day.effects.clear()
    answers = await asyncio.gather(*(anna.post("/api/agent/wrap-up", json={"action": "finish"}) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert scene.day.told() == ["ready"]
    pauses = await asyncio.gather(
        *(anna.post("/api/agent/state", json={"state": "paused", "reason": "lunch"}) for _ in range(2))
    )
    assert [answer.status_code for answer in pauses] == [200, 200]
    assert scene.day.told() == ["ready", "paused"]


async def test_what_can_not_be_now_is_said_in_a_sentence(scene: Scene) -> None:
    anna = await scene.signed_in("anna", "1001")
    scene.day.talks("c1", queue="sales")
    answer = await anna.post("/api/agent/state", json={"state": "ready"})
    assert (answer.status_code, answer.json()) == (
        409, {"code": "not_now", "message": "You are in a call: you are ready when it ends."},
    )  # fmt: skip
    scene.day.hangs_up("c1")
    answer = await anna.post("/api/agent/wrap-up", json={"action": "finish"})
    assert (answer.status_code, answer.json()["code"]) == (409, "disposition_missing")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"state": "busy"}, 422, "invalid"),
        ({"state": "signed_out"}, 422, "invalid"),
        ({"state": "paused"}, 400, "bad_reason"),
        ({"state": "paused", "reason": "'; DROP TABLE"}, 400, "bad_reason"),
        ({"state": "paused", "reason": "x" * 81}, 422, "invalid"),
        ({"state": "ready", "reason": "lunch"}, 400, "bad_reason"),
        ({"state": "paused", "reason": "lunch", "agent": "1002"}, 422, "invalid"),
        ({}, 422, "invalid"),
    ],
)
async def test_nonsense_is_refused(scene: Scene, body: dict[str, str], status: int, code: str) -> None:
    anna = await scene.signed_in("anna", "1001")
    answer = await anna.post("/api/agent/state", json=body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert scene.day.state() == "ready"


async def test_colleagues_are_everybody_else_of_the_own_site(scene: Scene) -> None:
    anna = await scene.signed_in("anna", "1001")
    boris = await scene.signed_in("boris", "1002")
    olga = await scene.signed_in("olga", "1001", site="omsk")
    await boris.post("/api/agent/state", json={"state": "paused", "reason": "lunch"})
    (line,) = (await anna.get("/api/colleagues")).json()["agents"]
    assert (line["agent"], line["login"], line["state"], line["reason"]) == ("1002", "boris", "paused", "lunch")
    assert (await olga.get("/api/colleagues")).json() == {"agents": []}
    await boris.delete("/api/session")
    assert (await anna.get("/api/colleagues")).json() == {"agents": []}


async def test_another_sites_extension_of_the_same_number_is_not_mine(scene: Scene) -> None:
    await scene.signed_in("anna", "1001")
    olga = await scene.signed_in("olga", "1001", site="omsk")
    for answer in (
        await olga.get("/api/agent"),
        await olga.post("/api/agent/state", json={"state": "paused", "reason": "lunch"}),
        await olga.post("/api/agent/wrap-up", json={"action": "finish"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (400, "other_site")
    assert scene.day.state() == "ready"


async def test_without_an_extension_there_is_no_state(scene: Scene) -> None:
    chief = await scene.signed_in("chief", None)
    assert (await chief.get("/api/agent")).json()["code"] == "no_extension"
    await scene.signed_in("anna", "1001")
    assert [a["agent"] for a in (await chief.get("/api/colleagues")).json()["agents"]] == ["1001"]


async def test_strangers_are_refused(scene: Scene) -> None:
    async with httpx.AsyncClient(base_url=scene.origin, headers={"Origin": scene.origin}, trust_env=False) as nobody:
        for answer in (
            await nobody.get("/api/agent"),
            await nobody.get("/api/colleagues"),
            await nobody.post("/api/agent/state", json={"state": "ready"}),
            await nobody.post("/api/agent/wrap-up", json={"action": "finish"}),
        ):
            assert answer.status_code == 401


async def test_the_next_one_at_an_extension_finds_nothing_of_the_one_before(scene: Scene) -> None:
    anna = await scene.signed_in("anna", "1001")
    await anna.post("/api/agent/state", json={"state": "paused", "reason": "lunch"})
    boris = await scene.signed_in("boris", "1001")  # hers is idle by the settings above
    assert (await boris.get("/api/agent")).json()["state"] == "ready"
    assert (await anna.post("/api/agent/state", json={"state": "paused", "reason": "lunch"})).status_code == 401
    assert scene.day.state() == "ready"


async def test_a_session_of_another_process_is_signed_out_until_it_is_seen(scene: Scene) -> None:
    anna = await scene.signed_in("anna", "1001")
    scene.day.agents._agents.clear()
    assert (await anna.get("/api/agent")).json()["state"] == "signed_out"
    answer = await anna.post("/api/agent/state", json={"state": "ready"})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_now")
