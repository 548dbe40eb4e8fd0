"""Callbacks in SQL: a row each; an earlier revision never replaces a later one. Statements only."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from callcards.record import from_record, to_record
from core.callback import Attempt, Callback, CallbackState, First
from core.effects import SaveCallback
from runtime.database import Database
from runtime.schema import callbacks, storable

_CLOSED = frozenset({CallbackState.DONE, CallbackState.CANCELLED, CallbackState.FAILED})


class SqlCallbacks:
    """Reads them. Passes the same contract as memory_items.py."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def callback(self, callback_id: str) -> Callback | None:
        query = sa.select(callbacks).where(callbacks.c.callback_id == callback_id)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        return None if row is None else _callback(row)

    async def callbacks(self, site: str, states: Collection[CallbackState], *, limit: int = 20_000) -> list[Callback]:
        c = callbacks.c
        query = sa.select(callbacks).where(c.site == site, c.state.in_([state.value for state in states])).limit(limit)
        if set(states) <= _CLOSED:
            query = query.order_by(c.closed_at.desc(), c.callback_id)
        else:
            query = query.order_by(c.entered_at, c.callback_id)
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_callback(row) for row in rows]

    async def callback_asked_on(self, card_id: str) -> bool:
        query = sa.select(callbacks.c.callback_id).where(callbacks.c.asked_on == card_id).limit(1)
        return await self._database.read(lambda connection: connection.scalar(query)) is not None


class CallbackWrites:
    """`insert` is the dialect's. Run inside the transaction of the card writer."""

    def __init__(self, insert: Callable[[sa.Table], Any]) -> None:
        statement = insert(callbacks)
        new = statement.excluded
        told = {name: new[name] for name in callbacks.c.keys() if name != "callback_id"}  # noqa: SIM118  # names, not columns
        self._save = statement.on_conflict_do_update(
            index_elements=[callbacks.c.callback_id], set_=told, where=callbacks.c.revision < new.revision
        )

    def save(self, connection: Connection, changes: Sequence[SaveCallback]) -> None:
        """Of several states of one the last alone; always in the same order."""
        latest: dict[str, Callback] = {}
        for change in changes:
            known = latest.get(change.callback.callback_id)
            if known is None or known.revision <= change.callback.revision:
                latest[change.callback.callback_id] = change.callback
        if latest:
            connection.execute(self._save, [_row(latest[key]) for key in sorted(latest)])


def _row(one: Callback) -> dict[str, Any]:
    plain = {name: getattr(one, name) for name in callbacks.c.keys()}  # noqa: SIM118
    told = {"first": one.first.value, "state": one.state.value, "attempts": [to_record(a) for a in one.attempts]}
    row: dict[str, Any] = storable(plain | told)
    return row


def _callback(row: RowMapping) -> Callback:
    told = {
        "first": First(row["first"]),
        "state": CallbackState(row["state"]),
        "attempts": tuple(from_record(Attempt, attempt) for attempt in row["attempts"]),
    }
    return Callback(**{**row, **told})
