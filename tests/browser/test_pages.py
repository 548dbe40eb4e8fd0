"""What holds for all pages: languages, nobody else is asked, signed out means out, the state follows every message."""

import pytest
from playwright.async_api import Browser, expect

from tests.browser.scene import sit_down
from tests.servers.desk import Desk

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module")]


@pytest.mark.parametrize(("locale", "title"), [("ru-RU", "Мой день"), ("en-GB", "My day"), ("de-DE", "My day")])
async def test_the_page_speaks_the_browsers_language(browser: Browser, desk: Desk, locale: str, title: str) -> None:
    page, watch = await sit_down(browser, desk, locale=locale)
    await expect(page.locator(".day h1")).to_have_text(title)
    await page.click("#me-button")
    await page.click("#language")
    await expect(page.locator(".day h1")).not_to_have_text(title)
    assert watch.complaints == []


async def test_both_languages_have_all_words(browser: Browser, desk: Desk) -> None:
    page = await browser.new_page()
    await page.goto(f"{desk.origin}/signin")
    kinds = await page.evaluate(
        """async () => {
          const { english } = await import("/static/words_en.js");
          const { russian } = await import("/static/words_ru.js");
          const holes = (text) => [...text.matchAll(/\\{(\\w+)\\}/g)].map((m) => m[1]).sort().join();
          const keys = new Set([...Object.keys(english), ...Object.keys(russian)]);
          return [...keys].filter((key) => !english[key] || !russian[key] || holes(english[key]) !== holes(russian[key]));
        }"""
    )
    assert kinds == []


async def test_signed_out_elsewhere_means_out(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    user = await desk.account_store.user_by_login("anna")
    assert user is not None
    await desk.accounts.end_sessions_of(user, actor="admin")
    await expect(page.locator("#problem")).to_contain_text("You have been signed out")


@pytest.mark.parametrize("path", ["/cards", "/docs"])
async def test_the_other_pages_ask_nobody_else_and_break_no_rule(browser: Browser, desk: Desk, path: str) -> None:
    page, watch = await sit_down(browser, desk)
    await desk.card("call-0001")
    await page.goto(desk.origin + path)
    there = "#rows tr" if path == "/cards" else "#operations-session-sign_in_api_session_post"
    await expect(page.locator(there)).to_be_visible()
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


async def test_the_crms_address_takes_nothing_but_values(browser: Browser, desk: Desk) -> None:
    page, _watch = await sit_down(browser, desk)
    made = await page.evaluate(
        """async () => {
          const { fillIn } = await import("/static/crm.js");
          const values = { number: "+7 916", name: "a&b=c#d/../\u202e\\"'<script>" };
          return [
            fillIn("https://crm.example/find?phone={number}&name={name}&other={other}", values),
            fillIn("javascript:alert({number})", values),
            fillIn("{name}://x", { name: "https" }),
          ];
        }"""
    )
    assert made == [
        "https://crm.example/find?phone=%2B7%20916&name=a%26b%3Dc%23d%2F..%2F%E2%80%AE%22'%3Cscript%3E&other={other}",
        None,
        None,
    ]
