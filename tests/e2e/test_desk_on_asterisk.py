"""The whole way on real things: SIPp calls, Asterisk rings, Meridian finds out who it is, Chromium shows it - before anybody
has answered."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.rig.instance import Asterisk
from tests.rig.meridian import MERIDIAN, Meridian
from tests.rig.stage import Stage
from tests.servers.browser import Watch, chromium
from tests.servers.tcp_proxy import TcpProxyThread

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.real("chromium"), pytest.mark.timeout(180)]
PASSWORD = "correct horse battery"
HOSTILE_NAMES = ("<img src=x onerror=alert(1)>", "\u202egnp.exe", "🦊 Zoë 名前", "O'Brien & \u00abСыновья\u00bb")


@dataclass
class Scene:
    """Everything that stands around the page. `stage` drives phones and blocks: call it in a thread."""

    meridian: Meridian
    stage: Stage
    web_line: TcpProxyThread
    browser: Browser

    async def sign_in(self, login: str, *, line: bool = False) -> tuple[Page, Watch]:
        origin = f"http://127.0.0.1:{self.web_line.port if line else self.meridian.web_port}"
        context = await self.browser.new_context(locale="en-GB")
        page, watch = await context.new_page(), Watch(origin)
        watch.listen(page)
        await page.goto(f"{origin}/")
        await page.fill("#login", login)
        await page.fill("#password", PASSWORD)
        await page.click("#submit")
        await page.wait_for_selector(".lamp-live")
        return page, watch


def employ(meridian: Meridian, login: str, extension: str) -> None:
    """As an administrator does it, on the command line, while Meridian runs."""
    command = [str(MERIDIAN), "user", "--config", str(meridian.config), "add", login, "--extension", extension]
    environment = {**os.environ, "MERIDIAN_PASSWORD": PASSWORD}
    subprocess.run(command, check=True, env=environment, capture_output=True, cwd=meridian.folder)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    with Asterisk() as asterisk, Meridian(asterisk, tmp_path) as meridian:
        for login, extension in (("anna", "1001"), ("boris", "1002")):
            await asyncio.to_thread(employ, meridian, login, extension)
        stage = await asyncio.to_thread(Stage, asterisk.ports.ami, asterisk.ports.sip)
        try:
            with TcpProxyThread("127.0.0.1", meridian.web_port) as web_line:
                async with chromium() as browser:
                    yield Scene(meridian, stage, web_line, browser)
        finally:
            await asyncio.to_thread(stage.close)


async def test_a_caller_with_history_pops_while_the_phone_rings(scene: Scene) -> None:
    anna, watch = await scene.sign_in("anna")
    boris, _ = await scene.sign_in("boris")
    in_thread, stage = asyncio.to_thread, scene.stage
    await in_thread(stage.member, 1001)
    (phone,) = await in_thread(stage.agents, 1001)

    # A stranger: the pop says so, the operator talks and types, hangs up.
    caller, _ = await in_thread(stage.call, "79161234567", "500", '"Ivan Petrov"', queue="support")
    await in_thread(phone.wait, "RINGING")
    await expect(anna.locator(".call-head")).to_contain_text("+7 916 123-45-67")
    await expect(anna.locator(".call-head")).to_contain_text("support")
    await expect(anna.locator(".call h1")).to_contain_text("Ivan Petrov")
    await in_thread(phone.answer)
    await anna.fill("#notes", "wants the blue one, call after six")
    await in_thread(caller.hangup)
    await expect(anna.locator(".call")).to_contain_text("Note the result")
    await expect(anna.locator(".call")).to_contain_text("Saved")
    await anna.get_by_role("button", name="Done").click()
    await in_thread(scene.meridian.wait_complete)

    # The same number again, written by another trunk: history is there while it rings, before anybody has answered.
    second, _ = await in_thread(stage.call, "+7(916)123-45-67", "500", '"Ivan"', queue="support")
    await in_thread(phone.wait, "RINGING")
    await expect(anna.locator(".past li").first).to_contain_text("wants the blue one")
    await expect(anna.locator(".call h1")).to_contain_text("Ivan Petrov")
    assert phone.poll("ANSWERED") is None
    await in_thread(second.hangup)

    # Nobody else has seen any of it, and no page asked anything of anybody but us.
    await expect(boris.locator(".call")).to_have_count(0)
    assert watch.complaints == []


async def test_names_from_outside_are_text(scene: Scene) -> None:
    anna, watch = await scene.sign_in("anna")
    in_thread, stage = asyncio.to_thread, scene.stage
    await in_thread(stage.member, 1001)
    (phone,) = await in_thread(stage.agents, 1001)
    for n, name in enumerate(HOSTILE_NAMES):
        caller, _ = await in_thread(stage.call, f"7916555000{n}", "500", f'"{name}"', queue="support")
        await in_thread(phone.wait, "RINGING")
        # Marks that would turn the text around are shown as what they are: something that can't be read.
        await expect(anna.locator(".call h1")).to_contain_text(name.replace("\u202e", "\ufffd"))
        await in_thread(caller.hangup)
        await in_thread(phone.wait, "CANCELLED")
    assert await anna.locator(".call img").count() == 0
    assert watch.complaints == []


async def test_a_pop_missed_while_the_line_was_cut_is_there_and_marked(scene: Scene) -> None:
    anna, _ = await scene.sign_in("anna", line=True)
    in_thread, stage = asyncio.to_thread, scene.stage
    await in_thread(stage.member, 1001, "billing")
    (phone,) = await in_thread(stage.agents, 1001)
    scene.web_line.tell(lambda proxy: proxy.cut(refuse=True))
    await expect(anna.locator(".banner, [role=alert]").first).to_be_visible()
    caller, _ = await in_thread(stage.call, "79165557777", "502", '"Nobody answered"', queue="billing")
    await in_thread(phone.wait, "RINGING")
    await in_thread(phone.wait, "CANCELLED", 12)
    await in_thread(stage.ami.action, "QueueRemove", Queue="billing", Interface="PJSIP/1001")
    await in_thread(caller.hangup)
    scene.web_line.tell(lambda proxy: proxy.resume())
    missed = anna.locator(".tile.is-missed")
    await expect(missed).to_contain_text("Nobody answered", timeout=15_000)
    await expect(missed).to_contain_text("Missed while you were disconnected")
