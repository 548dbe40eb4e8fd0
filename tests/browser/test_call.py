"""A call on the screen: who it is before anything else, candidates, what was before, the colleague's story, hostile text."""

import asyncio
import re

import pytest
from playwright.async_api import Browser, Page, Route, expect

from clients.ports import Edit
from core.events import CallHeld, CallResumed, LegMuted, RecordingChanged
from core.model import ClientKind
from tests.browser.scene import NUMBER, client, comes_true, fits, past, ring, sit_down, stored_card
from tests.servers.desk import Desk, now

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module")]
HOSTILE = (
    "<img src=x onerror=\"document.title='hacked'\">",
    "\u202egnp.exe\u2066",
    'O\'Brien "Bob" </bdi><script>alert(1)</script>',
    "🦊👩‍👩‍👧 Zoë 名前",
    "{{7*7}} =HYPERLINK(1) ${x}",
    "x" * 150,
    "Очень длинное имя " * 8,
)


async def test_a_pop_shows_who_and_what_was_before(browser: Browser, desk: Desk) -> None:
    known = await client(desk, "Ivan Volkov", "8 (916) 123-45-67")
    desk.history[NUMBER] = tuple(past(n, f"promise {n}") for n in range(3))
    page, watch = await sit_down(browser, desk)
    await expect(page.locator(".day h1")).to_have_text("My day")
    await ring(desk, "call-0001", name="IVAN")
    await expect(page.locator(".call h1")).to_contain_text("Ivan Volkov")
    await expect(page.locator(".call-head")).to_contain_text("+7 916 123-45-67")
    await expect(page.locator(".call-head")).to_contain_text("Customer support")
    await expect(page.locator(".call-head")).to_contain_text("+7 495 123-45-67")
    await expect(page.locator(".act-bar")).to_contain_text("Pick up your phone")
    await expect(page.locator(".past li")).to_have_count(3)
    await expect(page.locator(".past li").first).to_contain_text("promise 0")
    await expect(page.locator(".past li").first).to_contain_text("Call back")
    await expect(page.locator("#announcer")).to_contain_text("Incoming call: Ivan Volkov. Customer support")
    await expect(page).to_have_title("☎ Ivan Volkov")
    await expect(page.locator(".facts .counter")).to_have_text(re.compile("^0:0[2-9]$"))  # the wait goes on by itself
    desk.answer("call-0001", "1001")
    await expect(page.locator(".badge-state")).to_have_text("Talking")
    assert known.name == "Ivan Volkov"
    assert watch.complaints == []


async def test_warnings_come_before_anything_else_and_the_clients_own_time_is_told(
    browser: Browser, desk: Desk
) -> None:
    more = Edit(
        vip=True, warning="Don't discuss invoices", timezone="Asia/Yekaterinburg", note="call after 12", check=True
    )
    await client(desk, "Olga", more=more)
    page, watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    first = page.locator(".call .identity > *").first
    await expect(first).to_have_text("Don't discuss invoices")
    await expect(page.locator(".call h1 .badge-vip")).to_have_text("VIP")
    there = await page.evaluate(
        "new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', timeZone: 'Asia/Yekaterinburg'}).format(new Date())"
    )
    await expect(page.locator(".facts")).to_contain_text(there)
    await expect(page.locator(".check-block")).to_contain_text("Date of birth?")
    await page.get_by_role("button", name="Right").click()
    await expect(page.locator(".check-block")).to_contain_text("Noted on the card")
    noted = await desk.directory.check_of("moscow", "call-0001")
    assert noted is not None and noted.answers == {"birthday": "right"}
    assert watch.complaints == []


async def test_of_several_one_is_confirmed_by_one_press(browser: Browser, desk: Desk) -> None:
    await client(desk, "Maria", more=Edit(vip=True))
    await client(desk, "Pavel")
    page, watch = await sit_down(browser, desk)
    await ring(desk, "call-0001", name="MARIA OR PAVEL")
    await expect(page.locator(".who-block h2")).to_contain_text("2 known at this number")
    await expect(page.locator(".candidate")).to_have_count(3)  # and somebody new
    await expect(page.locator(".candidate", has_text="Pavel")).to_contain_text("number")
    await page.keyboard.press("w")
    await page.locator(".candidate", has_text="Pavel").press("Enter")
    await expect(page.locator(".call h1")).to_contain_text("Pavel")
    await expect(page.locator(".who-block")).to_be_hidden()
    assert (await stored_card(desk, "call-0001")).client_name == "Pavel"
    assert watch.complaints == []


