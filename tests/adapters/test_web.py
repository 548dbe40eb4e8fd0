"""The port over real HTTP: sign-in, cookies, origin, headers, errors, every route as the wrong person."""

import asyncio
from typing import Any

import httpx
import pytest

from core.errors import Unavailable
from core.model import Role
from tests.patience import PATIENT_S
from tests.servers.desk import PASSWORD, Desk, running_desk
from web.server import take_port
from web.settings import WebSettings


async def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_never_get() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        client = await desk.signed_in("anna", "1005")
        assert (await client.get("/api/me")).json() == {
            "user_id": (await desk.account_store.users())[0].user_id,
            "login": "anna",
            "name": "Anna",
            "role": "operator",
            "site": "moscow",
            "extension": "1005",
            "language": None,
        }
        answer = await client.post("/api/session", json={"login": "anna", "password": PASSWORD})
        cookie = answer.headers["set-cookie"].lower()
        assert all(word in cookie for word in ("httponly", "samesite=strict", "path=/", "max-age=43200"))
        assert "secure" not in cookie  # plain http here; by https it is set
        await client.delete("/api/session")
        assert (await client.get("/api/me")).status_code == 401


@pytest.mark.parametrize("secure, there", [(True, True), (False, False)])
async def test_secure_cookies_can_be_insisted_on(secure: bool, there: bool) -> None:
    async with running_desk(settings=WebSettings(port=0, secure_cookies=secure, shutdown_s=1)) as desk:
        await desk.user("anna", "1001")
        answer = await desk.client().post("/api/session", json={"login": "anna", "password": PASSWORD})
        assert ("secure" in answer.headers["set-cookie"].lower()) is there


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1"])
async def test_what_changes_something_must_come_from_our_own_pages(origin: str | None) -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        client = await desk.signed_in("anna")
        cookies = {"Cookie": f"meridian_session={client.cookies['meridian_session']}"}
        headers = cookies | ({"Origin": origin} if origin else {})
        async with httpx.AsyncClient(base_url=desk.origin, trust_env=False, headers=headers) as foreign:
            for method, path in await routes(desk):
                if method != "GET":
                    answer = await foreign.request(method, path)
                    assert (answer.status_code, answer.json()["code"]) == (403, "bad_origin"), (method, path)
        assert (await client.get("/api/me")).status_code == 200


async def test_a_list_of_origins_replaces_our_own_host() -> None:
    settings = WebSettings(port=0, origins=("https://desk.example",), shutdown_s=1)
    async with running_desk(settings=settings) as desk:
        await desk.user("anna", "1001")
        asked = {"login": "anna", "password": PASSWORD}
        client = desk.client()
        assert (await client.post("/api/session", json=asked)).status_code == 403
        listed = await client.post("/api/session", json=asked, headers={"Origin": "https://desk.example"})
        assert listed.status_code == 201


OPEN = {"/healthz", "/readyz", "/metrics", "/api/session"}


async def test_every_route_refuses_a_stranger() -> None:
    async with running_desk() as desk:
        client = desk.client()
        for method, path in await routes(desk):
            if path not in OPEN or method == "DELETE":
                answer = await client.request(method, path)
                assert (answer.status_code, answer.json()["code"]) == (401, "signed_out"), (method, path)


async def test_another_sites_card_and_client_dont_exist_and_the_attempt_is_written_down() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.card("card-of-berlin", site="berlin")
        berliner = await desk.directory.create("berlin", name="B", numbers=["+4930123456"], at=desk.hub._now())
        for method, path in (
            ("GET", "/api/cards/card-of-berlin"),
            ("PUT", "/api/cards/card-of-berlin/notes"),
            ("GET", f"/api/clients/{berliner.client_id}"),
            ("PATCH", f"/api/clients/{berliner.client_id}"),
        ):
            theirs = await anna.request(method, path, json={} if method != "GET" else None)
            nobody = path.replace("berlin", "nowhere").replace(berliner.client_id, "nobody")
            nobodys = await anna.request(method, nobody, json={} if method != "GET" else None)
            assert theirs.status_code == 404 and nobodys.status_code == 404
        assert (await anna.get("/api/cards")).json()["cards"] == []
        assert (await anna.get("/api/clients")).json()["clients"] == []
        refused = [facts["what"] for _, _, action, facts in desk.audit.lines if action == "access_refused"]
        assert len(refused) == 4 and "card-of-berlin" in refused[0] and berliner.client_id in refused[3]


