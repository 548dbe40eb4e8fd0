"""The waiting room: what a supervisor sees of queues and callers, why somebody waits, and what they can do about it."""

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from core.events import AgentBack, CallEnded
from core.model import Role
from queues.wishes import AgentAsked, Wish
from routing.settings import Mode, PersonSetting, QueueSetting, RelaxSetting
from tests.browser.scene import DECLARED, client, fits, press
from tests.browser.test_axe import SCREENS, faults
from tests.centre import ScriptedPlan
from tests.servers.browser import Watch, open_page
from tests.servers.desk import Desk, now, running_desk

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]
PEOPLE = {"anna": "1001", "boris": "1002", "carmen": "1003", "ivan": "1004"}


def plan() -> ScriptedPlan:
    queues = {
        "support": QueueSetting(
            mode=Mode.ACD, requirement="lang.es >= 3", relax=(RelaxSetting(after_s=600, requirement="billing"),)
        ),
        "sales": QueueSetting(mode=Mode.ACD, answer_within_s=90),
        "plain": QueueSetting(),
    }
    people = {
        "anna": PersonSetting(queues=("support", "sales"), skills={"lang.es": 2}),
        "boris": PersonSetting(queues=("sales",), skills={"billing": 4}),
        "carmen": PersonSetting(queues=("support",), skills={"lang.es": 5}),
        "ivan": PersonSetting(queues=("support",), skills={"lang.es": 3, "billing": 2}),
    }
    return ScriptedPlan(queues, people)


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser) -> AsyncIterator[Desk]:
    """Four operators and a supervisor."""
    async with running_desk(declared=DECLARED, with_agents=True, plan=plan(), pages_every_s=3600) as running:
        for login, extension in PEOPLE.items():
            await running.user(login, extension)
        await running.user("eva", None, name="Eva", role=Role.SUPERVISOR)
        yield running
        for context in browser.contexts:
            await context.close()


async def comes(desk: Desk, *logins: str) -> None:
    """Signed in, with a page."""
    for login in logins:
        await desk.signed_in(login, PEOPLE[login])
        desk.engine.step(AgentBack(at=now(), agent=PEOPLE[login]))
        assert desk.is_ready(login)


def pauses(desk: Desk, login: str) -> None:
    desk.engine.step(AgentAsked(at=now(), agent=PEOPLE[login], wish=Wish.PAUSE, by=login, reason="lunch"))


async def busy_floor(desk: Desk) -> None:
    """Carmen talks, Ivan has lunch, Anna lacks Spanish and is ready; two wait for Spanish, one of them a VIP client."""
    await comes(desk, "carmen")
    await desk.card("call-0000", number="+79160000009")
    desk.waits("call-0000", "support", number="+79160000009")
    desk.take("call-0000")
    await comes(desk, "anna", "ivan")
    pauses(desk, "ivan")
    await desk.card("call-0001")
    desk.waits("call-0001", "support", name="Olga <b>")
    desk.waits("call-0002", "support", number="+79160000002")


async def watch_room(browser: Browser, desk: Desk, login: str = "eva", **context: object) -> tuple[Page, Watch]:
    options = {"locale": "en-GB", "timezone_id": "Europe/Moscow", **context}
    return await open_page(await browser.new_context(**options), desk, login, "/waiting")  # type: ignore[arg-type]


