"""Messages in SQL: a row each, whose caller is its card's. A message is added once; persons change it one at a time."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from callcards.sql_typed import survivor
from callcards.voicemails import ShownVoicemail
from core.effects import SaveVoicemail
from core.voicemail import Voicemail, VoicemailState
from runtime.database import Database
from runtime.schema import clients, interactions, storable, voicemails

_SHOWN = (
    sa.select(
        voicemails,
        sa.func.coalesce(interactions.c.pbx, "").label("pbx"),
        sa.func.coalesce(interactions.c.client_number, interactions.c.caller_number, "").label("number"),
        sa.func.coalesce(interactions.c.caller_name, "").label("caller_name"),
        interactions.c.client_id.label("client_id"),
        sa.func.coalesce(clients.c.name, "").label("client_name"),
    )
    .outerjoin(interactions, interactions.c.card_id == voicemails.c.card_id)
    .outerjoin(clients, clients.c.client_id == interactions.c.client_id)
)
_COLUMNS = tuple(voicemails.c.keys())


class SqlVoicemails:
    """The VoicemailStore on a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def one(self, voicemail_id: str) -> ShownVoicemail | None:
        found = await self._shown(_SHOWN.where(voicemails.c.voicemail_id == voicemail_id))
        return found[0] if found else None

    async def of_card(self, card_id: str) -> list[ShownVoicemail]:
        def find(connection: Connection) -> list[ShownVoicemail]:
            query = _SHOWN.where(voicemails.c.card_id == survivor(connection, card_id))
            rows = connection.execute(query.order_by(voicemails.c.left_at, voicemails.c.voicemail_id)).mappings()
            return [_shown(row) for row in rows]

        return await self._database.read(find)

    async def listed(
        self,
        site: str,
        *,
        states: Collection[VoicemailState],
        queues: Collection[str] | None = None,
        owner: str | None = None,
        limit: int = 200,
    ) -> list[ShownVoicemail]:
        c = voicemails.c
        query = _SHOWN.where(c.site == site, c.state.in_([state.value for state in states]))
        mine = [] if owner is None else [c.owner == owner]
        ours = [] if queues is None else [sa.and_(c.queue.in_(sorted(queues)), c.owner == "")]
        if mine or ours:
            query = query.where(sa.or_(*mine, *ours))
        newest_first = set(states) == {VoicemailState.DONE}
        order = (c.left_at.desc(), c.voicemail_id) if newest_first else (c.left_at, c.voicemail_id)
        return await self._shown(query.order_by(*order).limit(limit))

    async def change(self, before: Voicemail, after: Voicemail) -> bool:
        c = voicemails.c
        row = storable(_row(after))
        statement = sa.update(voicemails).where(
            c.voicemail_id == row.pop("voicemail_id"), c.revision == before.revision
        )
        done = await self._database.write(lambda connection: connection.execute(statement.values(row)).rowcount)
        return bool(done)

    async def _shown(self, query: sa.Select[Any]) -> list[ShownVoicemail]:
        rows = await self._database.read(lambda connection: connection.execute(query).mappings().all())
        return [_shown(row) for row in rows]


class VoicemailWrites:
    """`insert` is the dialect's. Run inside the transaction of the card writer."""

    def __init__(self, insert: Callable[[sa.Table], Any]) -> None:
        self._add = insert(voicemails).on_conflict_do_nothing()

    def add(self, connection: Connection, changes: Sequence[SaveVoicemail]) -> None:
        rows = []
        for change in sorted(changes, key=lambda each: each.voicemail.voicemail_id):
            row = storable(_row(change.voicemail))
            rows.append(row | {"card_id": survivor(connection, row["card_id"])})
        if rows:
            connection.execute(self._add, rows)


def move(connection: Connection, from_card: str, to_card: str) -> None:
    connection.execute(sa.update(voicemails).where(voicemails.c.card_id == from_card).values(card_id=to_card))


def _row(voicemail: Voicemail) -> dict[str, Any]:
    return {name: getattr(voicemail, name) for name in _COLUMNS} | {"state": voicemail.state.value}


def _shown(row: RowMapping) -> ShownVoicemail:
    voicemail = Voicemail(**{name: row[name] for name in _COLUMNS} | {"state": VoicemailState(row["state"])})
    names = ("pbx", "number", "caller_name", "client_id", "client_name")
    return ShownVoicemail(voicemail=voicemail, **{name: row[name] for name in names})
