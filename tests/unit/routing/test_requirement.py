"""Requirement expressions: read, judged, explained, and refused with the place of the mistake."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.requirement import (
    ANYBODY,
    And,
    AtSite,
    BadExpression,
    IsAgent,
    Not,
    Or,
    Requirement,
    Skill,
    leaves,
    missing,
    parse,
    skills_of,
)


@dataclass(frozen=True)
class Person:
    login: str = "anna"
    site: str = "riga"
    skills: Mapping[str, int] = field(default_factory=dict)


ANNA = Person(skills={"lang.ru": 3, "billing": 2})


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("", True),
        ("any", True),
        ("billing", True),
        ("vip", False),
        ("not vip", True),
        ("lang.ru >= 3", True),
        ("lang.ru > 3", False),
        ("lang.ru <= 3 and billing < 3", True),
        ("billing = 2", True),
        ("billing != 2", False),
        ("lang.ru >= 3 and (billing >= 2 or vip)", True),
        ("lang.ru >= 4 or vip", False),
        ("vip and billing or lang.ru", True),  # `and` binds first
        ("vip and (billing or lang.ru)", False),
        ("not (vip or billing >= 3)", True),
        ("not not billing", True),
        ("site == riga", True),
        ("site != riga", False),
        ("site in (omsk, riga)", True),
        ("site not in (omsk, riga)", False),
        ("agent = anna", True),
        ("agent in (boris, carmen)", False),
        ("vip < 5", False),  # who lacks a skill passes no comparison of it
        ("vip != 5", False),
    ],
)
def test_who_passes(text: str, passes: bool) -> None:
    assert parse(text).passes(ANNA) is passes
    assert (missing(parse(text), ANNA) == ()) is passes


@pytest.mark.parametrize(
    ("text", "at", "why"),
    [
        ("billing >= ", 11, "expected a level from 1 to 5 after “>=”"),
        ("billing >= 6", 11, "expected a level from 1 to 5"),
        ("billing >= 0", 11, "expected a level from 1 to 5"),
        ("billing >= 99999999999999999999999", 11, "expected a level"),
        ("(billing", 8, "expected “)”"),
        ("billing vip", 8, "expected “and”, “or” or the end"),
        ("and billing", 0, "expected a skill"),
        ("billing and", 11, "expected a skill"),
        ("billing && vip", 8, "“&” has no meaning here"),
        ("site riga", 5, "expected “==”"),
        ("site riga", 5, "“is open” or “opens within”"),
        ("site is closed", 8, "expected “open”"),
        ("site is", 7, "expected “open”"),
        ("site opens in 20 min", 11, "expected “within”"),
        ("site opens within soon", 18, "expected minutes from 1 to 1440"),
        ("site opens within 0 min", 18, "expected minutes from 1 to 1440"),
        ("site opens within 2000 min", 18, "expected minutes from 1 to 1440"),
        ("site opens within 20 h", 21, "expected “min”"),
        ("site in riga", 8, "expected “(”"),
        ("site in (riga", 13, "expected “,” or “)”"),
        ("agent == 5", 9, "expected the name of an operator"),
        ("5", 0, "expected a skill"),
        ("billing; drop table", 7, "“;” has no meaning here"),
        ("(" * 60, 40, "more than 40 brackets"),
    ],
)
def test_a_mistake_is_refused_with_its_place(text: str, at: int, why: str) -> None:
    with pytest.raises(BadExpression) as refused:
        parse(text)
    assert why in str(refused.value)
    assert refused.value.at == at
    assert str(refused.value).splitlines()[-1].index("^") == at + 2


def test_an_endless_expression_is_refused() -> None:
    with pytest.raises(BadExpression, match="2000 characters"):
        parse("a or " * 1000 + "a")


def test_why_not_names_the_test_and_what_the_person_has() -> None:
    assert missing(parse("lang.ru >= 4 and vip and site == omsk"), ANNA) == (
        ("lang.ru >= 4", "3"),
        ("vip", None),
        ("site == omsk", "riga"),
    )
    assert missing(parse("(vip and lang.ru >= 5) or billing >= 3"), ANNA) == (("billing >= 3", "2"),)
    assert missing(parse("not billing"), ANNA) == (("not billing", "2"),)


def test_the_skills_it_names() -> None:
    assert skills_of(parse("a >= 2 and not (b or c.d) and site == x and agent == y")) == {"a", "b", "c.d"}


NAMES = st.sampled_from(["a", "b", "lang.ru", "язык-1", "vip_x"])
TESTS = st.one_of(
    st.builds(Skill, NAMES),
    st.builds(Skill, NAMES, st.sampled_from([">=", ">", "<=", "<", "==", "!="]), st.integers(1, 5)),
    st.builds(AtSite, st.lists(NAMES, min_size=1, unique=True).map(tuple), st.booleans()),
    st.builds(IsAgent, st.lists(NAMES, min_size=1, unique=True).map(tuple), st.booleans()),
    st.just(ANYBODY),
)
REQUIREMENTS: st.SearchStrategy[Requirement] = st.recursive(
    TESTS,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
PEOPLE = st.builds(Person, NAMES, NAMES, st.dictionaries(NAMES, st.integers(1, 5)))


@given(REQUIREMENTS, PEOPLE)
def test_written_down_and_read_again_it_means_the_same(requirement: Requirement, who: Person) -> None:
    again = parse(str(requirement))
    assert again.passes(who) is requirement.passes(who)
    assert str(again) == str(requirement)


@given(REQUIREMENTS, PEOPLE)
def test_what_is_told_to_be_missing_is_the_reason(requirement: Requirement, who: Person) -> None:
    """Granting exactly what is said to be missing lets the person pass, where it can be granted at all."""
    told = missing(requirement, who)
    assert (told == ()) is requirement.passes(who)
    single = [leaf for leaf in leaves(requirement) if isinstance(leaf, Skill)]
    if len(told) == 1 and len(list(leaves(requirement))) == len(single) == len({s.name for s in single}):
        wanted = parse(told[0].asked)
        (leaf,) = leaves(wanted)
        assert isinstance(leaf, Skill)
        levels = [{**who.skills, leaf.name: n} for n in range(1, 6)]
        levels.append({name: level for name, level in who.skills.items() if name != leaf.name})
        able = [replace(who, skills=skills) for skills in levels if wanted.passes(replace(who, skills=skills))]
        assert all(requirement.passes(one) for one in able)


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    try:
        parse(text)
    except BadExpression as refused:
        assert 0 <= refused.at <= len(text)
