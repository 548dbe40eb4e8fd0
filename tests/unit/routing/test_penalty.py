"""The order in Asterisk's own queue."""

import pytest

from routing.penalty import penalty_of
from routing.policy import QueuePolicy, Step
from routing.requirement import parse
from routing.staff import Person

POLICY = QueuePolicy(
    name="support",
    steps=(Step(0, parse("ru >= 3 and (billing or vip)")), Step(30, parse("ru")), Step(60, parse("site == riga"))),
)


@pytest.mark.parametrize(
    ("skills", "site", "penalty"),
    [
        ({"ru": 5, "billing": 5}, "riga", 0),
        ({"ru": 5, "billing": 2}, "riga", 3),
        ({"ru": 3, "vip": 5}, "riga", 2),
        ({"ru": 5, "billing": 4, "vip": 1}, "riga", 4),
        ({"ru": 5}, "omsk", 10),
        ({"ru": 2, "billing": 5}, "omsk", 13),
        ({}, "riga", 20),
        ({}, "omsk", None),
    ],
)
def test_better_levels_first_and_every_step_after_the_one_before(
    skills: dict[str, int], site: str, penalty: int | None
) -> None:
    assert penalty_of(POLICY, Person("anna", site, skills, frozenset())) == penalty


def test_where_no_skill_is_asked_all_are_equal() -> None:
    assert penalty_of(QueuePolicy(name="plain"), Person("anna", "riga", {"ru": 1}, frozenset())) == 0
