"""Routes that read a typed date: what it means in a zone, said back in words, and the ready ones for buttons."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from callcards.when import LONGEST, BadPhrase, understood
from callcards.when_spoken import EXAMPLES, offers, spoken
from core.errors import Rejected
from web.access import Operator

Language = Literal["en", "ru"]
Zone = Annotated[str, Query(min_length=1, max_length=64)]


class When(BaseModel):
    """`text_en`, `text_ru` say in words what was understood, in `zone`: show it before anybody relies on it."""

    at: datetime
    zone: str
    text_en: str
    text_ru: str


class NotUnderstood(BaseModel):
    code: str
    message: str
    examples: list[str]


class OfferLine(BaseModel):
    text: str
    at: datetime


class OfferList(BaseModel):
    offers: list[OfferLine]


def router(*, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> APIRouter:
    routes = APIRouter(prefix="/api/when", tags=["follow-ups"])

    @routes.get("", response_model=When, responses={422: {"model": NotUnderstood}})
    async def when(
        _who: Operator,
        text: Annotated[str, Query(max_length=LONGEST)],
        zone: Zone,
        language: Language = "en",
    ) -> When | JSONResponse:
        """What a typed date means in a zone; English and Russian words are understood in either language."""
        place = _zone(zone)
        try:
            at = understood(text, now=now(), zone=place)
        except BadPhrase as error:
            examples = list(EXAMPLES[language])
            message = f"{error} Write for example: {', '.join(examples)}."
            answer = NotUnderstood(code=error.code, message=message, examples=examples)
            return JSONResponse(answer.model_dump(), status_code=422)
        return When(at=at, zone=zone, text_en=spoken(at, place, "en"), text_ru=spoken(at, place, "ru"))

    @routes.get("/offers")
    async def ready(_who: Operator, zone: Zone, language: Language = "en") -> OfferList:
        """The usual next contacts, ready for buttons."""
        found = offers(now(), _zone(zone), language)
        return OfferList(offers=[OfferLine(text=each.text, at=each.at) for each in found])

    return routes


def is_zone(name: str) -> bool:
    """Is there such an IANA zone?"""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found; a path outside; a directory of zones
        return False
    return True


def _zone(name: str) -> ZoneInfo:
    if not is_zone(name):
        raise Rejected("This time zone doesn't exist: use an IANA name such as Europe/Moscow.", code="bad_zone")
    return ZoneInfo(name)
