"""The operators as choosing needs them: who may be offered something at this moment, and what they hold. Pure.

`queues/` says what operators do; here that is put together with their shift, their browser and the health of their phone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from core.model import AgentState, AgentStatus

REST_S = (10, 30, 60)
"""A phone that couldn't be rung is left alone for so long, the longer the more often in a row it happened."""


@dataclass(slots=True, kw_only=True)
class Operator:
    """`here`: a page of theirs is connected. `held`: the channels of their items that are not finished; `worked`: they are, or were
    until now, at work for a queue; `rest_until`: their phone is out of order until then, after `faults` in a row."""

    status: AgentStatus
    here: bool = False
    on_shift: bool = True
    held: list[str] = field(default_factory=list)
    worked: bool = False
    faults: int = 0
    rest_until: datetime | None = None

    @property
    def login(self) -> str:
        return self.status.login

    @property
    def free_to_choose(self) -> bool:
        """Whether anything may be offered to them."""
        return self.status.state is AgentState.READY and self.here and self.on_shift and self.rest_until is None

    @property
    def at_work(self) -> bool:
        """In a conversation that came by a queue, or at its wrap-up: by whatever hand they were given it."""
        return self.status.state in (AgentState.BUSY, AgentState.WRAP_UP) and self.status.queue is not None

    @property
    def done(self) -> bool:
        """Whatever they held is behind them, wrap-up included."""
        return self.status.state not in (AgentState.OFFERED, AgentState.BUSY, AgentState.WRAP_UP)

    def rest(self, at: datetime) -> datetime:
        """Their phone failed; the instant up to which it rests."""
        self.rest_until = at + timedelta(seconds=REST_S[min(self.faults, len(REST_S) - 1)])
        self.faults += 1
        return self.rest_until

    def well(self) -> None:
        """Their phone rings: it is in order."""
        self.faults, self.rest_until = 0, None

    @property
    def obstacles(self) -> tuple[str, ...]:
        """Why nothing is offered to them, in the words that screens translate; nothing where they are free."""
        found = []
        if self.status.state is not AgentState.READY:
            found.append(str(self.status.state))
        if not self.here:
            found.append("no_browser")
        if not self.on_shift:
            found.append("off_shift")
        if self.rest_until is not None:
            found.append("phone_fault")
        return tuple(found)
