"""What people say about a client while a call is on shows on every screen of that call at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from clients.ports import ClientDirectory
from core.events import ClientIdentified


class LiveCalls:
    """`tell` is the engine's step."""

    def __init__(
        self, directory: ClientDirectory, tell: Callable[[ClientIdentified], None], now: Callable[[], datetime]
    ) -> None:
        self._directory, self._tell, self._now = directory, tell, now

    async def show(self, site: str, client_id: str) -> None:
        """Every live call of this client learns what is known now."""
        for card_id, number in await self._directory.live_calls(site, client_id):
            await self.show_in(site, card_id, client_id, number=number)

    async def show_in(self, site: str, card_id: str, client_id: str, *, number: str) -> None:
        found = await self._directory.about(site, client_id, number=number)
        told = ClientIdentified(
            at=self._now(),
            call_id=card_id,
            client=found.client,
            history=found.history,
            candidates=found.candidates,
            follow_ups=found.follow_ups,
        )
        self._tell(told if found.client is None else replace(told, client=replace(found.client, is_new=False)))
