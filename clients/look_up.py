"""From a number to the person behind it: carries out LookUpClient. Never decides who sees the answer.

The question goes to the database within the step, so that it is under way while the rest of what the PBX said is read; only
strangers, who have to be made, and calls adopted at our start take the slower way through a lane.

While the database is away the pop goes out saying so; the numbers are kept, and looked up again when it is back, so that an
unknown caller of that hour becomes a client all the same.
"""

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from functools import partial

from clients.ports import ClientDirectory, Found
from core.effects import LookUpClient
from core.errors import Unavailable
from core.events import ClientIdentified

log = logging.getLogger(__name__)
_MOST_KEPT = 50_000
_AT_ONCE = 64  # a burst of calls must not fill the database's queue, in which the pages wait too


class LookUps:
    """`deliver` is the engine's step; `strangers` takes what `make` (the work of a lane) shall do."""

    def __init__(
        self,
        directory: ClientDirectory,
        deliver: Callable[[ClientIdentified], None],
        now: Callable[[], datetime],
        *,
        strangers: Callable[[LookUpClient], None],
    ) -> None:
        self._directory, self._deliver, self._now, self._strangers = directory, deliver, now, strangers
        self._under_way = 0
        self._waiting: deque[LookUpClient] = deque()
        self._kept: deque[LookUpClient] = deque(maxlen=_MOST_KEPT)
        self._met: set[tuple[str, str]] = set()

    def ask(self, asked: LookUpClient) -> None:
        """Within a step: never waits. The answer comes as an event of its own."""
        if asked.adopted:
            self._strangers(asked)
        elif len(self._waiting) < _MOST_KEPT:
            self._waiting.append(asked)
            self._begin()
        else:
            self.miss(asked)

    def _begin(self) -> None:
        """As many as may be under way at once."""
        while self._waiting and self._under_way < _AT_ONCE:
            asked = self._waiting.popleft()
            self._under_way += 1
            try:
                self._directory.look_up(asked.site, asked.number, partial(self._answered, asked))
            except Exception as error:
                # Of a number that nobody foresaw: it must neither keep its place nor leave the pop "loading" for ever.
                self._under_way -= 1
                self._failed(asked, error)

    def _answered(self, asked: LookUpClient, found: Found | None, error: BaseException | None) -> None:
        self._under_way -= 1
        self._begin()
        if found is None:
            self._failed(asked, error)
        elif found.is_stranger and asked.create:
            self._strangers(asked)
        else:
            self._tell(asked, found)

    def _failed(self, asked: LookUpClient, error: BaseException | None) -> None:
        if not isinstance(error, Unavailable):
            log.error("look-up failed", exc_info=error, extra={"action": "look_up_failed"})
        self.miss(asked)

    async def make(self, asked: LookUpClient) -> None:
        """A stranger becomes a client; of a conversation that went on without us, what people said meanwhile counts."""
        try:
            found = await self._directory.find_or_create(asked.site, asked.number, name=asked.name, at=self._now())
            if asked.adopted:
                found = await self._directory.as_confirmed(asked.site, asked.call_id, found, number=asked.number)
        except Unavailable:
            self.miss(asked)
            return
        except Exception:
            self.miss(asked)  # whatever it was, the operator must not look at "loading" for ever
            raise
        self._tell(asked, found)

    def _tell(self, asked: LookUpClient, found: Found) -> None:
        self._deliver(
            ClientIdentified(
                at=self._now(),
                call_id=asked.call_id,
                client=found.client,
                history=found.history,
                candidates=found.candidates,
                follow_ups=found.follow_ups,
            )
        )

    @property
    def waiting(self) -> int:
        """Questions that wait for others to be answered."""
        return len(self._waiting)

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
