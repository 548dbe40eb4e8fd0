"""Click-to-call and hanging up from the screen, on a real Asterisk: whom the card says was called, and who ended it."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.e2e.test_desk_on_asterisk import PASSWORD, employ
from tests.rig.instance import Asterisk
from tests.rig.meridian import Meridian
from tests.rig.phones import PhoneRoom

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(240)]


async def test_a_number_is_called_and_hung_up_from_the_screen(tmp_path: Path) -> None:
    with Asterisk() as asterisk, Meridian(asterisk, tmp_path) as meridian:
        await asyncio.to_thread(employ, meridian, "anna", "1001")
        phones = PhoneRoom(asterisk.ports.sip)
        try:
            agent, far = await asyncio.to_thread(phones.agent, 1001), await asyncio.to_thread(phones.trunk)
            async with httpx.AsyncClient(base_url=meridian.url, headers={"Origin": meridian.url}) as web:
                (await web.post("/api/session", json={"login": "anna", "password": PASSWORD})).raise_for_status()
                (await web.post("/api/calls", json={"number": "+7 (903) 555-00-10"})).raise_for_status()
                await asyncio.to_thread(agent.wait, "RINGING")
                await asyncio.to_thread(agent.answer)
                await asyncio.to_thread(far.wait, "RINGING")
                await asyncio.to_thread(far.answer)
                await asyncio.sleep(1)
                (card,) = (await web.get("/api/cards")).json()["cards"]
                assert (await web.delete(f"/api/calls/{card['card_id']}")).is_success
                await asyncio.to_thread(far.wait, "ENDED")
            (seen,) = await asyncio.to_thread(meridian.wait_complete)
            assert (seen.direction, seen.caller_number, seen.answered_by) == ("outbound", "1001", "79035550010")
            assert (seen.dialled, seen.ended_by) == ("79035550010", "agent")
        finally:
            phones.close()
