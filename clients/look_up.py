"""From a number to the person behind it: carries out LookUpClient. Never decides who sees the answer.

While the database is away the pop goes out saying so; the numbers are kept, and looked up again when it is back, so that an
unknown caller of that hour becomes a client all the same.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime

from clients.ports import ClientDirectory
from core.effects import LookUpClient
from core.errors import Unavailable
from core.events import ClientIdentified

_MOST_KEPT = 50_000


class LookUps:
    """`answer` is the work of a lane; `deliver` is the engine's step."""

    def __init__(
        self, directory: ClientDirectory, deliver: Callable[[ClientIdentified], None], now: Callable[[], datetime]
    ) -> None:
        self._directory, self._deliver, self._now = directory, deliver, now
        self._kept: deque[LookUpClient] = deque(maxlen=_MOST_KEPT)
        self._met: set[tuple[str, str]] = set()

    async def answer(self, asked: LookUpClient) -> None:
        try:
            if asked.create:
                found = await self._directory.find_or_create(asked.site, asked.number, name=asked.name, at=self._now())
            else:
                found = await self._directory.find(asked.site, asked.number)
        except Unavailable:
            self.miss(asked)
            return
        except Exception:
            self.miss(asked)  # whatever it was, the operator must not look at "loading" for ever
            raise
        self._deliver(
            ClientIdentified(at=self._now(), call_id=asked.call_id, client=found.client, history=found.history)
        )

    def miss(self, asked: LookUpClient) -> None:
        """No answer now: the operator is told so, and the question is kept."""
        self._kept.append(asked)
        self._deliver(ClientIdentified(at=self._now(), call_id=asked.call_id, client=None, history=(), available=False))

    async def meet(self, asked: LookUpClient) -> None:
        """A caller of the past becomes a client, if it isn't one; nobody waits to see it."""
        if (asked.site, asked.number) in self._met:
            return
        try:
            await self._directory.find_or_create(asked.site, asked.number, name=asked.name, at=self._now())
        except Unavailable:
            return  # it will be met when it calls again
        if len(self._met) < _MOST_KEPT:
            self._met.add((asked.site, asked.number))

    def leave(self, _asked: LookUpClient) -> None:
        """Too many at once: it will be met when it calls again."""

    def take_kept(self) -> list[LookUpClient]:
        """The questions that found no answer, to be asked again."""
        kept = list(self._kept)
        self._kept.clear()
        return kept
