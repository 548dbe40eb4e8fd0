"""Offers in SQL: a row each, its beginning and its end written in whatever order they come, and however often.

Never decides what an offer says (offers.py). An offer of a card that became part of another one belongs to that one.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from callcards.offers import KeptOffer
from callcards.record import from_record, to_record
from core.effects import SaveOffer
from core.model import Choice, OfferOutcome
from runtime.schema import discarded_cards, offers, storable


class SqlOffers:
    """`insert` is the dialect's."""

    def __init__(self, insert: Callable[[sa.Table], Any]) -> None:
        statement = insert(offers)
        new = statement.excluded
        began = {name: new[name] for name in ("login", "queue", "at", "choice")}
        self._begin = statement.on_conflict_do_update(index_elements=[offers.c.offer_id], set_=began)
        ended = {name: new[name] for name in ("ended_at", "outcome")}
        self._end = statement.on_conflict_do_update(
            index_elements=[offers.c.offer_id], set_=ended, where=offers.c.outcome.is_(None)
        )

    def save(self, connection: Connection, changes: Sequence[SaveOffer]) -> None:
        """Always in the same order, so that two nodes can't wait for each other's rows."""
        if not changes:
            return
        owner = self._survivors(connection, {change.call_id for change in changes})
        in_order = sorted(changes, key=lambda change: change.offer_id)
        rows = [(change, _row(change, owner.get(change.call_id, change.call_id))) for change in in_order]
        if began := [row | {"choice": storable(to_record(c.choice))} for c, row in rows if c.choice is not None]:
            connection.execute(self._begin, began)
        if ended := [row | {"ended_at": c.at, "outcome": c.outcome.value} for c, row in rows if c.outcome is not None]:
            connection.execute(self._end, ended)

    @staticmethod
    def _survivors(connection: Connection, card_ids: set[str]) -> dict[str, str]:
        c = discarded_cards.c
        rows = connection.execute(sa.select(c.card_id, c.into_card_id).where(c.card_id.in_(sorted(card_ids))))
        return {gone: into for gone, into in rows if into is not None}


def move(connection: Connection, gone: str, into: str) -> None:
    """What was offered of a card that turned out to be part of another one."""
    connection.execute(sa.update(offers).where(offers.c.card_id == gone).values(card_id=into))


def of_card(connection: Connection, card_id: str) -> list[KeptOffer]:
    """The first first."""
    c = offers.c
    rows = connection.execute(sa.select(offers).where(c.card_id == card_id).order_by(c.at, c.offer_id)).mappings()
    return [
        KeptOffer(
            **{**row, "outcome": row["outcome"] and OfferOutcome(row["outcome"])}
            | {"choice": None if row["choice"] is None else from_record(Choice, row["choice"])}
        )
        for row in rows
    ]


def _row(change: SaveOffer, card_id: str) -> dict[str, object]:
    """What both its beginning and its end tell."""
    login, queue = ("", "") if change.choice is None else (change.choice.login, change.choice.queue)
    row = {"offer_id": change.offer_id, "card_id": card_id, "agent": change.agent, "login": login, "queue": queue}
    return {**storable(row), "at": change.at}
