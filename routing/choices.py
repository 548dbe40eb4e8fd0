"""Why this operator got the item: reckoned as the offer is made, and kept with it. Pure; instants are seconds (UTC epoch)."""

from collections.abc import Callable
from dataclasses import dataclass

from core.model import Choice, Contender
from routing.lines import Item
from routing.obstacles import Obstacle, obstacles
from routing.router import Router
from routing.staff import Person


@dataclass(frozen=True, slots=True)
class Ranked:
    """A free operator who fits, and the strategy's measure of them: the smallest is chosen."""

    login: str
    measure: tuple[float, ...]


def candidates(router: Router, item_id: str, now_s: float) -> tuple[Ranked, ...]:
    """Who could be given this item now, the chosen one first: asked just before an offer, it is the reason for the choice."""
    item = router.item(item_id)
    line = router.line_of(item)
    order = router.order_of(line, now_s)
    ranked = [Ranked(person.login, order(line, person)) for person in line.everybody(router.staff, item, now_s)]
    if line.rings_all:
        return tuple(ranked)
    return tuple(
        sorted(ranked, key=lambda one: (one.login in item.refused, one.measure, router.staff.people[one.login].number))
    )


MOST_TOLD = 20
"""So many contenders of each kind are kept with a choice; of the others only the number."""


def choice_of(
    router: Router, item: Item, chosen: Person, now_s: float, why_not: Callable[[str], tuple[str, ...]]
) -> Choice:
    """Why `chosen` is about to get this item; `why_not` says of a login what it is that makes them not ready."""
    line = router.line_of(item)
    able = candidates(router, item.item_id, now_s)
    logins = {ranked.login for ranked in able}
    others = [p for p in router.staff.people.values() if item.queue in p.queues and p.login not in logins]
    excluded = []
    for person in others[:MOST_TOLD]:
        found, lacks, _ = obstacles(line, item, person, now_s)
        told = [str(each) for each in found if each is not Obstacle.NOT_READY]
        told += (why_not(person.login) or (str(Obstacle.NOT_READY),)) if Obstacle.NOT_READY in found else ()
        excluded.append(Contender(person.login, obstacles=tuple(told), missing=tuple(test.asked for test in lacks)))
    return Choice(
        login=chosen.login,
        queue=item.queue,
        strategy=str(line.policy.strategy),
        step=line.effective,
        requirement=str(line.requirement),
        score=router.score(item, now_s),
        waited_s=now_s - item.entered_s,
        candidates=tuple(Contender(ranked.login, measure=ranked.measure) for ranked in able[:MOST_TOLD]),
        excluded=tuple(excluded),
        more=max(0, len(able) - MOST_TOLD) + max(0, len(others) - MOST_TOLD),
    )