async def test_an_operator_is_no_supervisor_and_trying_is_written_down() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        await desk.user("eva", None, role=Role.SUPERVISOR)
        anna, eva = await desk.signed_in("anna"), await desk.signed_in("eva")
        refusal = await anna.get("/api/pops/delivery")
        assert (refusal.status_code, refusal.json()["code"]) == (403, "forbidden")
        assert desk.audit.lines[-1][2] == "access_refused"
        assert (await eva.get("/api/pops/delivery")).json() == {"agents": []}


async def test_what_is_typed_on_a_card_stays_and_may_be_sent_again() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.card("card-0001")
        typed = {
            "notes": 'said <b>"yes"</b>',
            "disposition": "call_back",
            "next_contact_at": "2026-12-01T10:00:00+03:00",
            "next_contact_text": "offer",
        }
        for _ in range(2):
            assert (await anna.put("/api/cards/card-0001/notes", json=typed)).json()["stored"] is True
        card: Any = (await anna.get("/api/cards/card-0001")).json()
        assert {k: card[k] for k in ("notes", "disposition", "next_contact_text", "edited_by")} == {
            "notes": 'said <b>"yes"</b>',
            "disposition": "call_back",
            "next_contact_text": "offer",
            "edited_by": "anna",
        }
        assert card["next_contact_at"] == "2026-12-01T07:00:00Z"
        await anna.put("/api/cards/card-0001/notes", json={"notes": "only this"})
        card = (await anna.get("/api/cards/card-0001")).json()
        assert (card["notes"], card["disposition"]) == ("only this", "call_back")


@pytest.mark.parametrize(
    "typed",
    [
        {"notes": "x" * 10_001},
        {"disposition": "DROP TABLE"},
        {"next_contact_at": "tomorrow"},
        {"next_contact_at": "2026-12-01T10:00:00"},
        {"note": "typo"},
        [],
    ],
)
async def test_odd_requests_are_refused_with_a_reason(typed: object) -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        await desk.card("card-0001")
        answer = await anna.put("/api/cards/card-0001/notes", json=typed)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        assert set(answer.json()) == {"code", "message"}


async def test_cards_come_in_pages() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        anna = await desk.signed_in("anna")
        for n in range(5):
            await desk.card(f"card-000{n}", number="8 916 1234567")
        seen, before = [], None
        while True:
            params = {"limit": "2"} | ({"before": before} if before else {})
            page: Any = (await anna.get("/api/cards", params=params)).json()
            seen += [card["card_id"] for card in page["cards"]]
            before = page["next"]
            if before is None:
                break
        assert seen == [f"card-000{n}" for n in (4, 3, 2, 1, 0)]
        assert page["cards"][0]["number_text"] == "+7 916 123-45-67"
        for odd in ("x", "x~y", "2026-11-21T10:00:00~x"):
            answer = await anna.get("/api/cards", params={"before": odd})
            assert (answer.status_code, answer.json()["code"]) == (400, "bad_cursor")


