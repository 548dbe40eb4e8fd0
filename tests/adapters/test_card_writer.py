"""The writer's promises: nothing lost, nothing twice, never blocking; the store may be away, slow or forget to answer."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from callcards.journal import CardWriter
from callcards.journal_file import JournalFile
from callcards.memory import MemoryCardStore
from callcards.ports import Annotate, Change
from core.effects import Audit, DiscardCard, SaveCard
from core.errors import Conflict, Rejected, Unavailable
from core.model import OfferOutcome
from tests.cards import CHOICE, NOON, card, instant, offer_ended, offer_made, open_card
from tests.patience import PATIENT_S


class MoodyStore(MemoryCardStore):
    """A record that can be away, slow, picky, or store and then lose the answer. `batches` is what it was given."""

    def __init__(self) -> None:
        super().__init__(client_of=lambda _site, _number: None)
        self.away = False
        self.loses_replies = 0
        self.refuses: set[str] = set()
        self.breaks_on: set[str] = set()
        self.go = asyncio.Event()
        self.go.set()
        self.batches: list[list[Change]] = []

    async def apply(self, changes: Sequence[Change]) -> None:
        self.batches.append(list(changes))
        await self.go.wait()
        if self.away:
            raise Unavailable("the database is away")
        cards = {change.card.card_id for change in changes if isinstance(change, SaveCard)}
        if cards & self.refuses:
            raise Rejected("can't be stored")
        if cards & self.breaks_on:
            raise RuntimeError("no such table")
        await super().apply(changes)
        if self.loses_replies:
            self.loses_replies -= 1
            raise Unavailable("connection lost")

    async def ids(self) -> set[str]:
        return {stored.card.card_id for stored in await self.recent("riga", limit=100_000)}


@pytest.fixture
def store() -> MoodyStore:
    return MoodyStore()


@pytest.fixture
async def start(store: MoodyStore, tmp_path: Path) -> AsyncIterator[Callable[[], Awaitable[CardWriter]]]:
    writers: list[CardWriter] = []

    async def start_one() -> CardWriter:
        writers.append(CardWriter(store, tmp_path / "journal"))
        await writers[-1].start()
        return writers[-1]

    yield start_one
    store.go.set()
    for writer in writers:
        await writer.close()


def save(n: int, **changes: Any) -> SaveCard:
    return SaveCard(card=card(n, **changes))


def ids(numbers: Any) -> set[str]:
    return {card(n).card_id for n in numbers}


async def test_what_comes_together_is_one_transaction_with_the_last_state_of_each_card(
    start: Any, store: MoodyStore
) -> None:
    writer = await start()
    for revision in range(1, 6):
        for n in range(10):
            writer.put(save(n, revision=revision))
    await writer.flush()
    assert [[change.card.revision for change in batch] for batch in store.batches] == [[5] * 10]


async def test_without_a_flush_it_is_stored_within_a_moment(start: Any, store: MoodyStore) -> None:
    writer = await start()
    writer.put(save(1))
    await asyncio.wait_for(writer.drained(), PATIENT_S)
    assert await store.ids() == ids([1])


async def test_order_between_cards_stays(start: Any, store: MoodyStore) -> None:
    writer = await start()
    writer.put(SaveCard(card=open_card(1)))
    writer.put(SaveCard(card=open_card(2)))
    writer.put(Annotate(annotation_id="a", card_id=card(2).card_id, by="anna", at=NOON, notes="typed"))
    writer.put(SaveCard(card=open_card(2, revision=4)))
    writer.put(DiscardCard(card_id=card(2).card_id, into=card(1).card_id, linkedids=card(2).linkedids))
    writer.put(SaveCard(card=card(2, revision=9)))
    await writer.flush()
    assert await store.ids() == ids([1])
    found = await store.card(card(2).card_id)
    assert found is not None and found.notes == "typed"


async def test_store_away_then_back_everything_once_and_in_order(start: Any, store: MoodyStore) -> None:
    writer = await start()
    store.away = True
    for n in range(1200):
        writer.put(save(n))
    writer.put(Audit(at=NOON, actor="anna", action="signed_in", facts={"from": "::1"}))
    writer.put(offer_made(card(3).card_id))
    writer.put(offer_ended(card(3).card_id))
    await writer.flush()
    backlog = writer.backlog()
    assert backlog.waiting == 0 and backlog.journal_bytes > 0 and backlog.why == "the database is away"
    writer.put(Annotate(annotation_id="a", card_id=card(3).card_id, by="anna", at=instant(1), notes="typed while away"))
    await writer.flush()
    assert await store.ids() == set()
    store.away = False
    await asyncio.wait_for(writer.drained(), PATIENT_S)
    assert await store.ids() == ids(range(1200))
    assert len(store.audit) == 1
    found = await store.card(card(3).card_id)
    assert found is not None and found.notes == "typed while away"
    (offer,) = await store.offers(card(3).card_id)
    assert (offer.choice, offer.outcome) == (CHOICE, OfferOutcome.DECLINED)
    assert (writer.backlog().journal_bytes, writer.backlog().oldest_s, writer.backlog().why) == (0, 0.0, "")


async def test_a_lost_reply_doubles_nothing(start: Any, store: MoodyStore) -> None:
    writer = await start()
    store.loses_replies = 2
    writer.put(save(1))
    writer.put(Annotate(annotation_id="a", card_id=card(1).card_id, by="anna", at=NOON, notes="first"))
    writer.put(Annotate(annotation_id="b", card_id=card(1).card_id, by="boris", at=NOON, notes="second"))
    writer.put(Audit(at=NOON, actor="anna", action="listened", facts={}))
    await asyncio.wait_for(writer.drained(), PATIENT_S)
    assert len(store.batches) == 3
    assert (len(await store.recent("riga")), len(store.audit)) == (1, 1)
    found = await store.card(card(1).card_id)
    assert found is not None and (found.notes, found.edited_by) == ("second", "boris")


async def test_a_store_that_hangs_keeps_nothing_in_memory_only(start: Any, store: MoodyStore, tmp_path: Path) -> None:
    writer = await start()
    store.go.clear()
    writer.put(save(1))
    await writer.flush()
    writer.put(save(2))
    await writer.flush()
    assert (tmp_path / "journal").read_text().count("\n") == 2
    store.go.set()
    await asyncio.wait_for(writer.drained(), PATIENT_S)
    assert await store.ids() == ids([1, 2])


async def test_one_change_that_no_store_takes_keeps_nobody_out(
    start: Any, store: MoodyStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = await start()
    store.refuses = ids([2])
    for n in range(4):
        writer.put(save(n))
    await asyncio.wait_for(writer.drained(), PATIENT_S)
    assert await store.ids() == ids([0, 1, 3])
    assert writer.rejected == 1
    assert card(2).natural_key in (tmp_path / "journal.rejected").read_text()


async def test_a_failure_nobody_thought_of_loses_nothing(start: Any, store: MoodyStore) -> None:
    writer = await start()
    store.breaks_on = ids([1])
    writer.put(save(1))
    await writer.flush()
    store.breaks_on = set()
    await asyncio.wait_for(writer.drained(), PATIENT_S)
    assert await store.ids() == ids([1])


async def test_closing_while_the_store_is_away_leaves_it_to_the_next_start(start: Any, store: MoodyStore) -> None:
    first = await start()
    store.away = True
    first.put(save(1))
    await first.close()
    store.away = False
    second = await start()
    second.put(save(1, revision=9))
    await asyncio.wait_for(second.drained(), PATIENT_S)
    assert [stored.card.revision for stored in await store.recent("riga")] == [9]


async def test_a_line_torn_by_a_crash_and_one_that_is_damaged(start: Any, store: MoodyStore, tmp_path: Path) -> None:
    path = tmp_path / "journal"
    kept = JournalFile(path)
    kept.append([save(1)])
    kept.close()
    with path.open("ab") as file:
        file.write(b"\0" * 100 + b'\n["save",{"card":7}]\n')
    kept = JournalFile(path)
    kept.append([save(2), save(3)])
    kept.close()
    with path.open("rb+") as file:
        file.truncate(path.stat().st_size - 40)
    writer = await start()
    await asyncio.wait_for(writer.drained(), PATIENT_S)
    assert await store.ids() == ids([1, 2])
    assert path.stat().st_size == 0
    assert (tmp_path / "journal.rejected").read_bytes().count(b"\n") == 2


async def test_no_room_on_disk_keeps_it_in_memory_and_says_so(start: Any, store: MoodyStore, tmp_path: Path) -> None:
    import resource

    writer = await start()
    store.away = True
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        writer.put(save(1))
        with pytest.raises(Unavailable, match="safe nowhere"):
            await writer.flush(deadline_s=0.3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, previous)
    assert (tmp_path / "journal").stat().st_size == 0
    await writer.flush()
    assert (tmp_path / "journal").stat().st_size > 1000
    store.away = False
    await asyncio.wait_for(writer.drained(), PATIENT_S)
    assert await store.ids() == ids([1])


async def test_two_writers_never_share_a_journal(start: Any) -> None:
    await start()
    with pytest.raises(Conflict, match="in use by another"):
        await start()


_KILLED = """
import asyncio, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from callcards.journal import CardWriter
from callcards.sql import SqlCardStore
from core.effects import SaveCard
from runtime.database import Database
from tests.cards import card

