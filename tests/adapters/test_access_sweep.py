"""Every route of the whole service, as composed, tried by those who may not: nobody, the wrong role, another site's people with
real ids, a foreign page. A route without a line in EXPECTED fails here: say what it must refuse.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.model import Role
from service import Service
from tests.servers.house import PASSWORD, SECRETS, SOON, House, configuration, running_house


class Kind(Enum):
    """OPEN: for everybody. OWN: answers what is the asker's own, and takes no id. BY_ID: another site's thing isn't there."""

    OPEN = auto()
    OWN = auto()
    BY_ID = auto()


@dataclass(frozen=True)
class Expect:
    """`ask` and `body`: a request that is fine for whom it is meant; words in braces are real ids of the first site, or `names`."""

    kind: Kind
    role: Role = Role.OPERATOR
    ask: str = ""
    body: dict[str, Any] | None = None
    audited: bool = True
    names: dict[str, str] = field(default_factory=dict)


def own(
    ask: str = "", body: dict[str, Any] | None = None, role: Role = Role.OPERATOR, names: dict[str, str] | None = None
) -> Expect:
    return Expect(Kind.OWN, role, ask, body, names=names or {})


def by_id(body: dict[str, Any] | None = None, role: Role = Role.OPERATOR, ask: str = "") -> Expect:
    return Expect(Kind.BY_ID, role, ask, body)


