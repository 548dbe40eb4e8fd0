"""The demo's colleagues: operators who are signed in by the demo itself, so that a newcomer finds a centre at work. Their phones
are the simulated PBX's; what they do at their desks (finish a wrap-up, take a break) is done here."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

from commands.demo_centre import Somebody
from core.events import AgentBack, AgentSignedIn
from core.model import AgentState, AgentStatus
from queues.wishes import AgentAsked, Wish
from service import Service

_LOOKS_EVERY_S = 1.0
_WRAP_UP_S = (4.0, 15.0)
_BREAK_S = (40.0, 120.0)
_BREAK_EVERY_S = 600.0


class Colleagues:
    """`run` is a task. Nobody is touched who has signed in there by hand as well."""

    def __init__(self, service: Service, people: Iterable[Somebody], *, seed: int) -> None:
        self._service, self._rng = service, Random(f"colleagues {seed}")
        self._people = [one for one in people if one.colleague and one.extension]
        self._acts_at: dict[str, tuple[AgentState, datetime]] = {}

    async def run(self) -> None:
        """Until cancelled."""
        for one in self._people:
            self._sign_in(one)
        while True:
            await asyncio.sleep(_LOOKS_EVERY_S)
            for one in self._people:
                self.look(one, datetime.now(UTC))

    def look(self, one: Somebody, now: datetime) -> None:
        """Do what is due: an act is drawn whenever the state has become another one."""
        status = self._service.agents.status(one.extension or "")
        if status is None:
            return
        state, at = self._acts_at.get(one.login, (AgentState.SIGNED_OUT, now))
        if state is not status.state:
            self._acts_at[one.login] = (status.state, now + timedelta(seconds=self._pause_s(status)))
        elif now >= at:
            self._acts_at.pop(one.login)
            self._act(status, now)

    def _pause_s(self, status: AgentStatus) -> float:
        match status.state:
            case AgentState.WRAP_UP:
                return self._rng.uniform(*_WRAP_UP_S)
            case AgentState.READY:
                return self._rng.expovariate(1 / _BREAK_EVERY_S)
            case _:
                return self._rng.uniform(*_BREAK_S)

    def _act(self, status: AgentStatus, now: datetime) -> None:
        wish = {
            AgentState.WRAP_UP: Wish.FINISH,
            AgentState.READY: Wish.PAUSE,
            AgentState.PAUSED: Wish.READY,
            AgentState.NOT_RESPONDING: Wish.READY,
        }.get(status.state)
        if wish is None:
            return
        reason = "break" if wish is Wish.PAUSE else None
        if self._service.agents.refusal(status.agent, wish, reason) is None:
            asked = AgentAsked(at=now, agent=status.agent, wish=wish, by=status.login, reason=reason)
            self._service.engine.step(asked)

    def _sign_in(self, one: Somebody) -> None:
        now, agent = datetime.now(UTC), one.extension or ""
        session_id = f"demo {one.login}"
        self._service.engine.step(
            AgentSignedIn(at=now, agent=agent, session_id=session_id, login=one.login, name=one.name)
        )
        self._service.engine.step(AgentBack(at=now, agent=agent))
