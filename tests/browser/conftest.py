"""One browser for all tests of a file: they share a loop. Each test has its own contexts, hence its own cookies and storage."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.scene import DECLARED
from tests.servers.browser import chromium
from tests.servers.desk import Desk, running_desk


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def desk(browser: Browser) -> AsyncIterator[Desk]:
    """Two operators, states, and everything an administrator can declare."""
    async with running_desk(declared=DECLARED, with_agents=True) as running:
        await running.user("anna", "1001", name="Anna")
        await running.user("boris", "1002", name="Boris Keller")
        yield running
        for context in browser.contexts:
            await context.close()
