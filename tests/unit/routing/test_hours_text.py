"""Opening hours as they are written."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.errors import BadConfiguration
from routing.hours import DatedException, Forced, Interval, MonthlyException, YearlyException
from routing.hours_text import NamedDay, dated, forced, named_days, week, yearly

DAY = Interval(540, 1080)


def _forced(lines: list[str]) -> object:
    return forced(lines[0])


def test_a_week() -> None:
    found = week(["Mon-Fri 09:00-18:00", "sat,Sunday 10-14 15:30-17", "Fri 22:00-06:00"])
    weekend = (Interval(600, 840), Interval(930, 1020))
    assert found == (
        (DAY,),
        (DAY,),
        (DAY,),
        (DAY,),
        (DAY, Interval(1320, 1800)),
        weekend,
        weekend,
    )
    assert week(["daily 00:00-24:00"]) == ((Interval(0, 1440),),) * 7
    assert week(["Sat-Mon 9-10"]) == (
        (Interval(540, 600),),
        (),
        (),
        (),
        (),
        (Interval(540, 600),),
        (Interval(540, 600),),
    )
    assert week([]) == ((),) * 7


def test_exceptions_and_holidays() -> None:
    assert dated(["2026-12-24 10:00-12:00 Christmas Eve", "2026-12-27..2026-12-30 closed Inventory"]) == (
        DatedException(
            first=date(2026, 12, 24), last=date(2026, 12, 24), intervals=(Interval(600, 720),), name="Christmas Eve"
        ),
        DatedException(first=date(2026, 12, 27), last=date(2026, 12, 30), name="Inventory"),
    )
    assert yearly(["12-31 closed Сильвестр", "05-09 10:00-14:00"]) == (
        YearlyException(month=12, day=31, name="Сильвестр"),
        YearlyException(month=5, day=9, intervals=(Interval(600, 840),)),
    )
    assert named_days(["2026-06-24 Midsummer", "2026-06-25"]) == (
        NamedDay(date(2026, 6, 24), "Midsummer"),
        NamedDay(date(2026, 6, 25), ""),
    )


def test_what_comes_again_by_weekday() -> None:
    assert yearly(["last Mon of 08 closed Bank holiday", "First friday 12:00-18:00"]) == (
        MonthlyException(nth=-1, weekday=0, month=8, name="Bank holiday"),
        MonthlyException(nth=1, weekday=4, intervals=(Interval(720, 1080),)),
    )


def test_the_forced_state() -> None:
    noon = datetime(2026, 12, 24, 12, tzinfo=UTC)
    assert forced("closed", since=noon, by="sofia") == Forced(open=False, since=noon, by="sofia")
    assert forced("open until 2026-12-24T20:00:00+02:00", since=noon).until == noon + timedelta(hours=6)
    assert forced("closed").rules(noon)


@pytest.mark.parametrize(
    ("read", "line", "why"),
    [
        (week, "Mon", "a day and its hours"),
        (week, "Foo 9-10", "days such as Mon"),
        (week, "Mon 9-10 lunch", "hours such as 09:00-18:00"),
        (week, "Mon 25:00-26:00", "times from 00:00 to 24:00, not 25:00"),
        (week, "Mon 09:60-10:00", "times from 00:00 to 24:00"),
        (week, "Mon 09:00-09:00", "an end that isn't the beginning"),
        (week, "Mon 24:00-06:00", "a beginning before 24:00"),
        (dated, "2026-02-30 closed", "a day that exists"),
        (dated, "Christmas closed", "a day (or first..last)"),
        (dated, "2026-12-24", "'closed' or hours"),
        (dated, "2026-12-24..2026-12-20 closed", "before it begins"),
        (yearly, "2026-12-24 closed", "month-day and hours"),
        (yearly, "02-30 closed", "no day 30 in month 2"),
        (yearly, "sixth Mon closed", "or a weekday such as"),
        (yearly, "last Mon of 13 closed", "or a weekday such as"),
        (yearly, "last Foo closed", "or a weekday such as"),
        (_forced, "shut", "'open' or 'closed'"),
        (_forced, "open until tomorrow", "an instant such as"),
        (_forced, "open until 2026-12-24T20:00:00", "an instant with its zone"),
        (named_days, "Midsummer", "a day and its name"),
    ],
)
def test_what_isnt_meant_is_refused_with_how_it_is_written(read: object, line: str, why: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        read([line])  # type: ignore[operator]
    assert why in str(refused.value)


@pytest.mark.parametrize("lines", [["Mon 9-12", "Mon 11-13"], ["Mon 22-06", "Tue 05-08"], ["Sun 22-06", "Mon 5-8"]])
def test_overlaps_are_refused_over_midnight_and_the_week_too(lines: list[str]) -> None:
    with pytest.raises(BadConfiguration, match="overlap"):
        week(lines)
    assert week(["Mon 9-12", "Mon 12-13"])[0] == (Interval(540, 720), Interval(720, 780))
