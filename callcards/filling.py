"""Brings cards and call detail records together: every conversation in the records gets its card, once.

Owns the rows that are recent enough to change their meaning when more of them come. Never writes a card past `put`, and
leaves conversations alone that are live or have only just ended.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from callcards.back_fill import BackFill
from callcards.cdr import CdrRow, CdrSource, Conversation, conversations
from callcards.ports import CardStore
from core.effects import SaveCard
from core.model import Card

# The card of a call that has just ended may still be on its way into the store, and more rows of it into the records.
_SETTLED = timedelta(seconds=15)
_REMEMBERED = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What one look into the records brought."""

    rows: int
    made: int
    mended: int


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

    async def fill(self, *, since: datetime, now: datetime, live: Collection[str] = ()) -> Filled:
        """Read what is new and make or mend what it tells. `live`: linkedids of the calls that go on. Unavailable: try later."""
        for row in await self._source.rows(since):
            self._recent[row.uniqueid, row.dstchannel, row.start, row.lastapp] = row
        settled, waiting = self._settled(now, live)
        made = mended = 0
        if settled:
            made, mended = await self._reconcile(settled)
        self._recent = {
            key: row for key, row in self._recent.items() if row.linkedid in waiting or row.end > now - _REMEMBERED
        }
        return Filled(rows=len(self._recent), made=made, mended=mended)

    def _settled(self, now: datetime, live: Collection[str]) -> tuple[list[Conversation], set[str]]:
        settled: list[Conversation] = []
        waiting: set[str] = set()
        for conversation in conversations(self._recent.values()):
            if conversation.ended_at > now - _SETTLED or not set(conversation.linkedids).isdisjoint(live):
                waiting.update(conversation.linkedids)
            else:
                settled.append(conversation)
        return settled, waiting

    async def _reconcile(self, settled: list[Conversation]) -> tuple[int, int]:
        site, pbx = self._back_fill.site, self._back_fill.pbx
        ids = [linkedid for conversation in settled for linkedid in conversation.linkedids]
        known = await self._store.known_linkedids(site, pbx, ids)
        cards = await self._store.cards_by_linkedid(site, pbx, ids)
        made = mended = 0
        for conversation in settled:
            card = _card_of(conversation, cards)
            if card is None and known.isdisjoint(conversation.linkedids):
                self._put(SaveCard(card=self._back_fill.card(conversation)))
                made += 1
            elif card is not None and card.ended_at is not None:
                better = self._back_fill.mended(card, _without(conversation, known, card))
                if better is not None:
                    self._put(SaveCard(card=better))
                    mended += 1
        return made, mended


def _card_of(conversation: Conversation, cards: Iterable[Card]) -> Card | None:
    """The card that has one of the ids and was there at the time: a restarted PBX may use an id again."""
    ids = set(conversation.linkedids)
    begin, end = conversation.rows[0].start - timedelta(hours=1), conversation.ended_at
    for card in cards:
        if not ids.isdisjoint(card.linkedids) and begin <= card.started_at <= end:
            return card
    return None


def _without(conversation: Conversation, known: Collection[str], card: Card) -> Conversation:
    """Ids that another card has already, or that were found to need none, stay where they are."""
    mine = tuple(i for i in conversation.linkedids if i in card.linkedids or i not in known)
    return Conversation(rows=conversation.rows, linkedids=mine)
