"""Sockets in the wrong hands: what is another's stays another's, and who may not be here any more is out within five seconds, from
sockets and from queries, however it came about."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from runtime.database import Database
from tests.rig.meridian import MERIDIAN
from tests.servers.desk import running_desk
from tests.servers.house import House, running_house
from web.tables import users

AT_MOST_S = 5.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with running_house(tmp_path) as running:
        yield running


def socket(house: House, ticket: str, cookie: str, *, origin: str | None = None, path: str = "/api/socket") -> connect:
    return connect(
        f"ws://127.0.0.1:{house.service.port}{path}",
        origin=house.origin if origin is None else origin,  # type: ignore[arg-type]
        subprotocols=["meridian.v1", f"ticket.{ticket}"],  # type: ignore[list-item]
        additional_headers={"Cookie": f"meridian_session={cookie}"},
        proxy=None,
        compression=None,
    )


async def ticket_of(client: httpx.AsyncClient) -> str:
    return str((await client.post("/api/socket-ticket")).json()["ticket"])


@asynccontextmanager
async def talking_socket(house: House, client: httpx.AsyncClient) -> AsyncIterator[ClientConnection]:
    async with socket(house, await ticket_of(client), client.cookies["meridian_session"]) as opened:
        await opened.send('{"type":"resume","epoch":null,"version":null}')
        await opened.recv()
        yield opened


async def test_nobody_acknowledges_or_puts_away_anothers_pop() -> None:
    async with running_desk() as desk:
        for login, extension, site in (
            ("anna", "1001", "moscow"),
            ("boris", "1002", "moscow"),
            ("otto", "1001", "tokyo"),
        ):
            await desk.user(login, extension, site=site)
        anna = await desk.signed_in("anna")
        desk.arrive("call-0001", name="Ivan")
        desk.ring("call-0001", "1001")
        pop_id = "call-0001/1001-leg"
        desk.end("call-0001")  # over: its own operator could put it away now
        for login in ("boris", "otto"):
            async with desk.socket(await desk.signed_in(login)) as page:
                assert (await page.hear())["following"] == 0
                await page.say(type="dismiss", pop_id=pop_id)
                for version in (1, 2, 3, 10**9):
                    await page.say(type="ack", version=version)
                await page.say(type="resume", epoch=None, version=None)
                assert (await page.hear())["following"] == 0
        async with desk.socket(anna) as page:
            assert (await page.hear())["following"] == 1
            shown = await page.hear()
            assert shown["unseen"] is True  # nobody else's acknowledgement counted
            assert shown["pop"]["pop_id"] == pop_id  # type: ignore[index]


async def test_a_ticket_is_for_its_own_session_once_soon_and_from_our_own_pages(house: House) -> None:
    async def refused(ticket: str, cookie: str, **how: str) -> None:
        with pytest.raises(InvalidStatus) as refusal:
            async with socket(house, ticket, cookie, **how):
                raise AssertionError("it was let in")
        assert refusal.value.response.status_code == 403

    async with house.signed_in("anna") as anna, house.signed_in("boris") as boris:
        mine, theirs = anna.cookies["meridian_session"], boris.cookies["meridian_session"]
        for origin in ("https://evil.example", "null", "http://127.0.0.1:1"):
            await refused(await ticket_of(anna), mine, origin=origin)
        await refused(await ticket_of(anna), theirs)
        await refused(await ticket_of(anna), "")
        await refused("x" * 32, mine)
        await refused("", mine)
        good = await ticket_of(anna)
        await refused("", mine, path=f"/api/socket?ticket={good}")  # never in an address, which logs keep
        async with socket(house, good, mine):
            pass
        await refused(good, mine)
    written = [line for line in await house.audit() if line[1] == "ticket_refused"]
    assert ("anna", "ticket_refused") in written and ("boris", "ticket_refused") in written


Out = Callable[[House, httpx.AsyncClient, Path], Awaitable[None]]


async def by_hand(act: str, house: House, folder: Path) -> None:
    """As an administrator does it: in a process of its own."""
    config = folder / "meridian.toml"
    config.write_text(
        '[site]\nname = "riga"\ntimezone = "Europe/Riga"\nregion = "RU"\n[pbx.one]\nhost = "127.0.0.1"\nport = 9\n'
        'listener = {user = "u", secret = "s"}\n'
        f'[database]\nurl = "{house.service.configuration.database.url}"\nfolder = "{folder}/var"\n'
    )
    command = [str(MERIDIAN), "user", "--config", str(config), act, "anna"]
    environment = {**os.environ, "MERIDIAN_PASSWORD": "another good one"}
    await asyncio.to_thread(subprocess.run, command, check=True, env=environment, capture_output=True)


async def signs_out_elsewhere(house: House, client: httpx.AsyncClient, _folder: Path) -> None:
    cookies = {"Cookie": f"meridian_session={client.cookies['meridian_session']}", "Origin": house.origin}
    async with httpx.AsyncClient(base_url=house.origin, headers=cookies, trust_env=False) as other_tab:
        assert (await other_tab.delete("/api/session")).status_code == 204


OUTS: dict[str, Out] = {
    "disabled": lambda house, _client, folder: by_hand("disable", house, folder),
    "password changed": lambda house, _client, folder: by_hand("password", house, folder),
    "signed out elsewhere": signs_out_elsewhere,
}


@pytest.mark.parametrize("out", OUTS.values(), ids=OUTS)
async def test_who_may_not_be_here_any_more_is_out_within_five_seconds(house: House, tmp_path: Path, out: Out) -> None:
    async with (
        house.signed_in("anna") as anna,
        house.signed_in("boris") as boris,
        talking_socket(house, anna) as hers,
        talking_socket(house, boris) as his,
    ):
        spare = await ticket_of(anna)
        await out(house, anna, tmp_path)
        async with asyncio.timeout(AT_MOST_S):
            await hers.wait_closed()
        assert hers.close_code == 4401
        for route in ("/api/me", "/api/cards", f"/api/cards/{house.ids['card_id']}"):
            assert (await anna.get(route)).status_code == 401
        assert (await anna.post("/api/socket-ticket")).status_code == 401
        with pytest.raises(InvalidStatus):
            async with socket(house, spare, anna.cookies["meridian_session"]):
                raise AssertionError("a ticket of before was taken")
        await his.ping()
        assert (await boris.get("/api/me")).status_code == 200


async def test_a_lowered_role_counts_at_once(house: House) -> None:
    async with house.signed_in("eva") as eva:
        assert (await eva.get("/api/pops/delivery")).status_code == 200
        elsewhere = Database(house.service.configuration.database.url, readers=1, exclusive=False)
        try:
            lowered = sa.update(users).where(users.c.login == "eva").values(role="operator")
            await elsewhere.write(lambda connection: connection.execute(lowered))
        finally:
            await elsewhere.close()
        assert (await eva.get("/api/pops/delivery")).status_code == 403
        merge = f"/api/clients/{house.ids['client_id']}/merge"
        assert (await eva.post(merge, json={"into": house.ids["organisation_id"]})).status_code == 403
