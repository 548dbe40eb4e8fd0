"""My day, search and the side panel: what is due, whom one missed, and a client's whole time line."""

from dataclasses import replace
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from core.effects import SaveCard
from core.model import Leg, LegOutcome
from tests.browser.scene import client, comes_true, fits, miss, ring, sit_down, stored_card, typed
from tests.servers.desk import Desk, now

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module")]


async def promise(desk: Desk, card_id: str, text: str, due: timedelta) -> str:
    anna = await desk.signed_in("anna", "1001")
    body = {"card_id": card_id, "due_at": (now() + due).isoformat(), "text": text}
    answer = await anna.post("/api/follow-ups", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["follow_up_id"])


async def test_what_is_due_stands_first_and_is_worked_off_by_keys(browser: Browser, desk: Desk) -> None:
    await client(desk, "Olga <i>")
    await desk.card("call-0001")
    await promise(desk, "call-0001", "late <b>thing</b>", timedelta(hours=-3))
    await promise(desk, "call-0001", "later thing", timedelta(days=3))
    page, watch = await sit_down(browser, desk)
    await expect(page.locator(".day-group.is-late")).to_contain_text("late <b>thing</b>")
    await expect(page.locator(".day-group.is-late")).to_contain_text("3 hours ago")
    await expect(page.locator(".day-group.is-later")).to_contain_text("later thing")
    await expect(page.locator("#day-tile")).to_contain_text("1 overdue")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("c")
    await expect(page.locator("#notice")).to_contain_text("Your phone rings first")
    assert desk.calls.placed == [("moscow", "1001", "+79161234567")]
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel-title")).to_have_text("Olga <i>")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Another time: Olga <i>").first.click()
    await page.keyboard.type("tomorrow 10")
    await page.keyboard.press("Enter")
    await expect(page.locator(".day-group.is-late")).to_have_count(0)
    await page.get_by_role("button", name="Done: Olga <i>").first.click()
    await expect(page.locator(".day-due li")).to_have_count(1)
    assert await fits(page)
    assert watch.complaints == []


async def test_a_missed_call_is_on_my_day_and_called_back_with_one_key(browser: Browser, desk: Desk) -> None:
    await client(desk, "Olga")
    await ring(desk, "call-0001")
    await missed_card(desk, "call-0001")
    miss(desk, "call-0001")
    desk.end("call-0001")
    page, _watch = await sit_down(browser, desk)
    await expect(page.locator(".is-missed-group")).to_contain_text("Olga")
    await page.locator(".is-missed-group .line-main").first.focus()
    await page.keyboard.press("c")
    await comes_true(lambda: _called(desk))


async def _called(desk: Desk) -> bool:
    return desk.calls.placed == [("moscow", "1001", "+79161234567")]


async def missed_card(desk: Desk, card_id: str) -> None:
    """The card as the record has it after the ringing ended without an answer."""
    stored, at = await stored_card(desk, card_id), now()
    leg = Leg(leg_id="1001-leg", agent="1001", rang_at=at, outcome=LegOutcome.NOANSWER, ended_at=at, queue="support")
    card = replace(stored.card, legs=(leg,), ended_at=at, revision=stored.card.revision + 1)
    await desk.cards.apply([SaveCard(card=card)])


async def test_search_through_the_results_by_keys(browser: Browser, desk: Desk) -> None:
    await client(desk, "Olga Petrova")
    await client(desk, "Olga Kuznetsova", "+79160000002")
    await desk.card("call-0009")
    await desk.card("call-0010", number="+79160000002")
    page, watch = await sit_down(browser, desk)
    await page.keyboard.press("/")
    await page.keyboard.type("olga")
    await expect(page.locator("#found .option")).to_have_count(4)
    first = await page.locator("#found .option").nth(0).inner_text()
    await page.keyboard.press("ArrowDown")
    await expect(page.locator("#found .option").nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel-title")).to_contain_text(first.split("\n")[0])
    await page.keyboard.press("Escape")
    await page.keyboard.press("/")
    await page.keyboard.type("8 (916) 000-00-02")
    await expect(page.locator("#found")).to_contain_text("Olga Kuznetsova")
    await expect(page.locator("#found")).to_contain_text("Call 8 (916) 000-00-02")
    assert watch.complaints == []


async def test_another_sites_people_are_not_found(browser: Browser, desk: Desk) -> None:
    await desk.directory.create("berlin", name="Olga from Berlin", numbers=["+491701234567"], at=now())
    page, _watch = await sit_down(browser, desk)
    await page.keyboard.press("/")
    await page.keyboard.type("olga")
    await expect(page.locator("#found-note")).to_contain_text("Nothing found")


async def test_letters_in_any_layout_and_never_in_a_field(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#transfer-open")).to_be_visible()
    # A Russian keyboard: the key of N says "т".
    await page.evaluate(
        "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: 'т', code: 'KeyN', bubbles: true, cancelable: true}))"
    )
    await expect(page.locator("#notes")).to_be_focused()
    await page.keyboard.type("ntdsmr/?")
    await expect(page.locator("#notes")).to_have_value("ntdsmr/?")
    assert await page.locator("dialog[open]").count() == 0
    await page.keyboard.press("Escape")
    await page.keyboard.press("?")
    await expect(page.locator("#keys-help")).to_contain_text("plan the next contact")


async def test_a_long_time_line_grows_while_one_scrolls(browser: Browser, desk: Desk) -> None:
    olga = await client(desk, "Olga")
    for n in range(45):
        await desk.card(f"call-1{n:03}")
    page, _watch = await sit_down(browser, desk)
    await page.keyboard.press("/")
    await page.keyboard.type("Olga")
    await expect(page.locator(f"#found-client-{olga.client_id}")).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.locator("#panel .past li")).to_have_count(30)
    await page.locator("#panel .panel-body").evaluate("node => node.scrollTo(0, node.scrollHeight)")
    await expect(page.locator("#panel .past li")).to_have_count(45)


async def test_an_earlier_note_is_corrected_and_what_stood_there_stays_to_be_seen(browser: Browser, desk: Desk) -> None:
    await client(desk, "Olga")
    await desk.card("call-0001")
    boris = await desk.signed_in("boris", "1002")
    written = await boris.put("/api/cards/call-0001/notes", json={"notes": "wants <b>ten</b>"})
    assert written.status_code == 200
    page, watch = await sit_down(browser, desk)
    await page.keyboard.press("/")
    await page.keyboard.type("Olga")
    await expect(page.locator("#found .option").first).to_contain_text("Olga")
    await page.keyboard.press("Enter")
    await page.locator("#panel .act-correct").click()
    await expect(page.locator("#panel .changes")).to_contain_text("boris")
    await page.locator("#panel .correct-form textarea").fill("wants eleven")
    await page.get_by_role("button", name="Save", exact=True).click()
    await expect(page.locator("#panel .past-notes")).to_have_text("wants eleven")
    assert (await typed(desk))[0] == "wants eleven"
    await page.locator("#panel .act-correct").click()
    await expect(page.locator("#panel .changes")).to_contain_text("wants <b>ten</b> → wants eleven")
    assert watch.complaints == []
