"""From the AMI message that says "it rings" to the tile that Chromium has painted on the operator's page.

Meridian as it is run on SQLite, Debian's Chromium without a head, signed in by the form; four calls a second to that operator,
and beside them 100 calls a second to nine others and 1,000 other events a second. The offset of the page's clock is measured.
"""

import asyncio
import re
import sys
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Page

from bench.measure import KEPT, Row, command, milliseconds, quantile, say
from bench.pop import SIZE, Seen, listen, process, signed_in, sqlite_copy
from bench.pop_service import PASSWORD
from bench.pop_traffic import OPERATORS, Kind, Traffic
from bench.streams import queue_calls
from tests.servers.ami_peer import AmiPeer
from tests.servers.browser import PAINTED, chromium

_CARD = re.compile(r'"card_id":"([^"]+)"')
_OFTEN_ENOUGH_MS = 150


@dataclass(slots=True)
class SeenCards(Seen):
    """Also which card a call became."""

    cards: dict[str, int] = field(default_factory=dict)

    def take(self, frame: str) -> int | None:
        dialled = Seen.take(self, frame)
        card = _CARD.search(frame)
        if dialled is not None and card is not None:
            self.cards.setdefault(card[1], dialled)
        return dialled


def rows(quick: bool) -> list[Row]:
    return asyncio.run(_rows(quick))


async def _rows(quick: bool) -> list[Row]:
    found: list[float] = []
    frames: list[float] = []
    rounds: list[float] = []
    for turn in range(1 if quick else 3):
        say(f"rendered: round {turn + 1}")
        painted, framed = await _measured(await asyncio.to_thread(sqlite_copy), 10.0 if quick else 30.0)
        found += painted
        frames += framed
        rounds.append(1000 * quantile(painted, 0.99))

    def text(values: list[float]) -> str:
        return f"p50 {milliseconds(quantile(values, 0.5))}, p99 {milliseconds(quantile(values, 0.99))}"

    row = Row(
        part="rendered",
        what=f"AgentCalled -> painted in Chromium, {len(found)} pops, p99",
        baseline=f"frame at a socket beside it {text(frames)}",
        ours=text(found),
        ratio=1000 * quantile(found, 0.99),
        spread=(min(rounds), max(rounds)),
        bar=f"<= {_OFTEN_ENOUGH_MS} ms",
        note="ratio column: our ms",
    )
    return [row]


async def _measured(url: str, seconds: float) -> tuple[list[float], list[float]]:
    others, _ = queue_calls(events=200_000, at_once=500)
    seen = SeenCards()
    mine, theirs = OPERATORS[0], OPERATORS[1:]
    async with AmiPeer() as peer, AsyncExitStack() as stack:
        port = await stack.enter_async_context(process(url, peer.port, KEPT / "pop"))
        for extension in OPERATORS:
            socket = await signed_in(port, extension)
            stack.push_async_callback(socket.close)
            listening = asyncio.create_task(listen(socket, seen))
            stack.callback(listening.cancel)
        browser = await stack.enter_async_context(chromium())
        page = await _page(await browser.new_page(), port, mine)
        busy = Traffic(peer, others, SIZE.regulars, operators=theirs)
        quiet = Traffic(
            peer, others, SIZE.regulars, pops_a_s=4, others_a_s=0, operators=(mine,), kinds=(Kind.WAITED, Kind.AT_ONCE)
        )
        await asyncio.gather(busy.play(seconds + 2, first=1_000), quiet.play(seconds, first=500_000))
        await asyncio.sleep(1)
        offset_s = await _offset_s(page)
        painted: dict[str, dict[str, Any]] = await page.evaluate("window.painted")
    sent = {dialled: at for dialled, (at, _) in quiet.sent.items()}
    known = {seen.cards[card]: one["at"] / 1000 - offset_s for card, one in painted.items() if card in seen.cards}
    missing = sent.keys() - known.keys()
    if missing:
        raise RuntimeError(f"{len(missing)} of {len(sent)} pops were never painted")
    return [known[dialled] - at for dialled, at in sent.items()], [
        seen.first[dialled] - at for dialled, at in sent.items()
    ]


async def _page(page: Page, port: int, extension: str) -> Page:
    await page.add_init_script(PAINTED)
    await page.goto(f"http://127.0.0.1:{port}/")
    await page.wait_for_selector("#password")
    await page.fill("#login", f"op{extension}")
    await page.fill("#password", PASSWORD)
    await page.fill("#extension-field", extension)
    await page.click("#submit")
    await page.wait_for_selector(".lamp-live")
    return page


async def _offset_s(page: Page) -> float:
    """What to take from the page's clock to have ours; the quickest of some round trips tells best."""
    best = (float("inf"), 0.0)
    for _ in range(50):
        before = time.perf_counter()
        theirs_ms = await page.evaluate("performance.timeOrigin + performance.now()")
        after = time.perf_counter()
        best = min(best, (after - before, theirs_ms / 1000 - (before + after) / 2))
    return best[1]


if __name__ == "__main__":
    sys.exit(command("rendered", __doc__ or "", rows))
