"""Takes the pictures of docs/screens: `python -m tests.browser.screens docs/screens`. Not a test; look at what it makes."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from core.effects import AnnouncePbx
from core.events import CallOfferEnded
from core.model import Direction, LegOutcome, PastInteraction
from tests.servers.browser import chromium, open_desk
from tests.servers.desk import Desk, now, running_desk

DESKTOP: dict[str, Any] = {"viewport": {"width": 1366, "height": 860}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
PAST = (
    ("callback", "Asked for the price of the yearly plan. Promised to send the offer by Friday."),
    ("resolved", "Invoice 4471 was paid twice; refund ordered.\nFriendly, wants a mail once it is done."),
    (None, ""),
    ("resolved", "Router LED blinks red after the power cut. Reset helped."),
    ("information", "Не смог войти в личный кабинет, сбросили пароль."),
    ("passed_on", "Moved to the new office: Lesnaya 5, floor 3."),
)


def history() -> tuple[PastInteraction, ...]:
    return tuple(
        PastInteraction(
            card_id=f"old-{n}",
            channel="voice",
            direction=Direction.OUTBOUND if n % 3 == 0 else Direction.INBOUND,
            started_at=now() - timedelta(days=n * n * 3, hours=n * 5 + 1),
            queue=("support", "sales", None)[n % 3],
            agent=("1001", "1004", "1002")[n % 3],
            talk_s=60.0 * n + 37,
            disposition=PAST[n % 6][0],
            notes=PAST[n % 6][1],
            answered=n % 6 != 2,
        )
        for n in range(12)
    )


async def ring(desk: Desk, number: int, client: str, name: str) -> str:
    call_id = f"call-000{number}"
    await desk.card(call_id, number=client)
    desk.arrive(call_id, number=client, name=name)
    desk.ring(call_id, "1001")
    await asyncio.sleep(0.1)
    return call_id


async def take(desk: Desk, browser: Browser, folder: Path) -> None:
    await desk.user("anna", "1001", name="Anna Petrova")
    desk.perform(AnnouncePbx(pbx="main", live=True, at=now()))
    desk.hub.announce_database(live=True, since=now())
    desk.history["+79161234567"] = history()
    ivan = "+79161234567"
    await desk.directory.create("moscow", name="Ivan Volkov", numbers=[ivan], at=now(), note="Calls after 14:00 only")
    context = await browser.new_context(**DESKTOP, locale="en-GB", color_scheme="light")
    page, _watch = await open_desk(context, desk, "anna")
    missed = await ring(desk, 1, "+74957778899", "Olga")
    outcome = LegOutcome.NOANSWER
    desk.engine.step(CallOfferEnded(at=now(), call_id=missed, leg_id="1001-leg", agent="1001", outcome=outcome))
    ended = await ring(desk, 2, "+498912345678", "Müller GmbH")
    desk.answer(ended, "1001")
    desk.end(ended)
    talking = await ring(desk, 3, ivan, "IVAN VOLKOV")
    await asyncio.sleep(1.2)
    await page.screenshot(path=folder / "ringing-en-light.png")
    desk.answer(talking, "1001")
    await page.fill("#notes", "Wants the offer for 20 seats instead of 10; call on Monday about the contract.")
    await page.select_option("#disposition", "callback")
    await page.wait_for_selector(".save-saved")
    await page.screenshot(path=folder / "talking-en-light.png")
    state = await context.storage_state()
    for name, look in (
        ("talking-ru-dark", DESKTOP | {"locale": "ru-RU", "color_scheme": "dark"}),
        ("phone-en-light", PHONE | {"locale": "en-GB", "color_scheme": "light"}),
        ("phone-ru-dark", PHONE | {"locale": "ru-RU", "color_scheme": "dark"}),
    ):
        other = await browser.new_context(storage_state=state, **look)
        same = await other.new_page()
        await same.goto(desk.origin)
        await same.wait_for_selector(".call .past")
        await same.wait_for_timeout(300)
        await same.screenshot(path=folder / f"{name}.png")
        await other.close()
    desk.end(talking)
    desk.perform(AnnouncePbx(pbx="main", live=False, at=now() - timedelta(seconds=75)))
    await page.click(".tile.is-missed")
    await page.wait_for_timeout(300)
    await page.screenshot(path=folder / "missed-and-stale-en-light.png")


async def main(folder: Path) -> None:
    async with running_desk() as desk, chromium() as browser:
        await take(desk, browser, folder)


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    asyncio.run(main(Path(sys.argv[1])))
