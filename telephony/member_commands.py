"""Commands for queue members and the heartbeat; telephony/commands.py says what holds for all commands."""

from dataclasses import dataclass
from typing import ClassVar

from telephony import command_checks as check
from telephony.commands import Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class AddMember:
    """The operator's phone takes calls of this queue."""

    acting: ClassVar[bool] = True
    queue: str
    phone: str
    name: str
    penalty: int = 0
    paused: bool = False

    def __post_init__(self) -> None:
        check.queue(self.queue)
        check.endpoint(self.phone)
        check.shown(self.name)
        check.whole(self.penalty, least=0, most=1000, what="The penalty")
        check.yes_or_no(self.paused, "Paused")

    def headers(self) -> Fields:
        return [
            ("Action", "QueueAdd"),
            ("Queue", self.queue),
            ("Interface", self.phone),
            ("Penalty", str(self.penalty)),
            ("Paused", "true" if self.paused else "false"),
            ("MemberName", self.name),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveMember:
    """The operator's phone takes no more calls of this queue; one that rings goes on ringing."""

    acting: ClassVar[bool] = True
    queue: str
    phone: str

    def __post_init__(self) -> None:
        check.queue(self.queue)
        check.endpoint(self.phone)

    def headers(self) -> Fields:
        return [("Action", "QueueRemove"), ("Queue", self.queue), ("Interface", self.phone)]


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseMember:
    """Pause or unpause the operator in `queue`, or in all queues of the phone when it is None."""

    acting: ClassVar[bool] = True
    phone: str
    paused: bool
    queue: str | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        check.endpoint(self.phone)
        check.yes_or_no(self.paused, "Paused")
        check.shown(self.reason)
        if self.queue is not None:
            check.queue(self.queue)

    def headers(self) -> Fields:
        where = [] if self.queue is None else [("Queue", self.queue)]
        why = [("Reason", self.reason)] if self.reason else []
        paused = ("Paused", "true" if self.paused else "false")
        return [("Action", "QueuePause"), ("Interface", self.phone), paused, *where, *why]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPenalty:
    """How late in the order this operator comes in `queue`, or in all queues of the phone when it is None."""

    acting: ClassVar[bool] = True
    phone: str
    penalty: int
    queue: str | None = None

    def __post_init__(self) -> None:
        check.endpoint(self.phone)
        check.whole(self.penalty, least=0, most=1000, what="The penalty")
        if self.queue is not None:
            check.queue(self.queue)

    def headers(self) -> Fields:
        where = [] if self.queue is None else [("Queue", self.queue)]
        return [("Action", "QueuePenalty"), ("Interface", self.phone), ("Penalty", str(self.penalty)), *where]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetGlobal:
    """A global dialplan variable; the heartbeat by which the dialplan knows that somebody picks operators."""

    acting: ClassVar[bool] = True
    variable: str
    value: str

    def __post_init__(self) -> None:
        check.variable(self.variable)
        check.variable_value(self.value)

    def headers(self) -> Fields:
        return [("Action", "Setvar"), ("Variable", self.variable), ("Value", self.value)]
