"""My state in the top bar: pause with a reason, ready, the wrap-up that runs down, is prolonged and ends; what isn't live."""

import re
from datetime import timedelta

import pytest
from playwright.async_api import Browser, expect

from core.effects import AnnouncePbx
from core.events import CallHeld
from tests.browser.scene import comes_true, miss, press, ring, sit_down
from tests.servers.desk import Desk, now

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module")]


async def state_of(desk: Desk, agent: str) -> str:
    assert desk.agents is not None
    status = desk.agents.status(agent)
    return f"{status.state} {status.reason or ''}".strip() if status else ""


async def test_pause_with_a_reason_and_ready_again_by_two_keys_each(browser: Browser, desk: Desk) -> None:
    page, watch = await sit_down(browser, desk)
    await expect(page.locator("#my-state")).to_contain_text("Ready")
    await page.keyboard.press("s")
    await expect(page.locator("[role=menu]").first).to_contain_text("Lunch")
    await page.keyboard.press("2")
    await expect(page.locator("#my-state")).to_contain_text("Lunch")
    assert await state_of(desk, "1001") == "paused lunch"
    await page.keyboard.press("s")
    await page.keyboard.press("r")
    await expect(page.locator("#my-state")).to_contain_text("Ready")
    await expect(page.locator("#my-state .counter")).to_have_text(re.compile("^0:0[1-9]$"))
    assert watch.complaints == []


async def test_the_wrap_up_runs_down_is_prolonged_and_ends_with_done(browser: Browser, desk: Desk) -> None:
    page, watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#my-state")).to_contain_text("In a call")
    desk.end("call-0001")
    await expect(page.locator("#my-state")).to_contain_text("Wrap-up")
    await expect(page.locator(".countdown")).to_have_text(re.compile("^0:5[5-9]$"))
    await expect(page.locator(".countdown")).to_have_text(re.compile("^0:5[0-4]$"), timeout=15_000)  # it runs by itself
    await page.keyboard.press("e")
    await expect(page.locator(".countdown")).to_have_text(re.compile("^1:[45]"))
    await page.keyboard.press("e")
    await expect(page.locator("#extend")).to_be_hidden()
    await page.keyboard.press("d")
    await expect(page.locator("#my-state")).to_contain_text("Ready")
    await expect(page.locator(".countdown")).to_be_hidden()
    await expect(page.locator(".day h1")).to_be_visible()
    assert await state_of(desk, "1001") == "ready"
    assert watch.complaints == []


