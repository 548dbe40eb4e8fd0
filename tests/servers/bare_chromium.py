"""Chromium without Playwright, which keeps every page awake: here a tab behind another really is hidden and slowed.

Speaks the DevTools protocol over its WebSocket. `Tab.run` evaluates an expression in the page and gives its value.
"""

import asyncio
import contextlib
import itertools
import json
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.patience import PATIENT_S
from tests.servers.browser import ARGUMENTS

_STARTS_WITHIN_S = 20.0


class Chromium:
    """One browser. Commands go to it (`session` None) or to one of its tabs."""

    def __init__(self, socket: ClientConnection, group: int) -> None:
        self._socket = socket
        self._group = group
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def listen(self) -> None:
        async for text in self._socket:
            said = json.loads(text)
            if (asked := self._asked.pop(said.get("id", 0), None)) is not None:
                asked.set_result(said)

    async def command(self, method: str, session: str | None = None, **parameters: object) -> dict[str, Any]:
        number = next(self._numbers)
        answer = self._asked[number] = asyncio.get_running_loop().create_future()
        message: dict[str, object] = {"id": number, "method": method, "params": parameters}
        await self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        async with asyncio.timeout(PATIENT_S):
            said = await answer
        if "error" in said:
            raise RuntimeError(f"{method}: {said['error']['message']}")
        result: dict[str, Any] = said["result"]
        return result

    @contextlib.contextmanager
    def asleep(self) -> Iterator[None]:
        """All its processes stopped, as a laptop's are with the lid closed. No command meanwhile."""
        os.killpg(self._group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self._group, signal.SIGCONT)

    async def device(self) -> str:
        """A profile of its own: other cookies, other storage, other workers. As good as another computer."""
        return str((await self.command("Target.createBrowserContext"))["browserContextId"])

    async def tab(self, url: str, *, device: str | None = None) -> "Tab":
        """A new tab, in front of the others."""
        where = {"browserContextId": device} if device else {}
        target = (await self.command("Target.createTarget", url=url, **where))["targetId"]
        session = (await self.command("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        return Tab(self, target, session)


class Tab:
    def __init__(self, browser: Chromium, target: str, session: str) -> None:
        self._browser = browser
        self._target = target
        self._session = session

    async def do(self, method: str, **parameters: object) -> dict[str, Any]:
        return await self._browser.command(method, self._session, **parameters)

    async def run(self, expression: str) -> Any:
        answer = await self.do("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    async def until(self, expression: str, *, within_s: float = PATIENT_S) -> Any:
        """The value of `expression` as soon as it is true."""
        async with asyncio.timeout(within_s):
            while not (value := await self.run(expression)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return value

    async def to_front(self) -> None:
        await self._browser.command("Target.activateTarget", targetId=self._target)

    async def close(self) -> None:
        await self._browser.command("Target.closeTarget", targetId=self._target)


@contextlib.asynccontextmanager
async def bare_chromium(*arguments: str) -> AsyncIterator[Chromium]:
    """A browser of its own, with a new profile; gone with everything at the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        line = ["/usr/bin/chromium", *ARGUMENTS, "--headless=new", "--remote-debugging-port=0"]
        line += [f"--user-data-dir={folder}", *arguments, "about:blank"]
        process = await asyncio.create_subprocess_exec(
            *line, stdout=-3, stderr=-3, start_new_session=True
        )  # -3: to nowhere
        try:
            where = await _door(Path(folder) / "DevToolsActivePort")
            async with connect(where, max_size=None, proxy=None, compression=None, ping_interval=None) as socket:
                browser = Chromium(socket, process.pid)
                listening = asyncio.create_task(browser.listen(), name="chromium")
                try:
                    yield browser
                finally:
                    with contextlib.suppress(Exception):
                        await browser.command("Browser.close")
                    listening.cancel()
                    await asyncio.gather(listening, return_exceptions=True)
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def _door(file: Path) -> str:
    async with asyncio.timeout(_STARTS_WITHIN_S):
        while True:
            with contextlib.suppress(FileNotFoundError, ValueError):
                port, path = (await asyncio.to_thread(file.read_text)).split()
                return f"ws://127.0.0.1:{port}{path}"
            await asyncio.sleep(0.05)
