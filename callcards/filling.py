"""Brings cards and call detail records together: every conversation in the records gets its card, once.

Owns the rows that are recent enough to change their meaning when more of them come. Never writes a card past `put`, and
leaves conversations alone that are live or have only just ended.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcards.back_fill import BackFill
from callcards.cdr import MOST_ROWS, CdrRow, CdrSource, Conversation, conversations
from callcards.ports import CardStore
from core.effects import SaveCard
from core.model import Card

# The card of a call that has just ended may still be on its way into the store, and more rows of it into the records.
_SETTLED = timedelta(seconds=15)
_REMEMBERED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What one look into the records brought."""

    rows: int = 0
    made: int = 0
    mended: int = 0


class CdrFiller:
    """One for each PBX with records. `put` is the card writer's."""

    def __init__(
        self, source: CdrSource, store: CardStore, *, back_fill: BackFill, put: Callable[[SaveCard], None]
    ) -> None:
        self._source = source
        self._store = store
        self._back_fill = back_fill
        self._put = put
        self._recent: dict[tuple[str, str, datetime, str], CdrRow] = {}
        # Conversations with which nothing is left to do, unless more rows of them come: first id -> number of rows.
        self._done: dict[str, int] = {}

    async def fill(self, *, since: datetime, now: datetime, live: Collection[str] = ()) -> Filled:
        """Read what is new and make or mend what it tells. `live`: linkedids of the calls that go on. Unavailable: try later."""
        total = Filled()
        while True:
            rows = await self._source.rows(since)
            fresh = {(row.uniqueid, row.dstchannel, row.start, row.lastapp): row for row in rows}
            news = len(fresh.keys() - self._recent.keys())
            self._recent |= fresh
            done = await self._reconcile(now, live)
            total = Filled(rows=total.rows + news, made=total.made + done.made, mended=total.mended + done.mended)
            if not news or len(rows) < MOST_ROWS:
                return total

    async def _reconcile(self, now: datetime, live: Collection[str]) -> Filled:
        """Rows are forgotten only after everything that they tell has been put."""
        present = conversations(self._recent.values())
        waiting = {id(each) for each in present if not _settled(each, now, live)}
        todo = [c for c in present if id(c) not in waiting and self._done.get(c.linkedids[0]) != len(c.rows)]
        filled = await self._bring_together(todo) if todo else Filled()
        kept = {i for c in present if id(c) in waiting or c.ended_at > now - _REMEMBERED for i in c.linkedids}
        self._recent = {
            key: row for key, row in self._recent.items() if row.linkedid in kept or row.end > now - _REMEMBERED
        }
        self._done = {linkedid: size for linkedid, size in self._done.items() if linkedid in kept}
        return filled

    async def _bring_together(self, todo: list[Conversation]) -> Filled:
        site, pbx = self._back_fill.site, self._back_fill.pbx
        ids = [linkedid for conversation in todo for linkedid in conversation.linkedids]
        known = await self._store.known_linkedids(site, pbx, ids)
        cards = await self._store.cards_by_linkedid(site, pbx, ids)
        owners: dict[str, list[Card]] = {}
        for card in cards:
            for linkedid in card.linkedids:
                owners.setdefault(linkedid, []).append(card)
        made = mended = 0
        for conversation in todo:
            found = _card_of(conversation, owners)
            if found is not None and found.ended_at is None:
                continue  # the snapshot says what becomes of it; look again next time
            if found is not None:
                better = self._back_fill.mended(found, _without(conversation, known, found))
                mended += self._save(better)
            elif known.isdisjoint(conversation.linkedids):
                made += self._save(self._back_fill.card(conversation))
            self._done[conversation.linkedids[0]] = len(conversation.rows)
        return Filled(made=made, mended=mended)

    def _save(self, card: Card | None) -> int:
        if card is None:
            return 0
        self._put(SaveCard(card=card))
        return 1


def _settled(conversation: Conversation, now: datetime, live: Collection[str]) -> bool:
    return conversation.ended_at <= now - _SETTLED and set(conversation.linkedids).isdisjoint(live)


def _card_of(conversation: Conversation, owners: Mapping[str, Sequence[Card]]) -> Card | None:
    """The card that has one of the ids and was there at the time: a restarted PBX may use an id again."""
    begin, end = conversation.rows[0].start - timedelta(hours=1), conversation.ended_at
    for linkedid in conversation.linkedids:
        for card in owners.get(linkedid, ()):
            if begin <= card.started_at <= end + timedelta(seconds=1):
                return card
    return None


def _without(conversation: Conversation, known: Collection[str], card: Card) -> Conversation:
    """Ids that another card has already, or that were found to need none, stay where they are."""
    mine = tuple(i for i in conversation.linkedids if i in card.linkedids or i not in known)
    return Conversation(rows=conversation.rows, linkedids=mine)
