"""Pausing members: never waits, the last wish counts, refusals are said once."""

import asyncio
from collections.abc import Awaitable

import pytest

from core.effects import SyncMember
from core.errors import ContactCentreError, NotFound, Rejected, Unavailable
from telephony.ami_members import MemberPauses
from telephony.commands import Command
from telephony.wire import Headers


class Line:
    """A link that keeps what it was given; `fails` is raised each time, `go` holds the answers back."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.fails: ContactCentreError | None = None
        self.go = asyncio.Event()
        self.go.set()

    def send(self, command: Command) -> Awaitable[Headers]:
        return self._send(command)

    async def _send(self, command: Command) -> Headers:
        await self.go.wait()
        self.sent.append(dict(command.headers()))
        if self.fails is not None:
            raise self.fails
        return {}


async def carried_out(pauses: MemberPauses, *effects: SyncMember) -> None:
    for effect in effects:
        pauses.put(effect)
    task = asyncio.create_task(pauses.run())
    for _ in range(20):
        await asyncio.sleep(0)
    assert pauses.waiting == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


LUNCH = SyncMember(agent="1001", paused=True, reason="lunch")
BACK = SyncMember(agent="1001", paused=False)


async def test_each_pbx_is_told_of_its_own_phone() -> None:
    one, two = Line(), Line()
    await carried_out(
        MemberPauses({"one": one, "two": two}, {"one": "PJSIP/{extension}", "two": "SIP/{extension}"}), LUNCH
    )
    assert one.sent == [
        {"Action": "QueuePause", "Interface": "PJSIP/1001", "Paused": "true", "Reason": "lunch"},
    ]
    assert two.sent[0]["Interface"] == "SIP/1001"


async def test_of_several_wishes_the_last_counts() -> None:
    line = Line()
    other = SyncMember(agent="1002", paused=True, reason="wrap_up")
    await carried_out(MemberPauses({"one": line}, {"one": "PJSIP/{extension}"}), LUNCH, other, BACK)
    assert [(sent["Interface"], sent["Paused"]) for sent in line.sent] == [
        ("PJSIP/1002", "true"), ("PJSIP/1001", "false"),
    ]  # fmt: skip


async def test_a_slow_pbx_holds_nobody_up() -> None:
    line = Line()
    line.go.clear()
    pauses = MemberPauses({"one": line}, {"one": "PJSIP/{extension}"})
    task = asyncio.create_task(pauses.run())
    pauses.put(LUNCH)
    await asyncio.sleep(0)
    for n in range(10_000):
        pauses.put(LUNCH if n % 2 else BACK)
    assert pauses.waiting == 1  # as many as there are phones, never more
    line.go.set()
    for _ in range(10):
        await asyncio.sleep(0)
    assert [sent["Paused"] for sent in line.sent] == ["true", "true"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("failure", [NotFound("Interface not found"), Unavailable("the line is down")])
async def test_no_member_or_no_line_is_no_fault(failure: ContactCentreError, caplog: pytest.LogCaptureFixture) -> None:
    line = Line()
    line.fails = failure
    await carried_out(MemberPauses({"one": line}, {"one": "PJSIP/{extension}"}), LUNCH)
    assert caplog.text == ""


async def test_a_refusal_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    line = Line()
    line.fails = Rejected("The account lacks the right.")
    pauses = MemberPauses({"one": line}, {"one": "PJSIP/{extension}"})
    await carried_out(pauses, LUNCH)
    await carried_out(pauses, BACK)
    assert caplog.text.count("lacks the right") == 1


async def test_an_extension_that_can_be_no_phone_stops_nothing() -> None:
    line = Line()
    odd = SyncMember(agent="10\r\n01", paused=True)
    await carried_out(MemberPauses({"one": line}, {"one": "PJSIP/{extension}"}), odd, LUNCH)
    assert len(line.sent) == 1