async def test_a_pause_chosen_during_a_call_follows_it(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001", queue="sales")  # no wrap-up there
    desk.answer("call-0001", "1001")
    await expect(page.locator("#my-state")).to_contain_text("In a call")
    await page.keyboard.press("s")
    await page.keyboard.press("1")
    await expect(page.locator("#my-state")).to_contain_text("Short break afterwards")
    desk.end("call-0001")
    await comes_true(lambda: _is(desk, "paused break"))
    await expect(page.locator("#my-state .state-word")).to_have_text("Short break")


async def _is(desk: Desk, state: str) -> bool:
    return await state_of(desk, "1001") == state


async def test_colleagues_and_their_states_show_in_the_transfer_as_they_change(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    boris, _ = await sit_down(browser, desk, "boris")
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#transfer-open")).to_be_visible()
    await page.keyboard.press("t")
    await expect(page.locator("#transfer-list")).to_contain_text("Boris Keller")
    await expect(page.locator("#transfer-list")).to_contain_text("Ready")
    await expect(page.locator("#transfer-list")).not_to_contain_text("Anna")
    await boris.keyboard.press("s")
    await boris.keyboard.press("2")
    await expect(page.locator("#transfer-list")).to_contain_text("Lunch")


async def test_a_press_counts_whatever_is_redrawn_before_it_ends(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    boris, _ = await sit_down(browser, desk, "boris")
    await ring(desk, "call-0001", name="Olga")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#transfer-open")).to_be_visible()
    await page.click("#day-tile")
    await press(page, "#list .tile .tile-who")
    desk.engine.step(CallHeld(at=now(), call_id="call-0001", leg_id="1001-leg"))
    await expect(page.locator("#list .tile-state")).to_have_text("On hold")
    await page.mouse.up()
    await expect(page.locator(".call h1")).to_contain_text("Olga")
    await page.keyboard.press("t")
    await press(page, "#to-1002 .found-who")
    await boris.keyboard.press("s")
    await boris.keyboard.press("2")
    await expect(page.locator("#to-1002")).to_contain_text("Lunch")
    await page.mouse.up()
    await expect(page.locator("#transfer-ask")).to_be_enabled()
    await page.keyboard.press("Control+Enter")
    await comes_true(lambda: _passed_on(desk))


async def _passed_on(desk: Desk) -> bool:
    return [act[3] for act in desk.calls.acts] == ["transfer"]


async def test_ask_first_hand_over_and_take_back(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await sit_down(browser, desk, "boris")
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#transfer-open")).to_be_visible()
    await page.keyboard.press("t")
    await page.keyboard.type("bor")
    await expect(page.locator(".option[aria-selected=true]")).to_contain_text("Boris")
    await page.keyboard.press("Enter")
    await expect(page.locator(".act-bar")).to_contain_text("You are speaking with Boris Keller; the client waits")
    await page.reload()  # who one speaks with is still known
    await expect(page.locator(".act-bar")).to_contain_text("You are speaking with Boris Keller; the client waits")
    await page.keyboard.press("b")
    await expect(page.locator("#transfer-open")).to_be_visible()
    await page.keyboard.press("t")
    await page.keyboard.type("bor")
    await page.keyboard.press("Enter")
    await expect(page.locator("#complete")).to_be_visible()
    await page.keyboard.press("t")
    await expect(page.locator("#notice")).to_contain_text("Handed over")
    assert [act[3] for act in desk.calls.acts] == ["transfer", "cancel", "transfer", "complete"]


@pytest.mark.parametrize(
    ("typed", "keys", "sent"),
    [
        ("sales", "Enter", ("queue", "sales")),
        ("8 495 123", "Control+Enter", ("number", "8 495 123")),
        ("bor", "Control+Enter", ("agent", "1002")),
    ],
)
async def test_sent_at_once(browser: Browser, desk: Desk, typed: str, keys: str, sent: tuple[str, str]) -> None:
    page, _watch = await sit_down(browser, desk)
    await sit_down(browser, desk, "boris")
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#transfer-open")).to_be_visible()
    await page.keyboard.press("t")
    await expect(page.locator("#transfer-list")).to_contain_text("Boris")
    await page.keyboard.type(typed)
    await page.keyboard.press(keys)
    await comes_true(lambda: _sent(desk, sent))


async def _sent(desk: Desk, to: tuple[str, str]) -> bool:
    """To there, and not asked first."""
    transfers = [act for act in desk.calls.acts if act[3] == "transfer"]
    return [((str(act[4].kind), act[4].name), act[5]) for act in transfers] == [(to, False)]


async def test_what_isnt_live_is_said_with_its_age(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk, locale="ru-RU")
    desk.perform(AnnouncePbx(pbx="main", live=False, at=now() - timedelta(seconds=65)))
    await expect(page.locator(".banner")).to_contain_text("Телефонная станция «main» недоступна 1:0")
    await expect(page.locator(".lamp-away")).to_contain_text("Телефония")
    desk.perform(AnnouncePbx(pbx="main", live=True, at=now()))
    await expect(page.locator(".banner")).to_have_count(0)


async def test_a_cut_line_is_told_and_the_missed_call_is_there_marked(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await page.context.set_offline(True)
    desk.hub.close()
    await expect(page.locator(".banner")).to_contain_text("No connection to Meridian")
    await ring(desk, "call-0001", name="Olga")
    miss(desk, "call-0001")
    desk.end("call-0001")
    await page.context.set_offline(False)
    await expect(page.locator(".tile.is-missed")).to_contain_text("Olga", timeout=15_000)
    await expect(page.locator(".tile.is-missed")).to_contain_text("Missed while you were disconnected")
    await expect(page.locator(".banner")).to_have_count(0)
    await page.reload()
    await page.click(".tile.is-missed")
    await page.click("#done")
    await expect(page.locator(".tile.is-missed")).to_have_count(0)
    await page.reload()
    await expect(page.locator(".day h1")).to_be_visible()
    await expect(page.locator("#list .tile")).to_have_count(0)


async def test_calling_back_asks_for_the_operators_own_phone(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    miss(desk, "call-0001")
    await expect(page.locator("#call-back")).to_be_visible()
    await page.keyboard.press("c")
    await expect(page.locator("#notice")).to_contain_text("Your phone rings first")
    assert desk.calls.placed == [("moscow", "1001", "+79161234567")]
