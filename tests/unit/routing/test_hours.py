"""Opening hours: exact at any instant, through every change of the clock, against an independent reckoning."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import BadConfiguration
from routing.hours import (
    ALWAYS,
    NEVER,
    Closure,
    DatedException,
    Forced,
    Hours,
    Interval,
    MonthlyException,
    Reason,
    Span,
    YearlyException,
    instant,
    is_open,
    minus,
    next_closing,
    next_opening,
    spans,
    why,
)

# Whole, half and quarter hours, both hemispheres, both sides of the date line, no changes at all, a change of half an hour.
ZONES = (
    "UTC", "Europe/Moscow", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Santiago", "Asia/Kolkata",
    "Asia/Kathmandu", "Asia/Tehran", "Australia/Adelaide", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia",
    "Pacific/Kiritimati", "Africa/Casablanca",
)  # fmt: skip
WEEKDAYS = (*((Interval(540, 1080),) for _ in range(5)), (), ())
QUARTER = timedelta(minutes=15)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def offset(zone: str, now: datetime) -> timedelta:
    return now.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()


def changes_of(zone: str, first: int, last: int) -> list[datetime]:
    """The instants of every change of the offset, found by walking, not by the code under test."""
    found: list[datetime] = []
    now, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last, 12, 31, tzinfo=UTC)
    while now < end:
        if offset(zone, now) != offset(zone, now + QUARTER):
            found.append(now + QUARTER)
        now += QUARTER
    return found


def reckoned(hours: Hours, now: datetime) -> bool:
    """Independent: the wall clock is read and looked up. Says nothing about the second pass of an hour that comes twice."""
    local = now.astimezone(ZoneInfo(hours.zone))
    minute = local.hour * 60 + local.minute

    def plan(day: date) -> tuple[Interval, ...]:
        return hours.week[day.weekday()]

    today = any(i.opens <= minute < i.closes for i in plan(local.date()))
    yesterday = any(i.opens <= minute + 1440 < i.closes for i in plan(local.date() - timedelta(days=1)))
    return today or yesterday


@pytest.mark.parametrize("zone", ZONES)
def test_around_every_change_of_two_years_it_says_what_the_wall_clock_says(zone: str) -> None:
    night = tuple((Interval(30, 150), Interval(170, 200), Interval(1290, 1620)) for _ in range(7))
    for week in (WEEKDAYS, night):
        hours = Hours(zone=zone, week=week)
        for change in changes_of(zone, 2026, 2027):
            back = offset(zone, change) < offset(zone, change - QUARTER)
            now = change - timedelta(hours=30)
            while now < change + timedelta(hours=30):
                twice = back and abs(now - change) <= timedelta(hours=3)
                if not twice:
                    assert is_open(hours, now) == reckoned(hours, now), (zone, now)
                now += QUARTER


def test_an_interval_covers_both_passes_of_the_hour_that_comes_twice() -> None:
    """Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC."""
    hours = Hours(zone="Europe/Berlin", week=tuple((Interval(60, 150),) for _ in range(7)))
    (span,) = spans(hours, at("2026-10-24T12:00"), at("2026-10-25T12:00"))
    assert span == Span(at("2026-10-24T23:00"), at("2026-10-25T01:30"))
    second = Hours(zone="Europe/Berlin", week=tuple((Interval(150, 240),) for _ in range(7)))
    (span,) = spans(second, at("2026-10-24T12:00"), at("2026-10-25T12:00"))
    assert span == Span(at("2026-10-25T00:30"), at("2026-10-25T03:00"))


def test_what_would_begin_in_the_gap_begins_when_there_is_time_again() -> None:
    """Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC."""
    hours = Hours(zone="Europe/Berlin", week=tuple((Interval(150, 240),) for _ in range(7)))
    (span,) = spans(hours, at("2026-03-28T12:00"), at("2026-03-29T12:00"))
    assert span == Span(at("2026-03-29T01:00"), at("2026-03-29T02:00"))
    inside = Hours(zone="Europe/Berlin", week=tuple((Interval(125, 170),) for _ in range(7)))
    assert list(spans(inside, at("2026-03-28T12:00"), at("2026-03-29T12:00"))) == []
    assert instant("Europe/Berlin", date(2026, 3, 29), 150, last=False) == at("2026-03-29T01:00")
    # Half an hour only, and a day that never was.
    assert instant("Australia/Lord_Howe", date(2026, 10, 4), 135, last=False) == at("2026-10-03T15:30")
    assert instant("Pacific/Apia", date(2011, 12, 30), 600, last=False) == at("2011-12-30T10:00")


def test_forced_dated_yearly_holiday_week_in_this_order() -> None:
    hours = Hours(
        zone="Europe/Riga",
        week=WEEKDAYS,
        dated=(DatedException(first=date(2026, 12, 24), last=date(2026, 12, 24), intervals=(Interval(600, 720),), name="Eve"),),
        yearly=(YearlyException(month=12, day=24, name="Christmas Eve"), YearlyException(month=12, day=31, name="Sylvester")),
        holidays={date(2026, 12, 24): "a", date(2026, 12, 25): "Christmas", date(2026, 12, 31): "b"},
        forced=Forced(open=True, since=at("2026-12-24T12:00"), until=at("2026-12-24T13:00"), by="sofia"),
    )  # fmt: skip
    told = {
        "2026-12-23T10:00": (True, Reason("week", "")),
        "2026-12-24T09:00": (True, Reason("dated", "Eve")),
        "2026-12-24T11:00": (False, Reason("dated", "Eve")),
        "2026-12-24T12:30": (True, Reason("forced", "sofia")),
        "2026-12-24T13:00": (False, Reason("dated", "Eve")),
        "2026-12-25T10:00": (False, Reason("holiday", "Christmas")),
        "2026-12-31T10:00": (False, Reason("yearly", "Sylvester")),
        "2027-12-24T10:00": (False, Reason("yearly", "Christmas Eve")),
    }
    assert {when: (is_open(hours, at(when)), why(hours, at(when))) for when in told} == told


def test_closures_come_off_the_week_and_off_holidays_but_not_off_exceptions() -> None:
    hours = Hours(
        zone="Europe/Riga",
        week=WEEKDAYS,
        dated=(DatedException(first=date(2026, 12, 24), last=date(2026, 12, 24), intervals=(Interval(600, 720),), name="Eve"),),
        closures=(
            Closure(at("2026-12-22T10:00"), at("2026-12-22T11:00"), "Meeting"),
            Closure(at("2026-12-24T00:00"), at("2026-12-24T23:00"), "Elsewhere"),
        ),
    )  # fmt: skip
    assert list(spans(hours, at("2026-12-22T00:00"), at("2026-12-23T00:00"))) == [
        Span(at("2026-12-22T07:00"), at("2026-12-22T10:00")),
        Span(at("2026-12-22T11:00"), at("2026-12-22T16:00")),
    ]
    assert why(hours, at("2026-12-22T10:30")) == Reason("closure", "Meeting")
    assert next_opening(hours, at("2026-12-22T10:30")) == at("2026-12-22T11:00")
    assert is_open(hours, at("2026-12-24T09:00")) and why(hours, at("2026-12-24T09:00")) == Reason("dated", "Eve")


@pytest.mark.parametrize(
    ("exception", "days"),
    [
        (MonthlyException(nth=-1, weekday=0, month=8), ["2026-08-31", "2027-08-30"]),
        (MonthlyException(nth=1, weekday=4, month=1), ["2026-01-02", "2027-01-01"]),
        (MonthlyException(nth=5, weekday=3), ["2026-01-29", "2026-04-30", "2026-07-30", "2026-10-29", "2026-12-31",
                                              "2027-04-29", "2027-07-29", "2027-09-30", "2027-12-30"]),
    ],
)  # fmt: skip
def test_the_nth_weekday_of_a_month(exception: MonthlyException, days: list[str]) -> None:
    first = date(2026, 1, 1)
    found = [day.isoformat() for n in range(730) if exception.covers(day := first + timedelta(days=n))]
    assert found == days


def test_a_night_begun_before_a_holiday_is_finished_on_it() -> None:
    hours = Hours(
        zone="UTC", week=tuple((Interval(1320, 1800),) for _ in range(7)), holidays={date(2026, 12, 25): "Christmas"}
    )
    assert is_open(hours, at("2026-12-25T05:59")) and why(hours, at("2026-12-25T05:59")) == Reason("week", "")
    assert not is_open(hours, at("2026-12-25T06:00"))
    assert not is_open(hours, at("2026-12-25T23:00"))


def test_next_opening_and_closing() -> None:
    hours = Hours(zone="Asia/Kathmandu", week=WEEKDAYS)
    assert next_opening(hours, at("2026-11-20T20:00")) == at("2026-11-23T03:15")  # Friday night -> Monday 09:00 +05:45
    assert next_opening(hours, at("2026-11-23T05:00")) == at("2026-11-23T05:00")
    assert next_closing(hours, at("2026-11-23T05:00")) == at("2026-11-23T12:15")
    assert next_closing(hours, at("2026-11-22T05:00")) == at("2026-11-22T05:00")
    assert next_opening(Hours(zone="UTC", week=NEVER), at("2026-11-20T20:00")) is None
    assert next_closing(Hours(zone="Europe/Riga", week=ALWAYS), at("2026-11-20T20:00")) is None
    leap = Hours(zone="UTC", week=NEVER, yearly=(YearlyException(month=2, day=29, intervals=(Interval(0, 60),)),))
    assert next_opening(leap, at("2026-11-20T20:00")) == at("2028-02-29T00:00")


def test_a_forced_state_until_further_notice_holds() -> None:
    week = Hours(zone="UTC", week=WEEKDAYS, forced=Forced(open=False, since=at("2026-11-23T12:00")))
    assert list(spans(week, at("2026-11-23T00:00"), at("2026-11-30T00:00"))) == [
        Span(at("2026-11-23T09:00"), at("2026-11-23T12:00"))
    ]
    assert next_opening(week, at("2026-11-23T12:00")) is None
    opened = Hours(zone="UTC", week=NEVER, forced=Forced(open=True, since=at("2026-11-23T12:00")))
    assert next_closing(opened, at("2026-11-24T00:00")) is None


def test_a_shift_without_its_breaks() -> None:
    shift = [Span(at("2026-11-23T09:00"), at("2026-11-23T17:00"))]
    breaks = [Span(at(f"2026-11-23T{h}"), at(f"2026-11-23T{c}")) for h, c in (("08:00", "09:15"), ("12:00", "13:00"))]
    assert minus(shift, breaks) == [
        Span(at("2026-11-23T09:15"), at("2026-11-23T12:00")),
        Span(at("2026-11-23T13:00"), at("2026-11-23T17:00")),
    ]
    assert minus(shift, [Span(at("2026-11-23T00:00"), at("2026-11-24T00:00"))]) == []


def test_what_makes_no_sense_is_refused() -> None:
    for opens, closes in ((-1, 60), (600, 600), (600, 500), (0, 1441), (1440, 1500)):
        with pytest.raises(BadConfiguration):
            Interval(opens, closes)
    with pytest.raises(BadConfiguration, match="before it begins"):
        DatedException(first=date(2026, 2, 1), last=date(2026, 1, 1))
    for nth, weekday, month in ((0, 0, None), (6, 0, None), (1, 7, None), (1, 0, 13)):
        with pytest.raises(BadConfiguration, match="first to fifth or the last"):
            MonthlyException(nth=nth, weekday=weekday, month=month)
    with pytest.raises(BadConfiguration, match="no day 30"):
        YearlyException(month=2, day=30)


INTERVALS = st.builds(lambda o, n: Interval(o, o + n), st.integers(0, 1439), st.integers(1, 1440))
WEEKS = st.tuples(*[st.lists(INTERVALS, max_size=3).map(tuple)] * 7)
INSTANTS = st.integers(0, 700 * 86_400).map(lambda s: at("2026-01-01") + timedelta(seconds=s))
CALENDARS = st.builds(
    Hours,
    zone=st.sampled_from(ZONES),
    week=WEEKS,
    holidays=st.dictionaries(st.dates(date(2026, 1, 1), date(2027, 12, 1)), st.just("x"), max_size=3),
    yearly=st.lists(
        st.builds(
            MonthlyException,
            nth=st.sampled_from((-1, 1, 2, 3, 4, 5)),
            weekday=st.integers(0, 6),
            month=st.none() | st.integers(1, 12),
            intervals=st.lists(INTERVALS, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    closures=st.lists(
        st.builds(lambda a, n: Closure(a, a + timedelta(minutes=n), "x"), INSTANTS, st.integers(1, 20_000)), max_size=3
    ).map(tuple),
    forced=st.none() | st.builds(Forced, open=st.booleans(), since=INSTANTS, until=st.none() | INSTANTS),
)


@settings(max_examples=150, deadline=None)
@given(CALENDARS, INSTANTS)
def test_next_opening_is_open_and_nothing_before_it_is(hours: Hours, now: datetime) -> None:
    found = next_opening(hours, now)
    if found is None:
        assert not any(is_open(hours, now + timedelta(hours=h)) for h in range(0, 24 * 20, 5))
        return
    assert found >= now and is_open(hours, found)
    step = (found - now) / 40
    assert not any(is_open(hours, now + n * step) for n in range(40) if now + n * step < found)
    closing = next_closing(hours, found)
    if closing is not None:
        assert not is_open(hours, closing)
        step = (closing - found) / 40
        assert all(is_open(hours, found + n * step) for n in range(40) if found + n * step < closing)


@settings(max_examples=100, deadline=None)
@given(CALENDARS, INSTANTS)
def test_spans_say_the_same_as_asking_each_instant(hours: Hours, start: datetime) -> None:
    end = start + timedelta(days=3)
    found = list(spans(hours, start, end))
    assert all(a.closes < b.opens for a, b in pairwise(found))
    now = start
    while now < end:
        assert is_open(hours, now) == any(s.opens <= now < s.closes for s in found), now
        now += timedelta(minutes=37)
