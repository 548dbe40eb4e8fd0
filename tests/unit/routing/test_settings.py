"""The tables of skills, hours and queues: what can't work is refused by name, with the mend."""

from collections.abc import Mapping
from datetime import UTC, date, datetime

import pytest

from core.errors import BadConfiguration
from core.settings import read_settings
from routing.holiday_lists import public_holidays
from routing.hours import Reason, is_open, why
from routing.settings import HoursSetting, PersonSetting, QueueSetting, RelaxSetting, WhenClosed, check_together

HOURS = HoursSetting(
    zone="Europe/Riga",
    week=("Mon-Fri 09:00-18:00",),
    dated=("2026-11-23 10:00-12:00 Half a day",),
    yearly=("12-31 closed Sylvester",),
    holidays="LV",
    holidays_add=("2026-11-24 Our birthday",),
    holidays_remove=("2026-11-18",),
    holiday_hours=("10-11",),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_calendar_with_its_countrys_holidays_mended() -> None:
    calendar = HOURS.calendar(public_holidays("LV", [2026]))
    assert is_open(calendar, at("2026-11-20T08:00")) and not is_open(calendar, at("2026-11-21T08:00"))
    assert is_open(calendar, at("2026-11-18T12:00")), "Latvia's birthday is a working day here"
    assert is_open(calendar, at("2026-11-24T08:30")) and not is_open(calendar, at("2026-11-24T10:00"))
    assert why(calendar, at("2026-11-24T12:00")) == Reason("holiday", "Our birthday")
    assert why(calendar, at("2026-11-23T12:00")) == Reason("dated", "Half a day")
    assert date(2026, 12, 25) in calendar.holidays


def test_a_queue_becomes_a_policy() -> None:
    queue = QueueSetting(requirement="ru >= 3", relax=(RelaxSetting(after_s=30, requirement="ru"),), rank=2)
    policy = queue.policy("support")
    assert [(step.after_s, str(step.requirement)) for step in policy.steps] == [(0, "ru >= 3"), (30, "ru")]
    assert (policy.name, policy.rank) == ("support", 2)


@pytest.mark.parametrize(
    ("text", "line", "why_not"),
    [
        ('requirement = "ru >="', 1, "expected a level from 1 to 5"),
        ('relax = [{after_s = 0, requirement = "ru"}]', 1, "a step comes after some seconds"),
        ('relax = [{after_s = 60, requirement = "a"}, {after_s = 30, requirement = "b"}]', 1, "each step begins later"),
        ("aging = -1.0", 1, "waiting must not make an item less urgent"),
        ("offer_s = 0", 1, "a phone rings 1 to 300 seconds"),
        ('closed = "overflow"', 1, "needs the key 'overflow'"),
        ('holiday = "overflow"', 1, "needs the key 'overflow'"),
        ("resume_s = 3601", 1, "'resume_s' is 3601: choose 0 (never) to 3600"),
        ("callback = {attempts = 0}", 1, "'attempts' is 0: choose 1 to 10"),
        ("callback = {pause_s = 29}", 1, "'pause_s' is 29: choose 30 to 86400"),
        ("callback = {expires_s = 299}", 1, "'expires_s' is 299: choose 300 to 2592000"),
        ('callback = {hours = "late"}', 1, "hours such as"),
        ('callback = {first = "anybody"}', 1, "must be one of operator, client"),
        ('relax = [{after_s = 9, requirement = ""}]', 1, "relaxation runs in a circle: the step 'any' comes again"),
        ('channel = "fax"', 1, "choose voice, email or sms"),
        ("aging = nan", 1, "'aging' must be a number"),
        ('strategy = "best"', 1, "must be one of longest_idle"),
        ("requirment = 'x'", 1, "did you mean 'requirement'"),
    ],
)
def test_a_queue_that_cant_work_is_refused(text: str, line: int, why_not: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        read_settings(QueueSetting, text, source="meridian.toml", environ={})
    assert why_not in str(refused.value) and "meridian.toml" in str(refused.value)


@pytest.mark.parametrize(
    ("capacity", "why_not"),
    [
        ("{ fax = 1 }", "there is no channel 'fax': there is voice, callback, email, sms"),
        ("{ voice = 2 }", "'capacity' for voice is 2: choose 0 (none) to 1"),
        ("{ email = 21 }", "choose 0 (none) to 20"),
        ("{ sms = -1 }", "choose 0 (none) to 20"),
    ],
)
def test_capacity_that_nobody_has_is_refused(capacity: str, why_not: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        read_settings(PersonSetting, f"capacity = {capacity}", source="meridian.toml", environ={})
    assert why_not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "why_not"),
    [
        ('zone = "Riga"\nweek = []', "no IANA zone"),
        ('zone = "UTC"\nweek = ["Mon 9"]', "expected hours such as"),
        ('zone = "UTC"\nweek = []\nholidays_add = ["Christmas"]', "a day and its name"),
        ('zone = "UTC"\nweek = []\nholiday_hours = ["25-26"]', "times from 00:00 to 24:00"),
    ],
)
def test_hours_that_cant_be_are_refused(text: str, why_not: str) -> None:
    with pytest.raises(BadConfiguration, match=why_not):
        read_settings(HoursSetting, text, source="meridian.toml", environ={})


@pytest.mark.parametrize(
    ("queues", "why_not"),
    [
        ({"a": QueueSetting(requirement="rusian")}, "queue a: skill 'rusian' is not declared; there is: billing, ru"),
        ({"a": QueueSetting(requirement="site == omsk")}, "queue a: site 'omsk'"),
        ({"a": QueueSetting(hours="night")}, "queue a: hours 'night'"),
        ({"a": QueueSetting(overflow="b", closed=WhenClosed.OVERFLOW)}, "queue a: overflow 'b'"),
        (
            {"a": QueueSetting(overflow="b"), "b": QueueSetting(overflow="c"), "c": QueueSetting(overflow="a")},
            "overflow runs in a circle: a -> b -> c -> a",
        ),
    ],
)
def test_what_names_something_unknown_or_runs_in_a_circle_is_refused(
    queues: Mapping[str, QueueSetting], why_not: str
) -> None:
    with pytest.raises(BadConfiguration) as refused:
        check_together(queues, skills=["ru", "billing"], hours=["day"], sites=["riga"])
    assert why_not in str(refused.value)


def test_what_fits_together_passes() -> None:
    queues = {
        "a": QueueSetting(
            requirement="ru >= 2 and site in (riga)", hours="day", overflow="b", closed=WhenClosed.OVERFLOW
        ),
        "b": QueueSetting(relax=(RelaxSetting(after_s=5, requirement="billing"),)),
    }
    check_together(queues, skills=["ru", "billing"], hours=["day"], sites=["riga"])


def test_an_unknown_country_is_refused() -> None:
    with pytest.raises(BadConfiguration, match="no country"):
        public_holidays("XX", [2026])
