"""Why somebody still waits, as supervisors read it: operators with names, what they are doing, and what would change it. Pure.

explanation.py knows the router alone; here its answers are put together with what operators do, their shift, their page and their
phone. Whatever `would` says is exact, as it is there: done now, it has the item offered.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from core.errors import Conflict, NotFound
from core.model import AgentState
from routing import explanation
from routing.board import Board
from routing.explanation import Judged, StepTold, WhyWaiting
from routing.lines import Item
from routing.obstacles import Obstacle
from routing.on_duty import Operator

AWAY = "away"
_UNFREE = frozenset({Obstacle.NOT_READY, Obstacle.BUSY})


class Act(StrEnum):
    """`ready`: the operator ends the pause (or comes back from not responding); `finish`: finishes the wrap-up; `open_page`: opens
    the page of the desk, and is ready; `shift`: the plan has them on shift now; `learn`, `join`: has these skills, belongs to the
    queue; `free`: their conversation and its wrap-up are over; `wait` until `at`."""

    READY = "ready"
    FINISH = "finish"
    OPEN_PAGE = "open_page"
    SHIFT = "shift"
    LEARN = "learn"
    JOIN = "join"
    FREE = "free"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingLine:
    """What is asked, and what they have (null: nothing of it)."""

    asked: str
    has: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorLine:
    """`obstacles`: `not_member`, `requirement` (see `missing`), `paused`, `wrap_up`, `busy`, `not_responding`, `off_shift`,
    `no_browser`, `phone_fault`, `tried` (declined it or let it ring a moment ago). `since`: when their state began, `reason` its
    pause; `until`: when the obstacle ends by itself, where that is known. `ahead`: more urgent items that would be theirs first.
    """

    login: str
    name: str
    agent: str
    state: AgentState
    since: datetime
    reason: str | None
    obstacles: list[str]
    missing: list[MissingLine]
    until: datetime | None
    ahead: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Would:
    """Something that would have the item offered now (`wait`: at `at`, if nothing else happens until then). `skills`: those that
    change, with the level that would do; null: without it."""

    act: Act
    login: str | None = None
    skills: dict[str, int | None] = field(default_factory=dict)
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """What the score is made of: score = queue + own + raised + late + aging x minutes waited (DEFINITIONS 14)."""

    queue: float
    own: float
    raised: float
    late: float
    aging: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """`position` in its queue. `first_with`: the points to give it for being the first of its queue; null: it is."""

    item_id: str
    queue: str
    waited_s: float
    score: float
    points: Points
    position: int
    first_with: float | None
    steps: list[StepTold]
    operators: list[OperatorLine]
    would: list[Would]
    names: dict[str, str]


def why(board: Board, item_id: str, at: datetime) -> Why:
    """NotFound: it doesn't wait (any more). Conflict: it is being offered, or nobody chooses for it."""
    dispatcher, line = board.dispatcher, board.line(item_id, at)
    if line is None:
        raise NotFound("This doesn't wait any more.")
    if line.state == "offered" or line.score is None:
        raise Conflict(_told_instead(board, line.offered_to), code="not_choosing")
    item, router = dispatcher.router.item(item_id), dispatcher.router
    told = explanation.why_waiting(router, item_id, at.timestamp())
    operators = [_operator(board, judged, at) for judged in told.operators]
    raised, policy = dispatcher.raised.get(item_id, 0.0), router.policies[item.queue]
    return Why(
        item_id=item_id,
        queue=item.queue,
        waited_s=told.waited_s,
        score=told.score,
        points=Points(
            queue=policy.offset,
            own=item.offset - raised,
            raised=raised,
            late=policy.late_at(item.entered_s, at.timestamp()),
            aging=policy.aging,
        ),
        position=told.position,
        first_with=_first_with(board, item, raised, at),
        steps=list(told.steps),
        operators=operators,
        would=_would(board, told, operators, at),
        names={one.login: one.name for one in operators}
        | ({item.preferred: board.name(item.preferred)} if item.preferred else {}),
    )


def _told_instead(board: Board, offered_to: list[str]) -> str:
    if offered_to:
        return f"This is being offered to {', '.join(map(board.name, offered_to))} at this moment."
    return "Meridian chooses nobody for this at the moment: the list says why."


def _first_with(board: Board, item: Item, raised: float, at: datetime) -> float | None:
    router, now_s = board.dispatcher.router, at.timestamp()
    rivals = [each for each in router.items.values() if each.waiting and each.queue == item.queue and each is not item]
    mine = router.urgency(item, now_s)
    if all(mine < router.urgency(each, now_s) for each in rivals):
        return None
    return raised + max(router.score(each, now_s) for each in rivals) - router.score(item, now_s) + 1