async def test_queues_and_callers_stand_there_and_go_by_themselves(browser: Browser, desk: Desk) -> None:
    page, watch = await watch_room(browser, desk)
    await expect(page.locator("#nobody")).to_be_visible()
    await busy_floor(desk)
    support = page.locator(".queue-tile[data-queue=support]")
    await expect(support).to_contain_text("2 waiting")
    await expect(support).to_contain_text("Customer support")
    await expect(support).to_contain_text("1 of 3 on duty")
    await expect(page.locator(".queue-tile[data-queue=plain]")).to_contain_text("The phone system chooses")
    await expect(page.locator(".item")).to_have_count(2)
    await expect(page.locator(".item").first).to_contain_text("Olga <b>")
    await expect(page.locator(".item").first).to_contain_text("step 1 of 2")
    before = await page.locator(".item-wait").first.inner_text()
    await expect(page.locator(".item-wait").first).not_to_have_text(before)
    desk.waits("call-0003", "plain", number="+79160000003")
    await expect(page.locator(".item")).to_have_count(3)
    await page.locator(".queue-tile[data-queue=plain] button").click()
    await expect(page.locator(".item")).to_have_count(1)
    await page.locator(".queue-tile[data-queue=plain] button").click()
    desk.end("call-0001")
    await expect(page.locator(".item")).to_have_count(2)
    assert watch.complaints == []


async def test_a_press_on_a_queue_counts_whatever_is_redrawn_before_it_ends(browser: Browser, desk: Desk) -> None:
    page, _watch = await watch_room(browser, desk)
    desk.waits("call-0001", "support")
    await expect(page.locator(".item")).to_have_count(1)
    await press(page, ".queue-tile[data-queue=plain] .queue-count")
    desk.waits("call-0003", "plain", number="+79160000003")
    await expect(page.locator(".queue-tile[data-queue=plain]")).to_contain_text("1 waiting")
    await page.mouse.up()
    await expect(page.locator(".queue-tile[data-queue=plain] button")).to_have_attribute("aria-pressed", "true")
    await expect(page.locator(".item")).to_have_count(1)


async def test_why_in_sentences_by_keys_alone(browser: Browser, desk: Desk) -> None:
    await busy_floor(desk)
    page, watch = await watch_room(browser, desk)
    await expect(page.locator(".item")).to_have_count(2)
    await page.locator(".item-main").first.focus()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    why = page.locator(".item").nth(1).locator(".why")
    says = why.locator(".why-says li")
    await expect(says.first).to_have_text(
        re.compile(
            r"^Nobody with lang\.es >= 3 is free: Carmen is in a call \(\d+ s\), Ivan is paused: .+ \(\d+ s\)\.$"
        )
    )
    await expect(says.nth(1)).to_have_text("2nd in line in Customer support.")
    await expect(says.nth(2)).to_contain_text("After 10:00 of waiting (in 9 min) billing will do.")
    await expect(why.locator(".why-would")).to_contain_text("someone more urgent to take first")
    await why.get_by_role("button", name="Put first in this queue").click()
    await expect(page.locator(".item").first).to_contain_text("+7 916 000-00-02")
    await expect(page.locator("#notice")).to_contain_text("1st in line now")
    first = page.locator(".item").first.locator(".why")
    await expect(first.locator(".why-would")).to_contain_text("Ivan ending the pause")
    await expect(first.locator(".why-would")).to_contain_text("Giving Anna lang.es 3")
    await expect(first).to_contain_text(
        re.compile(r"Score [\d.]+ = 0 of the queue \+ 0 own \+ [\d.]+ from supervisors")
    )
    await page.locator(".item").first.locator("summary").click()
    await expect(first.locator(".why-operators li")).to_have_count(3)
    await page.keyboard.press("Escape")
    await expect(page.locator(".why")).to_have_count(0)
    assert ("eva", "priority_changed") in [(actor, action) for _, actor, action, _ in desk.audit.lines]
    assert watch.complaints == []


async def test_doing_what_it_says_has_it_offered_and_then_it_tells_why_this_operator(
    browser: Browser, desk: Desk
) -> None:
    await busy_floor(desk)
    page, watch = await watch_room(browser, desk)
    await page.locator(".item-main").first.click()
    await expect(page.locator(".why-would")).to_contain_text("Ivan ending the pause")
    desk.engine.step(AgentAsked(at=now(), agent="1004", wish=Wish.READY, by="ivan"))
    first = page.locator(".item").first
    await expect(first).to_contain_text("Offered to Ivan")
    await expect(first.locator(".choices")).to_contain_text("Asked for lang.es >= 3 (step 1)")
    await expect(first.locator(".choices")).to_contain_text("Anna lacks lang.es >= 3")
    await expect(first.locator(".choices")).to_contain_text("Carmen is in a call")
    await expect(first.locator(".offer-head")).to_contain_text("ringing")
    assert watch.complaints == []


