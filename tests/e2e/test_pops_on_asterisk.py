"""Pops over real sockets from a real Asterisk: a ring group closes for the others, a transfer brings the client and the notes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.test_desk_on_asterisk import PASSWORD, employ
from tests.patience import PATIENT_S
from tests.rig.instance import Asterisk
from tests.rig.meridian import Meridian
from tests.rig.stage import Stage

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(180)]


class Screen:
    """One operator's socket and HTTP session."""

    def __init__(self, http: httpx.AsyncClient, socket: ClientConnection) -> None:
        self.http = http
        self.socket = socket

    async def pop(self, state: str) -> dict[str, Any]:
        """The next pop in this state."""
        async with asyncio.timeout(PATIENT_S):
            while True:
                said = json.loads(await self.socket.recv())
                if said["type"] == "tick":
                    await self.socket.send('{"type":"pulse"}')
                elif said["type"] in ("pop", "pop_changed") and said["pop"]["state"] == state:
                    pop: dict[str, Any] = said["pop"]
                    return pop


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[tuple[Stage, dict[str, Screen]]]:
    with Asterisk() as asterisk, Meridian(asterisk, tmp_path) as meridian:
        stage = await asyncio.to_thread(Stage, asterisk.ports.ami, asterisk.ports.sip)
        try:
            async with AsyncExitStack() as stack:
                screens = {}
                for login, extension in (("anna", "1001"), ("boris", "1002"), ("clara", "1003")):
                    await asyncio.to_thread(employ, meridian, login, extension)
                    screens[login] = await sit_down(stack, f"http://127.0.0.1:{meridian.web_port}", login)
                yield stage, screens
        finally:
            await asyncio.to_thread(stage.close)


async def sit_down(stack: AsyncExitStack, origin: str, login: str) -> Screen:
    http = await stack.enter_async_context(
        httpx.AsyncClient(base_url=origin, headers={"Origin": origin}, trust_env=False)
    )
    answer = await http.post("/api/session", json={"login": login, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    ticket = (await http.post("/api/socket-ticket")).json()["ticket"]
    line = connect(
        origin.replace("http", "ws") + "/api/socket",
        origin=origin,  # type: ignore[arg-type]
        subprotocols=["meridian.v1", f"ticket.{ticket}"],  # type: ignore[list-item]
        additional_headers={"Cookie": f"meridian_session={http.cookies['meridian_session']}"},
        proxy=None,
    )
    socket = await stack.enter_async_context(line)
    await socket.send('{"type":"resume","epoch":null,"version":null}')
    assert json.loads(await socket.recv())["type"] == "welcome"
    return Screen(http, socket)


async def test_a_ring_group_is_closed_for_the_others_when_one_answers(scene: tuple[Stage, dict[str, Screen]]) -> None:
    stage, screens = scene
    phones = await asyncio.to_thread(stage.agents, 1001, 1002, 1003)
    caller, _ = await asyncio.to_thread(stage.call, "79161240007", "300", '"Group"')
    for screen in screens.values():
        assert (await screen.pop("ringing"))["number"] == "79161240007"
    await asyncio.to_thread(phones[1].wait, "RINGING")
    await asyncio.to_thread(phones[1].answer)
    assert (await screens["boris"].pop("talking"))["answered_at"]
    for login in ("anna", "clara"):
        closed = await screens[login].pop("ended")
        assert (closed["answered_at"], closed["caller_name"]) == (None, "Group")
    await asyncio.to_thread(caller.hangup)
    await screens["boris"].pop("ended")


async def test_the_colleague_gets_the_client_and_the_notes_not_the_one_who_transfers(
    scene: tuple[Stage, dict[str, Screen]],
) -> None:
    stage, screens = scene
    anna, boris = screens["anna"], screens["boris"]
    phone, _caller, _t, _t1 = await asyncio.to_thread(stage.answered_call, "79161240001", name="Ivan Petrov")
    (theirs,) = await asyncio.to_thread(stage.agents, 1002)
    talking = await anna.pop("talking")
    stored = await anna.http.put(f"/api/cards/{talking['card_id']}/notes", json={"notes": "angry, wants a refund"})
    assert stored.status_code == 200, stored.text
    await asyncio.to_thread(phone.refer, "1002")
    shown = await boris.pop("ringing")
    assert (shown["caller_name"], shown["number"]) == ("Ivan Petrov", "79161240001")
    assert (shown["story"], shown["card_id"]) == ("angry, wants a refund", talking["card_id"])
    assert shown["story_by"]
    await asyncio.to_thread(theirs.wait, "RINGING")
    await asyncio.to_thread(theirs.answer)
    await boris.pop("talking")
