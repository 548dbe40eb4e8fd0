"""What a queue's hours do to live callers: every policy at arrival and at closing, on a working day, a holiday and when forced."""

from datetime import UTC, date, datetime

import pytest

from core.model import Door
from routing.hours import Forced, Hours, Interval, Reason, YearlyException
from routing.live_doors import LiveDoors, Way
from routing.settings import Mode, QueueSetting, WhenClosed

NINE_TO_SIX = (Interval(540, 1080),)
DAY = Hours(
    zone="Europe/Riga",
    week=(*(NINE_TO_SIX,) * 5, (), ()),
    holidays={date(2026, 12, 24): "Christmas Eve"},
    yearly=(
        YearlyException(month=12, day=30, name="Inventory"),
        YearlyException(month=12, day=29, intervals=NINE_TO_SIX),
    ),
)
OPEN = datetime(2026, 11, 27, 10, 0, tzinfo=UTC)  # a Friday
NIGHT = datetime(2026, 11, 27, 22, 0, tzinfo=UTC)
HOLIDAY = datetime(2026, 12, 24, 10, 0, tzinfo=UTC)
INVENTORY = datetime(2026, 12, 30, 10, 0, tzinfo=UTC)
EVENING_OF_A_DATED_DAY = datetime(2026, 12, 29, 20, 0, tzinfo=UTC)
WEEK, NUMBER = Reason("week", ""), "+37120000001"
DOORS = {
    WhenClosed.WAIT: None,
    WhenClosed.VOICEMAIL: Way(Door.VOICEMAIL, "a", WEEK),
    WhenClosed.CALLBACK: Way(Door.CALLBACK, "a", WEEK),
    WhenClosed.OVERFLOW: Way(Door.QUEUE, "b", WEEK),
}


def doors(hours: Hours = DAY, *, b: QueueSetting | None = None, b_hours: Hours | None = None, **a: object) -> LiveDoors:
    queues = {"a": QueueSetting(overflow="b", **a), "b": b or QueueSetting(mode=Mode.ACD)}  # type: ignore[arg-type]
    return LiveDoors(queues, {"a": hours, "b": b_hours}.get)


@pytest.mark.parametrize(("policy", "way"), DOORS.items())
def test_outside_hours_each_policy_is_a_door(policy: WhenClosed, way: Way | None) -> None:
    assert doors(closed=policy).at_arrival("a", NIGHT, number=NUMBER) == way
    assert doors(closing=policy).at_closing("a", NIGHT, number=NUMBER) == way


@pytest.mark.parametrize("policy", WhenClosed)
def test_while_it_is_open_and_where_there_are_no_hours_everybody_comes_in(policy: WhenClosed) -> None:
    asked = doors(closed=policy, closing=policy)
    assert asked.at_arrival("a", OPEN, number=NUMBER) is asked.at_closing("a", OPEN, number=NUMBER) is None
    assert asked.at_arrival("b", NIGHT, number=NUMBER) is asked.at_closing("b", NIGHT, number=NUMBER) is None


def test_a_holiday_may_have_its_own_door() -> None:
    asked = doors(closed=WhenClosed.VOICEMAIL, holiday=WhenClosed.CALLBACK)
    assert asked.at_arrival("a", HOLIDAY, number=NUMBER) == Way(Door.CALLBACK, "a", Reason("holiday", "Christmas Eve"))
    assert asked.at_arrival("a", INVENTORY, number=NUMBER) == Way(Door.CALLBACK, "a", Reason("yearly", "Inventory"))
    for ordinary in (NIGHT, EVENING_OF_A_DATED_DAY):
        way = asked.at_arrival("a", ordinary, number=NUMBER)
        assert way is not None and way.door is Door.VOICEMAIL
    same = doors(closed=WhenClosed.VOICEMAIL).at_arrival("a", HOLIDAY, number=NUMBER)
    assert same is not None and same.door is Door.VOICEMAIL


def test_forced_closed_is_no_holiday_and_forced_open_lets_in() -> None:
    def forced(is_open: bool) -> Hours:
        state = Forced(open=is_open, since=datetime(2026, 1, 1, tzinfo=UTC), by="anna")
        return Hours(zone=DAY.zone, week=DAY.week, holidays=DAY.holidays, forced=state)

    closed = doors(forced(False), closed=WhenClosed.VOICEMAIL, holiday=WhenClosed.CALLBACK)
    assert closed.at_arrival("a", HOLIDAY, number=NUMBER) == Way(Door.VOICEMAIL, "a", Reason("forced", "anna"))
    assert doors(forced(True)).at_arrival("a", HOLIDAY, number=NUMBER) is None


def test_who_cant_be_called_back_leaves_a_message() -> None:
    asked = doors(closed=WhenClosed.CALLBACK)
    assert asked.at_arrival("a", NIGHT, number=None) == Way(Door.VOICEMAIL, "a", WEEK)


def test_overflow_goes_through_the_next_queues_door_where_that_is_closed_too() -> None:
    closed = doors(closed=WhenClosed.OVERFLOW, b=QueueSetting(closed=WhenClosed.CALLBACK), b_hours=DAY)
    assert closed.at_arrival("a", NIGHT, number=NUMBER) == Way(Door.CALLBACK, "b", WEEK)
    waits = doors(closed=WhenClosed.OVERFLOW, b=QueueSetting(closed=WhenClosed.WAIT, mode=Mode.ACD), b_hours=DAY)
    assert waits.at_arrival("a", NIGHT, number=NUMBER) == Way(Door.QUEUE, "b", WEEK)


def test_a_native_queue_is_reached_through_the_pbx() -> None:
    native = doors(closed=WhenClosed.OVERFLOW, b=QueueSetting(mode=Mode.NATIVE))
    assert native.at_arrival("a", NIGHT, number=NUMBER) == Way(Door.FALLBACK, "b", WEEK)


def test_when_those_who_wait_must_be_asked_about() -> None:
    asked = doors()
    assert asked.next_closing("a", OPEN) == datetime(2026, 11, 27, 16, 0, tzinfo=UTC)
    assert asked.next_closing("b", OPEN) is None
    assert asked.next_opening("a", NIGHT) == datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
    assert asked.next_opening("b", NIGHT) == NIGHT
    assert asked.is_open("a", OPEN) and asked.is_open("b", NIGHT) and not asked.is_open("a", NIGHT)
