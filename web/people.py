"""Who may sign in, and who has: values and the ports behind which they are kept. No rules, no I/O."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.model import Role

RANK = {Role.OPERATOR: 0, Role.SUPERVISOR: 1, Role.ADMIN: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who works here. `login` is kept in lower case; `extension` is the phone that is usually theirs."""

    user_id: str
    login: str
    name: str
    password_hash: str
    role: Role
    site: str
    extension: str | None = None
    language: str | None = None
    disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sign-in. Of the cookie's secret only the hash is kept."""

    session_id: str
    token_hash: str
    user_id: str
    site: str
    extension: str | None
    address: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The person behind a request or a socket, at the extension of this session."""

    session_id: str
    user_id: str
    login: str
    name: str
    role: Role
    site: str
    extension: str | None
    language: str | None

    def is_at_least(self, role: Role) -> bool:
        return RANK[self.role] >= RANK[role]


class AccountStore(Protocol):
    """Users and sessions, wherever they are kept. Raises Unavailable when it can't be reached."""

    async def user_by_login(self, login: str) -> User | None: ...

    async def users(self) -> list[User]: ...

    async def save_user(self, user: User) -> None:
        """Insert, or replace by `user_id`. A login that another user has: Conflict."""

    async def open_session(self, session: Session) -> None: ...

    async def session(self, token_hash: str) -> tuple[Session, User] | None: ...

    async def sessions_at(self, site: str, extension: str) -> list[tuple[Session, User]]: ...

    async def sessions_of_site(self, site: str, at: datetime) -> list[tuple[Session, User]]:
        """Those at an extension, not expired at `at`, of users who aren't disabled; the oldest first."""

    async def alive(self, session_ids: Collection[str], at: datetime) -> frozenset[str]:
        """Those of `session_ids` that exist, aren't expired at `at` and whose user isn't disabled."""

    async def touch(self, session_ids: Collection[str], at: datetime) -> None: ...

    async def end_session(self, session_id: str) -> None: ...

    async def end_sessions_of(self, user_id: str) -> list[str]: ...

    async def drop_expired(self, at: datetime) -> int: ...


class AuditTrail(Protocol):
    """The append-only record of who did what, refusals included."""

    async def write(self, at: datetime, *, actor: str, action: str, facts: Mapping[str, str]) -> None: ...