async def test_what_cant_be_refreshed_says_how_old_it_is(browser: Browser, desk: Desk) -> None:
    await busy_floor(desk)
    page, _watch = await watch_room(browser, desk)
    await expect(page.locator(".item")).to_have_count(2)
    await page.route("**/api/routing/waiting", lambda route: route.abort())
    await expect(page.locator("#stale")).to_contain_text("Not refreshed for", timeout=15_000)
    await expect(page.locator(".item")).to_have_count(2)
    await page.unroute("**/api/routing/waiting")
    await expect(page.locator("#stale")).to_have_text("")


async def test_an_operator_is_told_that_it_is_not_theirs(browser: Browser, desk: Desk) -> None:
    page, _watch = await watch_room(browser, desk, "boris")
    await expect(page.locator("#problem")).to_have_text("This page is for supervisors.")
    await expect(page.locator("#pages")).not_to_contain_text("Waiting")
    await page.click("#me-button")
    await expect(page.locator(".menu")).to_contain_text("My desk")
    await expect(page.locator(".menu")).not_to_contain_text("Waiting")


async def test_a_card_tells_a_supervisor_why_this_operator(browser: Browser, desk: Desk) -> None:
    await busy_floor(desk)
    desk.engine.step(CallEnded(at=now(), call_id="call-0000", ended_by=None, cause=16))
    await desk.settled()
    page, watch = await watch_room(browser, desk)
    await page.locator("#pages a[href='/cards']").click()
    await page.locator("#rows .act-why").last.click()
    await expect(page.locator("#rows .choices")).to_contain_text("Offered to Carmen")
    await expect(page.locator("#rows .choices")).to_contain_text("Nobody else was free who would do.")
    carmen, _ = await watch_room(browser, desk, "carmen")
    await carmen.goto(desk.origin + "/cards")
    await expect(carmen.locator("#rows tr")).to_have_count(2)
    await expect(carmen.locator(".act-why")).to_have_count(0)
    assert watch.complaints == []


async def test_a_time_line_tells_why_too(browser: Browser, desk: Desk) -> None:
    await client(desk, "Nina", "+79160000009")
    await busy_floor(desk)
    await desk.settled()
    page, watch = await watch_room(browser, desk, locale="ru-RU")
    await page.goto(desk.origin)
    await page.wait_for_selector(".lamp-live")  # before that no key is heard
    await page.keyboard.press("/")
    await page.keyboard.type("Nina")
    await page.locator("#found .option").first.click()
    await page.locator("#panel .act-why").first.click()
    await expect(page.locator("#panel .choices")).to_contain_text("Предложен: Carmen")
    await expect(page.locator("#panel .choices")).to_contain_text("Требовалось lang.es >= 3 (шаг 1)")
    assert await faults(page) == []
    assert watch.complaints == []


@pytest.mark.parametrize("screen", SCREENS)
async def test_no_faults(browser: Browser, desk: Desk, screen: dict[str, object]) -> None:
    await client(desk, "Olga")
    await busy_floor(desk)
    page, watch = await watch_room(browser, desk, **screen)
    await expect(page.locator(".item")).to_have_count(2)
    assert await faults(page) == [], "the list"
    await page.locator(".item-main").first.click()
    await expect(page.locator(".why-says li").first).to_be_visible()
    await page.locator("summary").click()
    assert await faults(page) == [], "why"
    assert await fits(page)
    desk.engine.step(AgentAsked(at=now(), agent="1004", wish=Wish.READY, by="ivan"))
    await expect(page.locator(".choices .offer")).to_be_visible()
    assert await faults(page) == [], "the offer"
    assert await fits(page)
    assert watch.complaints == []
