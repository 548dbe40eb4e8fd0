"""Callers from a table: what each column means, and every bad row told by its line."""

from datetime import UTC, datetime
from math import inf

import pytest

from core.errors import BadConfiguration, Rejected
from routing.recorded import arrivals
from routing.requirement import Requirement, skills_of
from routing.simulation import Arrival

HEAD = "at,queue,handle_s,patience_s,vip,requirement,preferred\n"


def known(requirement: Requirement) -> None:
    if unknown := skills_of(requirement) - {"billing"}:
        raise BadConfiguration(f"skill {unknown} is not declared")


def read(text: str) -> list[Arrival]:
    return arrivals(text.splitlines(keepends=True), {"support": 10.0}, known)


def test_each_column() -> None:
    (one, two) = read(
        "\ufeff" + HEAD + "2026-03-02T09:00:00+02:00,support,240.5,90,yes,billing >= 2,anna\n"
        "2026-03-02T06:00:00Z,support,10,,no,,\n"
    )
    assert (one.at_s, two.at_s) == tuple(datetime(2026, 3, 2, hour, tzinfo=UTC).timestamp() for hour in (6, 7)), (
        "sorted"
    )
    assert (two.handle_s, two.patience_s, two.offset, str(two.extra), two.preferred) == (
        240.5, 90, 10.0, "billing >= 2", "anna",
    )  # fmt: skip
    assert (one.handle_s, one.patience_s, one.offset, one.extra, one.preferred) == (10, inf, 0.0, None, None)


def test_three_columns_are_enough_in_any_order_and_empty_lines_are_none() -> None:
    (one,) = read("queue,handle_s,at\n\nsupport,5,2026-03-02T06:00:00Z\n\n")
    assert one == Arrival(at_s=datetime(2026, 3, 2, 6, tzinfo=UTC).timestamp(), queue="support", handle_s=5)


GOOD = "2026-03-02T06:00:00Z,support,10,,,,"


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (GOOD.replace("Z,", ","), "an instant with its zone"),
        (GOOD.replace("2026-03-02", "2026-02-30"), "an instant with its zone"),
        (GOOD.replace("2026", "0001"), "an instant with its zone"),
        (GOOD.replace("support", "suport"), "queue 'suport' is not declared; there is: support"),
        (GOOD.replace(",10,", ",ten,"), "handle_s 'ten'"),
        (GOOD.replace(",10,", ",,"), "handle_s ''"),
        (GOOD.replace(",10,", ",-1,"), "handle_s '-1'"),
        (GOOD.replace(",10,", ",nan,"), "handle_s 'nan'"),
        (GOOD.replace(",10,", ",inf,"), "handle_s 'inf'"),
        (GOOD.replace(",10,,", ",10,-5,"), "patience_s '-5'"),
        (GOOD.replace(",10,,,", ",10,,maybe,"), "vip 'maybe': write yes or no"),
        (GOOD.replace(",10,,,,", ",10,,,billing >= 9,"), "expected a level from 1 to 5"),
        (GOOD.replace(",10,,,,", ",10,,,selling,"), "is not declared"),
        (GOOD + ",", "8 cells below 7 headings"),
        ("x", "1 cells below 7 headings"),
    ],
)
def test_a_bad_row_is_told_by_its_line(row: str, words: str) -> None:
    with pytest.raises(Rejected) as refused:
        read(f"{HEAD}{GOOD}\n{row}\n{GOOD}\n")
    told = str(refused.value)
    assert told.startswith("1 row can't be read, mend it:\n  line 3: ") and words in told and told.count("line ") == 1


def test_of_many_bad_rows_the_first_are_shown_and_all_are_counted() -> None:
    with pytest.raises(Rejected) as refused:
        read(HEAD + "x\n" * 1_000)
    told = str(refused.value)
    assert told.startswith("1000 rows can't be read") and told.endswith("and 980 more") and told.count("line ") == 20


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: no column at and no column queue and no column handle_s"),
        ("at,queue\n", "no column handle_s"),
        ("at,queue,handle_s,color\n", "unknown column 'color'"),
        ("at,queue,handle_s,at\n", "a column is there twice"),
        ("at,queue,handle_s\n", "nobody called"),
        ('at,queue,handle_s\n"2026\n', "line 2: unexpected end of data"),
        ("at,queue,handle_s\n" + "x" * 200_000, "field larger than field limit"),
    ],
)
def test_what_is_no_such_table_is_refused(text: str, words: str) -> None:
    with pytest.raises(Rejected) as refused:
        read(text)
    assert words in str(refused.value)
