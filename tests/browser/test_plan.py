"""The plan's page: skills by keyboard, holes told before they are there, two who save at once, a week drawn while one types."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.scene import fits
from tests.browser.test_axe import NARROW, SCREENS, faults
from tests.cards import NOON
from tests.servers.browser import Watch
from tests.servers.house import PASSWORD
from tests.servers.plan_centre import ANNA, Centre, running

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
TABS = ("people", "queues", "hours", "skills", "coverage", "changes")
BILLING = "td[aria-label^='Anna, Billing']"


@pytest_asyncio.fixture(loop_scope="module")
async def centre(browser: Browser, tmp_path: Path) -> AsyncIterator[Centre]:
    async with running(tmp_path) as made:
        yield made
        for context in browser.contexts:
            await context.close()


@asynccontextmanager
async def strict(browser: Browser, folder: Path) -> AsyncIterator[Centre]:
    async with running(folder, refuse="true") as made:
        yield made
        for context in browser.contexts:
            await context.close()


async def opened(
    browser: Browser, centre: Centre, login: str, tab: str = "people", **options: Any
) -> tuple[Page, Watch]:
    """Somebody signs in and looks at the plan."""
    origin = f"http://127.0.0.1:{centre.service.port}"
    context = await browser.new_context(**{"locale": "en-GB", "timezone_id": "Europe/Moscow", **options})
    page, watch = await context.new_page(), Watch(origin)
    watch.listen(page)
    await page.goto(f"{origin}/signin")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    if login == "anna":
        await page.fill("#extension-field", "1001")
    await page.click("#submit")
    await page.wait_for_selector("#who:not(:empty)")
    await page.goto(f"{origin}/plan#{tab}")
    return page, watch


async def test_a_skill_is_set_by_keyboard_and_counts_at_once(browser: Browser, centre: Centre) -> None:
    page, watch = await opened(browser, centre, "eva")
    await page.locator(BILLING).focus()
    await page.keyboard.press("5")
    await expect(page.locator(BILLING)).to_have_text("5")
    await expect(page.locator(BILLING)).to_be_focused()
    await expect(page.locator("#bar")).to_contain_text("Opens no holes")
    assert centre.service.choosing.plan.tables.people["anna"].skills == {"billing": 3}, "not before it is saved"
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("0")
    await expect(page.locator("td[aria-label='Anna, support: no']")).to_be_focused()
    await page.keyboard.press(" ")
    await page.keyboard.press("Control+s")
    await expect(page.locator("#bar")).to_be_hidden()
    anna = centre.service.choosing.plan.tables.people["anna"]
    assert (anna.skills, anna.queues) == ({"billing": 5}, ("support",)), "the dispatcher's plan has it"
    await page.reload()
    await expect(page.locator(BILLING)).to_have_text("5")
    await page.click("#tab-changes")
    await expect(page.locator("#view")).to_contain_text('{"billing":3} → {"billing":5}')
    assert watch.complaints == []


async def test_a_hole_is_told_before_it_is_saved_and_wants_consent(browser: Browser, tmp_path: Path) -> None:
    async with strict(browser, tmp_path) as centre:
        page, _watch = await opened(browser, centre, "eva")
        await page.locator(BILLING).focus()
        await page.keyboard.press("1")
        await expect(page.locator("#bar")).to_contain_text("Opens holes in the next 14 days: 1")
        await expect(page.locator("#bar")).to_contain_text("09:00–18:00")
        await expect(page.locator("#bar")).to_contain_text("07:00–16:00 UTC")
        await page.click("#plan-save")
        await expect(page.locator("#bar")).to_contain_text("without an administrator's consent")
        assert centre.service.choosing.plan.version == 0
        boss, _watch = await opened(browser, centre, "ada")
        await boss.locator(BILLING).focus()
        await boss.keyboard.press("Delete")
        await boss.click("#plan-save")
        await boss.click("text=Save all the same")
        await expect(boss.locator("#bar")).to_be_hidden()
        assert centre.service.choosing.plan.tables.people["anna"].skills == {}
        await boss.click("#tab-coverage")
        await expect(boss.locator(".cover-nobody").first).to_be_attached()
        await expect(boss.locator("#view")).to_contain_text("nobody on shift")


async def test_what_somebody_else_did_meanwhile_is_shown_and_not_written_over(browser: Browser, centre: Centre) -> None:
    page, _watch = await opened(browser, centre, "eva")
    await page.locator(BILLING).focus()
    await page.keyboard.press("4")
    async with centre.signed_in("ada") as ada:
        (await ada.put("/api/plan/people/anna", json={"value": ANNA, "version": 0})).raise_for_status()
    await page.click("#plan-save")
    await expect(page.locator("#bar")).to_contain_text("ada changed anna meanwhile")
    await expect(page.locator(".plan-theirs")).to_contain_text('"billing": 5')
    assert centre.service.choosing.plan.version == 1
    await page.click("#plan-theirs")
    await expect(page.locator("#bar")).to_be_hidden()
    await expect(page.locator(BILLING)).to_have_text("5")
    # Now that it is seen, it may be changed.
    await page.locator(BILLING).focus()
    await page.keyboard.press("4")
    await page.keyboard.press("Control+s")
    await expect(page.locator("#bar")).to_be_hidden()
    assert centre.service.choosing.plan.tables.people["anna"].skills == {"billing": 4}


async def test_the_week_is_drawn_while_one_types(browser: Browser, centre: Centre) -> None:
    page, watch = await opened(browser, centre, "ada", "hours")
    await expect(page.locator(".band")).to_have_count(7)
    week = page.get_by_label("The week", exact=True)
    await week.fill("Mon-Fri 22:00-06:00")
    await expect(page.locator(".week-table")).to_contain_text("22:00–24:00")
    await expect(page.locator(".week-table")).to_contain_text("20:00–22:00")  # UTC
    await page.get_by_label("Other hours on certain days").fill("2026-01-01..2030-12-31 closed Moving")
    await expect(page.locator(".band")).to_have_count(0)
    await expect(page.locator(".week-table")).to_contain_text("Moving")
    await week.fill("Mon 26-27")
    await expect(page.locator(".week-place")).to_contain_text("times from 00:00 to 24:00")
    await expect(page.locator("#bar")).to_contain_text("times from 00:00 to 24:00")
    await page.click("#plan-discard")
    await expect(week).to_have_value("daily 09:00-18:00")
    assert watch.complaints == []


async def test_a_new_queue_with_its_people(browser: Browser, centre: Centre) -> None:
    page, _watch = await opened(browser, centre, "ada", "queues")
    await page.fill(".chooser-new", "sales")
    await page.keyboard.press("Enter")
    await page.get_by_label("Who may serve").first.fill("billing >= 1")
    await page.click("text=Add a step")
    await page.locator(".plan-steps input").nth(1).fill("any")
    await page.click("#tab-people")
    await page.locator("td[aria-label='Anna, sales: no']").focus()
    await page.keyboard.press(" ")
    await page.click("#plan-save")
    await expect(page.locator("#bar")).to_be_hidden()
    sales = centre.service.choosing.plan.queues["sales"]
    assert (sales.requirement, [step.requirement for step in sales.relax], sales.mode) == (
        "billing >= 1",
        ["any"],
        "acd",
    )
    assert centre.service.choosing.plan.tables.people["anna"].queues == ("support", "sales")


async def test_a_supervisor_closes_a_queue_at_once_and_can_change_nothing_else_of_it(
    browser: Browser, centre: Centre
) -> None:
    page, _watch = await opened(browser, centre, "eva", "queues")
    await expect(page.get_by_label("Who may serve").first).to_be_disabled()
    await page.click("text=Close now")
    await page.click("#plan-save")
    await expect(page.locator("#bar")).to_be_hidden()
    await expect(page.locator(".badge.is-closed")).to_be_visible()
    assert not centre.service.choosing.plan.queue("support", NOON.replace(year=2099)).open
    await page.click("text=By its hours")
    await page.click("#plan-save")
    await expect(page.locator("#bar")).to_be_hidden()
    assert centre.service.choosing.plan.tables.forced == {}


async def test_operators_are_told_that_this_isnt_theirs(browser: Browser, centre: Centre) -> None:
    page, _watch = await opened(browser, centre, "anna")
    await expect(page.locator("#problem")).to_contain_text("needs the role supervisor")


@pytest.mark.parametrize("screen", SCREENS)
async def test_no_serious_fault_in_any_tab(browser: Browser, centre: Centre, screen: dict[str, object]) -> None:
    page, watch = await opened(browser, centre, "ada", **screen)
    async with centre.signed_in("eva") as eva:
        half = {"value": {**ANNA, "shifts": ["half"]}, "version": 0}
        (await eva.put("/api/plan/people/anna", json=half)).raise_for_status()
    await page.reload()
    await page.locator(".grid-cell").first.focus()
    await page.keyboard.press("Enter")
    for tab in TABS:
        await page.click(f"#tab-{tab}")
        await page.wait_for_selector("#view :is(.grid-cell, .plan-details, .coverage, .table)")
        await asyncio.sleep(0.4)
        assert await faults(page) == [], tab
        assert await fits(page), tab
    await page.click("#tab-people")
    await page.locator(".grid-cell").first.focus()
    await page.keyboard.press("1")
    await expect(page.locator("#bar .plan-told li").first).to_be_visible()
    assert await faults(page) == [], "the bar"
    assert watch.complaints == []


async def test_at_the_width_of_a_phone_levels_are_set_by_touch(browser: Browser, centre: Centre) -> None:
    page, _watch = await opened(browser, centre, "eva", viewport=NARROW, has_touch=True)
    for _ in range(3):
        await page.locator(BILLING).tap()
    await expect(page.locator(BILLING)).to_have_text("5")
    assert await fits(page)