# --- operators ----------------------------------------------------------------------------------------------------


def _operator(board: Board, judged: Judged, at: datetime) -> OperatorLine:
    operator = _on_duty(board, judged.login)
    status = operator.status
    words = list(_words(operator, judged))
    return OperatorLine(
        login=judged.login,
        name=status.name or judged.login,
        agent=status.agent,
        state=status.state,
        since=status.since,
        reason=status.reason,
        obstacles=words,
        missing=[MissingLine(asked=test.asked, has=test.has) for test in judged.missing],
        until=_until(board, operator, judged, words, at),
        ahead=judged.ahead,
    )


def _on_duty(board: Board, login: str) -> Operator:
    operator = board.dispatcher.duty.of(login)
    assert operator is not None, "whom the router knows is on duty"
    return operator


def _words(operator: Operator, judged: Judged) -> Iterator[str]:
    """What the router calls not ready or busy, said by what the operator is doing."""
    yield from (str(each) for each in judged.obstacles if each not in _UNFREE)
    if not _UNFREE & set(judged.obstacles):
        return
    told = [_BUSY.get(word, word) for word in operator.obstacles]
    if AgentState.PAUSED in told and not operator.here and operator.status.reason == AWAY:
        told.remove(AgentState.PAUSED)  # only because nobody is there: back with the page
    if Obstacle.BUSY in judged.obstacles and not {"busy", "wrap_up"} & set(told):
        told.append("busy")  # a phone that is about to ring, and its operator isn't ready for more
    yield from told


_BUSY = {AgentState.BUSY.value: "busy", AgentState.OFFERED.value: "busy"}


def _until(board: Board, operator: Operator, judged: Judged, words: list[str], at: datetime) -> datetime | None:
    """Of one obstacle alone: several end when the last does, and who knows."""
    match words:
        case ["tried"] if judged.until_s is not None:
            return datetime.fromtimestamp(judged.until_s, UTC)
        case ["phone_fault"]:
            return operator.rest_until
        case ["wrap_up"] | ["paused"]:
            return operator.status.until
        case ["off_shift"]:
            return board.dispatcher.plan.shift(operator.login, at).changes_at
        case _:
            return None


# --- what would change it -----------------------------------------------------------------------------------------

_AT_ONCE = {
    "paused": Act.READY,
    "not_responding": Act.READY,
    "no_browser": Act.OPEN_PAGE,
    "off_shift": Act.SHIFT,
    "wrap_up": Act.FINISH,
}


def _would(board: Board, told: WhyWaiting, operators: list[OperatorLine], at: datetime) -> list[Would]:
    found = [would for one in operators for would in _freed(board, told.item_id, one)]
    for would in told.would:
        match would.act:
            case explanation.Act.READY:
                pass  # said more exactly above
            case explanation.Act.LEARN:
                assert would.login is not None
                has, needs = board.dispatcher.router.staff.people[would.login].skills, dict(would.skills)
                changed = {s: needs.get(s) for s in sorted({*has, *needs}) if has.get(s) != needs.get(s)}
                found.append(Would(act=Act.LEARN, login=would.login, skills=changed))
            case explanation.Act.JOIN:
                found.append(Would(act=Act.JOIN, login=would.login))
            case explanation.Act.WAIT:
                assert would.at_s is not None
                found.append(Would(act=Act.WAIT, login=would.login, at=_instant(would.at_s)))
    order = list(Act)
    return sorted(found, key=lambda would: (order.index(would.act), would.at or at, would.login or ""))


def _freed(board: Board, item_id: str, one: OperatorLine) -> Iterator[Would]:
    """What would free an operator who fits and whom one thing alone keeps."""
    if len(one.obstacles) != 1 or (one.state is AgentState.WRAP_UP and one.reason is not None):
        return  # after that wrap-up they pause
    (obstacle,) = one.obstacles
    talks = one.state is AgentState.BUSY and one.reason is None
    act = Act.FREE if talks else _AT_ONCE.get(obstacle)
    if act is not None and one.ahead == 0:
        yield Would(act=act, login=one.login)
    until = one.until if obstacle in ("phone_fault", "wrap_up") else None  # these end by themselves
    if until is not None and explanation.offered_at(board.dispatcher.router, item_id, one.login, until.timestamp()):
        yield Would(act=Act.WAIT, login=one.login, at=until)


def _instant(at_s: float) -> datetime:
    """A microsecond later than the float says, as the dispatcher's timer: then its time has come."""
    return datetime.fromtimestamp(at_s, UTC) + timedelta(microseconds=1)
