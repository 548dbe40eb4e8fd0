"""Doors and figures: who is let in, and tables that agree with everything that was played."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from routing.doors import Doors
from routing.figures import Summary, summary
from routing.hours import Hours
from routing.hours_text import week
from routing.settings import QueueSetting, RelaxSetting, WhenClosed
from routing.simulation import Arrival, Played, Simulation, Worker

START = datetime(2026, 3, 2, tzinfo=UTC)
BEGIN = START.timestamp()
HOURS = Hours(zone="UTC", week=week(["daily 09:00-18:00"]))
HOUR = 3_600.0


def call(hour: float, queue: str = "a", **more: float) -> Arrival:
    return Arrival(at_s=BEGIN + hour * HOUR, queue=queue, handle_s=60, **more)


def doors(closed: WhenClosed, closing: WhenClosed = WhenClosed.WAIT) -> Doors:
    queues = {"a": QueueSetting(hours="day", closed=closed, closing=closing, overflow="b"), "b": QueueSetting()}
    return Doors(queues, {"a": HOURS}, START, START + timedelta(days=2))


@pytest.mark.parametrize("hour", [0, 8.999, 18, 23, 32.999])
def test_outside_hours_callers_are_turned_away_wait_or_go_to_another_queue(hour: float) -> None:
    voicemail = doors(WhenClosed.VOICEMAIL)
    assert list(voicemail.let_in([call(hour)])) == [] and voicemail.turned_away == {"a": 1, "b": 0}
    assert list(doors(WhenClosed.WAIT).let_in([call(hour)])) == [call(hour)]
    assert list(doors(WhenClosed.OVERFLOW).let_in([call(hour)])) == [call(hour, "b")]


@pytest.mark.parametrize("hour", [9, 12, 17.999, 33])
def test_within_hours_they_come_in_and_may_be_sent_on_at_closing_time(hour: float) -> None:
    assert list(doors(WhenClosed.VOICEMAIL).let_in([call(hour)])) == [call(hour)]
    (one,) = doors(WhenClosed.VOICEMAIL, closing=WhenClosed.CALLBACK).let_in([call(hour)])
    assert one.closes_s == BEGIN + (42 if hour > 24 else 18) * HOUR


def test_who_is_sent_on_was_neither_answered_nor_abandoned() -> None:
    queue = QueueSetting()
    worker = Worker(login="anna", site="riga", skills={}, queues=frozenset({"a"}), shifts=((0, 1_000),))
    calls = [
        Arrival(at_s=0, queue="a", handle_s=500, closes_s=100),
        Arrival(at_s=10, queue="a", handle_s=10, closes_s=100),
        Arrival(at_s=20, queue="a", handle_s=10, patience_s=30, closes_s=100),
    ]
    played = Simulation([queue.policy("a")], [worker]).play(calls)
    assert [(s.answered_s, s.abandoned_s, s.sent_on_s) for s in played.served] == [
        (0, None, None),
        (None, None, 100),
        (None, 50, None),
    ]
    figures = played.figures()["a"]
    assert (figures.offered, figures.answered, figures.abandoned, figures.sent_on) == (3, 1, 1, 1)
    assert figures.service_level == 0.5, "flow-outs don't count"


def some_days(seed: int, ring_s: float = 0.0) -> tuple[Played, Summary]:
    chance = random.Random(seed)
    queues = {
        "a": QueueSetting(requirement="ru >= 3", relax=(RelaxSetting(after_s=60, requirement="ru"),)),
        "b": QueueSetting(answer_within_s=40, short_abandon_s=0),
    }
    workers = [
        Worker(
            login=f"p{n}",
            site="riga" if n % 2 else "omsk",
            skills={"ru": chance.randint(1, 5)},
            queues=frozenset(chance.sample(["a", "b"], chance.randint(1, 2))),
            shifts=tuple((BEGIN + (day * 24 + n) * HOUR, BEGIN + (day * 24 + n + 9) * HOUR) for day in range(3)),
        )
        for n in range(8)
    ]
    calls = sorted(
        (
            Arrival(
                at_s=BEGIN + chance.uniform(0, 50 * HOUR),
                queue=chance.choice("ab"),
                handle_s=chance.expovariate(1 / 300),
                patience_s=chance.expovariate(1 / 200),
            )
            for _ in range(2_000)
        ),
        key=lambda each: each.at_s,
    )
    played = Simulation([q.policy(name) for name, q in queues.items()], workers, ring_s=ring_s).play(calls)
    return played, summary(
        played, queues=queues, workers=workers, turned_away={"a": 7}, zone="Asia/Kathmandu", ring_s=ring_s
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_tables_agree_with_what_was_played(seed: int) -> None:
    played, told = some_days(seed)
    assert told.queues["a"].figures == played.figures(within_s=20, short_s=5)["a"]
    assert told.queues["b"].figures == played.figures(within_s=40, short_s=0)["b"]
    for name in ("offered", "answered", "abandoned", "short", "within", "sent_on"):
        whole = getattr(told.whole.figures, name)
        assert sum(getattr(row.figures, name) for row in told.queues.values()) == whole
        assert sum(getattr(row.figures, name) for row in told.hours.values()) == whole
    assert sum(row.figures.answered for row in told.sites.values()) == told.whole.figures.answered
    assert told.whole.figures.offered == 2_000 and (told.whole.closed, told.queues["a"].closed) == (7, 7)
    for rows in (told.hours, told.sites):
        for name in ("handling_s", "present_s"):
            total = sum(getattr(row, name) for row in rows.values())
            assert total == pytest.approx(getattr(told.whole, name))
    assert told.whole.handling_s == pytest.approx(sum(played.handling_s.values()))


@pytest.mark.parametrize("ring_s", [0.0, 5.0])
def test_occupancy_is_that_of_everybody_who_was_signed_in(ring_s: float) -> None:
    played, told = some_days(3, ring_s)
    assert told.whole.occupancy == pytest.approx(played.occupancy, rel=1e-3)
    assert sum(played.present_s.values()) == pytest.approx(told.whole.present_s, rel=1e-3)


def test_a_phone_that_rings_at_the_end_of_a_shift_keeps_its_operator_there() -> None:
    worker = Worker(login="p", site="riga", skills={}, queues=frozenset({"a"}), shifts=((0, 100),))
    queues = {"a": QueueSetting()}
    calls = [Arrival(at_s=98, queue="a", handle_s=10)]
    played = Simulation([queues["a"].policy("a")], [worker], ring_s=5).play(calls)
    told = summary(played, queues=queues, workers=[worker], turned_away={}, zone="UTC", ring_s=5)
    assert told.whole.present_s == played.present_s["p"] == 113 and told.whole.handling_s == 10


def test_hours_are_local_ones_and_work_counts_in_the_hours_in_which_it_is_done() -> None:
    worker = Worker(login="p", site="riga", skills={}, queues=frozenset({"a"}), shifts=((BEGIN, BEGIN + HOUR),))
    calls = [Arrival(at_s=BEGIN + 0.5 * HOUR, queue="a", handle_s=2 * HOUR)]
    queues = {"a": QueueSetting()}
    played = Simulation([queues["a"].policy("a")], [worker]).play(calls)
    told = summary(played, queues=queues, workers=[worker], turned_away={}, zone="Asia/Kathmandu", ring_s=0)
    # 00:30 UTC is 06:15 in Kathmandu, and the talk goes on until 08:15.
    assert told.hours[6].figures.offered == 1
    assert {h: row.handling_s / 60 for h, row in told.hours.items() if row.handling_s} == {6: 45, 7: 60, 8: 15}
    assert {h: row.present_s / 60 for h, row in told.hours.items() if row.present_s} == {5: 15, 6: 60, 7: 60, 8: 15}
    assert told.hours[8].occupancy == 1 and told.hours[5].occupancy == 0
