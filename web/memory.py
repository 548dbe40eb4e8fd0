"""Accounts and audit in memory: for tests, and wherever nothing need survive. Same contract as sql.py."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from core.errors import Conflict
from web.people import Session, User


class MemoryAccounts:
    def __init__(self) -> None:
        self._users: dict[str, User] = {}
        self._sessions: dict[str, Session] = {}

    async def user_by_login(self, login: str) -> User | None:
        return next((u for u in self._users.values() if u.login == login), None)

    async def users(self) -> list[User]:
        return sorted(self._users.values(), key=lambda u: u.login)

    async def save_user(self, user: User) -> None:
        if any(u.login == user.login and u.user_id != user.user_id for u in self._users.values()):
            raise Conflict(f"There is a user {user.login} already.", code="login_taken")
        self._users[user.user_id] = user

    async def open_session(self, session: Session) -> None:
        self._sessions[session.session_id] = session

    async def session(self, token_hash: str) -> tuple[Session, User] | None:
        found = (s for s in self._sessions.values() if s.token_hash == token_hash)
        return next(((s, self._users[s.user_id]) for s in found), None)

    async def sessions_at(self, site: str, extension: str) -> list[tuple[Session, User]]:
        there = (s for s in self._sessions.values() if s.site == site and s.extension == extension)
        return [(s, self._users[s.user_id]) for s in there]

    async def sessions_of_site(self, site: str, at: datetime) -> list[tuple[Session, User]]:
        there = [s for s in self._sessions.values() if s.site == site and s.extension is not None and s.expires_at > at]
        pairs = [(s, self._users[s.user_id]) for s in sorted(there, key=lambda s: (s.created_at, s.session_id))]
        return [(session, user) for session, user in pairs if not user.disabled]

    async def alive(self, session_ids: Collection[str], at: datetime) -> frozenset[str]:
        return frozenset(
            i
            for i in session_ids
            if (s := self._sessions.get(i)) and s.expires_at > at and not self._users[s.user_id].disabled
        )

    async def touch(self, session_ids: Collection[str], at: datetime) -> None:
        for session_id in session_ids:
            if session := self._sessions.get(session_id):
                self._sessions[session_id] = replace(session, seen_at=at)

    async def end_session(self, session_id: str) -> None:
        self._sessions.pop(session_id, None)

    async def end_sessions_of(self, user_id: str) -> list[str]:
        ended = [s.session_id for s in self._sessions.values() if s.user_id == user_id]
        for session_id in ended:
            del self._sessions[session_id]
        return ended

    async def drop_expired(self, at: datetime) -> int:
        expired = [s.session_id for s in self._sessions.values() if s.expires_at <= at]
        for session_id in expired:
            del self._sessions[session_id]
        return len(expired)


class MemoryAuditTrail:
    """`lines`: (at, actor, action, facts), oldest first."""

    def __init__(self) -> None:
        self.lines: list[tuple[datetime, str, str, dict[str, str]]] = []

    async def write(self, at: datetime, *, actor: str, action: str, facts: Mapping[str, str]) -> None:
        self.lines.append((at, actor, action, dict(facts)))
