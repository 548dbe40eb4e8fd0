"""Why an item still waits, and what would change it. Reckoned when somebody asks, never on the hot way.

Every `Would` is exact: done now, it makes the router offer this item (a test does each of them). Instants are seconds (UTC epoch).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from core.errors import NotFound
from routing.lines import Item, Line
from routing.obstacles import Obstacle, obstacles
from routing.requirement import HIGHEST, LOWEST, And, Missing, Requirement, missing, parse, skills_of
from routing.router import PREFERRED, Router
from routing.staff import Person


@dataclass(frozen=True, slots=True)
class Judged:
    """One signed-in operator and everything that stands between them and the item (nothing: they may have it now).

    `until_s`: when a `tried` ends. `ahead`: more urgent items that they would be given first, were they free.
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


def why_waiting(router: Router, item_id: str, now_s: float) -> WhyWaiting:
    """NotFound when it waits no more (or is being offered)."""
    item = router.item(item_id)
    if not item.waiting:
        raise NotFound(f"{item_id} is being offered to {', '.join(sorted(router.offers[item_id].waiting_for))}")
    line = router.line_of(item)
    rivals = Rivals(router, item, now_s)
    judged = tuple(_judge(rivals, line, item, person, now_s) for person in router.staff.people.values())
    return WhyWaiting(
        item_id=item_id,
        queue=item.queue,
        waited_s=now_s - item.entered_s,
        score=router.score(item, now_s),
        position=1 + rivals.in_queue,
        steps=_steps(line, item),
        operators=judged,
        would=tuple(_would(router, item, judged, rivals, now_s)),
    )


class Rivals:
    """The items that are more urgent than one, by their lines: who counts them for a thousand operators needn't look at each."""

    def __init__(self, router: Router, item: Item, at_s: float) -> None:
        mine = router.urgency(item, at_s)
        self.in_queue = 0
        self._at_s = at_s
        self._lines: dict[int, tuple[Line, list[Item]]] = {}
        for other in router.items.values():
            if other.waiting and other is not item and router.urgency(other, at_s) < mine:
                self.in_queue += other.queue == item.queue
                line = router.line_of(other)
                self._lines.setdefault(line.number, (line, []))[1].append(other)
        self._tried = {n: [i for i in items if i.tried] for n, (_, items) in self._lines.items()}

    def ahead(self, person: Person) -> int:
        """How many of them this person, being as they are but free, would be given first."""
        count = 0
        for number, (line, items) in self._lines.items():
            if _serves(line, person):
                refused = sum(not each.may_go_to(person.login, self._at_s) for each in self._tried[number])
                count += len(items) - refused
        return count


def _judge(rivals: Rivals, line: Line, item: Item, person: Person, now_s: float) -> Judged:
    found, lacks, until_s = obstacles(line, item, person, now_s)
    return Judged(person.login, found, lacks, until_s, rivals.ahead(person))


def _serves(line: Line, person: Person) -> bool:
    """Whether the line would be theirs too, being as they are here: a step skipped for want of anybody would count again."""
    if line.policy.name not in person.queues or not person.capacity.get(line.policy.channel):
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


def _would(router: Router, item: Item, judged: tuple[Judged, ...], rivals: Rivals, now_s: float) -> list[Would]:
    found, line = [], router.line_of(item)
    for one in judged:
        person = router.staff.people[one.login]
        match one.obstacles:
            case (Obstacle.NOT_READY,) if one.ahead == 0:
                found.append(Would(Act.READY, one.login))
            case (Obstacle.REQUIREMENT,):
                skills = _learnt(line.requirement, person)
                if skills is not None and rivals.ahead(replace(person, skills=skills)) == 0:
                    found.append(Would(Act.LEARN, one.login, tuple(sorted(skills.items()))))
            case (Obstacle.NOT_MEMBER,):
                if rivals.ahead(replace(person, queues=person.queues | {item.queue})) == 0:
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
    if at_s >= router.stands_until_s:
        return False  # a centre opens or closes before
    if not item.may_go_to(person.login, at_s) or not _passes_at(router, item, person, at_s):
        return False
    # Another item that something happens to before then might take them, however urgent it is: who can say.
    return not any(other.queue in person.queues for other in router.due_until(at_s) if other is not item)


def offered_at(router: Router, item_id: str, login: str, at_s: float) -> bool:
    """Whether this operator, becoming free at `at_s`, would be offered the item then, if nothing else happened until then."""
    item, person = router.item(item_id), router.staff.people[login]
    return _certain_at(router, item, person, at_s) and Rivals(router, item, at_s).ahead(person) == 0


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