async def name_who_calls(page: Page, name: str, *, of: str) -> None:
    """By keyboard; `of`: the organisation whose number it is."""
    await expect(page.locator(".call h1")).to_contain_text(of)
    await page.keyboard.press("w")
    await page.keyboard.type(name)
    await page.keyboard.press("Enter")
    await expect(page.locator(".call h1")).to_contain_text(name)


async def test_somebody_new_at_a_shared_number_in_one_step(browser: Browser, desk: Desk) -> None:
    await client(desk, "North Wind Ltd", more=Edit(kind=ClientKind.ORGANISATION))
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    await name_who_calls(page, "Sergei", of="North Wind Ltd")
    await expect(page.locator(".under-name")).to_contain_text("North Wind Ltd")
    assert (await stored_card(desk, "call-0001")).client_name == "Sergei"


async def test_what_comes_late_of_whom_it_was_taken_for_changes_nothing(browser: Browser, desk: Desk) -> None:
    taken_for = await client(desk, "North Wind Ltd", more=Edit(kind=ClientKind.ORGANISATION))
    page, _watch = await sit_down(browser, desk)
    named, asked = asyncio.Event(), 0

    async def held(route: Route) -> None:
        nonlocal asked
        asked += 1
        await named.wait()
        await route.continue_()

    particulars = f"**/api/clients/{taken_for.client_id}"
    await page.route(particulars, held)
    async with page.expect_request(particulars):
        await ring(desk, "call-0001")
    await name_who_calls(page, "Sergei", of="North Wind Ltd")
    async with page.expect_response(particulars) as late:
        named.set()
    await (await late.value).finished()
    await page.wait_for_timeout(300)  # what it would change, it would change by then: the name, and ask again
    assert "Sergei" in await page.locator(".call h1").inner_text()
    assert asked == 1


async def test_an_unknown_caller_gets_a_name(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    await expect(page.locator(".call-head")).to_contain_text("New client")
    await page.click("#rename")
    await page.fill("#client-name", "Pavel <b>")
    await page.keyboard.press("Enter")
    await expect(page.locator(".call h1")).to_contain_text("Pavel <b>")
    await expect(page.locator(".tile-who").nth(1)).to_contain_text("Pavel <b>")
    found = await desk.directory.search("moscow", NUMBER)
    assert [one.name for one in found] == ["Pavel <b>"]


async def test_a_field_of_the_client_is_changed_in_place(browser: Browser, desk: Desk) -> None:
    made = await client(desk, "Olga")
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    await page.get_by_role("button", name="Contract: empty. Change").click()
    await page.keyboard.type("S-17 <i>")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name="Contract: S-17 <i>. Change")).to_be_visible()
    assert (await desk.directory.client("moscow", made.client_id)).fields == (("contract", "S-17 <i>"),)
    await desk.directory.change("moscow", made.client_id, Edit(note="elsewhere"), by="boris", at=now())
    await page.get_by_role("button", name="Contract: S-17 <i>. Change").click()
    await page.keyboard.type("S-18")
    await page.keyboard.press("Enter")
    await expect(page.locator("#notice")).to_contain_text("Somebody has just changed this client")
    await expect(page.locator(".particulars")).to_contain_text("elsewhere")
    assert (await desk.directory.client("moscow", made.client_id)).fields == (("contract", "S-17 <i>"),)


async def test_text_from_outside_is_text(browser: Browser, desk: Desk) -> None:
    page, watch = await sit_down(browser, desk)
    scripts = await page.evaluate("document.scripts.length")
    for n, name in enumerate(HOSTILE):
        number = f"+7916123450{n}"
        desk.history[number] = (past(0, name),)
        await ring(desk, f"call-000{n}", number=number, name=name)
        shown = name.strip().replace("\u202e", "\ufffd").replace("\u2066", "\ufffd")
        await expect(page.locator(".call h1 bdi")).to_have_text(shown)
        await expect(page.locator(".past .past-notes")).to_have_text(shown)
        await expect(page.locator("#list .tile").first).to_contain_text(shown)
        assert await fits(page)
        await page.set_viewport_size({"width": 390, "height": 844})
        assert await fits(page)
        await page.set_viewport_size({"width": 1366, "height": 900})
        desk.end(f"call-000{n}")
    assert await page.locator("img[src=x], .call script, .tiles script").count() == 0
    assert await page.evaluate("document.scripts.length") == scripts
    assert watch.complaints == []


