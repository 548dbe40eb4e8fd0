"""Routes of the operator's state: what I am doing, pause and ready, wrap-up, what my colleagues do."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from core.errors import Rejected
from core.events import Event
from core.model import AgentState, AgentStatus
from queues.agents import Agents
from queues.wishes import AgentAsked, Wish
from web.access import Operator
from web.people import SignedIn


class Status(BaseModel):
    """`until`: when a wrap-up ends by itself. `reason` in a call or wrap-up: the pause that follows it. `card_id`: the
    conversation that is talked, or wrapped up."""

    agent: str
    name: str
    state: AgentState
    since: datetime
    reason: str | None
    until: datetime | None
    card_id: str | None
    extensions_left: int


class ColleagueStatus(Status):
    login: str


class Colleagues(BaseModel):
    agents: list[ColleagueStatus]


class StateWish(BaseModel):
    """`reason`: a code of /api/desk `pause_reasons`; with `paused` only."""

    model_config = ConfigDict(extra="forbid")
    state: Literal["ready", "paused"]
    reason: str | None = Field(default=None, max_length=80)


class WrapUpWish(BaseModel):
    model_config = ConfigDict(extra="forbid")
    action: Literal["finish", "extend"]


_WISHES = {"ready": Wish.READY, "paused": Wish.PAUSE, "finish": Wish.FINISH, "extend": Wish.EXTEND}


def router(agents: Agents, *, step: Callable[[Event], None], now: Callable[[], datetime]) -> APIRouter:
    """`step` is the engine's. Between the look whether a wish may be and the wish nothing can happen: nothing is awaited."""
    routes = APIRouter(prefix="/api", tags=["agents"])

    @routes.get("/agent")
    async def mine(who: Operator) -> Status:
        """What you are doing, as your colleagues and the queues see it."""
        return Status.model_validate(_plain(_own(agents, who, now())))

    @routes.post("/agent/state")
    async def state(asked: StateWish, who: Operator) -> Status:
        """Pause, with a reason, or be ready. In a call or a wrap-up a pause takes effect afterwards; 409 says what to do first."""
        if asked.state == "ready" and asked.reason is not None:
            raise Rejected("Leave the reason out: it goes with a pause.", code="bad_reason")
        return wished(who, _WISHES[asked.state], asked.reason)

    @routes.post("/agent/wrap-up")
    async def wrap_up(asked: WrapUpWish, who: Operator) -> Status:
        """Finish the wrap-up, or prolong it by one of the extensions that are left."""
        return wished(who, _WISHES[asked.action], None)

    @routes.get("/colleagues")
    async def colleagues(who: Operator) -> Colleagues:
        """Everybody else who is signed in at your site, and what they do."""
        there = agents.signed_in() if who.site == agents.site else []
        lines = [ColleagueStatus.model_validate(_plain(s)) for s in there if s.agent != who.extension]
        return Colleagues(agents=lines)

    def wished(who: SignedIn, wish: Wish, reason: str | None) -> Status:
        agent = _phone(agents, who)
        refused = agents.refusal(agent, wish, reason)
        if refused is not None:
            raise refused
        step(AgentAsked(at=now(), agent=agent, wish=wish, by=who.login, reason=reason))
        return Status.model_validate(_plain(_own(agents, who, now())))

    return routes


def _phone(agents: Agents, who: SignedIn) -> str:
    if who.extension is None:
        raise Rejected("You are signed in without an extension: sign in with one to take calls.", code="no_extension")
    if who.site != agents.site:
        raise Rejected(f"This Meridian serves the site {agents.site}: sign in at your own.", code="other_site")
    return who.extension


def _own(agents: Agents, who: SignedIn, at: datetime) -> AgentStatus:
    agent = _phone(agents, who)
    out = AgentState.SIGNED_OUT  # a session that began in another process a moment ago
    return agents.status(agent) or AgentStatus(
        agent=agent, site=who.site, login=who.login, name=who.name, state=out, since=at
    )


def _plain(status: AgentStatus) -> dict[str, object]:
    return {name: getattr(status, name) for name in ColleagueStatus.model_fields}
