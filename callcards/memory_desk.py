"""My day and search over the record in memory. Same promises, same contract tests as those in SQL."""

from collections.abc import Callable
from datetime import datetime

from callcards.memory import MemoryCardStore
from callcards.past import phones_that_missed, served_by
from callcards.ports import StoredCard
from callcards.search import Findings, FoundClient, Sought
from core.model import Direction
from core.words import stored_words

ClientKey = Callable[[str, str], str | None]


class MemoryMyDay:
    """`client_key` as in SQL: the form in which numbers are compared."""

    def __init__(self, store: MemoryCardStore, *, client_key: ClientKey) -> None:
        self._store, self._client_key = store, client_key

    async def missed(self, site: str, agent: str, *, since: datetime, limit: int = 50) -> list[StoredCard]:
        cards = _newest(self._store, site)
        return [
            each
            for each in cards
            if each.card.started_at >= since
            and agent in phones_that_missed(each.card)
            and not any(self._speaks_for(later, each) for later in cards)
        ][:limit]

    async def last(self, site: str, agent: str, *, limit: int = 20) -> list[StoredCard]:
        cards = (each for each in _newest(self._store, site) if each.card.ended_at is not None)
        return [each for each in cards if served_by(each.card) == agent][:limit]

    def _speaks_for(self, later: StoredCard, missed: StoredCard) -> bool:
        card = later.card
        key = self._client_key(card.site, card.client_number or "")
        if key is None or key != self._client_key(card.site, missed.card.client_number or ""):
            return False
        reached = card.answered_at is not None or card.direction is Direction.OUTBOUND
        return card.started_at > missed.card.started_at and reached


class MemorySearch:
    """Clients are those of the cards: it knows no others."""

    def __init__(self, store: MemoryCardStore, *, client_key: ClientKey) -> None:
        self._store, self._client_key = store, client_key

    async def find(self, site: str, asked: Sought, *, limit: int) -> Findings:
        cards = _newest(self._store, site) if asked else []
        clients = {
            each.client_id: FoundClient(
                client_id=each.client_id,
                name=each.client_name,
                number=each.card.client_number or "",
                organisation=None,
            )
            for each in cards
            if each.client_id is not None and self._is_client(each, asked)
        }
        found = [
            each
            for each in cards
            if each.client_id in clients or self._with_number(each, asked) or _with_words(each, asked)
        ]
        return Findings(
            clients=tuple(clients.values())[:limit],
            cards=tuple(found[:limit]),
            more=len(clients) > limit or len(found) > limit,
        )

    def _is_client(self, stored: StoredCard, asked: Sought) -> bool:
        if asked.parts:
            return self._with_number(stored, asked)
        return bool(asked.words) and _fits(stored_words(stored.client_name, None), asked)

    def _with_number(self, stored: StoredCard, asked: Sought) -> bool:
        card = stored.card
        key = self._client_key(card.site, card.client_number or "")
        if key is None or not asked.parts:
            return False
        return key == self._client_key(card.site, asked.number) or any(part in key for part in asked.parts)


def _newest(store: MemoryCardStore, site: str) -> list[StoredCard]:
    return sorted(store.of_site(site), key=lambda each: (each.card.started_at, each.card.card_id), reverse=True)


def _with_words(stored: StoredCard, asked: Sought) -> bool:
    return bool(asked.words) and _fits(stored_words(stored.notes, stored.disposition), asked)


def _fits(words: str, asked: Sought) -> bool:
    have = words.split()
    return all(any(each.startswith(word) or each in asked.codes.get(word, ()) for each in have) for word in asked.words)
