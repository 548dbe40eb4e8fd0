"""The states of the line to a PBX, in words that tell people what to do, and the figures it keeps about itself."""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import Unavailable


class LinkState(StrEnum):
    """Live state is to be trusted in LIVE only."""

    STOPPED = "stopped"
    CONNECTING = "connecting"
    BAD_CREDENTIALS = "bad_credentials"
    MISSING_RIGHTS = "missing_rights"
    EXCESS_RIGHTS = "excess_rights"
    BOOTING = "booting"
    RESYNCING = "resyncing"
    LIVE = "live"
    LATE = "late"
    LOST = "lost"

    @property
    def refused(self) -> bool:
        """The PBX is there but won't work with us as we are: a person has to mend it."""
        return self in (LinkState.BAD_CREDENTIALS, LinkState.MISSING_RIGHTS, LinkState.EXCESS_RIGHTS)

    @property
    def wants_attention(self) -> bool:
        return self.refused or self in (LinkState.LOST, LinkState.LATE)


class LinkRefused(Unavailable):
    """The PBX answered and a person has to mend something; `state` says what sort of thing."""

    code = "link_refused"

    def __init__(self, state: LinkState, message: str) -> None:
        super().__init__(message)
        self.state = state


@dataclass(slots=True)
class LinkFigures:
    """Counters and gauges of one link since the start of the process."""

    bytes_in: int = 0
    messages: int = 0
    facts: int = 0
    dropped: int = 0
    odd: int = 0
    taints: int = 0
    resyncs: int = 0
    connects: int = 0
    losses: int = 0
    refusals: int = 0
    pending_actions: int = 0
    late_answers: int = 0
    unanswered_actions: int = 0
    handler_failures: int = 0
    longest_slice_s: float = 0.0
    ping_s: float | None = None
    lag_s: float | None = None
    snapshot_s: float | None = None
