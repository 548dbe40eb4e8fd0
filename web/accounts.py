"""Signing in and out: passwords, locks, sessions, socket tickets. Never decides what a role may see.

A session's secret lives in the browser's cookie; the store has its hash. Ending a session tells everybody who holds a
socket for it (`on_ended`).
"""

import contextlib
import logging
import re
import secrets
import time
import unicodedata
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NoReturn

from core.errors import Conflict, ContactCentreError, Forbidden, Rejected, Unavailable
from core.ids import fresh_id
from core.model import Role
from web.attempts import SignInLocks
from web.failures import SignedOut, TooMany
from web.passwords import Passwords
from web.people import AccountStore, AuditTrail, Session, SignedIn, User
from web.recent import RecentSessions
from web.settings import WebSettings
from web.tickets import Tickets

log = logging.getLogger(__name__)
_EXTENSION = re.compile(r"[A-Za-z0-9_.\-]{1,40}")
_TOUCH_EVERY = timedelta(seconds=60)


def utc_now() -> datetime:
    return datetime.now(UTC)


def tidy_login(login: str) -> str:
    """Login names differ neither by case nor by how a letter is composed."""
    return unicodedata.normalize("NFKC", login).strip().casefold()


class Accounts:
    """The door. All state that must survive is in the store; locks and tickets live as long as the process."""

    def __init__(
        self,
        *,
        store: AccountStore,
        audit: AuditTrail,
        passwords: Passwords,
        settings: WebSettings,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._audit = audit
        self._passwords = passwords
        self._settings = settings
        self._now = now
        self._monotonic = monotonic
        self._locks = SignInLocks()
        self._tickets = Tickets(life_s=settings.ticket_s)
        self._recent = RecentSessions()
        self._listeners: list[Callable[[str], None]] = []
        self._newcomers: list[Callable[[SignedIn], None]] = []
        self._held: Callable[[str], bool] = lambda _session_id: False

    def on_ended(self, listener: Callable[[str], None]) -> None:
        """`listener(session_id)` is called for every session that ends before its time."""
        self._listeners.append(listener)

    def on_began(self, listener: Callable[[SignedIn], None]) -> None:
        """`listener(who)` is called for every session that begins here."""
        self._newcomers.append(listener)

    def held_by(self, held: Callable[[str], bool]) -> None:
        """`held(session_id)`: whether a screen of that session is connected (it then holds its extension)."""
        self._held = held

    async def add_user(
        self,
        *,
        login: str,
        name: str,
        password: str,
        role: Role,
        site: str,
        extension: str | None = None,
        language: str | None = None,
    ) -> User:
        at = self._now()
        user = User(
            user_id=fresh_id(at, secrets.token_bytes(10)),
            login=tidy_login(login),
            name=name.strip() or login,
            password_hash=await self._passwords.hash(password),
            role=role,
            site=site,
            extension=extension,
            language=language,
        )
        await self._store.save_user(user)
        await self.audit(at, actor="system", action="user_added", login=user.login, role=role)
        return user

    async def sign_in(self, *, login: str, password: str, extension: str | None, address: str) -> tuple[str, SignedIn]:
        """The new session's secret and who it is. Says the same whatever was wrong with name or password."""
        login = tidy_login(login)
        self._refuse_locked(login, address)
        user = await self._store.user_by_login(login) if login.isprintable() else None
        fits = await self._passwords.fits(password, user.password_hash if user else None)
        if user is None or not fits or user.disabled:
            await self._refused(login, address, "disabled" if user and fits else "wrong_password")
        self._locks.succeeded(login, address)
        extension = self._extension(user, extension)
        left_behind = await self._refuse_taken(user, extension)
        opened = await self._opened(user, extension, address)
        for session_id in left_behind:  # whose phone it was can't use it from a page that was left open
            await self._store.end_session(session_id)
        self._told(left_behind)
        return opened

    async def who(self, token: str | None) -> SignedIn:
        """Who this cookie stands for; SignedOut when nobody."""
        found = await self._session(_hash(token)) if token and len(token) < 200 else None
        signed_in = self._valid(found)
        if signed_in is None or found is None:
            raise SignedOut("Please sign in.")
        now = self._now()
        if now - found[0].seen_at > _TOUCH_EVERY:
            with contextlib.suppress(Unavailable):
                await self._store.touch((found[0].session_id,), now)
        return signed_in

    async def sign_out(self, who: SignedIn) -> None:
        await self._store.end_session(who.session_id)
        self._told((who.session_id,))
        await self.audit(self._now(), actor=who.login, action="signed_out")

    async def end_sessions_of(self, user: User, *, actor: str) -> None:
        """Throw a person out everywhere: disabled, password changed, role lowered."""
        ended = await self._store.end_sessions_of(user.user_id)
        self._told(ended)
        await self.audit(self._now(), actor=actor, action="sessions_ended", login=user.login)

    def ticket(self, who: SignedIn) -> str:
        """A ticket that opens one socket for this session, soon."""
        secret = secrets.token_urlsafe(24)
        self._tickets.issue(secret, session_id=who.session_id, now_s=self._monotonic())
        return secret

    async def redeem(self, ticket: str, token: str | None) -> SignedIn:
        """Who may open a socket with this ticket: only the session that asked for it, and only once."""
        session_id = self._tickets.redeem(ticket, now_s=self._monotonic())
        who = await self.who(token)
        if session_id is None or session_id != who.session_id:
            await self.audit(self._now(), actor=who.login, action="ticket_refused")
            raise Forbidden("This ticket was used before, has expired or isn't yours.", code="bad_ticket")
        return who

    async def recheck(self, session_ids: Collection[str]) -> frozenset[str]:
        """Those of the open sockets' sessions that are no longer good; the good ones are kept fresh."""
        now = self._now()
        alive = await self._store.alive(session_ids, now)
        await self._store.touch(alive, now)
        return frozenset(session_ids) - alive

    async def at_extensions(self, site: str) -> list[SignedIn]:
        """Everybody who is signed in at an extension of `site`, the earliest first; several times with several sessions."""
        return [_signed_in(*found) for found in await self._store.sessions_of_site(site, self._now())]

    async def refused_access(self, who: SignedIn, what: str) -> None:
        """Somebody known tried what the role doesn't allow, or another site's thing."""
        await self.audit(self._now(), actor=who.login, action="access_refused", what=what[:200])

    async def changed(self, who: SignedIn, *, what: str, **facts: str) -> None:
        """Somebody did something that is written down."""
        await self.audit(self._now(), actor=who.login, action="did", what=what, **facts)

    async def refused(self, who: SignedIn, *, what: str, why: str, **facts: str) -> None:
        """What somebody tried (see `changed`) was refused or failed; `why` is the error's code."""
        await self.audit(self._now(), actor=who.login, action="refused", what=what, why=why, **facts)

    async def audit(self, at: datetime, *, actor: str, action: str, **facts: str) -> None:
        """Write the trail; where that fails the log has the line at least."""
        log.info("audit", extra={"action": action, "actor": actor, **{f"fact_{k}": v for k, v in facts.items()}})
        try:
            await self._audit.write(at, actor=actor, action=action, facts=facts)
        except ContactCentreError:
            log.exception("audit line not stored", extra={"action": "audit_failed"})

    async def _session(self, token_hash: str) -> tuple[Session, User] | None:
        """While the database is away, whoever was known a moment ago still is: pops must go on."""
        try:
            found = await self._store.session(token_hash)
        except Unavailable:
            recent = self._recent.get(token_hash, self._now())
            if recent is None:
                raise
            return recent
        self._recent.put(token_hash, found, self._now())
        return found

    def _refuse_locked(self, login: str, address: str) -> None:
        wait_s = self._locks.wait_s(login, address, now_s=self._monotonic())
        if wait_s > 0:
            raise TooMany(f"Too many attempts. Try again in {wait_s:.0f} seconds.", retry_s=wait_s)

    async def _refused(self, login: str, address: str, why: str) -> NoReturn:
        self._locks.failed(login, address, now_s=self._monotonic())
        await self.audit(self._now(), actor=login, action="sign_in_refused", why=why, address=address)
        raise Rejected("Name or password is wrong.", code="wrong_password")

    def _extension(self, user: User, chosen: str | None) -> str | None:
        extension = (chosen or "").strip() or user.extension
        if extension is None and user.role is Role.OPERATOR:
            raise Rejected("Say which extension (phone) you sit at.", code="extension_missing")
        if extension is not None and not _EXTENSION.fullmatch(extension):
            raise Rejected("An extension has letters, digits, dots and dashes only.", code="bad_extension")
        return extension

    async def _refuse_taken(self, user: User, extension: str | None) -> list[str]:
        """Conflict while somebody else is there; the sessions of those who were there and have left it."""
        left_behind: list[str] = []
        if extension is None:
            return left_behind
        for session, other in await self._store.sessions_at(user.site, extension):
            if other.user_id == user.user_id or self._valid((session, other)) is None:
                continue
            idle_s = (self._now() - session.seen_at).total_seconds()
            if self._held(session.session_id) or idle_s < self._settings.extension_idle_s:
                raise Conflict(
                    f"{other.name} is signed in at extension {extension}. Choose another extension, or ask "
                    f"{other.name} to sign out.",
                    code="extension_taken",
                )
            left_behind.append(session.session_id)
        return left_behind

    async def _opened(self, user: User, extension: str | None, address: str) -> tuple[str, SignedIn]:
        now, token = self._now(), secrets.token_urlsafe(32)
        session = Session(
            session_id=fresh_id(now, secrets.token_bytes(10)),
            token_hash=_hash(token),
            user_id=user.user_id,
            site=user.site,
            extension=extension,
            address=address,
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(hours=self._settings.session_hours),
        )
        await self._store.drop_expired(now)
        await self._store.open_session(session)
        await self.audit(now, actor=user.login, action="signed_in", extension=extension or "", address=address)
        who = _signed_in(session, user)
        for listener in self._newcomers:
            listener(who)
        return token, who

    def _valid(self, found: tuple[Session, User] | None) -> SignedIn | None:
        if found is None or found[1].disabled or found[0].expires_at <= self._now():
            return None
        return _signed_in(*found)

    def _told(self, session_ids: Iterable[str]) -> None:
        for session_id in session_ids:
            self._recent.forget(session_id)
            for listener in self._listeners:
                listener(session_id)


def _signed_in(session: Session, user: User) -> SignedIn:
    return SignedIn(
        session_id=session.session_id,
        user_id=user.user_id,
        login=user.login,
        name=user.name,
        role=user.role,
        site=user.site,
        extension=session.extension,
        language=user.language,
    )


def _hash(token: str) -> str:
    return sha256(token.encode()).hexdigest()
