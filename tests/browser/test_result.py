"""The result of a call: saved as typed, safe from a cut line and a reload, two writers, one key for the outcome, next contact."""

import asyncio

import pytest
from playwright.async_api import Browser, Route, expect

from clients.ports import Edit
from tests.browser.scene import client, comes_true, ring, sit_down, stored_card, typed
from tests.servers.desk import Desk

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module")]


async def test_notes_are_saved_as_typed_and_survive_a_lost_line_and_a_reload(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await page.fill("#notes", "first words")
    await page.keyboard.press("Escape")
    await page.keyboard.press("2")
    await expect(page.locator(".save-saved")).to_be_visible()
    assert await typed(desk) == ("first words", "call_back")
    await page.context.set_offline(True)
    await page.fill("#notes", "first words, and more while offline")
    await page.fill(".plan-when", "tomorrow 10")
    await page.fill(".plan-what", "ask again")
    await expect(page.locator(".save-kept")).to_be_visible()
    desk.end("call-0001")
    await page.context.set_offline(False)
    await page.reload()
    await page.click("#list .tile")
    await expect(page.locator("#notes")).to_have_value("first words, and more while offline")
    await expect(page.locator(".plan-when")).to_have_value("tomorrow 10")
    await expect(page.locator(".plan-what")).to_have_value("ask again")
    await comes_true(lambda: _is(desk, "first words, and more while offline", "call_back"))


async def _is(desk: Desk, notes: str, disposition: str | None) -> bool:
    return await typed(desk) == (notes, disposition)


async def test_who_is_faster_than_the_line_still_plans(browser: Browser, desk: Desk) -> None:
    """Enter before the words were understood: for longer than the page waits before it asks by itself."""
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    await expect(page.locator(".plan-when")).to_be_visible()

    async def slowly(route: Route) -> None:
        await asyncio.sleep(0.6)
        await route.continue_()

    await page.route("**/api/when?*", slowly)
    await page.locator(".plan-when").press_sequentially("tomorrow 10")
    await page.keyboard.press("Enter")
    await expect(page.locator(".promised li")).to_have_count(1)


async def test_with_the_database_away_it_says_where_the_words_are(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#transfer-open")).to_be_visible()
    desk.database_away = True
    await page.fill("#notes", "while it is away")
    await expect(page.locator(".save-state")).to_contain_text("stored once the database is back")
    assert desk.journal


async def test_two_who_write_at_once_see_both_texts(browser: Browser, desk: Desk) -> None:
    anna, _ = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await anna.fill("#notes", "anna began")
    await expect(anna.locator(".save-saved")).to_be_visible()
    boris = await desk.signed_in("boris", "1002")
    edited_at = (await stored_card(desk, "call-0001")).edited_at
    assert edited_at is not None
    base = edited_at.isoformat()
    answer = await boris.put("/api/cards/call-0001/notes", json={"notes": "boris <b>wrote</b>", "base": base})
    assert answer.status_code == 200
    await anna.fill("#notes", "anna went on")
    await expect(anna.locator(".conflict")).to_contain_text("boris wrote here too")
    await expect(anna.locator(".conflict blockquote")).to_have_text("boris <b>wrote</b>")
    assert (await typed(desk))[0] == "boris <b>wrote</b>"
    await anna.reload()  # it is still to be settled
    await expect(anna.locator(".conflict blockquote")).to_have_text("boris <b>wrote</b>")
    await expect(anna.locator("#notes")).to_have_value("anna went on")
    await anna.get_by_role("button", name="Keep both").click()
    await expect(anna.locator("#notes")).to_have_value("boris <b>wrote</b>\n\nanna went on")
    await expect(anna.locator(".save-saved")).to_be_visible()
    assert (await typed(desk))[0] == "boris <b>wrote</b>\n\nanna went on"


async def test_outcomes_are_those_of_the_queue_and_one_key_each(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001", queue="sales")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#outcomes .chip")).to_have_text(["1Resolved", "2Call back", "3Sold"])
    await expect(page.locator("#transfer-open")).to_be_visible()
    await page.keyboard.press("3")
    await comes_true(lambda: _is(desk, "", "sold"))
    await page.keyboard.press("n")
    await page.keyboard.type("2 boxes, 1 bag")  # digits in a text are text
    await comes_true(lambda: _is(desk, "2 boxes, 1 bag", "sold"))
    desk.end("call-0001")
    await page.keyboard.press("Escape")
    await page.keyboard.press("y")
    await ring(desk, "call-0002", number="+79160000002")
    desk.answer("call-0002", "1001")
    await expect(page.locator("#outcomes .chip")).to_have_text(["1Resolved", "2Call back"])


@pytest.mark.parametrize(
    ("locale", "words", "repeated"),
    [("en-GB", "tomorrow 10", "10:00"), ("ru-RU", "завтра в 10", "10:00")],
)
async def test_the_next_contact_in_plain_words_and_the_clients_zone(
    browser: Browser, desk: Desk, locale: str, words: str, repeated: str
) -> None:
    made = await client(desk, "Olga", more=Edit(timezone="Asia/Yekaterinburg"))
    page, watch = await sit_down(browser, desk, locale=locale)
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#transfer-open")).to_be_visible()
    await page.keyboard.press("f")
    await page.keyboard.type(words)
    await expect(page.locator(".call .is-understood")).to_contain_text(repeated)
    await expect(page.locator(".call .is-understood")).to_contain_text("Asia/Yekaterinburg")
    await expect(page.locator(".call .is-understood")).to_contain_text("08:00")  # and ours, in Moscow
    await page.keyboard.press("Tab")
    await page.keyboard.type("the offer")
    await page.keyboard.press("Enter")
    await expect(page.locator(".promised li")).to_contain_text("the offer")
    (kept,) = await desk.cards.follow_ups.of_client("moscow", made.client_id)
    assert (kept.follow_up.text, kept.follow_up.zone, kept.follow_up.owner) == (
        "the offer",
        "Asia/Yekaterinburg",
        "anna",
    )
    assert kept.follow_up.due_at.hour == 5
    await page.keyboard.press("Escape")
    await page.keyboard.press("y")
    await expect(page.locator(".day-due")).to_contain_text("the offer")
    assert watch.complaints == []


async def test_words_that_make_no_time_get_examples_and_plan_nothing(browser: Browser, desk: Desk) -> None:
    await client(desk, "Olga")
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#transfer-open")).to_be_visible()
    await page.keyboard.press("f")
    await page.keyboard.type("when pigs fly")
    await page.keyboard.press("Enter")
    await expect(page.locator(".call .is-wrong")).to_contain_text("For example: ")
    await expect(page.locator(".plan-when")).to_have_value("when pigs fly")
    assert await page.locator(".promised li").count() == 0
