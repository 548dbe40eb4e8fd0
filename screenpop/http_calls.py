"""Routes of what an operator does with calls: place one, end it, pass it on, park, record, mute. Only with the phone of their own
session, only in calls in which they have a part. Every try is in the audit trail, refusals with their reason."""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Literal, TypeVar

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, model_validator

from core.destination import Destination, DestinationKind, RecordingAct
from core.errors import ContactCentreError, Rejected, Unavailable
from screenpop.ports import Calls, LiveCalls
from web.access import Door, Operator
from web.accounts import Accounts
from web.people import SignedIn

CallId = Annotated[str, Path(min_length=8, max_length=64, pattern=r"^[0-9A-Za-z.:_-]+$")]
Number = Annotated[str, Field(min_length=2, max_length=40, pattern=r"^\+?[0-9][0-9 ().\-/\u00a0\u202f\u2011\u2013]*$")]


class Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Dial(Asked):
    """`client_id` and `card_id`: from where the number was clicked, for the audit trail."""

    number: Number
    client_id: str | None = Field(default=None, max_length=64)
    card_id: str | None = Field(default=None, max_length=64)


class To(Asked):
    """Exactly one of the three."""

    agent: str | None = Field(default=None, min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_.\-]+$")
    queue: str | None = Field(default=None, min_length=1, max_length=80)
    number: Number | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> "To":
        if len(self.model_dump(exclude_none=True)) != 1:
            raise ValueError("name exactly one of agent, queue, number")
        return self

    def destination(self) -> Destination:
        ((kind, name),) = self.model_dump(exclude_none=True).items()
        return Destination(DestinationKind(kind), name)


class Transfer(Asked):
    kind: Literal["blind", "attended"]
    to: To


class Recording(Asked):
    action: RecordingAct


class Mute(Asked):
    muted: bool


class Done(BaseModel):
    """The PBX took it; the pop shows what came of it."""

    status: str


def router(
    *, calls: Calls | None, live: LiveCalls | None, refused: Callable[[str], None] = lambda _why: None
) -> APIRouter:
    """None: there is no PBX set up for it (yet). `refused` hears the code of each act that came to nothing."""
    routes = APIRouter(prefix="/api/calls", tags=["calls"])

    @routes.post("", status_code=202)
    async def place(asked: Dial, who: Operator, door: Door) -> Done:
        """Click-to-call: your phone rings first, then the number is called."""
        about = {k: v for k, v in (("client_id", asked.client_id), ("card_id", asked.card_id)) if v}
        async with _audited(door, who, "call", refused, number=asked.number, **about):
            await _wired(calls).place(who.site, _phone(who), asked.number, user=who.login)
        return Done(status="ringing")

    @routes.delete("/{call_id}", status_code=202)
    async def hang_up(call_id: CallId, who: Operator, door: Door) -> Done:
        """End your part in a call."""
        async with _audited(door, who, "hang_up", refused, call_id=call_id):
            await _wired(live).hang_up(who.site, _phone(who), call_id)
        return Done(status="ended")

    @routes.post("/{call_id}/transfer", status_code=202)
    async def transfer(call_id: CallId, asked: Transfer, who: Operator, door: Door) -> Done:
        """Pass the client on: blind at once; attended asks first, then `complete` or `cancel`."""
        to, attended = asked.to.destination(), asked.kind == "attended"
        async with _audited(
            door, who, "transfer", refused, call_id=call_id, kind=asked.kind, **{to.kind.value: to.name}
        ):
            await _wired(live).transfer(who.site, _phone(who), call_id, to, attended=attended, user=who.login)
        return Done(status="asking" if attended else "transferred")

    @routes.post("/{call_id}/transfer/complete", status_code=202)
    async def complete(call_id: CallId, who: Operator, door: Door) -> Done:
        """Leave the client with the one you asked."""
        async with _audited(door, who, "transfer_complete", refused, call_id=call_id):
            await _wired(live).complete_transfer(who.site, _phone(who), call_id)
        return Done(status="transferred")

    @routes.post("/{call_id}/transfer/cancel", status_code=202)
    async def cancel(call_id: CallId, who: Operator, door: Door) -> Done:
        """Back to the client; the one you asked is let go."""
        async with _audited(door, who, "transfer_cancel", refused, call_id=call_id):
            await _wired(live).cancel_transfer(who.site, _phone(who), call_id)
        return Done(status="taken_back")

    @routes.post("/{call_id}/park", status_code=202)
    async def park(call_id: CallId, who: Operator, door: Door) -> Done:
        """Put the client where anybody can fetch them; the slot comes with the pop."""
        async with _audited(door, who, "park", refused, call_id=call_id):
            await _wired(live).park(who.site, _phone(who), call_id)
        return Done(status="parking")

    @routes.post("/{call_id}/recording", status_code=202)
    async def record(call_id: CallId, asked: Recording, who: Operator, door: Door) -> Done:
        """Start, pause, resume or stop recording the talk with the client."""
        async with _audited(door, who, f"recording_{asked.action}", refused, call_id=call_id):
            await _wired(live).record(who.site, _phone(who), call_id, asked.action)
        return Done(status=_RECORDED[asked.action])

    @routes.post("/{call_id}/mute", status_code=202)
    async def mute(call_id: CallId, asked: Mute, who: Operator, door: Door) -> Done:
        """Your microphone off, or on again."""
        async with _audited(door, who, "mute" if asked.muted else "unmute", refused, call_id=call_id):
            await _wired(live).mute(who.site, _phone(who), call_id, muted=asked.muted)
        return Done(status="muted" if asked.muted else "unmuted")

    return routes


_Port = TypeVar("_Port")
_RECORDED = {
    RecordingAct.START: "on",
    RecordingAct.RESUME: "on",
    RecordingAct.PAUSE: "paused",
    RecordingAct.STOP: "off",
}


@contextlib.asynccontextmanager
async def _audited(
    door: Accounts, who: SignedIn, what: str, refused: Callable[[str], None], **facts: str
) -> AsyncIterator[None]:
    """Written down before it is tried; and once more with the reason when it was refused or failed."""
    await door.changed(who, what=what, **facts)
    try:
        yield
    except ContactCentreError as refusal:
        refused(refusal.code)
        await door.refused(who, what=what, why=refusal.code, **facts)
        raise


def _wired(port: _Port | None) -> _Port:
    if port is None:
        raise Unavailable("Calls can't be placed from here: no PBX is set up for it.", code="not_wired")
    return port


def _phone(who: SignedIn) -> str:
    if who.extension is None:
        raise Rejected("You are signed in without an extension: sign in with one to place calls.", code="no_extension")
    return who.extension
