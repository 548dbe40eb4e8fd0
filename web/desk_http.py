"""The route by which a page learns what the administrator has declared: what can be chosen, and what can be done here."""

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel

from core.desk import Desk
from web.access import Operator


class Choice(BaseModel):
    code: str
    en: str
    ru: str


class DispositionChoice(Choice):
    queues: list[str]


class PauseChoice(Choice):
    paid: bool
    productive: bool
    limit_s: int


class FieldChoice(Choice):
    kind: str
    choices: list[str]


class QueueLine(BaseModel):
    name: str
    title: str
    wrap_up: str
    wrap_up_s: int
    extensions: int
    extension_s: int


class Crm(BaseModel):
    url: str
    on: str
    title: str


class SiteLine(BaseModel):
    name: str
    timezone: str
    region: str


class Can(BaseModel):
    """What this installation can do with a call."""

    dial: bool
    transfer: bool
    park: bool
    record: bool
    mute: bool


class DeskPage(BaseModel):
    site: SiteLine
    dispositions: list[DispositionChoice]
    pause_reasons: list[PauseChoice]
    fields: list[FieldChoice]
    checks: list[Choice]
    queues: list[QueueLine]
    transfer_queues: list[str]
    crm: Crm | None
    can: Can


def router(desk: Desk, *, site: SiteLine, can: Can, transfer_queues: Sequence[str] = ()) -> APIRouter:
    """`transfer_queues`: to which queues a client can be passed on, because somebody has said how they are dialled."""
    routes = APIRouter(prefix="/api", tags=["screen"])
    page = _page(desk, site, can, transfer_queues)

    @routes.get("/desk")
    async def declared(_who: Operator) -> DeskPage:
        """Dispositions, pause reasons, fields, questions and queues, as the configuration has them."""
        return page

    return routes


def _page(desk: Desk, site: SiteLine, can: Can, transfer_queues: Sequence[str]) -> DeskPage:
    return DeskPage(
        site=site,
        dispositions=[
            DispositionChoice(code=code, en=one.en, ru=one.ru, queues=list(one.queues))
            for code, one in desk.dispositions.items()
        ],
        pause_reasons=[
            PauseChoice(code=code, en=one.en, ru=one.ru, paid=one.paid, productive=one.productive, limit_s=one.limit_s)
            for code, one in desk.pause_reasons.items()
        ],
        fields=[
            FieldChoice(code=code, en=one.en, ru=one.ru, kind=one.kind, choices=list(one.choices))
            for code, one in desk.fields.items()
        ],
        checks=[Choice(code=code, en=one.en, ru=one.ru) for code, one in desk.checks.items()],
        queues=[
            QueueLine(
                name=name,
                title=one.title or name,
                wrap_up=one.wrap_up,
                wrap_up_s=one.wrap_up_s,
                extensions=one.extensions,
                extension_s=one.extension_s,
            )
            for name, one in desk.queues.items()
        ],
        transfer_queues=list(transfer_queues),
        crm=None if desk.crm is None else Crm(url=desk.crm.url, on=desk.crm.on, title=desk.crm.title),
        can=can,
    )
