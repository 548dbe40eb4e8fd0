"""Who is it, over real HTTP: the pages about clients, a confirmation while the phone rings, and every route as the wrong person."""

import asyncio
from typing import Any

import httpx
import pytest

from core.desk import CheckQuestion, CustomField
from core.desk import Desk as Declared
from core.model import ClientKind, Role
from tests.patience import PATIENT_S
from tests.servers.desk import Page, now, running_desk

DECLARED = Declared(
    fields={"contract": CustomField(en="Contract", ru="Договор")},
    checks={"birthday": CheckQuestion(en="Date of birth?", ru="Дата рождения?")},
)
NUMBER = "+79161234567"


async def made(client: httpx.AsyncClient, **fields: object) -> Any:
    answer = await client.post("/api/clients", json=fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def pop_with(page: Page, *, name: str) -> Any:
    """The next state of a pop in which the client is called so."""
    async with asyncio.timeout(PATIENT_S):
        while True:
            message: Any = await page.hear()
            pop = message.get("pop") or message
            if (pop.get("client") or {}).get("name") == name:
                return pop


async def test_a_client_is_made_read_changed_and_its_changes_told() -> None:
    async with running_desk(declared=DECLARED) as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        firm = await made(anna, name="Firm", kind="organisation", numbers=["8 495 123-45-67"])
        ivan = await made(
            anna,
            name=" Ivan ",
            organisation_id=firm["client_id"],
            numbers=["8 (916) 123-45-67"],
            emails=["Ivan@Example.com"],
            vip=True,
            warning="owes",
            language="ru",
            timezone="Asia/Omsk",
            owner="anna",
            fields={"contract": "A-1"},
            check=True,
        )
        assert ivan | {"client_id": "", "created_at": ""} == {
            "client_id": "",
            "kind": "person",
            "name": "Ivan",
            "note": "",
            "organisation": {"client_id": firm["client_id"], "name": "Firm"},
            "numbers": [{"number": NUMBER, "text": "+7 916 123-45-67"}],
            "emails": ["ivan@example.com"],
            "vip": True,
            "warning": "owes",
            "language": "ru",
            "timezone": "Asia/Omsk",
            "owner": "anna",
            "fields": {"contract": "A-1"},
            "check": True,
            "created_at": "",
            "version": ivan["version"],
        }
        path = f"/api/clients/{ivan['client_id']}"
        assert (await anna.get(path)).json() == ivan
        members = (await anna.get(f"/api/clients/{firm['client_id']}/members")).json()["clients"]
        assert [each["name"] for each in members] == ["Ivan"]
        said = {"language": None, "organisation_id": None, "fields": {"contract": None}, "version": ivan["version"]}
        changed = (await anna.patch(path, json=said)).json()
        assert (changed["language"], changed["organisation"], changed["fields"]) == (None, None, {})
        assert (changed["name"], changed["timezone"], changed["vip"]) == ("Ivan", "Asia/Omsk", True)
        told = (await anna.get(f"{path}/changes")).json()["changes"]
        assert {line["field"] for line in told[:3]} == {"language", "organisation", "fields.contract"}
        assert all(line["by"] == "anna" for line in told)


async def test_who_saves_over_something_unseen_gets_the_present_one_with_the_refusal() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        ivan = await made(anna, name="Ivan")
        path = f"/api/clients/{ivan['client_id']}"
        first = (await anna.patch(path, json={"note": "one", "version": ivan["version"]})).json()
        refusal = await anna.patch(path, json={"note": "two", "version": ivan["version"]})
        assert (refusal.status_code, refusal.json()["code"]) == (409, "stale")
        assert refusal.json()["client"] == first and first["note"] == "one"
        assert (await anna.patch(path, json={"note": "two", "version": first["version"]})).status_code == 200


async def test_numbers_and_addresses_come_and_go() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        path = f"/api/clients/{(await made(anna, name='Ivan'))['client_id']}"
        await anna.post(f"{path}/numbers", json={"number": NUMBER})
        more = (await anna.post(f"{path}/emails", json={"email": "I@example.com"})).json()
        assert [each["number"] for each in more["numbers"]] == [NUMBER] and more["emails"] == ["i@example.com"]
        fewer = await anna.request("DELETE", f"{path}/numbers", json={"number": "8 916 123 45 67"})
        assert fewer.json()["numbers"] == []
        assert (await anna.request("DELETE", f"{path}/emails", json={"email": "i@EXAMPLE.com"})).json()["emails"] == []
        for body in ({"number": "anonymous"}, {"number": ""}):
            assert (await anna.post(f"{path}/numbers", json=body)).status_code == 400
        assert (await anna.post(f"{path}/emails", json={"email": "no"})).status_code == 400


async def test_a_confirmation_shows_on_every_screen_of_the_call_at_once() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        await desk.user("boris", "1002")
        anna, boris = await desk.signed_in("anna"), await desk.signed_in("boris")
        one, two = [await made(anna, name=name, numbers=[NUMBER]) for name in ("Ivan", "Pyotr")]
        async with desk.socket(anna) as hers, desk.socket(boris) as his:
            desk.arrive("call-0001")
            await desk.card("call-0001")
            desk.ring("call-0001", "1001")
            desk.ring("call-0001", "1002")
            async with asyncio.timeout(PATIENT_S):
                while True:
                    message: Any = await hers.hear()
                    pop = message.get("pop") or message
                    if pop.get("candidates"):
                        break
            assert {each["name"] for each in pop["candidates"]} == {"Ivan", "Pyotr"} and pop["client"] is None
            answer = await anna.post("/api/cards/call-0001/client", json={"client_id": two["client_id"]})
            assert answer.json() == {"client": two, "linked": 0}
            for page in (hers, his):
                shown = await pop_with(page, name="Pyotr")
                assert shown["candidates"] == []
            await anna.patch(f"/api/clients/{two['client_id']}", json={"warning": "careful"})
            for page in (hers, his):
                assert (await pop_with(page, name="Pyotr"))["client"]["warning"] == "careful"
        await desk.user("root", None, role=Role.SUPERVISOR)
        root = await desk.signed_in("root")
        merged = await root.post(f"/api/clients/{two['client_id']}/merge", json={"into": one["client_id"]})
        assert merged.json()["client_id"] == one["client_id"]
        assert (await anna.get(f"/api/clients/{two['client_id']}")).json()["client_id"] == one["client_id"]
        assert (await anna.get("/api/cards/call-0001")).json()["client_id"] == one["client_id"]


async def test_an_unknown_caller_gets_a_name_in_one_step_from_the_pop() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        async with desk.socket(anna) as page:
            for call_id in ("call-0001", "call-0002"):
                desk.arrive(call_id)
                await desk.card(call_id)
                await asyncio.gather(*desk.tasks)
            desk.ring("call-0002", "1001")
            asked = {"new": {"name": "Ivan"}, "learn": True}
            confirmed = (await anna.post("/api/cards/call-0002/client", json=asked)).json()
            assert (confirmed["client"]["name"], confirmed["linked"]) == ("Ivan", 1)
            assert not (await pop_with(page, name="Ivan"))["client"]["is_new"]
        found = (await anna.get("/api/clients", params={"number": NUMBER})).json()["clients"]
        assert [each["name"] for each in found] == ["Ivan"]
        for asked in ({}, {"client_id": "x", "new": {"name": "Y"}}, {"learn": True}):  # type: ignore[assignment]
            refusal = await anna.post("/api/cards/call-0002/client", json=asked)
            assert (refusal.status_code, refusal.json()["code"]) == (400, "who_missing")


async def test_the_answers_to_check_questions_are_on_the_card_and_in_the_trail() -> None:
    async with running_desk(declared=DECLARED) as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.card("card-0001")
        assert (await anna.get("/api/cards/card-0001/check")).json() == {"check": None}
        noted = await anna.post("/api/cards/card-0001/check", json={"answers": {"birthday": "wrong"}})
        assert noted.json()["check"] | {"at": ""} == {"answers": {"birthday": "wrong"}, "by": "anna", "at": ""}
        assert (await anna.get("/api/cards/card-0001/check")).json() == noted.json()
        assert desk.audit.lines[-1][3] == {"what": "card card-0001 checked", "answers": "birthday=wrong"}
        for answers, status in (({"shoes": "right"}, 400), ({"birthday": "maybe"}, 422), ({}, 422)):
            answer = await anna.post("/api/cards/card-0001/check", json={"answers": answers})
            assert answer.status_code == status


async def test_another_sites_clients_and_cards_are_none_on_every_route_and_each_attempt_is_written_down() -> None:
    async with running_desk(declared=DECLARED) as desk:
        await desk.user("eva", None, role=Role.SUPERVISOR)
        eva = await desk.signed_in("eva")
        theirs = (await desk.directory.create("berlin", name="B", numbers=["+4930123456"], at=now())).client_id
        ours = (await made(eva, name="Ours"))["client_id"]
        await desk.card("card-of-berlin", site="berlin")
        await desk.card("card-0001")
        attempts: list[tuple[str, str, dict[str, Any] | None]] = [
            ("GET", f"/api/clients/{theirs}", None),
            ("PATCH", f"/api/clients/{theirs}", {"note": "x"}),
            ("GET", f"/api/clients/{theirs}/changes", None),
            ("GET", f"/api/clients/{theirs}/members", None),
            ("POST", f"/api/clients/{theirs}/numbers", {"number": NUMBER}),
            ("DELETE", f"/api/clients/{theirs}/numbers", {"number": NUMBER}),
            ("POST", f"/api/clients/{theirs}/emails", {"email": "a@example.com"}),
            ("DELETE", f"/api/clients/{theirs}/emails", {"email": "a@example.com"}),
            ("POST", f"/api/clients/{theirs}/merge", {"into": ours}),
            ("POST", f"/api/clients/{ours}/merge", {"into": theirs}),
            ("POST", "/api/clients", {"name": "N", "organisation_id": theirs}),
            ("PATCH", f"/api/clients/{ours}", {"organisation_id": theirs}),
            ("POST", "/api/cards/card-of-berlin/client", {"client_id": ours}),
            ("POST", "/api/cards/card-0001/client", {"client_id": theirs}),
            ("POST", "/api/cards/card-0001/client", {"new": {"name": "N", "organisation_id": theirs}}),
            ("GET", "/api/cards/card-of-berlin/check", None),
            ("POST", "/api/cards/card-of-berlin/check", {"answers": {"birthday": "right"}}),
        ]
        for method, path, body in attempts:
            desk.audit.lines.clear()
            answer = await eva.request(method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), (method, path)
            assert [line[2] for line in desk.audit.lines] == ["access_refused"], (method, path)
            nobodys = path.replace(theirs, "nobody").replace("card-of-berlin", "card-of-nobody")
            nothing = await eva.request(method, nobodys, json=body and _of_nobody(body, theirs))
            assert (nothing.status_code, nothing.text) == (404, answer.text), "told apart by nothing"
        kept = await desk.directory.client("berlin", theirs)
        assert (kept.name, kept.note, kept.numbers) == ("B", "", ("+4930123456",))


async def test_merging_is_the_supervisors() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        one, two = [(await made(anna, name=name))["client_id"] for name in ("One", "Two")]
        refusal = await anna.post(f"/api/clients/{one}/merge", json={"into": two})
        assert refusal.status_code == 403 and desk.audit.lines[-1][2] == "access_refused"
        assert len((await anna.get("/api/clients")).json()["clients"]) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 201},
        {"name": "N", "numbers": ["1"] * 51},
        {"name": "N", "numbers": ["anonymous"]},
        {"name": "N", "kind": "robot"},
        {"name": "N", "timezone": "Nowhere/At_all"},
        {"name": "N", "fields": {"x": "y"}},
        {"name": "N", "version": 3},
        {"name": "N", "client_id": "mine"},
        {"name": "N", "vip": "perhaps"},
        {},
        [],
    ],
)
async def test_what_makes_no_sense_is_refused_and_makes_nobody(body: object) -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        answer = await anna.post("/api/clients", json=body)
        assert answer.status_code in (400, 422) and set(answer.json()) == {"code", "message"}
        assert (await anna.get("/api/clients")).json()["clients"] == []


async def test_people_and_organisations_are_searched_apart() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.directory.create("moscow", name="Ivan", numbers=[NUMBER], at=now())
        await made(anna, name="Ivan & Co", kind=ClientKind.ORGANISATION)
        for params, names in (
            ({"text": "ivan", "kind": "organisation"}, ["Ivan & Co"]),
            ({"text": "ivan", "number": "8 916 123-45-67"}, ["Ivan"]),
            ({"text": "8 916 123-45-67"}, ["Ivan"]),
        ):
            found = (await anna.get("/api/clients", params=params)).json()["clients"]
            assert [each["name"] for each in found] == names


def _of_nobody(body: dict[str, Any], theirs: str) -> dict[str, Any]:
    return {
        key: _of_nobody(value, theirs) if isinstance(value, dict) else "nobody" if value == theirs else value
        for key, value in body.items()
    }
