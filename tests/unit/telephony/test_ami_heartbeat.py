"""The heartbeat: by the PBX's clock, only while we can choose, and one silent PBX doesn't stop the others'."""

import asyncio
from collections.abc import Awaitable

import pytest

from core.errors import ContactCentreError, Rejected, Unavailable
from telephony.ami_heartbeat import Heartbeat
from telephony.commands import Command
from telephony.wire import Headers


class Line:
    def __init__(self, epoch: str = "1795289549") -> None:
        self.epoch = epoch
        self.set: list[tuple[str, str]] = []
        self.fails: ContactCentreError | None = None
        self.go = asyncio.Event()
        self.go.set()

    def send(self, command: Command) -> Awaitable[Headers]:
        return self._answer(dict(command.headers()))

    async def _answer(self, sent: dict[str, str]) -> Headers:
        await self.go.wait()
        if self.fails is not None:
            raise self.fails
        if sent["Action"] == "Setvar":
            self.set.append((sent["Variable"], sent["Value"]))
        return {"Value": self.epoch} if sent["Action"] == "Getvar" else {}


async def beaten(heartbeat: Heartbeat, seconds: float = 0.05) -> None:
    task = asyncio.create_task(heartbeat.run())
    await asyncio.sleep(seconds)
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_it_beats_by_the_clock_of_the_pbx() -> None:
    line = Line()
    await beaten(Heartbeat({"one": line}, lambda pbx: True, every_s=0.01))
    assert line.set[0] == ("CC_HEARTBEAT", "1795289549") and len(line.set) > 1


async def test_who_cannot_choose_does_not_beat() -> None:
    one, two = Line(), Line()
    await beaten(Heartbeat({"one": one, "two": two}, lambda pbx: pbx == "two", every_s=0.01))
    assert one.set == [] and two.set


async def test_the_first_beat_comes_as_soon_as_we_can_choose() -> None:
    """Not a whole interval later: callers who come meanwhile would be passed on as if nobody were here."""
    line, asked = Line(), iter([False])
    await beaten(Heartbeat({"one": line}, lambda pbx: next(asked, True), every_s=60), seconds=0.4)
    assert len(line.set) == 1


async def test_a_silent_pbx_does_not_stop_the_others() -> None:
    one, two = Line(), Line()
    one.go.clear()
    await beaten(Heartbeat({"one": one, "two": two}, lambda pbx: True, every_s=0.01))
    assert one.set == [] and len(two.set) > 1


async def test_a_line_that_is_down_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    line = Line()
    line.fails = Unavailable("down")
    await beaten(Heartbeat({"one": line}, lambda pbx: True, every_s=0.01))
    assert caplog.text == ""


async def test_a_refusal_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    line = Line()
    line.fails = Rejected("The account lacks the right.")
    await beaten(Heartbeat({"one": line}, lambda pbx: True, every_s=0.01))
    assert caplog.text.count("lacks the right") == 1


async def test_a_pbx_without_a_clock_gets_no_heartbeat(caplog: pytest.LogCaptureFixture) -> None:
    line = Line(epoch="")
    await beaten(Heartbeat({"one": line}, lambda pbx: True, every_s=0.01))
    assert line.set == [] and "doesn't tell its clock" in caplog.text
