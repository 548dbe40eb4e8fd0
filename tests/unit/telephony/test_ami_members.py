"""Keeping members: never waits, the last wish counts, pauses go first, refusals are said once."""

import asyncio
from collections.abc import Awaitable

import pytest

from core.effects import KeepMember, SyncMember
from core.errors import Conflict, ContactCentreError, NotFound, Rejected, Unavailable
from telephony.ami_members import QueueMembers
from telephony.commands import Command
from telephony.wire import Headers


class Line:
    """A link that keeps what it was given; `fails` is raised each time, `go` holds the answers back."""

    def __init__(self) -> None:
        self.sent: list[dict[str, str]] = []
        self.fails: ContactCentreError | None = None
        self.refuses: dict[str, ContactCentreError] = {}
        self.go = asyncio.Event()
        self.go.set()

    def send(self, command: Command) -> Awaitable[Headers]:
        return self._send(command)

    async def _send(self, command: Command) -> Headers:
        await self.go.wait()
        self.sent.append(dict(command.headers()))
        if self.fails is not None:
            raise self.fails
        if (refused := self.refuses.get(self.sent[-1]["Action"])) is not None:
            raise refused
        return {}

    @property
    def told(self) -> list[str]:
        """What was asked for, in short."""
        words = ("Action", "Interface", "Queue", "Penalty", "Paused", "MemberName", "Reason")
        return [" ".join(sent[word] for word in words if word in sent) for sent in self.sent]


async def carried_out(members: QueueMembers, *effects: SyncMember | KeepMember) -> None:
    for effect in effects:
        wish(members, effect)
    task = asyncio.create_task(members.run())
    for _ in range(40):
        await asyncio.sleep(0)
    assert members.waiting == 0
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def wish(members: QueueMembers, effect: SyncMember | KeepMember) -> None:
    (members.pause if isinstance(effect, SyncMember) else members.keep)(effect)  # type: ignore[arg-type]


LUNCH = SyncMember(agent="1001", paused=True, reason="lunch")
BACK = SyncMember(agent="1001", paused=False)


async def test_each_pbx_is_told_of_its_own_phone() -> None:
    one, two = Line(), Line()
    await carried_out(
        QueueMembers({"one": one, "two": two}, {"one": "PJSIP/{extension}", "two": "SIP/{extension}"}), LUNCH
    )
    assert one.sent == [
        {"Action": "QueuePause", "Interface": "PJSIP/1001", "Paused": "true", "Reason": "lunch"},
    ]
    assert two.sent[0]["Interface"] == "SIP/1001"


async def test_of_several_wishes_the_last_counts() -> None:
    line = Line()
    other = SyncMember(agent="1002", paused=True, reason="wrap_up")
    await carried_out(QueueMembers({"one": line}, {"one": "PJSIP/{extension}"}), LUNCH, other, BACK)
    assert [(sent["Interface"], sent["Paused"]) for sent in line.sent] == [
        ("PJSIP/1002", "true"), ("PJSIP/1001", "false"),
    ]  # fmt: skip


async def test_a_slow_pbx_holds_nobody_up() -> None:
    line = Line()
    line.go.clear()
    pauses = QueueMembers({"one": line}, {"one": "PJSIP/{extension}"})
    task = asyncio.create_task(pauses.run())
    pauses.pause(LUNCH)
    await asyncio.sleep(0)
    for n in range(10_000):
        pauses.pause(LUNCH if n % 2 else BACK)
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
    await carried_out(QueueMembers({"one": line}, {"one": "PJSIP/{extension}"}), LUNCH)
    assert caplog.text == ""


async def test_a_refusal_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    line = Line()
    line.fails = Rejected("The account lacks the right.")
    pauses = QueueMembers({"one": line}, {"one": "PJSIP/{extension}"})
    await carried_out(pauses, LUNCH)
    await carried_out(pauses, BACK)
    assert caplog.text.count("lacks the right") == 1


async def test_an_extension_that_can_be_no_phone_stops_nothing() -> None:
    line = Line()
    odd = SyncMember(agent="10\r\n01", paused=True)
    await carried_out(QueueMembers({"one": line}, {"one": "PJSIP/{extension}"}), odd, LUNCH)
    assert len(line.sent) == 1


def join(queue: str = "support", agent: str = "1001", penalty: int | None = 2, name: str = "Anna") -> KeepMember:
    return KeepMember(pbx="one", queue=queue, agent=agent, name=name, penalty=penalty)


def members(line: Line) -> QueueMembers:
    return QueueMembers({"one": line}, {"one": "PJSIP/{extension}"})


async def test_who_joins_is_paused_as_they_are() -> None:
    line = Line()
    await carried_out(members(line), LUNCH, join(), join(agent="1002", name="Борис; <x>"))
    assert line.told == [
        "QueuePause PJSIP/1001 true lunch",
        "QueueAdd PJSIP/1001 support 2 true Anna",
        "QueuePause PJSIP/1001 support true lunch",  # QueueAdd knows no reason
        "QueueAdd PJSIP/1002 support 2 false Борис x",
    ]


async def test_who_signs_out_is_paused_before_they_leave() -> None:
    line = Line()
    out = SyncMember(agent="1001", paused=True, reason="signed_out")
    await carried_out(members(line), join(penalty=None), join("sales", penalty=None), out)
    assert line.told == [
        "QueuePause PJSIP/1001 true signed_out",
        "QueueRemove PJSIP/1001 support",
        "QueueRemove PJSIP/1001 sales",
    ]


async def test_of_several_wishes_for_one_place_the_last_counts() -> None:
    line = Line()
    await carried_out(members(line), join(), join(penalty=None), join(penalty=4), join("sales"))
    assert line.told == ["QueueAdd PJSIP/1001 support 4 false Anna", "QueueAdd PJSIP/1001 sales 2 false Anna"]


async def test_a_wish_that_comes_while_another_is_carried_out_follows_it() -> None:
    line = Line()
    line.go.clear()
    one = members(line)
    one.keep(join())
    task = asyncio.create_task(one.run())
    await asyncio.sleep(0)
    one.pause(LUNCH)
    one.keep(join(penalty=None))
    line.go.set()
    for _ in range(20):
        await asyncio.sleep(0)
    assert [told.split()[0] for told in line.told] == ["QueueAdd", "QueuePause", "QueueRemove"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_who_is_there_already_gets_the_penalty(caplog: pytest.LogCaptureFixture) -> None:
    line = Line()
    line.refuses["QueueAdd"] = Conflict("Unable to add interface: Already there")
    await carried_out(members(line), join())
    assert line.told[1:] == ["QueuePenalty PJSIP/1001 support 2"]
    assert caplog.text == ""


async def test_a_queue_that_the_pbx_lacks_is_told_once_and_a_member_who_is_gone_never(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line = Line()
    line.fails = NotFound("No such queue")
    one = members(line)
    await carried_out(one, join(penalty=None))
    assert caplog.text == ""
    await carried_out(one, join())
    await carried_out(one, join())
    assert caplog.text.count("support can't be kept: No such queue") == 1
