"""Callbacks and messages on the operator's and the supervisor's start page, and on the pop; on the whole service as composed."""

import re
import wave
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from core import events as e
from core.callback import Attempt, CallbackState, First
from service import utc_now
from tests.items import callback
from tests.servers.browser import Watch, open_desk
from tests.servers.house import PASSWORD, House, running_house

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]


@pytest_asyncio.fixture(loop_scope="module")
async def house(browser: Browser, tmp_path: Path) -> AsyncIterator[House]:
    """A client of riga waits to be called back and has left a message of two seconds, too."""
    (tmp_path / "recordings").mkdir()
    with wave.open(str(tmp_path / "recordings" / "secret note.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"\0\0" * 16_000)
    async with running_house(tmp_path) as running:
        yield running
        for context in browser.contexts:
            await context.close()


async def sit_down(browser: Browser, house: House, login: str = "boris", **context: object) -> tuple[Page, Watch]:
    options = {"locale": "en-GB", "timezone_id": "Europe/Riga", **context}
    page, watch = await open_desk(await browser.new_context(**options), house, login)  # type: ignore[arg-type]
    await expect(page.locator(".day-callbacks li")).to_have_count(1)
    return page, watch


async def test_who_waits_is_seen_and_need_not_be_called_any_more(browser: Browser, house: House) -> None:
    page, watch = await sit_down(browser, house)
    line = page.locator(".day-callbacks li")
    await expect(line).to_contain_text("Sekretov")
    await expect(line).to_contain_text(re.compile("waits since|will be called at"))  # at night it is put off
    await line.get_by_label("No need to call").click()
    await expect(page.locator(".day-callbacks")).to_have_count(0)
    await expect(page.locator("#notice")).to_contain_text("Nobody will call them")
    assert not house.service.calling_back.callbacks.listed() and not watch.complaints


async def test_a_new_one_comes_by_itself_and_a_failed_one_says_why(browser: Browser, house: House) -> None:
    page, watch = await sit_down(browser, house)
    card = house.ids["card_id"]
    house.service.engine.step(e.CallbackAsked(at=utc_now(), call_id=card + "x", queue="sales", number="anonymous"))
    await expect(page.locator(".day-callbacks li.is-bad")).to_contain_text("no number that can be called")
    await page.locator(".day-callbacks li.is-bad").get_by_label("It is settled").click()
    await expect(page.locator(".day-callbacks li")).to_have_count(1)
    assert not watch.complaints


async def test_a_message_is_heard_taken_passed_on_and_done(browser: Browser, house: House) -> None:
    page, watch = await sit_down(browser, house)
    line = page.locator(".day-messages li")
    await line.get_by_label("Listen").click()
    await expect(line.locator("audio")).to_be_visible()
    await expect(line.locator("audio")).to_have_js_property("duration", 2)
    await page.reload()
    await line.get_by_label("I see to it").click()
    await expect(line).to_contain_text("boris sees to it")
    house.service.calling_back._configuration.pbx["one"].queue_extensions["billing"] = "502"
    await page.reload()
    await line.get_by_label("Pass on").click()
    await line.locator("select").select_option("queue:billing")
    await line.locator("input").fill("asks for her invoice")
    await line.locator("form").get_by_text("Pass on").click()
    await expect(line).to_contain_text("passed on by boris")
    await expect(line).to_contain_text("“asks for her invoice”")
    await line.get_by_label("Done").click()
    await expect(page.locator(".day-messages")).to_have_count(0)
    assert ("boris", "voicemail_heard") in await house.audit() and not watch.complaints


async def test_a_file_that_is_gone_is_told(browser: Browser, house: House, tmp_path: Path) -> None:
    (tmp_path / "recordings" / "secret note.wav").unlink()
    page, _watch = await sit_down(browser, house)
    await page.locator(".day-messages li").get_by_label("Listen").click()
    await expect(page.locator("#notice")).to_contain_text("its file isn't there")
    await expect(page.locator("audio")).to_have_count(0)


async def test_the_pop_says_when_they_asked_and_what_time_it_is_there(browser: Browser, house: House) -> None:
    page, watch = await sit_down(browser, house)
    rings(house)
    facts = page.locator(".facts")
    await expect(facts).to_contain_text("they asked at")
    await expect(facts).to_contain_text("there")
    await expect(facts).to_contain_text("call no. 2")
    await expect(page.locator(".next-step")).to_contain_text("Pick up your phone: then the client is called")
    assert not watch.complaints


async def test_a_supervisor_sees_them_all_in_russian(browser: Browser, house: House) -> None:
    house.service.calling_back._configuration.pbx["one"].queue_extensions["billing"] = "502"
    context = await browser.new_context(locale="ru-RU", timezone_id="Europe/Riga")
    page, watch = await context.new_page(), Watch(house.origin)
    watch.listen(page)
    await page.goto(f"{house.origin}/waiting")
    await page.fill("#login", "eva")
    await page.fill("#password", PASSWORD)
    await page.click("#submit")
    await page.wait_for_url(re.compile("/(waiting|cards)?$"))
    await page.goto(f"{house.origin}/waiting")
    await expect(page.locator("#callbacks-title")).to_contain_text("Ждут обратного звонка 1")
    await expect(page.locator("#messages-title")).to_contain_text("Голосовые сообщения")
    await page.get_by_label("Номер", exact=True).fill("8 (916) 123-00-99")
    await page.get_by_label("Имя").fill("Пётр")
    await page.get_by_role("button", name="Перезвонить").click()
    await expect(page.locator(".day-callbacks li")).to_have_count(2)
    await expect(page.locator(".day-callbacks")).to_contain_text("Пётр")
    await expect(page.locator(".day-callbacks")).to_contain_text("просит eva")
    assert not watch.complaints


def rings(house: House) -> None:
    """boris' phone rings for somebody in New York."""
    at = utc_now()
    attempt = Attempt(at=at, agent="1002", login="boris", leg_id="cb.1.1795262400.0", call_id="callback-card-1")
    one = callback(
        first=First.OPERATOR, state=CallbackState.RINGING, number="+12125550123", name="Grace Hopper", attempts=(attempt,),
        asked_at=at - timedelta(minutes=20), zone="America/New_York", queue="support", asked_by="", pbx="one",
    )  # fmt: skip
    house.service.engine.step(
        e.CallbackOffered(at=at, call_id=attempt.call_id, callback=one, attempt=attempt, ring_s=15)
    )
