"""axe-core finds no serious and no critical fault on any page, in both themes and languages, wide and narrow."""

import re
from pathlib import Path

import axe_playwright_python
import pytest
from playwright.async_api import Browser, Page, expect

from clients.ports import Edit
from core.events import CallTransferred
from core.model import TransferKind
from tests.browser.scene import client, past, ring, sit_down
from tests.servers.desk import Desk, now

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
NARROW = {"width": 390, "height": 844}
SCREENS = [
    pytest.param({"locale": "en-GB", "color_scheme": "light"}, id="en-light"),
    pytest.param({"locale": "en-GB", "color_scheme": "dark"}, id="en-dark"),
    pytest.param({"locale": "ru-RU", "color_scheme": "light"}, id="ru-light"),
    pytest.param({"locale": "ru-RU", "color_scheme": "dark", "viewport": NARROW}, id="ru-dark-narrow"),
    pytest.param({"locale": "en-GB", "color_scheme": "light", "viewport": NARROW}, id="en-light-narrow"),
]


async def faults(page: Page) -> list[str]:
    """Run by the debugger, so that the page's own rule against foreign scripts stays as it is."""
    found = await page.evaluate(f"{AXE}; axe.run(document, {{ resultTypes: ['violations'] }})")
    bad = [one for one in found["violations"] if one["impact"] in ("serious", "critical")]
    return [f"{one['id']}: {node['html'][:200]} {node['failureSummary']}" for one in bad for node in one["nodes"]]


@pytest.mark.parametrize("screen", SCREENS)
async def test_the_desk(browser: Browser, desk: Desk, screen: dict[str, object]) -> None:
    more = Edit(vip=True, warning="Don't discuss invoices", timezone="Asia/Yekaterinburg", note="after 12", check=True)
    await client(desk, "Olga", more=more)
    await client(desk, "Pavel", "+79160000002")
    await client(desk, "Maria", "+79160000002")
    desk.history["+79161234567"] = tuple(past(n, f"promise {n}") for n in range(4))
    await desk.card("call-0000")
    late = {"card_id": "call-0000", "due_at": "2026-01-02T10:00:00Z", "text": "the offer"}
    anna = await desk.signed_in("anna", "1001")
    assert (await anna.post("/api/follow-ups", json=late)).status_code == 201
    page, _watch = await sit_down(browser, desk, **screen)
    await sit_down(browser, desk, "boris")
    await expect(page.locator(".day-group.is-late")).to_be_visible()
    assert await faults(page) == [], "my day"
    await page.keyboard.press("/")
    await page.keyboard.type("Olga")
    await expect(page.locator("#found .option").first).to_be_visible()
    assert await faults(page) == [], "search"
    await page.keyboard.press("Escape")
    await page.keyboard.press("Escape")
    await ring(desk, "call-0001")
    await expect(page.locator(".warning-strip")).to_be_visible()
    await expect(page.locator(".particulars")).to_be_visible()
    assert await faults(page) == [], "it rings"
    desk.answer("call-0001", "1001")
    await page.keyboard.press("2")
    await expect(page.locator(".chip[aria-checked=true]")).to_be_visible()
    assert await faults(page) == [], "they talk"
    await page.keyboard.press("t")
    await expect(page.locator("#transfer-list")).to_contain_text("Boris")
    assert await faults(page) == [], "the transfer"
    await page.keyboard.press("Escape")
    await expect(page.locator("#transfer")).to_be_hidden()
    await page.keyboard.press("i")
    await expect(page.locator("#panel .particulars")).to_be_visible()
    assert await faults(page) == [], "the panel"
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.locator("#keys-help")).to_be_visible()
    assert await faults(page) == [], "the keys"
    await page.keyboard.press("Escape")
    desk.end("call-0001")
    await expect(page.locator(".countdown")).to_be_visible()
    assert await faults(page) == [], "wrap-up"
    await ring(desk, "call-0002", number="+79160000002")
    await expect(page.locator(".candidate").first).to_be_visible()
    assert await faults(page) == [], "candidates"
    await page.keyboard.press("s")
    assert await faults(page) == [], "states"


async def test_the_colleague_who_is_given_a_client(browser: Browser, desk: Desk) -> None:
    """The story of who talked before stands on the colleague's screen."""
    anna, _ = await sit_down(browser, desk)
    boris, _ = await sit_down(browser, desk, "boris")
    await client(desk, "Olga")
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(anna.locator("#transfer-open")).to_be_visible()
    await anna.keyboard.press("n")
    await anna.keyboard.type("wants a discount, is angry")
    await expect(anna.locator(".save-saved")).to_be_visible()
    step = CallTransferred(at=now(), call_id="call-0001", kind=TransferKind.BLIND, from_agent="1001", to="1002")
    desk.engine.step(step)
    desk.ring("call-0001", "1002")
    await expect(boris.locator(".call h1")).to_contain_text("Olga")
    await expect(boris.locator(".story")).to_contain_text("wants a discount, is angry")
    await expect(boris.locator(".story h2")).to_have_text(re.compile("From anna", re.IGNORECASE))
    assert await faults(boris) == []


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("path", ["/signin", "/cards", "/docs"])
async def test_the_other_pages(browser: Browser, desk: Desk, screen: dict[str, object], path: str) -> None:
    page, _watch = await sit_down(browser, desk, **screen)
    await desk.card("call-0001")
    await page.goto(desk.origin + path)
    there = {"/signin": "#submit", "/cards": "#rows tr", "/docs": "#operations-session-sign_in_api_session_post"}
    await expect(page.locator(there[path])).to_be_visible()
    assert await faults(page) == []