OPEN = Expect(Kind.OPEN)
EXPECTED: dict[tuple[str, str], Expect] = {
    # pages and machines
    **{("GET", path): OPEN for path in ("/", "/signin", "/cards", "/waiting", "/plan", "/docs", "/favicon.ico")},
    **{("GET", path): OPEN for path in ("/healthz", "/readyz", "/metrics", "/api/openapi.json")},
    ("MOUNT", "/static"): OPEN,
    # the door
    ("POST", "/api/session"): OPEN,
    ("DELETE", "/api/session"): own(),
    ("GET", "/api/me"): own(),
    ("POST", "/api/socket-ticket"): own(),
    ("SOCKET", "/api/socket"): own(),
    # the screen
    ("GET", "/api/desk"): own(),
    ("GET", "/api/state"): own(),
    ("GET", "/api/pops/delivery"): own(role=Role.SUPERVISOR),
    ("GET", "/api/my-day"): own(),
    # calls
    ("POST", "/api/calls"): own(body={"number": "+79035550001"}),
    ("DELETE", "/api/calls/{call_id}"): by_id(),
    ("POST", "/api/calls/{call_id}/transfer"): by_id({"kind": "blind", "to": {"agent": "1002"}}),
    ("POST", "/api/calls/{call_id}/transfer/complete"): by_id(),
    ("POST", "/api/calls/{call_id}/transfer/cancel"): by_id(),
    ("POST", "/api/calls/{call_id}/park"): by_id(),
    ("POST", "/api/calls/{call_id}/recording"): by_id({"action": "start"}),
    ("POST", "/api/calls/{call_id}/mute"): by_id({"muted": True}),
    # operators
    ("GET", "/api/agent"): own(),
    ("POST", "/api/agent/state"): own(body={"state": "ready"}),
    ("POST", "/api/agent/wrap-up"): own(body={"action": "finish"}),
    ("GET", "/api/colleagues"): own(),
    # who waits, and why
    ("GET", "/api/routing/waiting"): own(role=Role.SUPERVISOR),
    ("GET", "/api/routing/waiting/{item_id}/why"): by_id(role=Role.SUPERVISOR),
    ("POST", "/api/routing/waiting/{item_id}/priority"): by_id({"offset": 5}, Role.SUPERVISOR),
    ("GET", "/api/routing/cards/{card_id}/why"): by_id(),
    # the plan
    ("GET", "/api/plan"): own(role=Role.SUPERVISOR),
    ("POST", "/api/plan/check"): own("", {"kind": "people", "name": "anna", "value": {}}, Role.SUPERVISOR),
    ("PUT", "/api/plan/{kind}/{name}"): own(
        "", {"value": {}, "version": 0}, Role.SUPERVISOR, {"kind": "people", "name": "anna"}
    ),
    ("GET", "/api/plan/changes"): own(role=Role.SUPERVISOR),
    ("GET", "/api/plan/hours/{name}/week"): own(role=Role.SUPERVISOR, names={"name": "day"}),
    ("POST", "/api/plan/reload"): own(role=Role.ADMIN),
    ("GET", "/api/routing/coverage"): own(role=Role.SUPERVISOR),
    # cards
    ("GET", "/api/cards"): own(),
    ("GET", "/api/cards/{card_id}"): by_id(),
    ("GET", "/api/cards/{card_id}/changes"): by_id(),
    ("PUT", "/api/cards/{card_id}/notes"): by_id({"notes": "overwritten"}),
    ("POST", "/api/cards/{card_id}/client"): by_id({"client_id": "{client_id}"}),
    ("GET", "/api/cards/{card_id}/check"): by_id(),
    ("POST", "/api/cards/{card_id}/check"): by_id({"answers": {"birthday": "right"}}),
    ("GET", "/api/follow-ups"): by_id(ask="?client_id={client_id}"),
    ("POST", "/api/follow-ups"): by_id({"client_id": "{client_id}", "due_at": SOON, "text": "x"}),
    ("PATCH", "/api/follow-ups/{follow_up_id}"): by_id({"text": "overwritten"}),
    ("GET", "/api/search"): own("?q=Sekretov"),
    ("GET", "/api/when"): own("?text=tomorrow&zone=Europe/Riga"),
    ("GET", "/api/when/offers"): own("?zone=Europe/Riga"),
    # callbacks and messages
    ("GET", "/api/callbacks"): own(),
    ("POST", "/api/callbacks"): own(body={"number": "+79161230099", "queue": "support"}, role=Role.SUPERVISOR),
    ("POST", "/api/callbacks/{callback_id}/take"): by_id(),
    ("POST", "/api/callbacks/{callback_id}/cancel"): by_id(),
    ("POST", "/api/callbacks/{callback_id}/again"): by_id(),
    ("POST", "/api/callbacks/{callback_id}/settle"): by_id(),
    ("GET", "/api/voicemails"): own(),
    ("POST", "/api/voicemails/{voicemail_id}/pass-on"): by_id({"to": "boris"}),
    ("POST", "/api/voicemails/{voicemail_id}/{act}"): by_id(),
    ("GET", "/api/cards/{card_id}/voicemail"): by_id(),
    # clients
    ("GET", "/api/clients"): own("?text=Sekretov"),
    ("POST", "/api/clients"): by_id({"name": "New", "organisation_id": "{organisation_id}"}),
    ("GET", "/api/clients/{client_id}"): by_id(),
    ("PATCH", "/api/clients/{client_id}"): by_id({"name": "Overwritten"}),
    ("GET", "/api/clients/{client_id}/members"): by_id(),
    ("GET", "/api/clients/{client_id}/changes"): by_id(),
    ("GET", "/api/clients/{client_id}/timeline"): by_id(),
    ("POST", "/api/clients/{client_id}/numbers"): by_id({"number": "+79990000000"}),
    ("DELETE", "/api/clients/{client_id}/numbers"): by_id({"number": "+79161230077"}),
    ("POST", "/api/clients/{client_id}/emails"): by_id({"email": "x@example.org"}),
    ("DELETE", "/api/clients/{client_id}/emails"): by_id({"email": "x@example.org"}),
    ("POST", "/api/clients/{client_id}/merge"): by_id({"into": "{organisation_id}"}, Role.SUPERVISOR),
}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as running:
        yield running


async def ask(house: House, client: httpx.AsyncClient, route: tuple[str, str], **more: Any) -> httpx.Response:
    expect = EXPECTED[route]
    body = None if expect.body is None else filled(expect.body, house.ids)
    path = (route[1] + expect.ask).format(**house.ids, **expect.names)
    return await client.request(route[0], path, json=body, **more)


def filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: filled(each, ids) for key, each in value.items()}
    return value.format(**ids) if isinstance(value, str) else value


def routes_of(routes: list[Any]) -> Iterator[tuple[str, str]]:
    for route in routes:
        if hasattr(route, "original_router"):
            yield from routes_of(route.original_router.routes)
        elif hasattr(route, "methods"):
            yield from ((method, route.path) for method in route.methods - {"HEAD"})
        else:
            yield ("MOUNT" if hasattr(route, "app") and hasattr(route, "routes") else "SOCKET"), route.path


async def every_route(tmp_path: Path) -> set[tuple[str, str]]:
    service = Service(configuration(tmp_path))
    try:
        app = service._app()
        return set(routes_of(app._app.routes))
    finally:
        service.passwords.close()
        await service.database.close()


def asked(*kinds: Kind) -> list[tuple[str, str]]:
    return [route for route, expect in EXPECTED.items() if expect.kind in kinds and route[0] not in ("MOUNT", "SOCKET")]


async def test_every_route_has_its_line_here(tmp_path: Path) -> None:
    found = await every_route(tmp_path)
    assert len(found) > 20
    assert found - set(EXPECTED) == set(), "say in EXPECTED what these must refuse"
    assert set(EXPECTED) - found == set(), "there is no such route (any more)"


async def test_nobody_gets_anything_but_the_open_ones(house: House) -> None:
    async with house.signed_in(None) as nobody:
        for forged in (None, b"x", b"A" * 43, b"A" * 5000, b"\xe9", b"%00", b"x; meridian_session=y"):
            cookies = {} if forged is None else {b"Cookie": b"meridian_session=" + forged}
            for route in asked(Kind.OWN, Kind.BY_ID):
                answer = await ask(house, nobody, route, headers=cookies)
                assert (answer.status_code, answer.json()["code"]) == (401, "signed_out"), (route, answer.text)
                assert set(answer.json()) == {"code", "message"}
    async with house.signed_in(None) as nobody:
        for route in asked(Kind.OPEN):
            text = (await ask(house, nobody, route)).text
            ids = (value for name, value in house.ids.items() if name != "act")
            assert not any(secret in text for secret in (*SECRETS, *ids)), route


async def test_a_lower_role_is_refused_and_it_is_written_down(house: House) -> None:
    above = [route for route in asked(Kind.OWN, Kind.BY_ID) if EXPECTED[route].role is not Role.OPERATOR]
    assert above
    async with house.signed_in("anna") as anna:
        for route in above:
            before = len(await house.audit())
            answer = await ask(house, anna, route)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), (route, answer.text)
            assert ("anna", "access_refused") in (await house.audit())[before:], route


@pytest.mark.parametrize(("operator", "supervisor"), [("otto", "olga")])
async def test_another_sites_things_are_not_there_and_trying_is_written_down(
    house: House, operator: str, supervisor: str
) -> None:
    async with house.signed_in(operator) as otto, house.signed_in(supervisor) as olga:
        for route in asked(Kind.BY_ID):
            who, client = (operator, otto) if EXPECTED[route].role is Role.OPERATOR else (supervisor, olga)
            before = len(await house.audit())
            answer = await ask(house, client, route)
            assert answer.status_code == 404 and set(answer.json()) == {"code", "message"}, (route, answer.text)
            assert not any(secret in answer.text for secret in SECRETS), route
            written = (await house.audit())[before:]
            assert {(who, "access_refused"), (who, "refused")} & set(written), (route, written)
        for route in asked(Kind.OWN):
            if route != ("DELETE", "/api/session"):
                client = otto if EXPECTED[route].role is Role.OPERATOR else olga
                answer = await ask(house, client, route)
                assert answer.status_code < 500, (route, answer.text)
                ids = {house.ids[name] for name in ("card_id", "client_id", "follow_up_id", "organisation_id")}
                assert not any(secret in answer.text for secret in (*SECRETS, "Anna", "Boris", *ids)), (
                    route,
                    answer.text,
                )
    # And nothing was changed by any of it.
    async with house.signed_in("anna") as anna:
        card = (await anna.get(f"/api/cards/{house.ids['card_id']}")).json()
        client = (await anna.get(f"/api/clients/{house.ids['client_id']}")).json()
        assert (card["notes"], client["name"], len(client["numbers"])) == ("secret note", "Sekretov", 1)
        follow_ups = (await anna.get(f"/api/follow-ups?client_id={house.ids['client_id']}")).json()["follow_ups"]
        assert [each["text"] for each in follow_ups] == ["secret promise"]


