"""Routes of the operator's screen that aren't the socket: state of the lines, figures of delivery."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from screenpop.delivery import Delivery
from screenpop.protocol import LinkState
from web.access import Operator, Supervisor


class Line(BaseModel):
    kind: str
    name: str
    live: bool
    since: datetime
    why: str


class Lines(BaseModel):
    lines: list[Line]


class DeliveryLine(BaseModel):
    """Of an operator's last pops: from shown to acknowledged by the screen, and the browser's own part of that.

    `asleep`: the operator is signed in, but no browser of theirs answers heartbeats, since `since`: no pop gets through.
    """

    agent: str
    pops: int
    p50_s: float | None
    p99_s: float | None
    rendered_p50_s: float | None
    rendered_p99_s: float | None
    asleep: bool
    since: datetime | None


class DeliveryPage(BaseModel):
    agents: list[DeliveryLine]


def router(*, links: Callable[[], tuple[LinkState, ...]], delivery: Delivery) -> APIRouter:
    routes = APIRouter(prefix="/api", tags=["screen"])

    @routes.get("/state")
    async def state(_who: Operator) -> Lines:
        """Whether the PBX links and the database are live, and since when."""
        return Lines(lines=[Line.model_validate(_plain(link)) for link in links()])

    @routes.get("/pops/delivery")
    async def figures(who: Supervisor) -> DeliveryPage:
        """How long pops take to get to each operator's screen, and whose browser is asleep."""
        return DeliveryPage(agents=[DeliveryLine.model_validate(asdict(line)) for line in delivery.report(who.site)])

    return routes


def _plain(link: LinkState) -> dict[str, object]:
    return {"kind": link.kind, "name": link.name, "live": link.live, "since": link.since, "why": link.why}
