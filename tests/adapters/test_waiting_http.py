"""The waiting room over HTTP: what a supervisor is told, what they may do, and what nobody else may."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import httpx
import pytest

from core.effects import SaveCard
from core.model import Leg, LegOutcome, Role
from routing.settings import Mode, PersonSetting, QueueSetting, RelaxSetting
from tests.centre import ScriptedPlan
from tests.patience import PATIENT_S
from tests.servers.desk import Desk, now, running_desk


def plan() -> ScriptedPlan:
    queues = {
        "support": QueueSetting(
            mode=Mode.ACD, requirement="lang.es >= 3", relax=(RelaxSetting(after_s=60, requirement="billing"),)
        ),
        "plain": QueueSetting(),
    }
    people = {
        "anna": PersonSetting(queues=("support",), skills={"lang.es": 4}),
        "boris": PersonSetting(queues=("support",), skills={"lang.es": 2}),
    }
    return ScriptedPlan(queues, people)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with running_desk(with_agents=True, plan=plan()) as running:
        await running.user("anna", "1001", name="Anna Berg")
        await running.user("boris", "1002")
        await running.user("eva", None, role=Role.SUPERVISOR)
        await running.user("olga", None, role=Role.SUPERVISOR, site="tokyo")
        yield running


Sits = Callable[[str, str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
async def sits(desk: Desk) -> AsyncIterator[Sits]:
    """Somebody signs in, and a page of theirs is there."""
    async with contextlib.AsyncExitStack() as pages:

        async def sit(login: str, extension: str) -> httpx.AsyncClient:
            client = await desk.signed_in(login, extension)
            await pages.enter_async_context(desk.socket(client))
            async with asyncio.timeout(PATIENT_S):
                while not desk.is_ready(login):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            return client

        yield sit


async def test_nobody_is_there_and_somebody_waits(desk: Desk) -> None:
    eva = await desk.signed_in("eva")
    desk.waits("call-0001", "support")
    told = (await eva.get("/api/routing/waiting")).json()
    assert [(q["queue"], q["mode"], q["waiting"], q["ready"], q["staffed"], q["open"]) for q in told["queues"]] == [
        ("support", "acd", 1, 0, 0, True),
        ("plain", "native", 0, 0, 0, True),
    ]
    (item,) = told["items"]
    assert (item["item_id"], item["card_id"], item["state"], item["step"], item["steps"]) == (
        "call-0001", "call-0001", "waiting", 1, 2,
    )  # fmt: skip
    assert item["number_text"] == "+7 916 123-45-67" and item["entered_at"].endswith("Z") and told["at"].endswith("Z")
    why = (await eva.get("/api/routing/waiting/call-0001/why")).json()
    assert (why["position"], why["operators"], why["would"], why["first_with"]) == (1, [], [], None)
    assert [(s["requirement"], s["from_s"], s["status"]) for s in why["steps"]] == [
        ("lang.es >= 3", 0, "active"),
        ("billing", 60, "to_come"),
    ]


async def test_why_names_the_operators_and_what_would_help(desk: Desk, sits: Sits) -> None:
    eva = await desk.signed_in("eva")
    await sits("anna", "1001")
    await sits("boris", "1002")
    desk.waits("call-0001", "support")
    (item,) = (await eva.get("/api/routing/waiting")).json()["items"]
    assert (item["state"], item["offered_to"]) == ("offered", ["anna"])
    refused = await eva.get("/api/routing/waiting/call-0001/why")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_choosing")
    assert "Anna Berg" in refused.json()["message"]
    desk.take("call-0001")
    desk.waits("call-0002", "support")
    why = (await eva.get("/api/routing/waiting/call-0002/why")).json()
    assert [(o["name"], o["state"], o["obstacles"], o["missing"]) for o in why["operators"]] == [
        ("Anna Berg", "busy", ["busy"], []),
        ("Boris", "ready", ["requirement"], [{"asked": "lang.es >= 3", "has": "2"}]),
    ]
    assert why["would"] == [
        {"act": "learn", "login": "boris", "skills": {"lang.es": 3}, "at": None},
        {"act": "free", "login": "anna", "skills": {}, "at": None},
    ]
    assert why["names"] == {"anna": "Anna Berg", "boris": "Boris"}


async def test_points_change_the_order_at_once_and_are_written_down(desk: Desk) -> None:
    eva = await desk.signed_in("eva")
    desk.waits("call-0001", "support")
    desk.waits("call-0002", "support")
    why = (await eva.get("/api/routing/waiting/call-0002/why")).json()
    assert why["position"] == 2
    raised = await eva.post("/api/routing/waiting/call-0002/priority", json={"offset": why["first_with"]})
    assert (raised.status_code, raised.json()["raised"]) == (200, why["first_with"])
    told = (await eva.get("/api/routing/waiting")).json()
    assert [item["item_id"] for item in told["items"]] == ["call-0002", "call-0001"]
    await desk.settled()
    facts = [facts for _at, actor, action, facts in desk.audit.lines if (actor, action) == ("eva", "priority_changed")]
    assert [(one["item_id"], one["before"]) for one in facts] == [("call-0002", "0")]
    for bad in ({"offset": 1e9}, {"offset": "x"}, {}, {"offset": 1, "more": 1}):
        answer = await eva.post("/api/routing/waiting/call-0002/priority", json=bad)
        assert answer.status_code in (400, 422), bad
    assert (await eva.post("/api/routing/waiting/nobody-1/priority", json={"offset": 1})).status_code == 404
    desk.waits("call-0003", "plain")
    assert (await eva.post("/api/routing/waiting/call-0003/priority", json={"offset": 1})).status_code == 409


async def test_another_site_sees_nothing(desk: Desk) -> None:
    olga = await desk.signed_in("olga")
    desk.waits("call-0001", "support")
    told = (await olga.get("/api/routing/waiting")).json()
    assert (told["queues"], told["items"]) == ([], [])


async def test_why_this_operator_is_for_supervisors_and_for_whose_phone_rang(desk: Desk, sits: Sits) -> None:
    eva = await desk.signed_in("eva")
    anna = await sits("anna", "1001")
    boris = await sits("boris", "1002")
    await desk.card("call-0001")
    desk.waits("call-0001", "support")
    desk.take("call-0001")
    await desk.settled()
    refused = await anna.get("/api/routing/cards/call-0001/why")
    assert refused.status_code == 403, "the record doesn't know yet that it rang there"
    stored = await desk.cards.card("call-0001")
    assert stored is not None
    leg = Leg(leg_id=desk.rung[0].offer_id, agent="1001", rang_at=now(), outcome=LegOutcome.ANSWERED, queue="support")
    await desk.cards.apply([SaveCard(card=replace(stored.card, legs=(leg,), revision=stored.card.revision + 1))])
    for client in (eva, anna):
        told = (await client.get("/api/routing/cards/call-0001/why")).json()
        (offer,) = told["offers"]
        assert (offer["login"], offer["agent"], offer["queue"], offer["outcome"]) == (
            "anna", "1001", "support", "accepted",
        )  # fmt: skip
        choice = offer["choice"]
        assert (choice["step"], choice["requirement"], choice["strategy"]) == (1, "lang.es >= 3", "scarcity")
        assert [one["login"] for one in choice["candidates"]] == ["anna"]
        assert [(one["login"], one["obstacles"], one["missing"]) for one in choice["excluded"]] == [
            ("boris", ["requirement"], ["lang.es >= 3"])
        ]
        assert told["names"] == {"anna": "Anna Berg", "boris": "Boris"}
    refused = await boris.get("/api/routing/cards/call-0001/why")
    assert refused.status_code == 403
    assert ("boris", "access_refused") in [(actor, action) for _, actor, action, _ in desk.audit.lines]
    assert (await eva.get("/api/routing/cards/call-0009/why")).status_code == 404
