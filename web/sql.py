"""Users and sessions in SQL. Owns the statements; same contract as memory.py. Never sees a password."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from core.errors import Conflict
from core.model import Role
from runtime.database import Database
from web.people import Session, User
from web.tables import sessions, users

_OF_USER = ("login", "name", "password_hash", "role", "language", "disabled")
_PAIR = sa.select(sessions, *(users.c[name] for name in _OF_USER)).join_from(
    sessions, users, sessions.c.user_id == users.c.user_id
)
_MOST_AT_ONCE = 500


class SqlAccounts:
    """The AccountStore on a Database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def user_by_login(self, login: str) -> User | None:
        found = await self._users(sa.select(users).where(users.c.login == login))
        return found[0] if found else None

    async def users(self) -> list[User]:
        return await self._users(sa.select(users).order_by(users.c.login))

    async def save_user(self, user: User) -> None:
        values = asdict(user)

        def save(connection: Connection) -> None:
            others = sa.select(users.c.user_id).where(users.c.login == user.login, users.c.user_id != user.user_id)
            if connection.execute(others).first():
                raise Conflict(f"There is a user {user.login} already.", code="login_taken")
            changed = connection.execute(sa.update(users).where(users.c.user_id == user.user_id).values(values))
            if changed.rowcount == 0:
                connection.execute(sa.insert(users).values(values))

        try:
            await self._database.write(save)
        except IntegrityError as error:  # another node was faster between the look and the insert
            raise Conflict(f"There is a user {user.login} already.", code="login_taken") from error

    async def open_session(self, session: Session) -> None:
        await self._write(sa.insert(sessions).values(asdict(session)))

    async def session(self, token_hash: str) -> tuple[Session, User] | None:
        found = await self._pairs(_PAIR.where(sessions.c.token_hash == token_hash))
        return found[0] if found else None

    async def sessions_at(self, site: str, extension: str) -> list[tuple[Session, User]]:
        return await self._pairs(_PAIR.where(sessions.c.site == site, sessions.c.extension == extension))

    async def sessions_of_site(self, site: str, at: datetime) -> list[tuple[Session, User]]:
        there = _PAIR.where(
            sessions.c.site == site,
            sessions.c.extension.is_not(None),
            sessions.c.expires_at > at,
            users.c.disabled.is_(False),
        )
        return await self._pairs(there.order_by(sessions.c.created_at, sessions.c.session_id))

    async def alive(self, session_ids: Collection[str], at: datetime) -> frozenset[str]:
        good = (
            sa.select(sessions.c.session_id)
            .join_from(sessions, users, sessions.c.user_id == users.c.user_id)
            .where(sessions.c.expires_at > at, users.c.disabled.is_(False))
        )

        def look(connection: Connection) -> frozenset[str]:
            found: set[str] = set()
            for ids in _slices(session_ids):
                found.update(connection.scalars(good.where(sessions.c.session_id.in_(ids))))
            return frozenset(found)

        return await self._database.read(look)

    async def touch(self, session_ids: Collection[str], at: datetime) -> None:
        def seen(connection: Connection) -> None:
            for ids in _slices(session_ids):
                connection.execute(sa.update(sessions).where(sessions.c.session_id.in_(ids)).values(seen_at=at))

        if session_ids:
            await self._database.write(seen)

    async def end_session(self, session_id: str) -> None:
        await self._write(sa.delete(sessions).where(sessions.c.session_id == session_id))

    async def end_sessions_of(self, user_id: str) -> list[str]:
        def end(connection: Connection) -> list[str]:
            theirs = sessions.c.user_id == user_id
            ended = list(connection.scalars(sa.select(sessions.c.session_id).where(theirs)))
            connection.execute(sa.delete(sessions).where(theirs))
            return ended

        return await self._database.write(end)

    async def drop_expired(self, at: datetime) -> int:
        return await self._write(sa.delete(sessions).where(sessions.c.expires_at <= at))

    async def _users(self, wanted: sa.Select[Any]) -> list[User]:
        return await self._database.read(lambda c: [_user(row) for row in c.execute(wanted).mappings()])

    async def _pairs(self, wanted: sa.Select[Any]) -> list[tuple[Session, User]]:
        return await self._database.read(lambda c: [_pair(row) for row in c.execute(wanted).mappings()])

    async def _write(self, statement: sa.Insert | sa.Update | sa.Delete) -> int:
        return await self._database.write(lambda c: c.execute(statement).rowcount)


def _slices(ids: Collection[str]) -> list[list[str]]:
    every = sorted(ids)
    return [every[start : start + _MOST_AT_ONCE] for start in range(0, len(every), _MOST_AT_ONCE)]


def _user(row: sa.RowMapping, **changed: Any) -> User:
    fields = {name: row[name] for name in User.__dataclass_fields__ if name != "role" and name not in changed}
    return User(**fields, **changed, role=Role(row["role"]))


def _pair(row: sa.RowMapping) -> tuple[Session, User]:
    session = Session(**{name: row[name] for name in Session.__dataclass_fields__})
    # `extension` here is the session's; the user's own isn't needed to know who is there.
    return session, _user(row, extension=None)
