"""What keeps an operator from an item, looked at one by one. Pure; instants are seconds (UTC epoch)."""

from enum import StrEnum
from typing import NamedTuple

from routing.lines import Item, Line
from routing.requirement import Missing, missing
from routing.staff import Person


class Obstacle(StrEnum):
    """What keeps an operator from an item."""

    NOT_MEMBER = "not_member"
    REQUIREMENT = "requirement"
    NOT_READY = "not_ready"
    BUSY = "busy"
    TRIED = "tried"


class Found(NamedTuple):
    """`until_s`: when a `tried` ends."""

    obstacles: tuple[Obstacle, ...]
    missing: tuple[Missing, ...]
    until_s: float | None


def obstacles(line: Line, item: Item, person: Person, now_s: float) -> Found:
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
    return Found(tuple(found), lacks, until_s)


def _has_room(person: Person, channel: str) -> bool:
    ready, person.ready = person.ready, True
    try:
        return person.can_take(channel)
    finally:
        person.ready = ready
