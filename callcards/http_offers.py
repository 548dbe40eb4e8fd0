"""The route that tells why these operators were offered a conversation: supervisors of any card, operators of their own."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from callcards.http_lines import CardId, card_of_site
from callcards.offers import KeptOffer
from callcards.ports import CardStore
from core.errors import Forbidden
from core.model import Card, Choice, Contender, Role
from web.access import Door, Operator

NamesOf = Callable[[str], Awaitable[Mapping[str, str]]]


class ContenderLine(BaseModel):
    """`measure`: the strategy's, the smallest is chosen; of those who could have had it. The others have `obstacles`, and of
    `requirement` what was `missing`."""

    login: str
    measure: list[float]
    obstacles: list[str]
    missing: list[str]


class ChoiceLine(BaseModel):
    """`step` (the first is 1) asked for `requirement`. `more`: contenders that are not listed, being too many."""

    login: str
    queue: str
    strategy: str
    step: int
    requirement: str
    score: float
    waited_s: float
    candidates: list[ContenderLine]
    excluded: list[ContenderLine]
    more: int


class OfferLine(BaseModel):
    """`outcome`: accepted, declined, expired, failed, asleep, cancelled, rescinded; null while it is open. `choice` null: its
    beginning wasn't seen."""

    at: datetime
    agent: str
    login: str
    queue: str
    ended_at: datetime | None
    outcome: str | None
    choice: ChoiceLine | None


class WhyTheseOperators(BaseModel):
    """The first offer first. `names` of the logins that are told, where they are known."""

    offers: list[OfferLine]
    names: dict[str, str]


def router(store: CardStore, *, names_of: NamesOf) -> APIRouter:
    """`names_of` the people of a site, by login."""
    routes = APIRouter(prefix="/api/routing/cards", tags=["routing"])

    @routes.get("/{card_id}/why")
    async def why(card_id: CardId, who: Operator, door: Door) -> WhyTheseOperators:
        """To whom this conversation was offered, and why. Operators may ask of those that rang at their phone."""
        card = (await card_of_site(store, card_id, who, door)).card
        if not (who.is_at_least(Role.SUPERVISOR) or _own(card, who.extension)):
            await door.refused_access(who, f"why of card {card_id}")
            raise Forbidden("You may ask this of conversations that rang at your own phone.")
        offers = [_line(offer) for offer in await store.offers(card_id)]
        names = await names_of(who.site) if offers else {}
        told = {login for offer in offers for login in _logins(offer)}
        return WhyTheseOperators(offers=offers, names={login: names[login] for login in sorted(told & names.keys())})

    return routes


def _own(card: Card, extension: str | None) -> bool:
    return extension is not None and (card.agent == extension or any(leg.agent == extension for leg in card.legs))


def _logins(offer: OfferLine) -> list[str]:
    choice = offer.choice
    return [offer.login, *(c.login for c in (*choice.candidates, *choice.excluded))] if choice else [offer.login]


def _line(offer: KeptOffer) -> OfferLine:
    return OfferLine(
        at=offer.at,
        agent=offer.agent,
        login=offer.login,
        queue=offer.queue,
        ended_at=offer.ended_at,
        outcome=offer.outcome,
        choice=None if offer.choice is None else _choice(offer.choice),
    )


def _choice(choice: Choice) -> ChoiceLine:
    return ChoiceLine(
        login=choice.login,
        queue=choice.queue,
        strategy=choice.strategy,
        step=choice.step + 1,
        requirement=choice.requirement,
        score=choice.score,
        waited_s=choice.waited_s,
        candidates=[_contender(each) for each in choice.candidates],
        excluded=[_contender(each) for each in choice.excluded],
        more=choice.more,
    )


def _contender(one: Contender) -> ContenderLine:
    return ContenderLine(
        login=one.login, measure=list(one.measure), obstacles=list(one.obstacles), missing=list(one.missing)
    )
