"""What the screen asks of the telephone system, and what it wants to know of the service."""

from typing import Protocol


class Calls(Protocol):
    """Acts on calls for an operator. Raises Rejected (number not allowed), NotFound (no such call), Unavailable (PBX)
    or ResultUnknown (sent, no answer: it may ring or not)."""

    async def place(self, site: str, agent: str, number: str) -> None:
        """Ring the operator's phone; when picked up, call `number`."""

    async def hang_up(self, site: str, agent: str, call_id: str) -> None:
        """End the operator's part in this call."""