async def test_hostile_words_of_clients_and_colleagues_are_text_too(browser: Browser, desk: Desk) -> None:
    evil = "<b onclick=x>\u202eevil</b> " + "y" * 180
    shown = evil.replace("\u202e", "\ufffd")
    await desk.user("eve", "1003", name=evil)
    await client(desk, evil[:190], more=Edit(warning=evil[:190], note=evil, vip=True))
    page, watch = await sit_down(browser, desk)
    _eve, _ = await sit_down(browser, desk, "eve")
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(page.locator(".warning-strip").first).to_contain_text(shown[:100])
    await page.keyboard.press("t")
    await expect(page.locator("#transfer-list")).to_contain_text(shown[:60])
    await page.keyboard.press("Escape")
    await page.keyboard.press("i")
    await expect(page.locator("#panel-title")).to_contain_text(shown[:60])
    assert await fits(page)
    assert await page.locator("b").count() == 0
    assert watch.complaints == []


async def test_hold_mute_and_recording_show(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    desk.answer("call-0001", "1001")
    await expect(page.locator("#mute")).to_be_visible()
    await page.keyboard.press("m")
    await comes_true(lambda: _told(desk, ("mute", True)))  # two at once may come in any order
    await page.keyboard.press("r")
    await comes_true(lambda: _told(desk, ("mute", True), ("record", "start")))
    desk.engine.step(LegMuted(at=now(), call_id="call-0001", leg_id="1001-leg", muted=True))
    desk.engine.step(RecordingChanged(at=now(), call_id="call-0001", state="on"))
    await expect(page.locator(".act-bar")).to_contain_text("You are muted")
    await expect(page.locator("#record")).to_contain_text("Pause recording")
    desk.engine.step(CallHeld(at=now(), call_id="call-0001", leg_id="1001-leg"))
    await expect(page.locator(".badge-state")).to_have_text("On hold")
    desk.engine.step(CallResumed(at=now(), call_id="call-0001", leg_id="1001-leg"))
    await page.keyboard.press("m")
    await comes_true(lambda: _told(desk, ("mute", True), ("record", "start"), ("mute", False)))
    await page.keyboard.press("h")  # a bare letter never hangs up
    await page.keyboard.press("Shift+P")
    await page.keyboard.press("Shift+H")
    await comes_true(lambda: _placed(desk, ("moscow", "1001", "call-0001")))


async def _told(desk: Desk, *acts: tuple[object, ...]) -> bool:
    return [tuple(act[3:5]) for act in desk.calls.acts] == list(acts)


async def _placed(desk: Desk, *what: tuple[str, str, str]) -> bool:
    return desk.calls.placed == list(what) and desk.calls.acts[-1][3] == "park"


async def test_a_new_call_doesnt_take_the_pen_out_of_ones_hand(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001", name="First")
    desk.answer("call-0001", "1001")
    await page.locator("#notes").press_sequentially("half a sen")
    desk.end("call-0001")
    await ring(desk, "call-0002", number="+79160000002", name="Second")
    await expect(page.locator(".tile.is-ringing")).to_contain_text("Second")
    await page.keyboard.type("tence")
    await expect(page.locator(".call h1")).to_contain_text("First")
    await expect(page.locator("#notes")).to_have_value("half a sentence")
    await expect(page.locator(".call h1")).to_contain_text("Second", timeout=8_000)  # once the operator has paused


async def test_a_wholly_blind_choice_is_never_made(browser: Browser, desk: Desk) -> None:
    """Two own the number: neither's name is on the screen as the caller's."""
    await client(desk, "Maria")
    await client(desk, "Pavel")
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    await expect(page.locator(".candidate")).to_have_count(3)
    await expect(page.locator(".call h1")).to_have_text("+7 916 123-45-67")


async def test_the_people_of_an_organisation_are_offered_and_one_confirmed(browser: Browser, desk: Desk) -> None:
    firm = await client(desk, "North Wind Ltd", more=Edit(kind=ClientKind.ORGANISATION))
    await client(desk, "Sergei", "+79160000009", more=Edit(organisation_id=firm.client_id))
    page, _watch = await sit_down(browser, desk)
    await ring(desk, "call-0001")
    await expect(page.locator(".call h1")).to_contain_text("North Wind Ltd")
    await expect(
        page.locator(".particulars")
    ).to_be_visible()  # the client's own page has come, and the people are still offered
    await page.locator(".candidate", has_text="Sergei").click()
    await expect(page.locator(".call h1")).to_contain_text("Sergei")
    await expect(page.locator(".under-name")).to_contain_text("North Wind Ltd")
