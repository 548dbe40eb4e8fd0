"""Who sits at which extension, and whose page is connected, told to the engine as it changes. Never decides what that means.

Sign-ins and sign-outs of this process are told at once. Sessions also end elsewhere or by themselves (`meridian user`, another
node, their time is up): every few seconds the store is asked for all of them, and the difference is told.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

from core.errors import Unavailable
from core.events import AgentBack, AgentGone, AgentSignedIn, AgentSignedOut, Event
from web.accounts import Accounts, utc_now
from web.people import SignedIn


class Presence:
    """`connected` are the extensions whose operator has a page open; `tell` is the engine's step. `run` is a task."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        site: str,
        connected: Callable[[], frozenset[str]],
        tell: Callable[[Event], None],
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._accounts, self._site = accounts, site
        self._connected, self._tell, self._now = connected, tell, now
        self._known: dict[str, SignedIn] = {}
        self._ended_lately: set[str] = set()
        self._here: frozenset[str] = frozenset()
        accounts.on_began(self._began)
        accounts.on_ended(self._ended)

    async def begin(self) -> tuple[AgentSignedIn, ...]:
        """Once, before `run`: everybody who is signed in as we start. This is returned, not told."""
        for who in await self._accounts.at_extensions(self._site):
            self._known[who.session_id] = who
        return tuple(_signed_in(who, self._now()) for who in self._known.values())

    async def run(self, *, pages_every_s: float = 1.0, sessions_every: int = 5) -> None:
        """Until cancelled. Sessions are asked for with every `sessions_every`th look at the pages."""
        turn = 0
        while True:
            await asyncio.sleep(pages_every_s)
            self.look_at_pages()
            turn += 1
            if turn % sessions_every == 0:
                with contextlib.suppress(Unavailable):  # whoever was there still is, as far as we know
                    await self.look_at_sessions()

    def look_at_pages(self) -> None:
        """Tell whose last page has gone since the last look, and whose first one has come."""
        here = self._connected() & {who.extension for who in self._known.values() if who.extension}
        for agent in sorted(here - self._here):
            self._tell(AgentBack(at=self._now(), agent=agent))
        for agent in sorted(self._here - here):
            self._tell(AgentGone(at=self._now(), agent=agent))
        self._here = here

    async def look_at_sessions(self) -> None:
        """Tell what began or ended without our seeing it. What changes while we ask is left to the next look."""
        before = set(self._known)
        self._ended_lately.clear()
        there = {who.session_id: who for who in await self._accounts.at_extensions(self._site)}
        for session_id in before - there.keys():
            self._ended(session_id)
        for session_id in there.keys() - self._known.keys() - self._ended_lately:
            self._began(there[session_id])

    def _began(self, who: SignedIn) -> None:
        if who.site != self._site or who.extension is None:
            return
        self._known[who.session_id] = who
        # Who signs in anew begins without a page: the next look tells of it, though one of theirs was there a moment ago.
        self._here -= {who.extension}
        self._tell(_signed_in(who, self._now()))

    def _ended(self, session_id: str) -> None:
        self._ended_lately.add(session_id)
        who = self._known.pop(session_id, None)
        if who is not None and who.extension is not None:
            self._tell(AgentSignedOut(at=self._now(), agent=who.extension, session_id=session_id))


def _signed_in(who: SignedIn, at: datetime) -> AgentSignedIn:
    return AgentSignedIn(at=at, agent=who.extension or "", session_id=who.session_id, login=who.login, name=who.name)
