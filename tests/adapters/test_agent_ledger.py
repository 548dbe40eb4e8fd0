"""The ledger's promises: never blocks, nothing lost while the database is away, nothing doubled, bounded."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from core.effects import SaveAgent
from core.errors import Unavailable
from core.model import AgentState, AgentStatus
from queues.memory import MemoryAgentStore
from queues.ports import StateLine
from queues.sql_ledger import AgentLedger
from tests.cards import NOON, instant
from tests.patience import PATIENT_S

S = AgentState
READY = AgentStatus(agent="1001", site="riga", state=S.READY, since=NOON, login="anna")


class MoodyStore(MemoryAgentStore):
    """`away`: can't be reached. `loses_replies`: stores, but the answer gets lost. `breaks`: raises what nobody expected."""

    away = False
    breaks = False
    loses_replies = 0
    saves = 0

    async def save(self, statuses: Sequence[AgentStatus], lines: Sequence[StateLine]) -> None:
        await asyncio.sleep(0)
        if self.away:
            raise Unavailable("away")
        if self.breaks:
            raise RuntimeError("no such table")
        await super().save(statuses, lines)
        self.saves += 1
        if self.loses_replies:
            self.loses_replies -= 1
            raise Unavailable("connection lost")

    async def log(self) -> list[tuple[str, str, str | None]]:
        found = await self.lines("riga", since=NOON, before=instant(1e9))
        return [(line.before.value, line.after.value, line.note) for line in found]


@pytest.fixture
def store() -> MoodyStore:
    return MoodyStore()


@contextlib.asynccontextmanager
async def running(store: MoodyStore, **options: int) -> AsyncIterator[AgentLedger]:
    ledger = AgentLedger(store, retry_s=0.01, **options)
    await ledger.load("riga")
    task = asyncio.create_task(ledger.run())
    yield ledger
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def change(state: S, after_s: float, **fields: object) -> SaveAgent:
    status = replace(READY, state=state, since=instant(after_s), **fields)  # type: ignore[arg-type]
    return SaveAgent(status=status, at=instant(after_s))


async def until_stored(ledger: AgentLedger) -> None:
    async with asyncio.timeout(PATIENT_S):
        while ledger.waiting:  # noqa: ASYNC110  # it has no event to wait for
            await asyncio.sleep(0.005)


async def test_states_and_lines_arrive(store: MoodyStore) -> None:
    async with running(store) as ledger:
        ledger.put(change(S.READY, 0))
        ledger.put(change(S.BUSY, 1))
        ledger.put(change(S.PAUSED, 2, reason="lunch"))
        await until_stored(ledger)
    assert (await store.load("riga"))[0].state is S.PAUSED
    assert await store.log() == [
        ("signed_out", "ready", None), ("ready", "busy", None), ("busy", "paused", "lunch"),
    ]  # fmt: skip


async def test_what_comes_together_is_stored_together(store: MoodyStore) -> None:
    async with running(store) as ledger:
        for n in range(10):
            ledger.put(change(S.BUSY if n % 2 else S.READY, n))
            await asyncio.sleep(0)  # turns of the loop, and no time
        await until_stored(ledger)
    assert store.saves <= 2


async def test_a_restart_goes_on_from_what_was_stored(store: MoodyStore) -> None:
    async with running(store) as ledger:
        ledger.put(change(S.PAUSED, 0, reason="lunch"))
        await until_stored(ledger)
    async with running(store) as ledger:
        ledger.put(change(S.READY, 1))
        await until_stored(ledger)
    assert (await store.log())[-1] == ("paused", "ready", None)


async def test_nothing_is_lost_while_the_database_is_away(store: MoodyStore) -> None:
    store.away = True
    async with running(store) as ledger:
        for n in range(100):
            ledger.put(change(S.BUSY if n % 2 else S.READY, n))
        await asyncio.sleep(0.05)
        assert ledger.waiting == 100
        store.away = False
        await until_stored(ledger)
    assert len(await store.log()) == 100


async def test_what_breaks_is_tried_again(store: MoodyStore, caplog: pytest.LogCaptureFixture) -> None:
    store.breaks = True
    async with running(store) as ledger:
        ledger.put(change(S.READY, 0))
        await asyncio.sleep(0.2)
        store.breaks = False
        await until_stored(ledger)
    assert len(await store.log()) == 1
    assert "not stored" in caplog.text


async def test_a_lost_answer_doubles_nothing(store: MoodyStore) -> None:
    store.loses_replies = 2
    async with running(store) as ledger:
        for n in range(10):
            ledger.put(change(S.BUSY if n % 2 else S.READY, n))
        await until_stored(ledger)
    assert len(await store.log()) == 10


async def test_a_state_that_lasted_no_time_makes_no_line(store: MoodyStore) -> None:
    async with running(store) as ledger:
        ledger.put(change(S.BUSY, 0))
        ledger.put(change(S.READY, 5))
        ledger.put(SaveAgent(status=change(S.BUSY, 0).status, at=instant(5)))
        await until_stored(ledger)
    assert await store.log() == [("signed_out", "busy", None)]


async def test_a_wrap_up_prolonged_makes_a_line_and_what_is_no_change_makes_none(store: MoodyStore) -> None:
    wrap_up = {"card_id": "c1", "extensions_left": 2, "until": instant(60)}
    async with running(store) as ledger:
        ledger.put(change(S.WRAP_UP, 0, **wrap_up))
        ledger.put(SaveAgent(status=change(S.WRAP_UP, 0, **wrap_up, disposed=True).status, at=instant(3)))
        longer = wrap_up | {"extensions_left": 1, "until": instant(90)}
        ledger.put(SaveAgent(status=change(S.WRAP_UP, 0, **longer).status, at=instant(5)))
        await until_stored(ledger)
    assert await store.log() == [("signed_out", "wrap_up", None), ("wrap_up", "wrap_up", "extended")]


async def test_the_lane_is_bounded_and_the_last_state_is_kept(store: MoodyStore) -> None:
    store.away = True
    async with running(store, bound=10) as ledger:
        ledger.put(replace(change(S.PAUSED, 0), status=replace(READY, agent="1002", state=S.PAUSED)))
        for n in range(50):
            ledger.put(change(S.BUSY if n % 2 else S.READY, n))
        assert (ledger.waiting, ledger.lost) == (10, 41)
        store.away = False
        await until_stored(ledger)
    states = {status.agent: status.state for status in await store.load("riga")}
    assert states == {"1001": S.BUSY, "1002": S.PAUSED}
    assert len(await store.log()) == 10


async def test_closing_stores_what_is_left(store: MoodyStore) -> None:
    ledger = AgentLedger(store)
    await ledger.load("riga")
    for n in range(1200):
        ledger.put(change(S.BUSY if n % 2 else S.READY, n))
    await ledger.close()
    assert (ledger.waiting, len(await store.log())) == (0, 1200)
    store.away = True
    ledger.put(change(S.PAUSED, 5000))
    await ledger.close()  # ends, though nothing can be stored
    assert ledger.waiting == 1
