"""How the simulated PBX misbehaves, for tests of those who must survive it. Every switch may be turned at run time."""

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class Faults:
    """All off by default. Actions are named in lower case.

    `dribble_bytes`: send in pieces of so many bytes, so that letters and line ends are split. `cut_after_bytes`: close the
    session after so many more bytes, wherever that is. `unanswered`: actions that get no answer. `cut_on`: the session is closed
    when such an action arrives, unanswered. `late_s`: answers that take so long. `refused_logins`: so many logins fail.
    `not_booted`: only what the core does works, the rest is an unknown command, and no FullyBooted comes. `events_late_s`,
    `events_twice`, `events_shuffled` (within windows of so many events) bend what is told.
    """

    dribble_bytes: int = 0
    cut_after_bytes: int | None = None
    unanswered: set[str] = field(default_factory=set)
    cut_on: set[str] = field(default_factory=set)
    late_s: dict[str, float] = field(default_factory=dict)
    refused_logins: int = 0
    not_booted: bool = False
    events_late_s: float = 0.0
    events_twice: bool = False
    events_shuffled: int = 0
