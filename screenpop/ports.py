"""What the screen asks of the telephone system.

All raise NotFound (no such call, or no part of theirs), Conflict (not at this moment), Rejected, Forbidden (numbers that may not
be called), Unavailable (PBX) or ResultUnknown (sent, no answer: it may have happened). `agent` is the operator's extension.
"""

from typing import Protocol

from core.destination import Destination, RecordingAct


class Calls(Protocol):
    """Places calls."""

    async def place(self, site: str, agent: str, number: str, *, user: str) -> None:
        """Ring the operator's phone; when picked up, call `number`. `user` (login) is who the caps count."""


class LiveCalls(Protocol):
    """Acts on the operator's own part in a live call; `call_id` is the card's id."""

    async def hang_up(self, site: str, agent: str, call_id: str) -> None: ...

    async def transfer(
        self, site: str, agent: str, call_id: str, to: Destination, *, attended: bool, user: str
    ) -> None: ...

    async def complete_transfer(self, site: str, agent: str, call_id: str) -> None: ...

    async def cancel_transfer(self, site: str, agent: str, call_id: str) -> None: ...

    async def park(self, site: str, agent: str, call_id: str) -> None: ...

    async def record(self, site: str, agent: str, call_id: str, what: RecordingAct) -> None: ...

    async def mute(self, site: str, agent: str, call_id: str, *, muted: bool) -> None: ...