async def test_another_sites_ids_are_no_better_beside_ones_own(house: House) -> None:
    async with house.signed_in("olga") as olga:
        mine = (await olga.post("/api/clients", json={"name": "Mine"})).json()["client_id"]
        ids = house.ids
        for method, path, body in (
            ("PATCH", f"/api/clients/{mine}", {"organisation_id": ids["organisation_id"]}),
            ("POST", f"/api/clients/{mine}/merge", {"into": ids["client_id"]}),
            ("POST", f"/api/clients/{ids['client_id']}/merge", {"into": mine}),
            ("POST", f"/api/cards/{ids['card_id']}/client", {"client_id": mine}),
            ("POST", f"/api/cards/{ids['card_id']}/client", {"new": {"name": "x"}}),
            ("POST", "/api/follow-ups", {"card_id": ids["card_id"], "due_at": SOON, "text": "x"}),
            ("POST", "/api/follow-ups", {"card_id": ids["card_id"], "client_id": mine, "due_at": SOON, "text": "x"}),
        ):
            before = len(await house.audit())
            answer = await olga.request(method, path, json=body)
            assert answer.status_code == 404, (method, path, body, answer.text)
            assert ("olga", "access_refused") in (await house.audit())[before:], (method, path, body)
        assert (await olga.get(f"/api/clients/{mine}")).json()["organisation"] is None


@pytest.mark.parametrize("origin", [None, "null", "https://evil.example", "http://127.0.0.1:1", "", "file://"])
async def test_a_foreign_page_changes_nothing(house: House, origin: str | None) -> None:
    async with house.signed_in("anna") as anna:
        cookies = {"Cookie": f"meridian_session={anna.cookies['meridian_session']}"}
    headers = cookies | ({} if origin is None else {"Origin": origin})
    async with httpx.AsyncClient(base_url=house.origin, headers=headers, trust_env=False) as foreign:
        for route in asked(*Kind):
            if route[0] == "GET":
                continue
            answer = await ask(house, foreign, route)
            assert (answer.status_code, answer.json()["code"]) == (403, "bad_origin"), (route, answer.text)


async def test_what_a_get_asks_for_changes_nothing(house: House) -> None:
    """CSRF is refused by the Origin of changing methods: so no GET may change anything."""
    async with house.signed_in("anna") as anna:
        before = len([line for line in await house.audit() if line[1] == "did"])
        for route in asked(*Kind):
            if route[0] == "GET":
                await ask(house, anna, route)
        assert len([line for line in await house.audit() if line[1] == "did"]) == before


async def test_guessing_is_limited_for_names_that_exist_or_not(house: House) -> None:
    async with house.signed_in(None) as nobody:
        said: dict[str, list[int]] = {}
        for login in ("anna", "nobody-like-that"):
            for n in range(8):
                wrong = {"login": login, "password": f"guess-{n}"}
                said.setdefault(login, []).append((await nobody.post("/api/session", json=wrong)).status_code)
        assert said["anna"] == said["nobody-like-that"] == [400] * 5 + [429] * 3
        right = await nobody.post("/api/session", json={"login": "anna", "password": PASSWORD})
        assert right.status_code == 429 and int(right.headers["Retry-After"]) > 0
    assert [action for actor, action in await house.audit() if actor == "anna"].count("sign_in_refused") == 5
