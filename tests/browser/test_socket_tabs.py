"""The line of a page in real Chromium tabs: which tab leads, what a hidden one gets, and how it comes back after everything.

The pages here have the line and nothing else (socket_page.js); the desk's own page is tested in test_operator_page.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from core.events import CallOfferEnded
from core.model import LegOutcome
from screenpop.ws import HubSettings
from tests.patience import PATIENT_S
from tests.servers.bare_chromium import Chromium, Tab, bare_chromium
from tests.servers.desk import PASSWORD, Desk, now, running_desk
from tests.servers.tcp_proxy import TcpProxy

pytestmark = [pytest.mark.real("chromium"), pytest.mark.asyncio(loop_scope="module")]
SCRIPT = Path(__file__).with_name("socket_page.js").read_text()
NOTIFICATIONS = """
window.page = { shown: [] };
window.Notification = class extends EventTarget {
  static permission = "PERMISSION";
  constructor(title, options) {
    super();
    this.title = title;
    window.page.shown.push(this);
    setTimeout(() => this.onshow?.(), 0);
  }
  close() { window.page.shown.splice(window.page.shown.indexOf(this), 1); }
};
"""
# After a second in the background a page's timers run once a minute, as they do after five minutes with everybody's settings.
THROTTLED = "--enable-features=IntensiveWakeUpThrottling:grace_period_seconds/1"


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Chromium]:
    async with bare_chromium(THROTTLED, "--autoplay-policy=no-user-gesture-required") as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk() -> AsyncIterator[Desk]:
    async with running_desk(hub_settings=HubSettings(tick_s=0.5, silent_s=5)) as running:
        await running.user("anna", "1001", name="Anna")
        yield running


class Pages:
    """One device (cookies, storage) at `origin`, and its tabs."""

    def __init__(self, browser: Chromium, device: str, origin: str) -> None:
        self.browser = browser
        self.device = device
        self.origin = origin
        self.tabs: list[Tab] = []

    @classmethod
    async def signed_in(cls, browser: Chromium, origin: str, login: str = "anna") -> "Pages":
        pages = cls(browser, await browser.device(), origin)
        await pages.sign_in(await pages.bare(), login)
        return pages

    async def bare(self) -> Tab:
        tab = await self.browser.tab("about:blank", device=self.device)
        await tab.do("Page.enable")
        await self._go(tab)
        return tab

    async def sign_in(self, tab: Tab, login: str = "anna") -> None:
        asked = json.dumps({"login": login, "password": PASSWORD})
        headers = "{'Content-Type': 'application/json'}"
        status = await tab.run(
            f"fetch('/api/session', {{method: 'POST', headers: {headers}, body: '{asked}'}}).then(a => a.status)"
        )
        assert status == 201

    async def open(self, *, before: str = "", live: bool = True) -> Tab:
        """Another tab with a line; `before` runs in it before anything else does."""
        tab = await self.browser.tab("about:blank", device=self.device)
        await tab.do("Page.enable")
        if before:
            await tab.do("Page.addScriptToEvaluateOnNewDocument", source=before)
        await self._go(tab)
        assert await tab.run(SCRIPT)
        if live:
            await tab.until("page.live && page.state.version !== null")
        self.tabs.append(tab)
        return tab

    async def _go(self, tab: Tab) -> None:
        await tab.do("Page.navigate", url=f"{self.origin}/signin")
        await tab.until("location.pathname === '/signin' && document.readyState === 'complete'")


def miss(desk: Desk, call_id: str) -> None:
    outcome = LegOutcome.NOANSWER
    desk.engine.step(CallOfferEnded(at=now(), call_id=call_id, leg_id="1001-leg", agent="1001", outcome=outcome))


def ring(desk: Desk, call_id: str, name: str = "Ivan") -> None:
    desk.arrive(call_id, number="", name=name)
    desk.ring(call_id, "1001")


async def leaders(tabs: list[Tab]) -> list[Tab]:
    return [tab for tab in tabs if await tab.run("page.leads")]


async def one_leader(tabs: list[Tab]) -> Tab:
    async with asyncio.timeout(1.5):
        while not (found := await leaders(tabs)):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert len(found) == 1
    return found[0]


NO_SHARED = "delete window.SharedWorker;"
NO_WORKERS = "delete window.SharedWorker; delete window.Worker;"
NO_LOCKS = "Object.defineProperty(navigator, 'locks', { value: undefined });"


@pytest.mark.parametrize(
    "before, sockets",
    [("", 1), (NO_LOCKS, 1), (NO_SHARED, 3), (NO_SHARED + NO_LOCKS, 3), (NO_WORKERS, 3)],
    ids=["shared", "shared over http", "a worker each", "a worker each over http", "no workers"],
)
async def test_all_tabs_follow_one_leads_and_another_takes_over(
    browser: Chromium, desk: Desk, before: str, sockets: int
) -> None:
    """G4, two tabs: however old the browser."""
    pages = await Pages.signed_in(browser, desk.origin)
    for _ in range(3):
        await pages.open(before=before)
    assert desk.hub.open_screens == sockets
    leader = await one_leader(pages.tabs)
    ring(desk, "call-1")
    for tab in pages.tabs:
        await tab.until("page.shows()[0] === 'call-1 ringing'")
    desk.answer("call-1", "1001")
    for tab in pages.tabs:
        await tab.until("page.shows()[0] === 'call-1 talking'", within_s=1)
    pages.tabs.remove(leader)
    await leader.close()
    await one_leader(pages.tabs)
    desk.end("call-1")
    for tab in pages.tabs:
        await tab.until("page.shows()[0] === 'call-1 ended'")
    await pages.tabs[0].run("page.line.dismiss([...page.state.pops.keys()][0])")
    for tab in pages.tabs:
        await tab.until("page.shows().length === 0")


async def test_two_devices_of_one_operator_ring_and_the_other_follows_when_one_answers(
    browser: Chromium, desk: Desk
) -> None:
    """G4, two devices: each has a leader of its own, and both fall silent at the answer."""
    here, there = await Pages.signed_in(browser, desk.origin), await Pages.signed_in(browser, desk.origin)
    tabs = [await here.open(), await there.open()]
    for tab in tabs:
        await tab.until("page.leads")
    ring(desk, "call-1")
    for tab in tabs:
        await tab.until("page.shows()[0] === 'call-1 ringing'")
    desk.answer("call-1", "1001")
    for tab in tabs:
        await tab.until("page.shows()[0] === 'call-1 talking'", within_s=1)


async def test_a_tab_that_joins_late_knows_everything_and_keeps_step(browser: Chromium, desk: Desk) -> None:
    pages = await Pages.signed_in(browser, desk.origin)
    await pages.open()
    ring(desk, "call-1")
    desk.answer("call-1", "1001")
    late = await pages.open()
    await late.until("page.shows()[0] === 'call-1 talking'")
    ring(desk, "call-2")
    await late.until("page.shows().includes('call-2 ringing')")
    assert await late.run("page.modes") == ["resync 1"]
    assert desk.hub.open_screens == 1


async def test_a_hidden_slowed_tab_gets_its_pop_at_once_with_a_notification(browser: Chromium, desk: Desk) -> None:
    """A tab hidden for half an hour: behind another one, its timers slowed to one a minute. The notification is a stand-in."""
    pages = await Pages.signed_in(browser, desk.origin)
    tab = await pages.open(before=NOTIFICATIONS.replace("PERMISSION", "granted"))
    cover = await pages.bare()
    await cover.to_front()
    await tab.until("document.hidden && page.leads")
    await tab.run("page.ticks.length = 0")
    await asyncio.sleep(8)
    assert await tab.run("page.ticks.length") < 20  # of 80: it really is slowed
    ring(desk, "call-1", name="Olga")
    await tab.until("page.shows()[0] === 'call-1 ringing'", within_s=1)
    await tab.until("page.shown[0]?.title === 'Olga'", within_s=1)
    await rendered(desk, pops=1)
    desk.answer("call-1", "1001")
    await tab.until("page.shown.length === 0", within_s=1)  # answered: the notification goes
    assert await tab.run("page.modes") == ["resync 0"]  # it answered every heartbeat, so the server never cut it


async def test_what_nobody_could_see_is_not_acknowledged_and_marked_when_somebody_looks(
    browser: Chromium, desk: Desk
) -> None:
    pages = await Pages.signed_in(browser, desk.origin)
    tab = await pages.open(before=NOTIFICATIONS.replace("PERMISSION", "denied"))
    cover = await pages.bare()
    await cover.to_front()
    await tab.until("document.hidden && page.leads")
    ring(desk, "call-1")
    await tab.until("page.shows()[0] === 'call-1 ringing'")
    await asyncio.sleep(2.2)  # the server's grace
    miss(desk, "call-1")
    desk.end("call-1")
    await tab.until("page.got.includes('call-1 missed unseen')")
    assert desk.hub.delivery.report("moscow") == []
    await tab.to_front()
    await rendered(desk, pops=1)
    assert await tab.run("page.missed()") == ["call-1"]


async def rendered(desk: Desk, *, pops: int) -> None:
    async with asyncio.timeout(PATIENT_S):
        while [line.pops for line in desk.hub.delivery.report("moscow")] != [pops]:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_only_the_leading_tab_notifies(browser: Chromium, desk: Desk) -> None:
    pages = await Pages.signed_in(browser, desk.origin)
    before = NOTIFICATIONS.replace("PERMISSION", "granted")
    one, other = await pages.open(before=before), await pages.open(before=before)
    cover = await pages.bare()
    await cover.to_front()
    for tab in (one, other):
        await tab.until("document.hidden")
    ring(desk, "call-1")
    for tab in (one, other):
        await tab.until("page.shows()[0] === 'call-1 ringing'")
    assert sorted([await one.run("page.shown.length"), await other.run("page.shown.length")]) == [0, 1]
    leader = await one_leader([one, other])
    follower = other if leader is one else one
    await leader.close()
    await follower.until("page.leads && page.shown.length === 1", within_s=1.5)  # whoever leads now takes it over


async def test_the_network_away_during_three_pops(browser: Chromium, desk: Desk) -> None:
    """G2: exactly those three, in order, marked as missed."""
    async with TcpProxy("127.0.0.1", desk.port) as proxy:
        pages = await Pages.signed_in(browser, f"http://127.0.0.1:{proxy.port}")
        tab = await pages.open()
        ring(desk, "call-0")
        await rendered(desk, pops=1)
        miss(desk, "call-0")
        await tab.until("page.shows()[0] === 'call-0 missed'")
        await tab.run("page.got.length = page.modes.length = 0")
        proxy.cut(refuse=True)
        await tab.until("page.live === false")
        for n in (1, 2, 3):
            ring(desk, f"call-{n}")
            miss(desk, f"call-{n}")
        proxy.resume()
        await tab.until("page.live", within_s=PATIENT_S)
        await tab.until("page.state.following === 0 && page.got.length === 6")
        assert await tab.run("page.got.filter((one) => one.endsWith('unseen'))") == [
            f"call-{n} missed unseen" for n in (1, 2, 3)
        ]
        assert await tab.run("page.modes") == ["replay 6"]
        assert await tab.run("page.missed()") == ["call-0", "call-1", "call-2", "call-3"]


async def test_eight_hours_of_sleep_end_at_the_door_and_the_desk_is_fresh(browser: Chromium, desk: Desk) -> None:
    """G3: the lid closed until the server gave up, the session run out, forty calls gone by: signed out, and no storm after.

    The browser's processes are stopped for some seconds and not for hours; what hours do to a session is done to its record.
    """
    pages = await Pages.signed_in(browser, desk.origin)
    tab = await pages.open()
    ring(desk, "call-before")
    await rendered(desk, pops=1)
    miss(desk, "call-before")
    await tab.until("page.shows()[0] === 'call-before missed'")
    with browser.asleep():
        async with asyncio.timeout(PATIENT_S):
            while desk.hub.open_screens:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await expire(desk, "anna")
        for n in range(40):
            ring(desk, f"call-{n}")
            miss(desk, f"call-{n}")
            desk.end(f"call-{n}")
        ring(desk, "call-now")
    await tab.until("page.out > 0", within_s=PATIENT_S)
    await asyncio.sleep(0.5)
    assert await tab.run("page.out") == 1
    await pages.sign_in(tab)
    fresh = await pages.open()
    await fresh.until("page.state.following === 0 && page.shows().includes('call-now ringing')")
    assert await fresh.run("page.got.length") <= 31  # what is retained, once each
    assert await fresh.run("page.got.filter((one) => one.includes('ringing'))") == ["call-now ringing"]


async def expire(desk: Desk, login: str) -> None:
    """As eight hours would: the session is there, and no longer good."""
    user = await desk.account_store.user_by_login(login)
    assert user is not None
    for session, owner in await desk.account_store.sessions_at("moscow", "1001"):
        assert owner.user_id == user.user_id
        await desk.account_store.end_session(session.session_id)
        await desk.account_store.open_session(replace(session, expires_at=now() - timedelta(hours=1)))


async def test_a_browser_closed_while_ringing_and_while_talking_finds_its_call_again(
    browser: Chromium, desk: Desk
) -> None:
    """G8: the call goes on without the browser, the card stays theirs."""
    pages = await Pages.signed_in(browser, desk.origin)
    for before, step in (("ringing", None), ("talking", desk.answer)):
        tab = await pages.open()
        if before == "ringing":
            ring(desk, "call-1")
        await tab.until("page.shows()[0] === 'call-1 ringing'")
        await tab.close()
        async with asyncio.timeout(PATIENT_S):
            while desk.hub.open_screens:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        if step:
            step("call-1", "1001")
    back = await pages.open()
    await back.until("page.shows()[0] === 'call-1 talking'")
    assert await back.run("page.missed()") == []


async def test_two_thousand_pages_come_back_at_two_thousand_moments(browser: Chromium, desk: Desk) -> None:
    """G5, the browser's side: when the server restarts nobody waits for anybody, and nobody comes together."""
    tab = await (await Pages.signed_in(browser, desk.origin)).bare()
    waits: list[float] = await tab.run(
        """(async () => {
          const { Connection } = await import("/static/socket_connection.js");
          const waits = [], sockets = [];
          window.setTimeout = (job, wait) => (wait !== 12000 && waits.push(wait), 0);
          window.fetch = async () => ({ ok: true, status: 201, json: async () => ({ ticket: "t" }) });
          window.WebSocket = class { constructor() { sockets.push(this); } };
          const hooks = { cursor: () => ({}), message() {}, state() {}, signedOut() {} };
          for (let n = 0; n < 2000; n++) await new Connection(hooks).open();
          for (const socket of sockets) socket.onclose({ code: 1012 });
          return waits;
        })()"""
    )
    assert len(waits) == 2000
    assert min(waits) > 0 and max(waits) < 4_000
    busiest = max(sum(start <= wait < start + 100 for wait in waits) for start in range(0, 4_000, 100))
    assert busiest < 120  # in any tenth of a second
