"""Holes in the plan, against asking every quarter of an hour."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from routing.coverage import Hole, OnShift, Severity, holes, opened, union
from routing.hours import Hours, Span, is_open
from routing.hours_text import week
from routing.policy import QueuePolicy, Step
from routing.requirement import parse

START = datetime(2026, 10, 19, tzinfo=UTC)  # a fortnight with the end of summer time in Europe
END = START + timedelta(days=14)


def hours(zone: str, *lines: str) -> Hours:
    return Hours(zone=zone, week=week(lines))


def worker(login: str, shift: Hours, *, breaks: tuple[Hours, ...] = (), **skills: int) -> OnShift:
    return OnShift(
        login=login, site="riga", skills=skills, queues=frozenset({"support"}), shifts=(shift,), breaks=breaks
    )


def test_a_lunch_break_and_a_short_saturday_open_holes() -> None:
    policy = QueuePolicy(name="support", steps=(Step(0, parse("billing")), Step(60, parse("any"))))
    shift = hours("Europe/Riga", "Mon-Fri 09:00-18:00")
    people = [
        worker("anna", shift, breaks=(hours("Europe/Riga", "Mon-Fri 13:00-14:00"),), billing=3),
        worker("boris", hours("Europe/Riga", "Mon-Fri 09:00-13:30")),
    ]
    found = holes(
        [policy],
        {"support": hours("Europe/Riga", "Mon-Fri 09-18", "Sat 10-12")},
        people,
        START,
        START + timedelta(days=7),
    )
    monday = [hole for hole in found if hole.opens.day == 19]
    ten = datetime(2026, 10, 19, 10, tzinfo=UTC)
    half_past, eleven = ten + timedelta(minutes=30), ten + timedelta(hours=1)
    assert monday == [
        Hole("support", Severity.RELAXED, ten, half_past, "billing"),
        Hole("support", Severity.NOBODY, half_past, eleven, "billing"),
    ]
    assert [(h.opens.day, h.severity) for h in found][-1] == (24, Severity.NOBODY)


def test_who_takes_no_calls_fills_no_hole_of_a_queue_of_calls() -> None:
    shift = hours("UTC", "Mon 09-18")
    writes = replace(worker("anna", shift), capacity={"voice": 0, "email": 3})
    policies = [QueuePolicy(name="support"), QueuePolicy(name="support", channel="email")]
    found = [len(holes([policy], {"support": shift}, [writes], START, END)) for policy in policies]
    assert found == [2, 0]


def test_a_change_says_exactly_what_it_opens() -> None:
    policy = QueuePolicy(name="support")
    day = {"support": hours("UTC", "Mon 09-18")}
    before = holes([policy], day, [worker("anna", hours("UTC", "Mon 09-16"))], START, END)
    after = holes([policy], day, [worker("anna", hours("UTC", "Mon 10-15"))], START, END)
    assert [(h.opens.hour, h.closes.hour) for h in opened(before, after) if h.opens.day == 19] == [(9, 10), (15, 16)]
    assert opened(after, before) == [] and opened(before, before) == []


@pytest.mark.parametrize("seed", range(25))
def test_it_says_the_same_as_asking_every_quarter_of_an_hour(seed: int) -> None:
    chance = random.Random(seed)

    def some_hours() -> Hours:
        opens, length = chance.randrange(0, 24), chance.randrange(1, 14)
        days = chance.choice(["Mon-Fri", "daily", "Sat,Sun", "Wed"])
        zone = chance.choice(["Europe/Riga", "Asia/Kathmandu", "America/New_York"])
        return hours(zone, f"{days} {opens:02}:{chance.choice(['00', '15', '45'])}-{(opens + length) % 24:02}:30")

    policy = QueuePolicy(name="support", steps=(Step(0, parse("ru >= 3")), Step(60, parse("ru"))))
    people = [
        worker(f"p{n}", some_hours(), breaks=(some_hours(),) if chance.random() < 0.5 else (), ru=chance.randint(1, 5))
        for n in range(4)
    ]
    open_at = some_hours()
    found = holes([policy], {"support": open_at}, people, START, END)
    now = START
    while now < END:
        there = [p for p in people if is_open(p.shifts[0], now) and not any(is_open(b, now) for b in p.breaks)]
        expected = None
        if is_open(open_at, now):
            if not there:
                expected = Severity.NOBODY
            elif not any(p.skills["ru"] >= 3 for p in there):
                expected = Severity.RELAXED
        told = [hole.severity for hole in found if hole.opens <= now < hole.closes]
        assert told == ([] if expected is None else [expected]), now
        now += timedelta(minutes=15)


def test_union() -> None:
    spans = [Span(START + timedelta(hours=a), START + timedelta(hours=b)) for a, b in ((5, 6), (1, 2), (2, 3), (5, 7))]
    assert [(s.opens.hour, s.closes.hour) for s in union(spans)] == [(1, 3), (5, 7)]
