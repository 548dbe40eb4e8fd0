"""The operator's page in Chromium: pops, hostile names, a cut line, notes that survive, languages, keyboard."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from core.effects import AnnouncePbx
from core.events import CallOfferEnded
from core.model import Direction, LegOutcome, PastInteraction
from tests.servers.browser import chromium, open_desk
from tests.servers.desk import Desk, now, running_desk

# One browser for all: they share a loop. Each test has its own context, hence its own cookies and storage.
pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module")]
HOSTILE = (
    "<img src=x onerror=\"document.title='hacked'\">",
    "\u202egnp.exe\u2066",
    'O\'Brien "Bob" </bdi><script>alert(1)</script>',
    "🦊👩‍👩‍👧 Zoë 名前",
    "{{7*7}} =HYPERLINK(1) ${x}",
    "x" * 150,
)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser) -> AsyncIterator[Desk]:
    async with running_desk() as running:
        await running.user("anna", "1001", name="Anna")
        yield running
        for context in browser.contexts:
            await context.close()


async def ring(desk: Desk, call_id: str, number: str = "+79161234567", name: str = "") -> None:
    await desk.card(call_id, number=number)
    desk.arrive(call_id, number=number, name=name)
    desk.ring(call_id, "1001")


def miss(desk: Desk, call_id: str) -> None:
    outcome = LegOutcome.NOANSWER
    desk.engine.step(CallOfferEnded(at=now(), call_id=call_id, leg_id="1001-leg", agent="1001", outcome=outcome))


def past(n: int, notes: str) -> PastInteraction:
    return PastInteraction(
        card_id=f"old-{n}",
        channel="voice",
        direction=Direction.INBOUND,
        started_at=now() - timedelta(days=n + 1),
        queue="support",
        agent="1002",
        talk_s=61.0,
        disposition="callback",
        notes=notes,
        answered=True,
    )


async def test_a_pop_shows_who_and_what_was_before(browser: Browser, desk: Desk) -> None:
    await desk.directory.create("moscow", name="Ivan Volkov", numbers=["8 (916) 123-45-67"], at=now())
    desk.history["+79161234567"] = tuple(past(n, f"promise {n}") for n in range(3))
    page, watch = await open_desk(await browser.new_context(locale="en-GB"), desk, "anna")
    await expect(page.locator(".empty")).to_contain_text("No call yet")
    await ring(desk, "call-0001", name="IVAN")
    await expect(page.locator(".call h1")).to_contain_text("Ivan Volkov")
    await expect(page.locator(".call-head")).to_contain_text("+7 916 123-45-67")
    await expect(page.locator(".call-head")).to_contain_text("support")
    await expect(page.locator(".call-head")).to_contain_text("+7 495 123-45-67")
    await expect(page.locator(".past li")).to_have_count(3)
    await expect(page.locator(".past li").first).to_contain_text("promise 0")
    await expect(page.locator(".past li").first).to_contain_text("Call back agreed")
    await expect(page.locator("#announcer")).to_contain_text("Incoming call: Ivan Volkov")
    await expect(page).to_have_title("☎ Ivan Volkov")
    await expect(page.locator(".facts .counter")).to_have_text("0:02", timeout=4000)  # the wait goes on by itself
    desk.answer("call-0001", "1001")
    await expect(page.locator(".badge-state")).to_contain_text("Talking")
    assert watch.complaints == []


async def test_text_from_outside_is_text(browser: Browser, desk: Desk) -> None:
    page, watch = await open_desk(await browser.new_context(locale="en-GB"), desk, "anna")
    scripts = await page.evaluate("document.scripts.length")
    for n, name in enumerate(HOSTILE):
        number = f"+7916123450{n}"
        desk.history[number] = (past(0, name),)
        await ring(desk, f"call-000{n}", number=number, name=name)
        shown = name.replace("\u202e", "\ufffd").replace("\u2066", "\ufffd")
        await expect(page.locator(".call h1 bdi")).to_have_text(shown)
        await expect(page.locator(".past-notes")).to_have_text(shown)
        await expect(page.locator(".tile").first).to_contain_text(shown)
        assert await page.evaluate(
            "document.documentElement.scrollWidth <= innerWidth"
        )  # nothing pushes the page aside
        desk.end(f"call-000{n}")
    assert await page.locator("img[src=x], .call script, .tiles script").count() == 0
    assert await page.evaluate("document.scripts.length") == scripts
    assert watch.complaints == []


async def test_a_cut_line_is_told_and_the_missed_call_is_there_marked(browser: Browser, desk: Desk) -> None:
    context = await browser.new_context(locale="en-GB")
    page, _watch = await open_desk(context, desk, "anna")
    await context.set_offline(True)
    desk.hub.close()
    await expect(page.locator(".banner")).to_contain_text("No connection to Meridian")
    await ring(desk, "call-0001", name="Olga")
    miss(desk, "call-0001")
    desk.end("call-0001")
    await context.set_offline(False)
    await expect(page.locator(".tile.is-missed")).to_contain_text("Olga", timeout=15_000)
    await expect(page.locator(".tile.is-missed")).to_contain_text("Missed while you were disconnected")
    await expect(page.locator(".banner")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".tile.is-missed")).to_contain_text("Missed while you were disconnected")
    await page.click("#done")
    await expect(page.locator(".tile")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".empty")).to_be_visible()


async def test_notes_are_saved_as_typed_and_survive_a_lost_line(browser: Browser, desk: Desk) -> None:
    context = await browser.new_context(locale="en-GB")
    page, _watch = await open_desk(context, desk, "anna")
    await ring(desk, "call-0001")
    await page.fill("#notes", "first words")
    await page.select_option("#disposition", "callback")
    await expect(page.locator(".save-saved")).to_be_visible()
    assert await typed(desk) == ("first words", "callback")
    await context.set_offline(True)
    await page.fill("#notes", "first words, and more while offline")
    await expect(page.locator(".save-kept")).to_be_visible()
    desk.answer("call-0001", "1001")
    desk.end("call-0001")
    await context.set_offline(False)
    await page.reload()
    await expect(page.locator("#notes")).to_have_value("first words, and more while offline")
    async with asyncio.timeout(15):
        while (await typed(desk))[0] != "first words, and more while offline":  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def typed(desk: Desk) -> tuple[str, str | None]:
    stored = await desk.cards.card("call-0001")
    assert stored is not None
    return stored.notes, stored.disposition


async def test_a_new_call_doesnt_take_the_pen_out_of_ones_hand(browser: Browser, desk: Desk) -> None:
    page, _watch = await open_desk(await browser.new_context(locale="en-GB"), desk, "anna")
    await ring(desk, "call-0001", name="First")
    desk.answer("call-0001", "1001")
    await page.locator("#notes").press_sequentially("half a sen")
    await ring(desk, "call-0002", number="+79160000002", name="Second")
    await expect(page.locator(".tile.is-ringing")).to_contain_text("Second")
    await page.keyboard.type("tence")
    await expect(page.locator(".call h1")).to_contain_text("First")
    await expect(page.locator("#notes")).to_have_value("half a sentence")


async def test_by_keyboard_alone(browser: Browser, desk: Desk) -> None:
    page, _watch = await open_desk(await browser.new_context(locale="en-GB"), desk, "anna")
    await ring(desk, "call-0001", name="First")
    await expect(page.locator(".call h1")).to_contain_text("First")
    desk.answer("call-0001", "1001")
    await expect(page.locator(".badge-state")).to_contain_text("Talking")
    await page.keyboard.press("d")  # it's live: nothing happens
    await page.keyboard.press("n")
    await page.keyboard.type("done by keys")
    desk.end("call-0001")
    await expect(page.locator(".badge-state")).to_contain_text("Ended")
    await page.keyboard.press("Escape")
    await page.keyboard.press("d")
    await expect(page.locator(".empty")).to_be_visible()
    async with asyncio.timeout(5):
        while (await typed(desk))[0] != "done by keys":  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_an_unknown_caller_gets_a_name(browser: Browser, desk: Desk) -> None:
    page, _watch = await open_desk(await browser.new_context(locale="en-GB"), desk, "anna")
    await ring(desk, "call-0001")
    await expect(page.locator(".call-head")).to_contain_text("New client")
    await page.locator(".call h1 button").click()
    await page.fill("#client-name", "Pavel <b>")
    await page.keyboard.press("Enter")
    await expect(page.locator(".call h1")).to_contain_text("Pavel <b>")
    found = await desk.directory.search("moscow", "+79161234567")
    assert [client.name for client in found] == ["Pavel <b>"]


async def test_calling_back_asks_for_the_operators_own_phone(browser: Browser, desk: Desk) -> None:
    page, _watch = await open_desk(await browser.new_context(locale="en-GB"), desk, "anna")
    await ring(desk, "call-0001")
    miss(desk, "call-0001")
    await page.click("#call-back")
    await expect(page.locator(".next-step")).to_contain_text("Your phone rings first")
    assert desk.calls.placed == [("moscow", "1001", "+79161234567")]


async def test_what_isnt_live_is_said_with_its_age(browser: Browser, desk: Desk) -> None:
    page, _watch = await open_desk(await browser.new_context(locale="ru-RU"), desk, "anna")
    desk.perform(AnnouncePbx(pbx="main", live=False, at=now() - timedelta(seconds=65)))
    await expect(page.locator(".banner")).to_contain_text("Телефонная станция «main» недоступна 1:0")
    desk.perform(AnnouncePbx(pbx="main", live=True, at=now()))
    await expect(page.locator(".banner")).to_have_count(0)


@pytest.mark.parametrize(
    "locale, title", [("ru-RU", "Звонков пока нет"), ("en-GB", "No call yet"), ("de-DE", "No call yet")]
)
async def test_the_page_speaks_the_browsers_language(browser: Browser, desk: Desk, locale: str, title: str) -> None:
    page, watch = await open_desk(await browser.new_context(locale=locale), desk, "anna")
    await expect(page.locator(".empty h1")).to_have_text(title)
    await page.click("#language")
    await expect(page.locator(".empty h1")).not_to_have_text(title)
    assert watch.complaints == []


async def test_signed_out_elsewhere_means_out(browser: Browser, desk: Desk) -> None:
    page, _watch = await open_desk(await browser.new_context(locale="en-GB"), desk, "anna")
    user = await desk.account_store.user_by_login("anna")
    assert user is not None
    await desk.accounts.end_sessions_of(user, actor="admin")
    await expect(page.locator("#problem")).to_contain_text("You have been signed out")


@pytest.mark.parametrize("path", ["/cards", "/docs"])
async def test_the_other_pages_ask_nobody_else_and_break_no_rule(browser: Browser, desk: Desk, path: str) -> None:
    context = await browser.new_context(locale="en-GB")
    page, watch = await open_desk(context, desk, "anna")
    await desk.card("call-0001")
    await page.goto(desk.origin + path)
    await expect(
        page.locator("#rows tr" if path == "/cards" else "#operations-session-sign_in_api_session_post")
    ).to_be_visible()
    assert watch.complaints == []


async def test_a_hole_in_the_numbers_is_noticed(browser: Browser, desk: Desk) -> None:
    page = await browser.new_page()
    await page.goto(f"{desk.origin}/signin")
    confused = await page.evaluate(
        """async () => {
          const { emptyState, reduce } = await import("/static/pops.js");
          const play = (...messages) => messages.reduce(reduce, emptyState());
          const welcome = { type: "welcome", epoch: "e", version: 9, following: 1, mode: "resync", agent: "1", links: [] };
          const one = { pop_id: "p", card_id: "c", history: [] };
          const pop = (version, type = "pop") => ({ type, version, unseen: false, pop: one });
          return {
            inStep: play(welcome, pop(4), pop(10), pop(11)).confused,
            hole: play(welcome, pop(4), pop(12)).confused,
            unknown: play({ ...welcome, following: 0 }, pop(10, "pop_changed")).confused,
            resyncForgets: play(welcome, pop(4), { ...welcome, following: 0 }).pops.size,
            replayKeeps: play(welcome, pop(4), { ...welcome, following: 0, mode: "replay" }).pops.size,
          };
        }"""
    )
    assert confused == {"inStep": False, "hole": True, "unknown": True, "resyncForgets": 0, "replayKeeps": 1}
