"""What the people of a simulated call will do, and what was really done (the truth that tests compare with).

A plan is drawn by the traffic or written by a test; simulated_calls plays it. Values only.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


class Hand:
    """Names of what a rung phone does."""

    ANSWERED = "answered"
    NOANSWER = "noanswer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    UNREACHABLE = "unreachable"


SIP_REFUSALS = {Hand.BUSY: (17, 486), Hand.REJECTED: (21, 603), Hand.UNAVAILABLE: (19, 480)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """How a phone that rings ends: `outcome` after `after_s` (noanswer and unreachable ring until the queue's or Dial's time)."""

    outcome: str = Hand.ANSWERED
    after_s: float = 2.0


PICKS_UP = Ring()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """An agent passes the client on: `kind` blind or attended, `to` an extension (1002, 501, 9<number>)."""

    kind: str
    to: str
    ring: Ring = PICKS_UP
    consult_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One call. `rings` names phones in the order of ringing; without it the queue picks and `behave` says how each reacts.

    `patience_s`: the caller (or the agent who dials) gives up then. `hold_s`: length of each hold. A transfer comes after
    `talk_s`; the talk after it lasts `talk_after_s`. A caller in an ACD queue presses the key for a callback after
    `callback_after_s`; a phone named several times in `rings` rings so often for them.
    """

    rings: tuple[tuple[str, Ring], ...] = ()
    behave: Callable[[str], Ring] | None = None
    patience_s: float | None = None
    callback_after_s: float | None = None
    queue_timeout_s: float = 120.0
    ring_timeout_s: float | None = None
    talk_s: float = 4.0
    holds: tuple[float, ...] = ()
    transfer: Transfer | None = None
    talk_after_s: float = 3.0
    ended_by: str = "caller"
    message_s: float = 3.0
    recorded: bool = False

    def ring_of(self, agent: str) -> Ring:
        for name, ring in self.rings:
            if name == agent:
                return ring
        return self.behave(agent) if self.behave else PICKS_UP


@dataclass(eq=False, kw_only=True)
class Truth:
    """What really happened to one call. `as_dict` has the keys of a recording's truth file."""

    direction: str
    caller_number: str
    caller_name: str
    dialled: str
    started: float
    queue: str | None = None
    channel: str = ""
    uniqueid: str = ""
    linkedid: str = ""
    rang: list[dict[str, str]] = field(default_factory=list)
    answered_by: str | None = None
    answered_at: float | None = None
    ended_at: float | None = None
    talk_ended_at: float | None = None
    hold_s: float = 0.0
    holds: int = 0
    transfers: list[dict[str, Any]] = field(default_factory=list)
    legs: list[dict[str, Any]] = field(default_factory=list)
    ended_by: str | None = None
    cause: int | None = None
    voicemail: bool = False
    callback: bool = False
    left_at: float | None = None

    def rung(self, agent: str, outcome: str) -> None:
        self.rang.append({"agent": agent, "outcome": outcome})

    def transfer_answered(self) -> None:
        """Somebody took the client who was passed on."""
        if self.transfers:
            self.transfers[-1]["answered"] = True

    @property
    def wait_s(self) -> float | None:
        """Arrival to answer, or to giving up."""
        until = self.answered_at or self.left_at or self.ended_at
        return None if self.queue is None or until is None else round(until - self.started, 2)

    @property
    def talk_s(self) -> float | None:
        until = self.talk_ended_at or self.ended_at
        return None if self.answered_at is None or until is None else round(until - self.answered_at, 2)

    def as_dict(self) -> dict[str, Any]:
        names = (
            "direction caller_number caller_name dialled queue channel uniqueid rang answered_by wait_s talk_s holds"
        )
        told = {name: getattr(self, name) for name in names.split()}
        told["hold_s"] = round(self.hold_s, 2)
        for name in ("transfers", "legs", "ended_by", "cause", "voicemail", "started", "ended_at"):
            told[name] = getattr(self, name)
        return told