async def test_calls_are_placed_from_ones_own_phone_only() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        await desk.user("eva", None, role=Role.SUPERVISOR)
        anna, eva = await desk.signed_in("anna"), await desk.signed_in("eva")
        assert (await anna.post("/api/calls", json={"number": "+7 (916) 123-45-67"})).status_code == 202
        assert desk.calls.placed == [("moscow", "1001", "+7 (916) 123-45-67")]
        assert (await eva.post("/api/calls", json={"number": "+79161234567"})).json()["code"] == "no_extension"
        for odd in ("+7916\r\nAction: Originate", "1001&PJSIP/1002", "FILE(/etc/passwd)", "", "+7,1", "7|8"):
            assert (await anna.post("/api/calls", json={"number": odd})).status_code == 422
        assert len(desk.calls.placed) == 1
        assert ("call", "+7 (916) 123-45-67") in {(f.get("what"), f.get("number")) for *_, f in desk.audit.lines}


async def test_without_a_way_to_call_it_says_so() -> None:
    async with running_desk(wired=False) as desk:
        await desk.user("anna", "1001")
        answer = await (await desk.signed_in("anna")).post("/api/calls", json={"number": "+79161234567"})
        assert (answer.status_code, answer.json()["code"]) == (503, "not_wired")


async def test_ready_or_not() -> None:
    async with running_desk() as desk:
        client = desk.client()
        assert (await client.get("/readyz")).json() == {"database": "ok"}
        desk.database_away = True
        answer = await client.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"database": "away"})
        assert "meridian_sockets 0" in (await client.get("/metrics")).text


async def test_every_answer_bears_the_headers_that_keep_pages_in() -> None:
    async with running_desk() as desk:
        client = desk.client()
        for path in ("/", "/signin", "/cards", "/docs", "/static/style.css", "/static/nothing", "/api/me", "/nothing"):
            headers = (await client.get(path)).headers
            policy = headers["content-security-policy"]
            assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            assert "access-control-allow-origin" not in headers and "server" not in headers
        assert (await client.get("/api/me")).headers["cache-control"] == "no-store"
        for escape in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py"):
            assert (await client.get(escape)).status_code == 404


async def test_too_large_a_body_is_refused_declared_or_not() -> None:
    async with running_desk() as desk:
        client = desk.client()
        big = b"x" * 300_000

        async def undeclared() -> Any:
            for start in range(0, len(big), 65_536):
                yield big[start : start + 65_536]

        declared = await client.post("/api/session", content=big)
        assert (declared.status_code, declared.json()["code"]) == (413, "too_large")
        hidden = await client.post("/api/session", content=undeclared())
        assert hidden.status_code in (400, 413)


async def test_guessing_is_answered_with_when_to_come_back() -> None:
    async with running_desk() as desk:
        await desk.user("anna", "1001")
        client = desk.client()
        for _ in range(5):
            wrong = await client.post("/api/session", json={"login": "anna", "password": "wrong"})
            assert (wrong.status_code, wrong.json()["code"]) == (400, "wrong_password")
        locked = await client.post("/api/session", json={"login": "anna", "password": PASSWORD})
        assert (locked.status_code, locked.json()["code"]) == (429, "too_many")
        assert 1 <= int(locked.headers["retry-after"]) <= 15


async def test_a_port_in_use_is_one_clear_sentence() -> None:
    async with running_desk() as desk:
        with pytest.raises(Unavailable, match=f"127.0.0.1:{desk.port} is in use by another program"):
            take_port(WebSettings(port=desk.port))
    for settings in (WebSettings(host="256.0.0.1", port=0), WebSettings(host="203.0.113.7", port=0)):
        with pytest.raises(Unavailable, match="check \\[web\\] host and port"):
            take_port(settings)


async def test_stopping_is_bounded_though_sockets_are_open() -> None:
    async with asyncio.timeout(PATIENT_S):
        async with running_desk() as desk:
            await desk.user("anna", "1001")
            async with desk.socket(await desk.signed_in("anna")) as page:
                await page.hear()
                desk.hub.close()
                await page.closed()


async def routes(desk: Desk) -> list[tuple[str, str]]:
    """Every route that the description knows, with ids filled in."""
    description: Any = (await desk.client().get("/api/openapi.json")).json()
    return [
        (method.upper(), path.replace("{", "").replace("}", "-0001"))
        for path, methods in description["paths"].items()
        for method in methods
    ]
