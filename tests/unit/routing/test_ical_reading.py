"""Calendars as others write them: whole days, parts of days, what recurs, what was moved or cancelled; and what can't be meant."""

from datetime import UTC, date, datetime
from textwrap import dedent

import pytest

from core.errors import BadConfiguration
from routing.hours import Closure
from routing.ical_reading import closed_days

FIRST, LAST = date(2026, 1, 1), date(2027, 12, 31)


def calendar(*events: str) -> str:
    body = "".join(f"BEGIN:VEVENT\nUID:u{n}\n{dedent(event).strip()}\nEND:VEVENT\n" for n, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//x//y//EN\n{body}END:VCALENDAR\n".replace("\n", "\r\n")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def days(*events: str) -> dict[date, str]:
    return dict(closed_days(calendar(*events), FIRST, LAST, zone="Europe/Riga").days)


def closures(*events: str) -> list[Closure]:
    return list(closed_days(calendar(*events), FIRST, LAST, zone="Europe/Riga").closures)


def test_whole_days_one_or_several() -> None:
    found = days(
        "DTSTART;VALUE=DATE:20261224\nSUMMARY:Сочельник",
        "DTSTART;VALUE=DATE:20261230\nDTEND;VALUE=DATE:20270102\nSUMMARY:Around New Year",
        "DTSTART;VALUE=DATE:20260624\nDURATION:P2D\nSUMMARY:Midsummer",
        "DTSTART;VALUE=DATE:20251230\nDTEND;VALUE=DATE:20260102\nSUMMARY:From last year",
    )
    assert found == {
        date(2026, 1, 1): "From last year",
        date(2026, 6, 24): "Midsummer",
        date(2026, 6, 25): "Midsummer",
        date(2026, 12, 24): "Сочельник",
        date(2026, 12, 30): "Around New Year",
        date(2026, 12, 31): "Around New Year",
        date(2027, 1, 1): "Around New Year",
    }


def test_parts_of_days_in_utc_in_a_zone_and_in_none() -> None:
    assert closures(
        "DTSTART:20261123T080000Z\nDTEND:20261123T093000Z\nSUMMARY:Stand-up",
        "DTSTART;TZID=Asia/Kathmandu:20261124T100000\nDURATION:PT1H\nSUMMARY:Call",
        "DTSTART:20261125T100000\nDTEND:20261125T110000\nSUMMARY:Here",
        "DTSTART:20261126T100000Z\nSUMMARY:No length",
    ) == [
        Closure(utc("2026-11-23T08:00"), utc("2026-11-23T09:30"), "Stand-up"),
        Closure(utc("2026-11-24T04:15"), utc("2026-11-24T05:15"), "Call"),
        Closure(utc("2026-11-25T08:00"), utc("2026-11-25T09:00"), "Here"),
    ]


def test_what_recurs_keeps_its_wall_clock_through_a_change_of_the_clock() -> None:
    """Berlin ends summer time on 25 October 2026."""
    weekly = "DTSTART;TZID=Europe/Berlin:20261019T120000\nDTEND;TZID=Europe/Berlin:20261019T130000\nRRULE:FREQ=WEEKLY;COUNT=3"
    assert [each.opens for each in closures(weekly)] == [
        utc("2026-10-19T10:00"), utc("2026-10-26T11:00"), utc("2026-11-02T11:00"),
    ]  # fmt: skip
    until = "DTSTART;TZID=Europe/Berlin:20261019T120000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY;UNTIL=20261026T110000Z"
    assert len(closures(until)) == 2


def test_yearly_holidays_without_the_ones_left_out_and_with_more() -> None:
    yearly = """
        DTSTART;VALUE=DATE:20190501
        RRULE:FREQ=YEARLY
        EXDATE;VALUE=DATE:20260501
        RDATE;VALUE=DATE:20260504
        SUMMARY:Labour Day
    """
    assert list(days(yearly)) == [date(2026, 5, 4), date(2027, 5, 1)]
    last_monday = "DTSTART;VALUE=DATE:20200831\nRRULE:FREQ=YEARLY;BYMONTH=8;BYDAY=-1MO\nSUMMARY:Bank holiday"
    assert list(days(last_monday)) == [date(2026, 8, 31), date(2027, 8, 30)]


def test_what_was_moved_or_cancelled() -> None:
    series = "DTSTART;VALUE=DATE:20260601\nRRULE:FREQ=MONTHLY;COUNT=3\nSUMMARY:Inventory"
    moved = "DTSTART;VALUE=DATE:20260702\nRECURRENCE-ID;VALUE=DATE:20260701\nSUMMARY:Inventory, later"
    text = calendar(series, moved).replace("UID:u1", "UID:u0")
    found = closed_days(text, FIRST, LAST, zone="UTC").days
    assert list(found.items()) == [
        (date(2026, 6, 1), "Inventory"), (date(2026, 8, 1), "Inventory"), (date(2026, 7, 2), "Inventory, later"),
    ]  # fmt: skip
    assert days("DTSTART;VALUE=DATE:20260601\nSTATUS:CANCELLED\nSUMMARY:Not at all") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html>404</html>", "no iCalendar that can be read"),
        ("", "no iCalendar that can be read"),
        (calendar("SUMMARY:No beginning"), "no iCalendar that can be read"),
        (calendar("DTSTART:20260101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY"), "can't be a closed day"),
        (calendar(*["DTSTART;VALUE=DATE:00010101\nRRULE:FREQ=DAILY"] * 2), "recur too often"),
        (calendar(*["DTSTART;VALUE=DATE:20260101"] * 5001), "at most 5000"),
        (calendar("DTSTART;VALUE=DATE:20260101\nRRULE:FREQ=NEVER"), "no iCalendar that can be read"),
    ],
)
def test_what_cant_be_meant_is_refused_in_time(text: str, words: str) -> None:
    with pytest.raises(BadConfiguration, match=words):
        closed_days(text, FIRST, LAST, zone="UTC")
