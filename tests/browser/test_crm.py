"""The company's own CRM opens by itself when it rings: once, by the leading tab, with the call's fields, unable to reach back."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from core.desk import CrmLink, CrmMoment
from tests.browser.scene import DECLARED, ring, sit_down
from tests.servers.desk import running_desk

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module")]
NAME = "A&b=c #1 <i>"


async def test_one_tab_of_two_opens_it_once(browser: Browser) -> None:
    async with running_desk() as crm:
        link = CrmLink(url=f"{crm.origin}/healthz?phone={{number}}&name={{name}}&who={{operator}}", on=CrmMoment.RING)
        async with running_desk(declared=replace(DECLARED, crm=link)) as desk:
            await desk.user("anna", "1001", name="Anna")
            first, _ = await sit_down(browser, desk)
            second = await first.context.new_page()
            await second.goto(desk.origin + "/")
            await expect(second.locator(".lamp-live")).to_have_count(1)
            opened: list[Page] = []
            first.context.on("page", lambda page: opened.append(page))  # noqa: PLW0108 - Playwright marks the handler
            await ring(desk, "call-0001", name=NAME)
            await expect(first.locator(".tile.is-ringing")).to_have_count(1)
            await expect(second.locator(".tile.is-ringing")).to_have_count(1)
            desk.answer("call-0001", "1001")
            await expect(second.locator(".tile.is-talking")).to_have_count(1)
            await first.wait_for_timeout(500)
            (page,) = opened
            await page.wait_for_load_state()
            asked = {key: values[0] for key, values in parse_qs(urlsplit(page.url).query).items()}
            assert asked == {"phone": "+79161234567", "name": NAME, "who": "anna"}
            assert await page.evaluate("window.opener") is None
            await expect(first.locator("#crm")).to_have_attribute("rel", "noopener noreferrer")
            await first.context.close()
