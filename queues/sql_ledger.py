"""Keeps what operators do: a bounded lane from the engine's steps to the store, that never blocks and writes in groups.

While the database is away it tries on; only the lines of the log are bounded (the oldest go first), the last state of everybody
is kept. A state that lasted no time makes no line.
"""

import asyncio
import contextlib
import logging
import secrets
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from core.effects import SaveAgent
from core.errors import Unavailable
from core.ids import fresh_id
from core.model import AgentState, AgentStatus
from queues.ports import AgentStore, StateLine

log = logging.getLogger(__name__)
_GROUP = 500
_GROUP_S = 0.05
EXTENDED = "extended"


@dataclass(slots=True)
class _Change:
    """Its line has its id from the beginning, so that writing it again doubles nothing."""

    line_id: str
    before: AgentStatus | None
    effect: SaveAgent


class AgentLedger:
    """`put` within a step; `run` is a task; `close` stores what is left."""

    def __init__(self, store: AgentStore, *, bound: int = 20_000, retry_s: float = 1.0) -> None:
        self._store, self._bound, self._retry_s = store, bound, retry_s
        self._changes: deque[_Change] = deque()
        self._statuses: dict[str, AgentStatus] = {}
        self._known: dict[str, AgentStatus] = {}
        self._newest: dict[str, _Change] = {}
        self._something = asyncio.Event()
        self.lost = 0

    @property
    def waiting(self) -> int:
        return len(self._changes)

    async def load(self, site: str) -> list[AgentStatus]:
        """What everybody did last."""
        found = await self._store.load(site)
        self._known = {status.agent: status for status in found}
        return found

    def put(self, effect: SaveAgent) -> None:
        agent, newest = effect.status.agent, self._newest.get(effect.status.agent)
        if newest is not None and newest.effect.at == effect.at:
            newest.effect = effect
        else:
            line_id = fresh_id(effect.at, secrets.token_bytes(10))
            self._newest[agent] = change = _Change(line_id, self._known.get(agent), effect)
            self._changes.append(change)
            if len(self._changes) > self._bound:
                self._forget_oldest()
        self._known[agent] = self._statuses[agent] = effect.status
        self._something.set()

    async def run(self) -> None:
        """Until cancelled. A moment after each change, so that what comes together is stored together."""
        while True:
            await self._something.wait()
            await asyncio.sleep(_GROUP_S)
            self._something.clear()
            while self._changes:
                try:
                    await self._store_group()
                except Unavailable:
                    await asyncio.sleep(self._retry_s)
                except Exception:
                    log.exception("states of operators not stored", extra={"action": "agent_ledger_failed"})
                    await asyncio.sleep(self._retry_s)

    async def close(self) -> None:
        with contextlib.suppress(Unavailable):  # then the next start finds the states of before that
            while self._changes:
                await self._store_group()

    async def _store_group(self) -> None:
        group = [self._changes[i] for i in range(min(_GROUP, len(self._changes)))]
        for change in group:
            if self._newest.get(change.effect.status.agent) is change:
                del self._newest[change.effect.status.agent]
        statuses = dict(self._statuses)
        await self._store.save(list(statuses.values()), list(_lines(group)))
        for change in group:
            if self._changes and self._changes[0] is change:
                self._changes.popleft()
        for agent, status in statuses.items():
            if self._statuses.get(agent) is status:
                del self._statuses[agent]

    def _forget_oldest(self) -> None:
        self._changes.popleft()
        self.lost += 1
        if self.lost == 1:
            log.error("the log of operators' states has lost lines: the database is away for too long")


def _lines(changes: Iterable[_Change]) -> Iterable[StateLine]:
    for change in changes:
        before, now = change.before, change.effect.status
        note = EXTENDED if before is not None and _prolonged(before, now) else now.reason
        if before is not None and (before.state, before.reason, before.login) == (now.state, note, now.login):
            continue
        yield StateLine(
            line_id=change.line_id,
            site=now.site,
            agent=now.agent,
            login=now.login,
            at=change.effect.at,
            before=before.state if before else AgentState.SIGNED_OUT,
            after=now.state,
            note=note,
            card_id=now.card_id,
        )


def _prolonged(before: AgentStatus, now: AgentStatus) -> bool:
    wrapping_up = before.state is now.state is AgentState.WRAP_UP and before.card_id == now.card_id
    return wrapping_up and now.extensions_left < before.extensions_left
