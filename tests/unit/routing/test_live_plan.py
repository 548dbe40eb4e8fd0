"""The plan in force answers for any instant what is open, who is on shift, and when that changes."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st

from core.errors import NotFound
from routing.hours import Closure, Reason
from routing.live_plan import LivePlan, Standing, live_plan
from routing.plan import FeedDays
from routing.settings import HoursSetting, PersonSetting, QueueSetting, SiteSetting
from routing.tables import Kind, PlanChange, Tables, overlaid

FILE = Tables(
    site="riga",
    timezone="Europe/Riga",
    sites={
        "omsk": SiteSetting(timezone="Asia/Omsk", hours="omsk"),
        "lisbon": SiteSetting(timezone="Europe/Lisbon"),
    },
    hours={
        "day": HoursSetting(zone="Europe/Riga", week=("Mon-Fri 09:00-18:00",), holidays="LV", feeds=("closed.ics",)),
        "omsk": HoursSetting(zone="Asia/Omsk", week=("daily 08:00-17:00",)),
        "lunch": HoursSetting(zone="Europe/Riga", week=("Mon-Fri 13:00-13:30",)),
        "night": HoursSetting(zone="Europe/Riga", week=("daily 18:00-02:00",)),
    },
    queues={
        "support": QueueSetting(hours="day"),
        "sales": QueueSetting(),
    },
    people={
        "anna": PersonSetting(queues=("support",), shifts=("day",), breaks=("lunch",)),
        "boris": PersonSetting(queues=("support",), shifts=("day", "night")),
        "vera": PersonSetting(site="lisbon", queues=("support",)),
    },
)
MEETING = Closure(datetime(2026, 11, 26, 8, tzinfo=UTC), datetime(2026, 11, 26, 9, tzinfo=UTC), "Meeting")
FEEDS = {"closed.ics": FeedDays(days={date(2026, 11, 25): "Moving house"}, closures=(MEETING,))}


def lists(country: str, years: Iterable[int]) -> Mapping[date, str]:
    assert country == "LV"
    return {date(year, 11, 18): "Independence Day" for year in years}


def plan(*changes: tuple[Kind, str, Any], at: str = "2026-11-23T10:00") -> LivePlan:
    made = [
        PlanChange(kind=kind, name=name, value=value, version=n, by="sofia", at=utc(at))
        for n, (kind, name, value) in enumerate(changes, 1)
    ]
    return live_plan(
        overlaid(FILE, made), made, version=len(made), years=range(2026, 2029), holiday_lists=lists, feeds=FEEDS
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_queue_opens_and_closes_by_its_calendar() -> None:
    there = plan()
    week = Reason("week", "")
    assert there.queue("support", utc("2026-11-23T07:00")) == Standing(True, utc("2026-11-23T16:00"), week)
    assert there.queue("support", utc("2026-11-23T16:00")) == Standing(False, utc("2026-11-24T07:00"), week)
    holiday = Standing(False, utc("2026-11-19T07:00"), Reason("holiday", "Independence Day"))
    assert there.queue("support", utc("2026-11-18T10:00")) == holiday
    assert there.queue("support", utc("2026-11-25T10:00")).reason == Reason("holiday", "Moving house")
    assert there.queue("support", utc("2026-11-26T08:30")).reason == Reason("closure", "Meeting")
    assert there.queue("sales", utc("2026-11-18T10:00")) == Standing(True, None, Reason("always", ""))
    assert there.next_opening("support", utc("2026-11-24T20:00")) == utc("2026-11-26T07:00")
    assert there.next_opening("sales", utc("2026-11-24T20:00")) == utc("2026-11-24T20:00")
    with pytest.raises(NotFound):
        there.queue("nothing", utc("2026-11-18T10:00"))


def test_a_queue_forced_closed_counts_from_the_change_on_with_or_without_hours() -> None:
    until = "2026-11-23T12:00:00Z"
    there = plan((Kind.FORCED, "support", {"open": False, "until": until}), (Kind.FORCED, "sales", {"open": False}))
    assert there.queue("support", utc("2026-11-23T09:59")).open
    forced = Reason("forced", "sofia")
    assert there.queue("support", utc("2026-11-23T10:00")) == Standing(False, utc("2026-11-23T12:00"), forced)
    assert there.queue("sales", utc("2026-11-23T11:00")) == Standing(False, None, forced)
    assert there.queue("sales", utc("2026-11-23T09:00")).open
    opened = plan((Kind.FORCED, "support", {"open": True}))
    assert opened.queue("support", utc("2026-11-29T03:00")).open
    # People who work by the same calendar stay on shift.
    assert there.shift("anna", utc("2026-11-23T10:30")).open


def test_shifts_breaks_and_those_without() -> None:
    there = plan()
    assert there.shift("anna", utc("2026-11-23T07:00")) == Standing(True, utc("2026-11-23T11:00"), Reason("shift", ""))
    assert there.shift("anna", utc("2026-11-23T11:00")) == Standing(False, utc("2026-11-23T11:30"), Reason("break", ""))
    assert there.shift("anna", utc("2026-11-20T16:00")) == Standing(False, utc("2026-11-23T07:00"), Reason("off", ""))
    # Two shifts that touch are one.
    assert there.shift("boris", utc("2026-11-23T08:00")).changes_at == utc("2026-11-24T00:00")
    for nobody in ("vera", "unknown"):
        assert there.shift(nobody, utc("2026-11-22T03:00")) == Standing(True, None, Reason("always", ""))


def test_which_sites_are_open_and_which_will_be_soon() -> None:
    there = plan()
    assert list(there.sites()) == ["riga", "omsk", "lisbon"]
    night = utc("2026-11-24T01:00")
    assert there.open_sites(night) == ["lisbon"]
    assert there.site("omsk", night).changes_at == utc("2026-11-24T02:00")
    assert there.opening_sites(night, timedelta(minutes=59)) == []
    assert there.opening_sites(night, timedelta(hours=7)) == ["omsk", "riga"]
    assert there.site("riga", night) == Standing(False, utc("2026-11-24T07:00"), Reason("off", ""))
    # On a holiday only those are there whose shifts don't follow it.
    assert there.site("riga", utc("2026-11-18T07:30")).changes_at == utc("2026-11-18T16:00")
    with pytest.raises(NotFound):
        there.site("oslo", night)


def test_who_somebody_is() -> None:
    there = plan((Kind.PEOPLE, "anna", {"queues": ["sales"]}))
    anna = there.person("anna")
    assert anna is not None and anna.queues == ("sales",) and there.person("unknown") is None
    assert [there.site_of(login) for login in ("anna", "vera", "unknown")] == ["riga", "lisbon", "riga"]
    assert [policy.name for policy in there.policies()] == ["support", "sales"]
    assert there.version == 1 and there.changes[Kind.PEOPLE, "anna"].by == "sofia"


@effort(max_examples=60, deadline=None)
@given(st.integers(0, 500 * 86_400), st.sampled_from(["anna", "boris"]))
def test_nothing_changes_before_it_is_said_to(seconds: int, login: str) -> None:
    there, now = PLAN, utc("2026-01-05T00:00") + timedelta(seconds=seconds)
    for ask in (lambda t: there.shift(login, t), lambda t: there.site("riga", t), lambda t: there.queue("support", t)):
        told = ask(now)
        assert told.changes_at is not None and told.changes_at > now
        assert ask(told.changes_at).open is not told.open
        step = (told.changes_at - now) / 23
        assert all(ask(now + n * step).open is told.open for n in range(23))


PLAN = plan()
