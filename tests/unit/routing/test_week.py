"""A week of a calendar, day by day, through changes of the clock."""

from datetime import UTC, date, datetime, timedelta

from routing.hours import Closure, Forced, Hours, Reason, Span
from routing.hours_text import dated, week
from routing.week import midnights, monday_of, times, week_of


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


NIGHTS = Hours(
    zone="Europe/Berlin",
    week=week(["daily 22:00-06:00"]),
    dated=dated(["2026-10-22 closed Inventory"]),
    holidays={date(2026, 10, 21): "Feast"},
)


def test_a_week_with_the_end_of_summer_time() -> None:
    days = week_of(NIGHTS, date(2026, 10, 19))
    assert [day.day.isoformat() for day in days] == [f"2026-10-{n}" for n in range(19, 26)]
    assert [(day.ends - day.begins) / timedelta(hours=1) for day in days] == [24] * 6 + [25]
    assert days[0].begins == at("2026-10-18T22:00")
    # What the nights take of each day: the morning of the one before, and the evening of its own.
    assert days[0].spans == (
        Span(at("2026-10-18T22:00"), at("2026-10-19T04:00")),
        Span(at("2026-10-19T20:00"), at("2026-10-19T22:00")),
    )
    assert [day.reason.kind for day in days] == ["week", "week", "holiday", "dated", "week", "week", "week"]
    assert days[2].reason == Reason("holiday", "Feast") and days[3].spans == ()
    assert days[2].spans == (Span(at("2026-10-20T22:00"), at("2026-10-21T04:00")),)


def test_a_forced_state_is_the_reason_of_every_day_it_touches() -> None:
    forced = Forced(open=True, since=at("2026-10-20T12:00"), until=at("2026-10-21T12:00"), by="sofia")
    hours = Hours(zone="UTC", week=week(["Mon-Fri 09-10"]), forced=forced)
    days = week_of(hours, date(2026, 10, 19))
    assert [day.reason for day in days[:4]] == [
        Reason("week", ""), Reason("forced", "sofia"), Reason("forced", "sofia"), Reason("week", ""),
    ]  # fmt: skip
    assert days[2].spans == (Span(at("2026-10-21T00:00"), at("2026-10-21T12:00")),)


def test_closures_are_told_on_their_days() -> None:
    meeting = Closure(at("2026-10-20T09:00"), at("2026-10-20T10:00"), "Meeting")
    days = week_of(Hours(zone="UTC", week=week(["daily 08-12"]), closures=(meeting,)), date(2026, 10, 19))
    assert [len(day.closures) for day in days] == [0, 1, 0, 0, 0, 0, 0]
    assert days[1].spans == (
        Span(at("2026-10-20T08:00"), at("2026-10-20T09:00")),
        Span(at("2026-10-20T10:00"), at("2026-10-20T12:00")),
    )


def test_wall_clocks_of_both_ends() -> None:
    span = Span(at("2026-10-24T20:00"), at("2026-10-24T22:00"))
    assert times(span, ("Europe/Berlin", "Asia/Kathmandu", "UTC")) == [
        ("22:00", "24:00"), ("01:45", "03:45"), ("20:00", "22:00"),
    ]  # fmt: skip


def test_the_midnights_of_another_zone() -> None:
    found = midnights("Asia/Kathmandu", at("2026-10-18T22:00"), at("2026-10-20T22:00"))
    assert found == [at("2026-10-19T18:15"), at("2026-10-20T18:15")]
    # A day that never was has no midnight of its own.
    assert midnights("Pacific/Apia", at("2011-12-29T10:00"), at("2011-12-31T10:00")) == [
        at("2011-12-29T10:00"), at("2011-12-30T10:00"),
    ]  # fmt: skip
    assert monday_of(at("2026-10-25T23:00")) == date(2026, 10, 19)


def test_a_day_that_never_was_is_an_empty_one() -> None:
    days = week_of(Hours(zone="Pacific/Apia", week=week(["daily 00:00-24:00"])), date(2011, 12, 26))
    assert days[4].day == date(2011, 12, 30) and days[4].begins == days[4].ends and days[4].spans == ()
