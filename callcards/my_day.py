"""What an operator finds in the morning: calls of theirs that nobody took, and whom they talked with last. Pure."""

from datetime import datetime
from typing import Protocol

from callcards.ports import StoredCard


class MyDay(Protocol):
    """By site and extension. Neither costs more with a longer history. Raises Unavailable when the database can't be reached."""

    async def missed(self, site: str, agent: str, *, since: datetime, limit: int = 50) -> list[StoredCard]:
        """Calls that rang here in vain and that nobody took, newest first, without those who were talked with or called since."""

    async def last(self, site: str, agent: str, *, limit: int = 20) -> list[StoredCard]:
        """Conversations that are over, newest first."""
