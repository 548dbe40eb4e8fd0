"""What the record is asked about promised callbacks; routing/callbacks.py decides what becomes of them."""

from collections.abc import Collection
from typing import Protocol

from core.callback import Callback, CallbackState


class CallbackStore(Protocol):
    """Everything raises Unavailable when the database can't be reached."""

    async def callback(self, callback_id: str) -> Callback | None: ...

    async def callbacks(self, site: str, states: Collection[CallbackState], *, limit: int = 20_000) -> list[Callback]:
        """Of closed ones the newest first, of the others the oldest place first."""

    async def callback_asked_on(self, card_id: str) -> bool:
        """Whether one was asked for in this call."""
