"""Typed dates: what is understood, in both languages and at the turns of the clock, and what is refused."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from callcards.when import BadPhrase, understood
from callcards.when_spoken import EXAMPLES, offers, spoken

MOSCOW = ZoneInfo("Europe/Moscow")
RIGA = ZoneInfo("Europe/Riga")
NOW = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)  # Sunday, 14:30 in Moscow


def local(text: str, zone: ZoneInfo = MOSCOW, now: datetime = NOW) -> str:
    return f"{understood(text, now=now, zone=zone).astimezone(zone):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("tomorrow 10", "2026-11-23 10:00"),
        ("Tomorrow at 10:30am", "2026-11-23 10:30"),
        ("tomorrow", "2026-11-23 10:00"),
        ("tomorrow 2 p.m.", "2026-11-23 14:00"),
        ("tomorrow in the morning", "2026-11-23 09:00"),
        ("noon tomorrow", "2026-11-23 12:00"),
        ("the day after tomorrow 9", "2026-11-24 09:00"),
        ("today 18:00", "2026-11-22 18:00"),
        ("today, evening", "2026-11-22 18:00"),
        ("18:00", "2026-11-22 18:00"),
        ("at 9", "2026-11-23 09:00"),
        ("12am tomorrow", "2026-11-23 00:00"),
        ("12pm tomorrow", "2026-11-23 12:00"),
        ("monday 9:30", "2026-11-23 09:30"),
        ("sunday 15:00", "2026-11-29 15:00"),
        ("next friday at 5pm", "2026-11-27 17:00"),
        ("fri afternoon", "2026-11-27 14:00"),
        ("in 2 hours", "2026-11-22 16:30"),
        ("in half an hour", "2026-11-22 15:00"),
        ("in 1 hour 15 minutes", "2026-11-22 15:45"),
        ("in a week", "2026-11-29 10:00"),
        ("next week", "2026-11-29 10:00"),
        ("in 3 days at 16", "2026-11-25 16:00"),
        ("in a month", "2026-12-22 10:00"),
        ("5 dec 14:00", "2026-12-05 14:00"),
        ("Dec 5th 2pm", "2026-12-05 14:00"),
        ("5 jan", "2027-01-05 10:00"),
        ("29 feb 2028 9:00", "2028-02-29 09:00"),
        ("2026-12-05 14:00", "2026-12-05 14:00"),
        ("завтра в 10", "2026-11-23 10:00"),
        ("Завтра 10:30", "2026-11-23 10:30"),
        ("завтра утром", "2026-11-23 09:00"),
        ("завтра в 9 вечера", "2026-11-23 21:00"),
        ("завтра в полдень", "2026-11-23 12:00"),
        ("в понедельник в 9", "2026-11-23 09:00"),
        ("пн 9:30", "2026-11-23 09:30"),
        ("в следующий вторник 11:00", "2026-11-24 11:00"),
        ("через 2 часа", "2026-11-22 16:30"),
        ("через полчаса", "2026-11-22 15:00"),
        ("через полтора часа", "2026-11-22 16:00"),
        ("через час", "2026-11-22 15:30"),
        ("через неделю", "2026-11-29 10:00"),
        ("через две недели в 12", "2026-12-06 12:00"),
        ("через 3 дня", "2026-11-25 10:00"),
        ("через месяц", "2026-12-22 10:00"),
        ("послезавтра в 9 часов", "2026-11-24 09:00"),
        ("сегодня в 18", "2026-11-22 18:00"),
        ("в 3 часа дня", "2026-11-22 15:00"),
        ("5 декабря 14:00", "2026-12-05 14:00"),
        ("5-го дек", "2026-12-05 10:00"),
        ("05.12 14:00", "2026-12-05 14:00"),
        ("05.12.2026 в 14:00", "2026-12-05 14:00"),
        ("завтра, в １０：３０", "2026-11-23 10:30"),
    ],
)
def test_a_phrase_means_one_instant(text: str, meant: str) -> None:
    assert local(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "", "  ", "foo", "ерунда", "call him tomorrow", "tomorrow or monday", "monday tuesday", "10 11", "10:00 11:00",
        "25:00", "10:60", "13pm", "0pm", "31 feb", "30.02", "99.99", "12/05 14:00", "may", "in", "через", "in 2", "через 2",
        "yesterday", "вчера", "2 days ago", "today", "сегодня", "today 9:00", "2020-01-01", "5 dec 2020", "2031-01-01",
        "in 0 minutes", "in 1000 hours", "in -2 hours", "tomorrow in 2 hours", "завтра через час", "9 утра вечером",
        "12 утра завтра", "17:00 утра", "morning noon", "tomorrow 10 %", "завтра' OR 1=1", "next", "-1", "1e9",
        "9999-99-99", "\x00", "tomorrow" * 20, "half", "1.5.2027",
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused(text: str) -> None:
    with pytest.raises(BadPhrase):
        understood(text, now=NOW, zone=MOSCOW)


@pytest.mark.parametrize(
    ("text", "now", "meant"),
    [
        ("tomorrow 3:30", datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),  # a gap
        ("tomorrow 2:59", datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 3, 28, 0, 59, tzinfo=UTC)),
        ("tomorrow 4:00", datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 3, 28, 1, 0, tzinfo=UTC)),
        ("tomorrow 3:30", datetime(2027, 10, 30, 12, tzinfo=UTC), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),  # twice
        ("in 2 hours", datetime(2027, 3, 28, 0, 30, tzinfo=UTC), datetime(2027, 3, 28, 2, 30, tzinfo=UTC)),
        ("tomorrow 10", datetime(2027, 3, 27, 12, tzinfo=UTC), datetime(2027, 3, 28, 7, 0, tzinfo=UTC)),
    ],
)
def test_when_the_clock_turns(text: str, now: datetime, meant: datetime) -> None:
    assert understood(text, now=now, zone=RIGA) == meant


def test_a_gap_of_half_an_hour_and_one_of_a_day() -> None:
    howe = ZoneInfo("Australia/Lord_Howe")  # 2027-10-03, 2:00 -> 2:30
    assert local("tomorrow 2:15", howe, datetime(2027, 10, 2, 1, tzinfo=UTC)) == "2027-10-03 02:30"
    apia = ZoneInfo("Pacific/Apia")  # 2011-12-30 was no day there
    assert local("tomorrow 10", apia, datetime(2011, 12, 29, 20, tzinfo=UTC)) == "2011-12-31 00:00"


def test_the_end_of_january_and_a_month_is_the_end_of_february() -> None:
    assert local("in a month", now=datetime(2027, 1, 31, 9, tzinfo=UTC)) == "2027-02-28 10:00"


def test_what_was_understood_is_said_back() -> None:
    at = understood("tomorrow 10", now=NOW, zone=MOSCOW)
    assert spoken(at, MOSCOW, "en") == "Monday, 23 November 2026, 10:00"
    assert spoken(at, MOSCOW, "ru") == "понедельник, 23 ноября 2026, 10:00"


@pytest.mark.parametrize("language", ["en", "ru"])
def test_all_examples_and_offers_are_understood_by_ourselves(language: str) -> None:
    for text in EXAMPLES[language]:
        understood(text, now=NOW, zone=MOSCOW)
    for offer in offers(NOW, MOSCOW, language)[1:]:
        assert understood(offer.text, now=NOW, zone=MOSCOW) == offer.at


def test_the_offers_are_ahead_and_never_twice() -> None:
    found = offers(NOW, MOSCOW, "en")  # a Sunday: tomorrow is Monday
    assert [offer.text for offer in found] == ["in an hour", "tomorrow 10:00", "in a week"]
    assert len(offers(datetime(2026, 11, 25, 9, 2, tzinfo=UTC), MOSCOW, "ru")) == 4
    assert offers(datetime(2026, 11, 25, 9, 2, tzinfo=UTC), MOSCOW, "ru")[0].at == datetime(
        2026, 11, 25, 10, 5, tzinfo=UTC
    )
