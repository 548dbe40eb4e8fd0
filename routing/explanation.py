"""Why an item still waits, and what would change it; why this operator got it. Reckoned when somebody asks, never on the hot way.

Every `Would` is exact: done now, it makes the router offer this item (a test does each of them). Instants are seconds (UTC epoch).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from core.errors import NotFound
from core.model import Choice, Contender
from routing.lines import Item, Line
from routing.policy import Strategy
from routing.requirement import HIGHEST, LOWEST, And, Missing, Requirement, missing, parse, skills_of
from routing.router import PREFERRED, Router
from routing.staff import Person


class Obstacle(StrEnum):
    """What keeps an operator from an item."""

    NOT_MEMBER = "not_member"
    REQUIREMENT = "requirement"
    NOT_READY = "not_ready"
    BUSY = "busy"
    TRIED = "tried"


@dataclass(frozen=True, slots=True)
class Judged:
    """One signed-in operator and everything that stands between them and the item (nothing: they may have it now).

    `until_s`: when a `tried` ends. `ahead`: more urgent items that they would be given first.
    """

    login: str
    obstacles: tuple[Obstacle, ...]
    missing: tuple[Missing, ...] = ()
    until_s: float | None = None
    ahead: int = 0


class Act(StrEnum):
    READY = "ready"
    LEARN = "learn"
    JOIN = "join"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Would:
    """Something that would have the item offered: `ready` (this operator ends the pause), `learn` (has these skills), `join`
    (becomes a member of the queue), `wait` (until `at_s`, when the next step or a second try comes).

    Only what is certain is told: nothing where a more urgent item would, or might by then, be given out first.
    """

    act: Act
    login: str | None = None
    skills: tuple[tuple[str, int], ...] = ()
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class StepTold:
    """One relaxation step: `status` is `done`, `skipped` (nobody signed in could pass it), `active` or `to_come`."""

    requirement: str
    from_s: float
    status: str


@dataclass(frozen=True, slots=True)
class WhyWaiting:
    item_id: str
    queue: str
    waited_s: float
    score: float
    position: int
    steps: tuple[StepTold, ...]
    operators: tuple[Judged, ...]
    would: tuple[Would, ...]


@dataclass(frozen=True, slots=True)
class Ranked:
    """A free operator who fits, and the strategy's measure of them: the smallest is chosen."""

    login: str
    measure: tuple[float, ...]


def candidates(router: Router, item_id: str, now_s: float) -> tuple[Ranked, ...]:
    """Who could be given this item now, the chosen one first: asked just before an offer, it is the reason for the choice."""
    item = _item(router, item_id)
    line = router.line_of(item)
    order = router.order_of(line, now_s)
    ranked = [Ranked(person.login, order(line, person)) for person in line.everybody(router.staff, item, now_s)]
    if line.policy.strategy is Strategy.RING_ALL:
        return tuple(ranked)
    return tuple(sorted(ranked, key=lambda one: (one.measure, router.staff.people[one.login].number)))


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
        found, lacks, _ = _obstacles(line, item, person, now_s)
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


def why_waiting(router: Router, item_id: str, now_s: float) -> WhyWaiting:
    """NotFound when it waits no more (or is being offered)."""
    item = _item(router, item_id)
    if not item.waiting:
        raise NotFound(f"{item_id} is being offered to {', '.join(sorted(router.offers[item_id].waiting_for))}")
    line = router.line_of(item)
    judged = tuple(_judge(router, line, item, person, now_s) for person in router.staff.people.values())
    return WhyWaiting(
        item_id=item_id,
        queue=item.queue,
        waited_s=now_s - item.entered_s,
        score=router.score(item, now_s),
        position=1 + sum(router.urgency(other, now_s) < router.urgency(item, now_s) for other in _rivals(router, item)),
        steps=_steps(line, item),
        operators=judged,
        would=tuple(_would(router, line, item, judged, now_s)),
    )


def _item(router: Router, item_id: str) -> Item:
    item = router.items.get(item_id)
    if item is None:
        raise NotFound(f"{item_id} doesn't wait any more")
    return item


def _rivals(router: Router, item: Item) -> list[Item]:
    """What waits in the same queue."""
    return [
        other for other in router.items.values() if other.waiting and other.queue == item.queue and other is not item
    ]


def _judge(router: Router, line: Line, item: Item, person: Person, now_s: float) -> Judged:
    found, lacks, until_s = _obstacles(line, item, person, now_s)
    return Judged(person.login, found, lacks, until_s, _ahead(router, item, person, now_s))


def _obstacles(
    line: Line, item: Item, person: Person, now_s: float
) -> tuple[tuple[Obstacle, ...], tuple[Missing, ...], float | None]:
    found: list[Obstacle] = []
    lacks = missing(line.requirement, person)
    if item.queue not in person.queues:
        found.append(Obstacle.NOT_MEMBER)
    if lacks:
        found.append(Obstacle.REQUIREMENT)
    if not person.ready:
        found.append(Obstacle.NOT_READY)
    if not _has_room(person, line.policy.channel):
        found.append(Obstacle.BUSY)
    until_s = None
    if not item.may_go_to(person.login, now_s):
        found.append(Obstacle.TRIED)
        until_s = item.tried[person.login]
    return tuple(found), lacks, until_s


