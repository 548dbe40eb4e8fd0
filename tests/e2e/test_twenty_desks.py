"""Twenty operators' browsers at once and 200 calls on a real Asterisk: every operator whose phone rings has the right pop,
nobody else has it, and how long from the PBX's word to the painted screen."""

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Browser, Page

from tests.e2e.test_desk_on_asterisk import PASSWORD, employ
from tests.patience import PATIENT_S
from tests.rig.driver import Ami
from tests.rig.instance import Asterisk
from tests.rig.meridian import Meridian
from tests.rig.phones import PhoneRoom
from tests.servers.browser import PAINTED, Watch, chromium

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.real("chromium"), pytest.mark.timeout(900)]
OPERATORS = range(1011, 1031)
CALLS, A_SECOND = 200, 1
BASE = "+4930555"
MANY_KNOWN = 60
KNOWN = "Client of long standing"
NUMBER = re.compile(r"\+49[\d /-]+")


@dataclass
class Desk:
    extension: str
    page: Page
    watch: Watch
    seen: dict[str, float] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    async def collect(self) -> None:
        painted = await self.page.evaluate("window.painted")
        by_number = {number_in(one["text"]): one for one in painted.values()}
        self.seen = {number: one["at"] / 1000 for number, one in by_number.items()}
        self.texts = {number: one["text"] for number, one in by_number.items()}


def number_in(text: str) -> str:
    """What follows BASE in the number that a tile shows."""
    shown = NUMBER.search(text)
    return re.sub(r"[^+\d]", "", shown[0]).removeprefix(BASE) if shown else text


@dataclass
class Rung:
    """What the PBX says: whose phone rang for which call, and when it said so."""

    at: dict[tuple[str, str], float] = field(default_factory=dict)

    @classmethod
    def read(cls, ami: Ami) -> "Rung":
        rung = cls()
        for message in ami.messages:
            if message.get("Event") == "AgentCalled" and message["CallerIDNum"].startswith(BASE):
                extension = message["Interface"].removeprefix("PJSIP/")
                rung.at.setdefault((extension, message["CallerIDNum"].removeprefix(BASE)), message.t)
        return rung


@contextlib.asynccontextmanager
async def desks(browser: Browser, meridian: Meridian) -> AsyncIterator[list[Desk]]:
    async def sit_down(extension: int) -> Desk:
        context = await browser.new_context(locale="en-GB", viewport={"width": 1200, "height": 800})
        await context.add_init_script(PAINTED)
        page, watch = await context.new_page(), Watch(meridian.url)
        watch.listen(page)
        await page.goto(f"{meridian.url}/")
        await page.fill("#login", f"op{extension}")
        await page.fill("#password", PASSWORD)
        await page.click("#submit")
        await page.wait_for_selector(".lamp-live", timeout=PATIENT_S * 1000)
        return Desk(str(extension), page, watch)

    found: list[Desk] = []
    for extension in OPERATORS:  # one after the other: the machine of a test is small
        found.append(await sit_down(extension))
    yield found


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def test_every_rung_operator_and_nobody_else_has_the_right_pop(tmp_path: Path) -> None:
    with (
        Asterisk() as asterisk,
        Meridian(asterisk, tmp_path, more='[desk.queues.load]\nwrap_up = "none"\n') as meridian,
    ):
        for n in OPERATORS:
            await asyncio.to_thread(employ, meridian, f"op{n}", str(n))
        async with httpx.AsyncClient(base_url=meridian.url, trust_env=False, headers={"Origin": meridian.url}) as api:
            answer = await api.post("/api/session", json={"login": "op1011", "password": PASSWORD})
            answer.raise_for_status()
            for n in range(1, MANY_KNOWN):
                made = await api.post("/api/clients", json={"name": f"{KNOWN} {n}", "numbers": [f"{BASE}{n}"]})
                made.raise_for_status()
            await api.delete("/api/session")
        room, ami = PhoneRoom(asterisk.ports.sip), Ami(asterisk.ports.ami)
        try:
            async with chromium() as browser, desks(browser, meridian) as sat_down:
                await play(room, ami)
                rung = Rung.read(ami)
                await painted(sat_down, rung)
                judge(sat_down, rung)
        finally:
            await asyncio.to_thread(room.close)
            ami.close()


async def play(room: PhoneRoom, ami: Ami) -> None:
    for extension in OPERATORS:
        await asyncio.to_thread(room.agent, extension, "auto_uas.xml", words={"@RING@": 800})
        ami.action("QueueAdd", Queue="load", Interface=f"PJSIP/{extension}", MemberName=f"op{extension}")
    room.load("509", base=BASE, talk_ms=2_500, rate=A_SECOND, calls=CALLS)
    await asyncio.to_thread(all_over, room, CALLS / A_SECOND + PATIENT_S)
    await asyncio.sleep(2)


def all_over(room: PhoneRoom, within_s: float) -> None:
    deadline = time.monotonic() + within_s
    while sum(line.ended for line in room.ledger()) < CALLS:
        assert time.monotonic() < deadline, "the calls don't end"
        time.sleep(1)


async def painted(sat_down: Sequence[Desk], rung: Rung) -> None:
    """Twenty pages on a small machine may paint the last call long after it is over."""
    deadline = time.monotonic() + 2 * PATIENT_S
    while True:
        for desk in sat_down:
            await desk.collect()
        if sum(len(desk.seen) for desk in sat_down) >= len(rung.at) or time.monotonic() > deadline:
            return
        await asyncio.sleep(1)


def judge(sat_down: Sequence[Desk], rung: Rung) -> None:
    assert len({number for _, number in rung.at}) == CALLS
    shown = {(desk.extension, number): at for desk in sat_down for number, at in desk.seen.items()}
    missing = sorted(set(rung.at) - set(shown))
    strange = sorted(set(shown) - set(rung.at))
    assert (missing, strange) == ([], [])
    waits = [shown[key] - at for key, at in rung.at.items()]
    print(
        f"{len(waits)} pops, rendered p50 {quantile(waits, 0.5) * 1000:.0f} ms, p99 {quantile(waits, 0.99) * 1000:.0f} ms"
    )
    for desk in sat_down:
        assert desk.watch.complaints == [], desk.extension
        assert desk.seen, f"the PBX gave {desk.extension} no work"
        for number, text in desk.texts.items():
            known = number.isdigit() and int(number) < MANY_KNOWN
            assert (f"{KNOWN} {number}" in text) == known, text
