"""Routes of promised callbacks: the list, taking one, ending one, asking for one by hand. Operators see those of their queues,
supervisors all of their site's. Everything that is done is in the audit trail."""

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from core.callback import AttemptOutcome, Callback, CallbackState, First
from core.errors import Conflict, NotFound, Rejected
from core.ids import fresh_id
from core.model import Role
from core.phone import readable
from routing.callback_events import CallbackOrdered, CallbackTaken, CallbackWished
from routing.callback_states import Moment, next_state
from routing.callbacks import Callbacks
from web.access import Door, Operator, Supervisor
from web.accounts import Accounts
from web.people import SignedIn

_CLOSED_SHOWN = timedelta(days=7)
_MOST_CLOSED = 100
CallbackId = Annotated[str, Path(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z.:_-]+$")]


class CallbackRecord(Protocol):
    """Where callbacks are kept that are closed."""

    async def callback(self, callback_id: str) -> Callback | None: ...

    async def callbacks(
        self, site: str, states: Collection[CallbackState], *, limit: int = 20_000
    ) -> list[Callback]: ...


class AttemptLine(BaseModel):
    at: datetime
    agent: str
    login: str
    card_id: str
    outcome: AttemptOutcome
    why: str
    ended_at: datetime | None


class CallbackLine(BaseModel):
    """`entered_at`: since when they wait, which is the place that they keep. `zone`: the client's, null where it isn't known.
    `can`: what the asker may do with it now."""

    callback_id: str
    queue: str
    number: str
    number_text: str
    name: str
    state: CallbackState
    reason: str
    first: First
    entered_at: datetime
    asked_at: datetime
    asked_on: str | None
    asked_by: str
    times_asked: int
    due_at: datetime
    expires_at: datetime
    zone: str | None
    attempts: list[AttemptLine]
    closed_at: datetime | None
    closed_by: str
    can: list[str]


class CallbackList(BaseModel):
    """`open`: the oldest place first. `failed`: not kept, newest first, until somebody has seen to them. `kept`: the last ones."""

    at: datetime
    open: list[CallbackLine]
    failed: list[CallbackLine]
    kept: list[CallbackLine]


class NewCallback(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: str = Field(min_length=2, max_length=40)
    queue: str = Field(min_length=1, max_length=80)
    name: str = Field(default="", max_length=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """`queues_of` a login: those whose callbacks are theirs (None: all). `number_of` what was typed: E.164, or Rejected or
    Forbidden in a sentence. `step` is the engine's."""

    site: str
    pbx: str
    record: CallbackRecord
    queues_of: Callable[[str], Collection[str] | None]
    is_queue: Callable[[str], bool]
    number_of: Callable[[str], str]
    step: Callable[[object], None]
    now: Callable[[], datetime]


def router(callbacks: Callbacks, around: Around) -> APIRouter:
    routes = APIRouter(prefix="/api/callbacks", tags=["callbacks"])
    desk = _Desk(callbacks, around)

    @routes.get("")
    async def listed(who: Operator) -> CallbackList:
        """The open callbacks of your queues (a supervisor's: of all), those that failed, and what was kept lately."""
        return await desk.listed(who)

    @routes.post("", status_code=201)
    async def ask(asked: NewCallback, who: Supervisor, door: Door) -> CallbackLine:
        """Promise one by hand. Somebody who waits for one already isn't called twice: theirs is answered."""
        return await desk.ask(asked, who, door)

    @routes.post("/{callback_id}/take")
    async def take(callback_id: CallbackId, who: Operator, door: Door) -> CallbackLine:
        """Call them back yourself, now: your phone rings first."""
        return await desk.take(callback_id, who, door)

    @routes.post("/{callback_id}/cancel")
    async def cancel(callback_id: CallbackId, who: Operator, door: Door) -> CallbackLine:
        """They need not be called any more."""
        return await desk.order(callback_id, Moment.CANCEL, who, door)

    @routes.post("/{callback_id}/again")
    async def again(callback_id: CallbackId, who: Operator, door: Door) -> CallbackLine:
        """Of one that failed, or whose result is unknown: try anew, now."""
        return await desk.order(callback_id, Moment.AGAIN, who, door)

    @routes.post("/{callback_id}/settle")
    async def settle(callback_id: CallbackId, who: Operator, door: Door) -> CallbackLine:
        """It was seen to otherwise."""
        return await desk.order(callback_id, Moment.SETTLED, who, door)

    return routes


class _Desk:
    def __init__(self, callbacks: Callbacks, around: Around) -> None:
        self._callbacks, self._around = callbacks, around

    async def listed(self, who: SignedIn) -> CallbackList:
        at, site = self._around.now(), self._around.site
        if who.site != site:
            return CallbackList(at=at, open=[], failed=[], kept=[])
        failed = await self._around.record.callbacks(site, {CallbackState.FAILED}, limit=_MOST_CLOSED)
        closed = {CallbackState.DONE, CallbackState.CANCELLED}
        kept = await self._around.record.callbacks(site, closed, limit=_MOST_CLOSED)
        open_ones = self._callbacks.listed()
        again = {one.callback_id for one in open_ones}  # the record may be a moment behind
        return CallbackList(
            at=at,
            open=[self._line(one, who) for one in open_ones if self._is_theirs(one, who)],
            failed=[
                self._line(one, who) for one in failed if one.callback_id not in again and self._is_theirs(one, who)
            ],
            kept=[
                self._line(one, who)
                for one in kept
                if one.closed_at and at - one.closed_at < _CLOSED_SHOWN and self._is_theirs(one, who)
            ],
        )

    async def ask(self, asked: NewCallback, who: SignedIn, door: Accounts) -> CallbackLine:
        around = self._around
        if who.site != around.site or not around.is_queue(asked.queue):
            raise Rejected("There is no such queue.", code="no_such_queue")
        number = around.number_of(asked.number)
        await door.changed(who, what="callback_asked", number=number, queue=asked.queue)
        at = around.now()
        callback_id = fresh_id(at, secrets.token_bytes(10))
        around.step(
            CallbackWished(
                at=at,
                callback_id=callback_id,
                pbx=around.pbx,
                queue=asked.queue,
                number=number,
                name=asked.name.strip(),
                by=who.login,
            )
        )
        found = self._callbacks.one(callback_id) or self._callbacks.of_number(number)
        if found is None:
            raise Conflict("It was not taken: see the list.", code="callback_refused")
        return self._line(found, who)

    async def take(self, callback_id: str, who: SignedIn, door: Accounts) -> CallbackLine:
        if who.extension is None:
            raise Rejected("You are signed in without an extension: sign in with one to call.", code="no_extension")
        one = await self._theirs(callback_id, who, door)
        await door.changed(who, what="callback_taken", callback_id=callback_id)
        self._refuse(one, Moment.OFFERED)
        self._around.step(
            CallbackTaken(at=self._around.now(), callback_id=callback_id, agent=who.extension, login=who.login)
        )
        return self._line(self._callbacks.one(callback_id) or one, who)

    async def order(self, callback_id: str, moment: Moment, who: SignedIn, door: Accounts) -> CallbackLine:
        one = await self._theirs(callback_id, who, door)
        self._refuse(one, moment)
        self._around.step(CallbackOrdered(at=self._around.now(), callback=one, moment=moment, by=who.login))
        return self._line(self._in_memory(callback_id) or one, who)

    def _in_memory(self, callback_id: str) -> Callback | None:
        """The record knows what was closed a moment ago only a moment later."""
        last = self._callbacks.last_closed
        return self._callbacks.one(callback_id) or (last if last and last.callback_id == callback_id else None)

    def _refuse(self, one: Callback, moment: Moment) -> None:
        refusal = self._callbacks.refusal(one, moment)
        if refusal is not None:
            raise refusal

    async def _theirs(self, callback_id: str, who: SignedIn, door: Accounts) -> Callback:
        one = self._in_memory(callback_id) or await self._around.record.callback(callback_id)
        if one is not None and who.site == one.site and self._is_theirs(one, who):
            return one
        if one is not None:
            await door.refused_access(who, f"callback {callback_id} of {one.queue} at site {one.site}")
        raise NotFound("There is no such callback.")

    def _is_theirs(self, one: Callback, who: SignedIn) -> bool:
        queues = None if who.is_at_least(Role.SUPERVISOR) else self._around.queues_of(who.login)
        return queues is None or one.queue in queues

    def _line(self, one: Callback, who: SignedIn) -> CallbackLine:
        acts = {"take": Moment.OFFERED, "cancel": Moment.CANCEL, "again": Moment.AGAIN, "settle": Moment.SETTLED}
        can = [act for act, moment in acts.items() if next_state(one.state, moment) not in (None, one.state)]
        return CallbackLine(
            **{
                name: getattr(one, name)
                for name in CallbackLine.model_fields
                if hasattr(one, name) and name != "attempts"
            },
            number_text=readable(one.number),
            attempts=[
                AttemptLine(
                    at=attempt.at,
                    agent=attempt.agent,
                    login=attempt.login,
                    card_id=attempt.call_id,
                    outcome=attempt.outcome,
                    why=attempt.why,
                    ended_at=attempt.ended_at,
                )
                for attempt in one.attempts
            ],
            can=[act for act in can if act != "take" or who.extension is not None],
        )
