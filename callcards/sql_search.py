"""Search in SQL: FTS5 on SQLite, GIN on PostgreSQL, plain LIKE where a Python's SQLite has no FTS5.

Owns the statements. What reaches the database's query languages is made of letters and digits only (core/words.py).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callcards.ports import StoredCard
from callcards.search import SHORTEST_BEGINNING, Findings, FoundClient, Sought
from callcards.sql_rows import STORED, stored_card
from runtime.database import Database
from runtime.schema import card_texts, client_numbers, clients, interactions

# As in migration 0004: PostgreSQL uses the index only where the text is the same.
_NAME_WORDS = "to_tsvector('simple', translate(folded_name, 'ё.,-_/@:;''\"', 'е          '))"
_CARD_WORDS = "array_to_tsvector(string_to_array(words, ' '))"
# Of how many of the clients found the last conversations are shown too.
_CLIENTS_WITH_CARDS = 5
_CARDS_OF_CLIENT = 5


class SqlSearch:
    """`client_key` as for the record of conversations. Passes the contract tests of search.py."""

    def __init__(self, database: Database, *, client_key: Callable[[str, str], str | None]) -> None:
        self._database = database
        self._client_key = client_key
        self._words_of: type[_Fts5 | _Gin | _Like] | None = _Gin if database.dialect == "postgresql" else None

    async def find(self, site: str, asked: Sought, *, limit: int) -> Findings:
        if not asked:
            return Findings()
        key = self._client_key(site, asked.number) if asked.number else None
        return await self._database.read(lambda connection: self._find(connection, site, asked, key, limit))

    def _find(self, connection: Connection, site: str, asked: Sought, key: str | None, limit: int) -> Findings:
        words = self._words(connection)
        client_ids = _in_turn(
            limit + 1,
            lambda most: _clients_with_number(connection, site, asked, key, most),
            lambda most: words.clients(connection, site, asked, most) if asked.words and not asked.parts else [],
        )
        shown = client_ids[:limit]
        card_ids = _in_turn(
            limit + 1,
            lambda most: _last_of_number(connection, site, key, most) if key else [],
            lambda most: words.cards(connection, site, asked, exactly=True, most=most) if asked.words else [],
            lambda most: words.cards(connection, site, asked, exactly=False, most=most) if asked.words else [],
            lambda _most: _last_of_clients(connection, site, shown[:_CLIENTS_WITH_CARDS]),
        )
        return Findings(
            clients=_clients(connection, shown),
            cards=_cards(connection, card_ids[:limit]),
            more=len(client_ids) > limit or len(card_ids) > limit,
        )

    def _words(self, connection: Connection) -> "type[_Fts5 | _Gin | _Like]":
        if self._words_of is None:
            there = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master WHERE name = 'card_words'").scalar()
            self._words_of = _Fts5 if there else _Like
        return self._words_of


def _in_turn(most: int, *ways: Callable[[int], Iterable[str]]) -> list[str]:
    """Ids of each way once, in that order; a later way is only asked when there is still room."""
    found: dict[str, None] = {}
    for way in ways:
        if len(found) < most:
            found.update(dict.fromkeys(way(most)))
    return list(found)[:most]


class _Fts5:
    """Walks the rows backwards, newest first, and stops when there are enough."""

    @staticmethod
    def cards(connection: Connection, site: str, asked: Sought, *, exactly: bool, most: int) -> Sequence[str]:
        query = sa.text(
            "SELECT t.card_id FROM card_words JOIN card_texts t ON t.text_id = card_words.rowid"
            " WHERE card_words MATCH :asked AND t.site = :site ORDER BY card_words.rowid DESC LIMIT :most"
        )
        match = " AND ".join(_Fts5._word(word, asked, exactly) for word in asked.words)
        return connection.scalars(query, {"asked": match, "site": site, "most": most}).all()

    @staticmethod
    def clients(connection: Connection, site: str, asked: Sought, most: int) -> Sequence[str]:
        query = sa.text(
            "SELECT t.client_id FROM client_words JOIN client_texts t ON t.text_id = client_words.rowid"
            " JOIN clients c ON c.client_id = t.client_id"
            " WHERE client_words MATCH :asked AND c.site = :site ORDER BY client_words.rowid DESC LIMIT :most"
        )
        match = " AND ".join(f'"{word}"{_beginning(word, "*")}' for word in asked.words)
        return connection.scalars(query, {"asked": match, "site": site, "most": most}).all()

    @staticmethod
    def _word(word: str, asked: Sought, exactly: bool) -> str:
        codes = "".join(f' OR "{code}"' for code in asked.codes.get(word, ()))
        return f'("{word}"{"" if exactly else _beginning(word, "*")}{codes})'


class _Gin:
    """All rows with the words, then the newest of them."""

    @staticmethod
    def cards(connection: Connection, site: str, asked: Sought, *, exactly: bool, most: int) -> Sequence[str]:
        query = sa.text(
            f"SELECT card_id FROM card_texts WHERE {_CARD_WORDS} @@ CAST(:asked AS tsquery) AND site = :site"
            " ORDER BY text_id DESC LIMIT :most"
        )
        match = " & ".join(_Gin._word(word, asked, exactly) for word in asked.words)
        return connection.scalars(query, {"asked": match, "site": site, "most": most}).all()

    @staticmethod
    def clients(connection: Connection, site: str, asked: Sought, most: int) -> Sequence[str]:
        query = sa.text(
            f"SELECT client_id FROM clients WHERE {_NAME_WORDS.replace(':', chr(92) + ':')} @@ CAST(:asked AS tsquery)"
            " AND site = :site ORDER BY created_at DESC, client_id DESC LIMIT :most"
        )
        match = " & ".join(f"'{word}'{_beginning(word, ':*')}" for word in asked.words)
        return connection.scalars(query, {"asked": match, "site": site, "most": most}).all()

    @staticmethod
    def _word(word: str, asked: Sought, exactly: bool) -> str:
        codes = "".join(f" | '{code}'" for code in asked.codes.get(word, ()))
        return f"('{word}'{'' if exactly else _beginning(word, ':*')}{codes})"


class _Like:
    """Reads everything that was typed. Finds words by any part of them."""

    @staticmethod
    def cards(connection: Connection, site: str, asked: Sought, *, exactly: bool, most: int) -> Sequence[str]:
        if exactly:
            return []
        c = card_texts.c
        query = sa.select(c.card_id).where(c.site == site)
        for word in asked.words:
            query = query.where(sa.or_(*(c.words.contains(each) for each in (word, *asked.codes.get(word, ())))))
        return connection.scalars(query.order_by(c.text_id.desc()).limit(most)).all()

    @staticmethod
    def clients(connection: Connection, site: str, asked: Sought, most: int) -> Sequence[str]:
        c = clients.c
        name = sa.func.replace(c.folded_name, "ё", "е")
        query = sa.select(c.client_id).where(c.site == site, *(name.contains(word) for word in asked.words))
        return connection.scalars(query.order_by(c.created_at.desc(), c.client_id.desc()).limit(most)).all()


def _beginning(word: str, mark: str) -> str:
    return mark if len(word) >= SHORTEST_BEGINNING else ""


def _clients_with_number(connection: Connection, site: str, asked: Sought, key: str | None, most: int) -> list[str]:
    """The whole number first; then those with these digits within, read through the index of numbers alone."""
    c = client_numbers.c
    found: dict[str, None] = {}
    if key is not None:
        whole = sa.select(c.client_id).where(c.site == site, c.number == key).limit(most)
        found.update(dict.fromkeys(connection.scalars(whole)))
    if asked.parts and len(found) < most:
        within = sa.or_(*(c.number.contains(part) for part in asked.parts))
        parts = sa.select(c.client_id).where(c.site == site, within).limit(most)
        found.update(dict.fromkeys(connection.scalars(parts)))
    return list(found)


def _last_of_number(connection: Connection, site: str, key: str, most: int) -> Sequence[str]:
    c = interactions.c
    query = sa.select(c.card_id).where(c.site == site, c.client_key == key)
    return connection.scalars(query.order_by(c.started_at.desc()).limit(most)).all()


def _last_of_clients(connection: Connection, site: str, client_ids: Sequence[str]) -> list[str]:
    c = interactions.c
    found: list[str] = []
    for client_id in client_ids:
        query = sa.select(c.card_id).where(c.client_id == client_id, c.site == site)
        found += connection.scalars(query.order_by(c.started_at.desc()).limit(_CARDS_OF_CLIENT))
    return found


def _clients(connection: Connection, client_ids: Sequence[str]) -> tuple[FoundClient, ...]:
    organisations = clients.alias("organisations")
    c = clients.c
    number = (
        sa.select(sa.func.min(client_numbers.c.number))
        .where(client_numbers.c.client_id == c.client_id)
        .scalar_subquery()
    )
    query = (
        sa.select(
            c.client_id,
            c.name,
            sa.func.coalesce(number, "").label("number"),
            organisations.c.name.label("organisation"),
        )
        .outerjoin(organisations, organisations.c.client_id == c.organisation_id)
        .where(c.client_id.in_(client_ids))
    )
    found = {row.client_id: FoundClient(**row._mapping) for row in connection.execute(query)}
    return tuple(found[client_id] for client_id in client_ids if client_id in found)


def _cards(connection: Connection, card_ids: Sequence[str]) -> tuple[StoredCard, ...]:
    rows: dict[str, Any] = {
        row["card_id"]: row for row in connection.execute(STORED.where(interactions.c.card_id.in_(card_ids))).mappings()
    }
    return tuple(stored_card(rows[card_id]) for card_id in card_ids if card_id in rows)