async def main():
    database = Database({url!r})
    await database.migrate()
    store = SqlCardStore(database, client_key=lambda site, number: None)
    apply = store.apply

    async def telling(changes):
        await apply(changes)
        print("stored", flush=True)

    store.apply = telling
    writer = CardWriter(store, Path({journal!r}))
    await writer.start()
    await writer.drained()
    print("drained", flush=True)
    await writer.close()
    await database.close()

asyncio.run(main())
"""


async def test_killed_in_the_middle_of_draining_again_and_again(tmp_path: Path) -> None:
    count = 4_000
    journal = JournalFile(tmp_path / "journal")
    journal.append(save(n % count, revision=1 + n // count) for n in range(2 * count))
    journal.close()
    program = _KILLED.format(
        root=str(Path(__file__).parents[2]),
        url=f"sqlite:///{tmp_path}/meridian.db",
        journal=str(tmp_path / "journal"),
    )
    for batches in (1, 4):
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(batches):
            assert await asyncio.wait_for(process.stdout.readline(), PATIENT_S) == b"stored\n"
        process.kill()
        await process.wait()
        assert b"drained" not in await process.stdout.read(), "killed too late to prove anything"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, stdout=subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    assert out.endswith(b"stored\ndrained\n") and process.returncode == 0
    import sqlite3

    with sqlite3.connect(tmp_path / "meridian.db") as database:
        rows = database.execute(
            "SELECT count(*), count(DISTINCT natural_key), min(revision) FROM interactions"
        ).fetchone()
    database.close()
    assert rows == (count, count, 2)
