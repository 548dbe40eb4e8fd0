"""A newcomer's task list by keyboard alone, and how many keys each takes: the figures of docs/operator.md.

A key is one press, Shift held or not; the words that one types anyway (the note, a name, the time) are counted apart.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.scene import client, comes_true, past, ring, sit_down, typed
from tests.servers.desk import Desk

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module")]
PAGE = Path(__file__).parents[2] / "docs" / "operator.md"


@dataclass
class Fingers:
    page: Page
    keys: int = 0
    letters: int = 0
    tasks: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)
            self.keys += 1

    async def write(self, text: str) -> None:
        await self.page.keyboard.type(text)
        self.letters += len(text)

    def done(self, task: str) -> None:
        self.tasks[task] = (self.keys, self.letters)
        self.keys = self.letters = 0


async def test_the_task_list(browser: Browser, desk: Desk) -> None:
    await client(desk, "Olga Petrova")
    await client(desk, "Ivan Volkov", "+79160000002")
    await desk.card("call-0009", number="+79160000002")
    desk.history["+79161234567"] = (past(1, "asked for the price list"),)
    page, watch = await sit_down(browser, desk)
    await sit_down(browser, desk, "boris")
    fingers = Fingers(page)

    # Take a call: it comes to the front by itself, the phone is answered on the phone.
    await ring(desk, "call-0001")
    await expect(page.locator(".call h1")).to_contain_text("Olga Petrova")
    await expect(page.locator(".past li")).to_contain_text("asked for the price list")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#transfer-open")).to_be_visible()
    fingers.done("take a call")

    # Note a result.
    await fingers.press("n")
    await fingers.write("wants the price list by mail")
    await fingers.press("Escape", "1")
    await comes_true(lambda: _noted(desk))
    fingers.done("note a result")

    # Plan a call back for tomorrow.
    await fingers.press("f")
    await fingers.write("tomorrow 10")
    await fingers.press("Tab")
    await fingers.write("has it come?")
    await fingers.press("Enter")
    await expect(page.locator(".promised li")).to_contain_text("has it come?")
    await fingers.press("Escape")
    fingers.done("plan a call back for tomorrow")

    # Find last week's talk with X.
    await fingers.press("/")
    await fingers.write("ivan")
    await expect(page.locator("#found .option").first).to_contain_text("Ivan Volkov")
    await fingers.press("Enter")
    await expect(page.locator("#panel-title")).to_have_text("Ivan Volkov")
    await expect(page.locator("#panel .past li")).to_have_count(1)
    await fingers.press("Escape")
    fingers.done("find the talk with X")

    # Transfer to Y.
    await fingers.press("t")
    await fingers.write("bor")
    await expect(page.locator(".option[aria-selected=true]")).to_contain_text("Boris")
    await fingers.press("Enter")
    await expect(page.locator("#complete")).to_be_visible()
    await fingers.press("t")
    await expect(page.locator("#notice")).to_contain_text("Handed over")
    fingers.done("transfer to Y, asking first")

    # Finish.
    desk.end("call-0001")
    await expect(page.locator(".countdown")).to_be_visible()
    await fingers.press("d")
    await expect(page.locator("#my-state")).to_contain_text("Ready")
    await expect(page.locator(".day")).to_be_visible()
    fingers.done("finish the wrap-up")

    assert watch.complaints == []
    assert {task: keys for task, (keys, _letters) in fingers.tasks.items()} == _told()


async def _noted(desk: Desk) -> bool:
    return await typed(desk) == ("wants the price list by mail", "resolved")


def _told() -> dict[str, int]:
    """The rows of the table in docs/operator.md."""
    rows = re.findall(r"^\| ([^|]+?) +\| [^|]* \| (\d+) \|$", PAGE.read_text(), re.MULTILINE)
    return {task: int(keys) for task, keys in rows}
