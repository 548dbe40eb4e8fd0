"""Opening hours against dateutil, which knows recurrence and zones by itself: two years, every change of the clock in them."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from dateutil import rrule, tz

from routing.coverage import union
from routing.hours import Hours, Span, is_open, next_closing, next_opening, spans
from routing.hours_text import week

# Changes of an hour and of half an hour, at night and at midnight, both hemispheres, both sides of the date line; offsets of 30 and
# 45 minutes; none at all. Not Casablanca, whose winter time counts as the exception: dateutil 2.9 is an hour late there
# (test_hours.py asks the wall clock instead).
ZONES = (
    "Europe/Riga", "Europe/Lisbon", "Europe/Moscow", "America/New_York", "America/St_Johns", "America/Santiago",
    "America/Havana", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Beirut", "Australia/Adelaide", "Australia/Lord_Howe",
    "Pacific/Auckland", "Pacific/Chatham", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Tehran", "Africa/Cairo",
)  # fmt: skip
# Day, from, minutes: plain days, several a day, nights over midnight, and what begins or ends in the hours that are skipped or come
# twice: 00:30, 01:45, 02:00, 02:30, 03:00.
WEEKS = {
    "days": ["Mon-Fri 09:00-13:00 14:00-18:00", "Sat 10:00-16:00"],
    "nights": ["daily 22:30-00:30", "Sat,Sun 02:30-03:00", "Mon-Fri 01:45-02:00"],
    "early": ["daily 00:00-01:45 02:00-02:30 02:45-06:15"],
}
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
MINUTE, HALF_A_DAY = timedelta(minutes=1), timedelta(hours=12)
NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def independent(zone: str, lines: list[str]) -> list[Span]:
    """The same hours, told by recurrence rules and dateutil's zones."""
    there = tz.gettz(zone)
    assert there is not None
    return union(
        Span(opens, closes)
        for line in lines
        for rule, minutes in rules(line)
        for begin in rule
        if (opens := instant(begin, there, fold=0)) < (closes := instant(begin + minutes * MINUTE, there, fold=1))
    )


def rules(line: str) -> list[tuple[rrule.rrule, int]]:
    head, *parts = line.lower().split()
    first, _, last = head.partition("-")
    if head == "daily":
        numbers = list(range(7))
    elif last:
        numbers = list(range(NAMES.index(first), NAMES.index(last) + 1))
    else:
        numbers = [NAMES.index(name) for name in head.split(",")]
    found = []
    for part in parts:
        (from_h, from_m), (to_h, to_m) = (map(int, clock.split(":")) for clock in part.split("-"))
        begin = datetime(2025, 12, 28, from_h, from_m)  # noqa: DTZ001  # the wall clock's
        rule = rrule.rrule(rrule.WEEKLY, byweekday=numbers, dtstart=begin, until=begin + timedelta(days=740))
        found.append((rule, (to_h * 60 + to_m - from_h * 60 - from_m) % 1440))
    return found


def instant(local: datetime, there: tz.tzfile, *, fold: int) -> datetime:
    while not tz.datetime_exists(local, there):
        local += MINUTE
    return tz.enfold(local, fold=fold).replace(tzinfo=there).astimezone(UTC)


def cut(found: list[Span]) -> list[Span]:
    return [Span(max(s.opens, START), min(s.closes, END)) for s in found if s.closes > START and s.opens < END]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", WEEKS)
def test_two_years_agree_to_the_instant(zone: str, name: str) -> None:
    hours = Hours(zone=zone, week=week(WEEKS[name]))
    told, reckoned = list(spans(hours, START, END)), cut(independent(zone, WEEKS[name]))
    assert told == reckoned
    for span, following in list(pairwise(reckoned))[::9]:
        for at in (span.opens, span.closes - MINUTE / 60, span.closes, following.opens - MINUTE / 60):
            inside = span.opens <= at < span.closes
            assert is_open(hours, at) is inside
            assert next_opening(hours, at) == (at if inside else following.opens)
            assert next_closing(hours, at) == (span.closes if inside else at)


def test_the_zones_are_of_every_sort() -> None:
    """Two years of these have changes of 60 and 30 minutes, both ways, in both hemispheres, and zones that have none."""
    jumps: dict[str, set[int]] = {}
    for zone in ZONES:
        there = tz.gettz(zone)
        at, found = START, set()
        while at < END:
            before, after = (t.astimezone(there).utcoffset() or timedelta() for t in (at, at + HALF_A_DAY))
            if before != after:
                found.add(int((after - before) / MINUTE))
            at += HALF_A_DAY
        jumps[zone] = found
    assert len(ZONES) >= 12 and jumps["Australia/Lord_Howe"] == {30, -30} and jumps["Europe/Riga"] == {60, -60}
    assert sum(not each for each in jumps.values()) >= 5 and sum(bool(each) for each in jumps.values()) >= 11
