"""Why? is right: what is said to change the choice does change it, in a thousand situations."""

import copy
import random

import pytest

from core.errors import NotFound
from routing.choices import candidates
from routing.explanation import Act, Would, why_waiting
from routing.lines import Item
from routing.obstacles import Obstacle
from routing.policy import QueuePolicy, Step, Strategy
from routing.requirement import parse
from routing.router import Router
from tests.unit.routing.test_router import Judge, item, person, router, steps


def done(would: Would, item_id: str, one: Router, now: float) -> list[str]:
    """Do what it says; the items that are offered because of it."""
    match would.act:
        case Act.READY:
            assert would.login is not None
            made = one.set_ready(would.login, True, now)
        case Act.JOIN:
            assert would.login is not None
            queues = one.staff.people[would.login].queues | {one.items[item_id].queue}
            made = one.relearn(would.login, now, queues=queues)
        case Act.LEARN:
            assert would.login is not None
            made = one.relearn(would.login, now, skills=dict(would.skills))
        case Act.WAIT:
            assert would.at_s is not None
            made = one.wake(would.at_s)
    return [offer.item_id for offer in made]


@pytest.mark.parametrize("block", range(20))
def test_what_it_says_would_change_the_choice_does(block: int) -> None:
    told = 0
    for seed in range(block * 50, block * 50 + 50):
        judge = Judge(10_000 + seed)
        judge.play(60 + seed % 90)
        one, now = judge.router, judge.now
        for waiting in [i for i in one.items.values() if i.waiting][:3]:
            why = why_waiting(one, waiting.item_id, now)
            for would in why.would:
                changed = copy.deepcopy(one)
                assert waiting.item_id in done(would, waiting.item_id, changed, now), (would, why)
                told += 1
    assert told > 10


@pytest.mark.parametrize("seed", range(40))
def test_nobody_is_said_to_be_free_while_it_waits_and_the_obstacles_are_real(seed: int) -> None:
    judge = Judge(seed)
    judge.play(150)
    for waiting in [i for i in judge.router.items.values() if i.waiting]:
        why = why_waiting(judge.router, waiting.item_id, judge.now)
        assert all(one.obstacles for one in why.operators)
        assert [step.status for step in why.steps].count("active") == 1
        for one in why.operators:
            who = judge.router.staff.people[one.login]
            assert (Obstacle.NOT_READY in one.obstacles) == (not who.ready)
            assert (Obstacle.NOT_MEMBER in one.obstacles) == (waiting.queue not in who.queues)


@pytest.mark.parametrize("strategy", [s for s in Strategy if s is not Strategy.RING_ALL])
def test_the_choice_is_the_first_of_the_candidates_and_without_them_the_second(strategy: Strategy) -> None:
    chance = random.Random(str(strategy))
    for _ in range(60):
        policy = QueuePolicy(name="support", strategy=strategy, steps=(Step(0, parse("billing")),))
        people = [person(f"p{n}", idle=chance.random() * 100, billing=chance.randint(1, 5)) for n in range(6)]
        for one in people:
            one.handled, one.last_offer = chance.randint(0, 3), chance.randint(0, 9)
        asked = router(policy, people=people)
        for one in people:
            one.ready = False
            asked.staff.changed(one)
        asked.enqueue(item("a", at=100), 100)
        for one in people:  # as if all became free in one instant
            one.ready = True
            asked.staff.changed(one)
        first, second, *_ = candidates(asked, "a", 100)
        for skip, expected in ((None, first), (first, second)):
            again = copy.deepcopy(asked)
            if skip is not None:
                again.set_ready(skip.login, False, 100)
            moved = again.items["a"]
            (offer,) = again._settle([again.line_of(moved)], 100)
            assert offer.logins == (expected.login,)


def test_it_names_each_obstacle_step_and_place() -> None:
    policy = QueuePolicy(name="support", steps=steps((0, "billing >= 3"), (60, "billing")), retry_s=100)
    one = router(policy, QueuePolicy(name="other"), people=[
        person("busy", billing=5), person("low", billing=2), person("paused", billing=4), person("outside", "other", billing=4),
    ])  # fmt: skip
    one.took("busy", "voice", 0)
    one.set_ready("paused", False, 0)
    one.enqueue(item("a", at=0), 0)
    one.enqueue(item("b", at=1), 1)
    why = why_waiting(one, "b", 31)
    assert (why.position, why.waited_s, why.score) == (2, 30, 0.5)
    assert {j.login: j.obstacles for j in why.operators} == {
        "busy": (Obstacle.BUSY,),
        "low": (Obstacle.REQUIREMENT,),
        "paused": (Obstacle.NOT_READY,),
        "outside": (Obstacle.NOT_MEMBER,),
    }
    assert [(s.requirement, s.from_s, s.status) for s in why.steps] == [
        ("billing >= 3", 0, "active"),
        ("billing", 60, "to_come"),
    ]
    (low,) = [j for j in why.operators if j.login == "low"]
    assert low.missing == (("billing >= 3", "2"),)
    assert all(w.login != "low" for w in why.would)
    assert not any(w.act is Act.READY for w in why.would), "paused would be given a first"
    one.withdraw("a", 32)
    assert why_waiting(one, "b", 32).would == (
        Would(Act.LEARN, "low", (("billing", 3),)),
        Would(Act.READY, "paused"),
        Would(Act.JOIN, "outside"),
        Would(Act.WAIT, at_s=61),
    )


def test_what_is_gone_or_offered_has_no_waiting_to_explain() -> None:
    one = router(people=[person("anna")])
    one.enqueue(item("a"), 0)
    with pytest.raises(NotFound, match="offered to anna"):
        why_waiting(one, "a", 1)
    with pytest.raises(NotFound, match="doesn't wait"):
        why_waiting(one, "b", 1)
    assert isinstance(one.items["a"], Item)
