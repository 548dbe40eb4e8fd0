"""Routes of the operator's screen that aren't the socket: place and end calls, state of the lines, figures of delivery."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from core.errors import Rejected, Unavailable
from screenpop.delivery import Delivery
from screenpop.ports import Calls
from screenpop.protocol import LinkState
from web.access import Door, Operator, Supervisor


class Dial(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: str = Field(min_length=2, max_length=40, pattern=r"^\+?[0-9][0-9 ().\-/]*$")


class Line(BaseModel):
    kind: str
    name: str
    live: bool
    since: datetime
    why: str


class Lines(BaseModel):
    lines: list[Line]


class DeliveryLine(BaseModel):
    """Of an operator's last pops: from shown to acknowledged by the screen."""

    agent: str
    pops: int
    p50_s: float
    p99_s: float


class DeliveryPage(BaseModel):
    agents: list[DeliveryLine]


def router(*, calls: Calls | None, links: Callable[[], tuple[LinkState, ...]], delivery: Delivery) -> APIRouter:
    """`calls` None: there is no way to place calls (yet)."""
    routes = APIRouter(prefix="/api", tags=["screen"])

    @routes.post("/calls", status_code=202)
    async def place(asked: Dial, who: Operator, door: Door) -> dict[str, str]:
        """Click-to-call: your phone rings first, then the number is called."""
        await door.changed(who, what="call", number=asked.number)
        await _wired(calls).place(who.site, _phone(who.extension), asked.number)
        return {"status": "ringing"}

    @routes.delete("/calls/{call_id}", status_code=202)
    async def hang_up(call_id: Annotated[str, Path(max_length=64)], who: Operator, door: Door) -> dict[str, str]:
        """End your part in a call."""
        await door.changed(who, what="hang_up", call_id=call_id)
        await _wired(calls).hang_up(who.site, _phone(who.extension), call_id)
        return {"status": "ended"}

    @routes.get("/state")
    async def state(_who: Operator) -> Lines:
        """Whether the PBX links and the database are live, and since when."""
        return Lines(lines=[Line.model_validate(_plain(link)) for link in links()])

    @routes.get("/pops/delivery")
    async def figures(_who: Supervisor) -> DeliveryPage:
        """How long pops take to get to each operator's screen."""
        return DeliveryPage(
            agents=[DeliveryLine(agent=f.agent, pops=f.pops, p50_s=f.p50_s, p99_s=f.p99_s) for f in delivery.figures()]
        )

    return routes


def _wired(calls: Calls | None) -> Calls:
    if calls is None:
        raise Unavailable("Calls can't be placed from here: no PBX is set up for it.", code="not_wired")
    return calls


def _phone(extension: str | None) -> str:
    if extension is None:
        raise Rejected("You are signed in without an extension: sign in with one to place calls.", code="no_extension")
    return extension


def _plain(link: LinkState) -> dict[str, object]:
    return {"kind": link.kind, "name": link.name, "live": link.live, "since": link.since, "why": link.why}
