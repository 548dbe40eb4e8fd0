"""Debian's own Chromium, driven by Playwright: pages that a person would see, and what they complain about."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from tests.patience import PATIENT_S
from tests.servers.desk import PASSWORD, Desk

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# For `add_init_script`: window.painted tells when each tile came to the screen (ms since 1970, the page's clock) and what it said.
# A message posted from an animation frame is handled when that frame has been produced. It looks at what is new and nothing else: a
# watch that makes the browser lay out the page anew measures itself.
PAINTED = """
window.painted = {};
let fresh = [];
const look = new MessageChannel();
look.port1.onmessage = () => {
  const at = performance.timeOrigin + performance.now();
  for (const [card, text] of fresh) window.painted[card] = { at, text };
  fresh = [];
};
const seen = new Set();
new MutationObserver(() => {
  const before = fresh.length;
  for (const tile of document.querySelectorAll("li[data-card]")) {
    if (seen.has(tile.dataset.card)) continue;
    seen.add(tile.dataset.card);
    const words = [...tile.querySelectorAll(".tile-who, .tile-number")].map((part) => part.textContent);
    fresh.push([tile.dataset.card, words.join("\\n")]);
  }
  if (before === 0 && fresh.length) requestAnimationFrame(() => look.port2.postMessage(0));
}).observe(document, { childList: true, subtree: true });
"""


@dataclass
class Watch:
    """Everything a page said on its console or asked of anybody but us."""

    origin: str
    complaints: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))

    def _console(self, message: ConsoleMessage) -> None:
        expected = ("Failed to load resource", "WebSocket connection to")  # lines that a test cuts on purpose
        if message.type in ("error", "warning") and not any(part in message.text for part in expected):
            self.complaints.append(message.text)

    def _asked(self, url: str) -> None:
        ours = (self.origin, self.origin.replace("http", "ws", 1), "data:", "blob:")
        if not url.startswith(ours):
            self.complaints.append(f"asked {url}")


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENT_S * 1000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


async def open_desk(
    context: BrowserContext, desk: Desk, login: str, *, extension: str | None = None
) -> tuple[Page, Watch]:
    """Sign in as a person does, by the form, and wait until the line is live."""
    page, watch = await open_page(context, desk, login, "/", extension=extension)
    await page.wait_for_selector(".lamp-live")
    return page, watch


async def open_page(
    context: BrowserContext, desk: Desk, login: str, path: str, *, extension: str | None = None
) -> tuple[Page, Watch]:
    """Sign in by the form, and go there."""
    page, watch = await context.new_page(), Watch(desk.origin)
    watch.listen(page)
    await page.goto(f"{desk.origin}/")
    await page.wait_for_selector("#password")
    await page.fill("#login", login)
    await page.fill("#password", PASSWORD)
    await page.fill("#extension-field", extension or "")
    await page.click("#submit")
    await page.wait_for_selector("#me-button strong:not(:empty)")
    if path != "/":
        await page.goto(desk.origin + path)
        await page.wait_for_selector("#me-button strong:not(:empty)")
    return page, watch