def _has_room(person: Person, channel: str) -> bool:
    ready, person.ready = person.ready, True
    try:
        return person.can_take(channel)
    finally:
        person.ready = ready


def _ahead(router: Router, item: Item, person: Person, now_s: float) -> int:
    """More urgent items that this person, being as they are, would be given first."""
    mine = router.urgency(item, now_s)
    return sum(
        other.waiting
        and other is not item
        and other.may_go_to(person.login, now_s)
        and router.urgency(other, now_s) < mine
        and _serves(router.line_of(other), person)
        for other in router.items.values()
    )


def _serves(line: Line, person: Person) -> bool:
    """Whether the line would be theirs too, being as they are here: a step skipped for want of anybody would count again."""
    if line.policy.name not in person.queues or not _has_room(person, line.policy.channel):
        return False
    last = line.effective if line.mask else len(line.steps) - 1
    return any(requirement.passes(person) for requirement in line.steps[line.step : last + 1])


def _steps(line: Line, item: Item) -> tuple[StepTold, ...]:
    policy = line.policy
    times = [step.after_s for step in policy.steps]
    if item.step == PREFERRED:
        times = [0.0, *[max(policy.preferred_s, at_s) for at_s in times]]
    told = []
    for number, requirement in enumerate(line.steps):
        if number < line.step:
            status = "done"
        elif number < line.effective:
            status = "skipped"
        else:
            status = "active" if number == line.effective else "to_come"
        told.append(StepTold(str(requirement), times[number], status))
    return tuple(told)


def _would(router: Router, line: Line, item: Item, judged: tuple[Judged, ...], now_s: float) -> list[Would]:
    found = []
    for one in judged:
        person = router.staff.people[one.login]
        match one.obstacles:
            case (Obstacle.NOT_READY,) if one.ahead == 0:
                found.append(Would(Act.READY, one.login))
            case (Obstacle.REQUIREMENT,):
                skills = _learnt(line.requirement, person)
                if skills is not None and _ahead(router, item, replace(person, skills=skills), now_s) == 0:
                    found.append(Would(Act.LEARN, one.login, tuple(sorted(skills.items()))))
            case (Obstacle.NOT_MEMBER,):
                if _ahead(router, item, replace(person, queues=person.queues | {item.queue}), now_s) == 0:
                    found.append(Would(Act.JOIN, one.login))
            case (Obstacle.TRIED,) if one.until_s is not None:
                if _certain_at(router, item, person, one.until_s):
                    found.append(Would(Act.WAIT, one.login, at_s=one.until_s))
            case _:
                pass
    relaxed = _relaxed(router, line, item, now_s)
    return found if relaxed is None else [*found, relaxed]


def _learnt(requirement: Requirement, person: Person) -> dict[str, int] | None:
    """The fewest changes of skills with which they pass; None where skills won't do (another site, another person)."""
    skills = dict(person.skills)
    for test in missing(requirement, person):
        wanted = parse(test.asked)
        names = skills_of(wanted)
        for name in names:
            others = {skill: level for skill, level in skills.items() if skill != name}
            levels = [others, *({**others, name: level} for level in range(LOWEST, HIGHEST + 1))]
            skills = next((each for each in levels if wanted.passes(replace(person, skills=each))), skills)
    return skills if requirement.passes(replace(person, skills=skills)) else None


def _relaxed(router: Router, line: Line, item: Item, now_s: float) -> Would | None:
    """The next step, if somebody who is free now passes it and nothing else can come between."""
    policy = line.policy
    if item.step == PREFERRED:
        at_s = item.entered_s + policy.preferred_s
    elif item.step + 1 < len(policy.steps):
        at_s = item.entered_s + policy.steps[item.step + 1].after_s
    else:
        return None
    if at_s <= now_s:
        return None
    free = (person for person in router.staff.people.values() if person.can_take(policy.channel))
    if any(_certain_at(router, item, person, at_s) for person in free):
        return Would(Act.WAIT, at_s=at_s)
    return None


def _certain_at(router: Router, item: Item, person: Person, at_s: float) -> bool:
    """Whether this person, free now, would be offered the item at `at_s`, if nothing else happened until then."""
    if not item.may_go_to(person.login, at_s) or not _passes_at(router, item, person, at_s):
        return False
    mine = router.urgency(item, at_s)
    # Another item that something happens to by then might be faster: who can say.
    return not any(
        router.urgency(other, at_s) < mine and other.queue in person.queues
        for other in router.due_until(at_s)
        if other is not item
    )


def _passes_at(router: Router, item: Item, person: Person, at_s: float) -> bool:
    """By the step that counts then, with those who are signed in now."""
    policy = router.policies[item.queue]
    step = policy.step_at(item.entered_s, at_s)
    if item.queue not in person.queues:
        return False
    members = [each for each in router.staff.people.values() if item.queue in each.queues]
    for each in policy.steps[step:]:
        asked = each.requirement if item.extra is None else And((each.requirement, item.extra))
        if asked.passes(person):
            return True
        if any(asked.passes(member) for member in members):
            return False
    return False
