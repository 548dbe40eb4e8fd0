"""What is told to somebody who asks for what can't be now. (Which state refuses what is walked in test_agent_states.py.)"""

import pytest

from core.desk import Desk
from core.errors import Conflict, Rejected
from tests.desk_day import QUEUES, Day


@pytest.fixture
def day() -> Day:
    day = Day()
    day.signs_in()
    return day


def said(day: Day, wish: str, reason: str | None = None) -> tuple[type[Exception], str, str]:
    refused = day.refused(wish, reason=reason)
    assert refused is not None
    return type(refused), refused.code, str(refused)


def test_a_pause_needs_a_reason_that_is_declared(day: Day) -> None:
    assert said(day, "pause") == (
        Rejected, "bad_reason", "A pause needs its reason: choose one of break, lunch, meeting, desk_work.",
    )  # fmt: skip
    assert "no pause reason 'beach'" in said(day, "pause", "beach")[2]


def test_where_no_reasons_are_declared_none_is_needed() -> None:
    day = Day(Desk(pause_reasons={}, queues=QUEUES))
    day.signs_in()
    assert "leave the reason out" in said(day, "pause", "lunch")[2]
    day.asks("pause")
    assert (day.state(), day.status().reason, day.member()) == ("paused", "", "paused")
    day.asks("ready")
    assert (day.state(), day.status().reason, day.member()) == ("ready", None, "available")


def test_ready_in_a_call_says_what_happens(day: Day) -> None:
    day.rings("c1")
    assert "Your phone is ringing" in said(day, "ready")[2]
    day.answers("c1")
    assert said(day, "ready") == (Conflict, "not_now", "You are in a call: you are ready when it ends.")


def test_ready_in_a_call_takes_back_a_pause_that_was_to_follow(day: Day) -> None:
    day.talks("c1", queue="free")
    day.asks("pause", reason="lunch")
    day.asks("ready")
    day.hangs_up("c1")
    assert day.state() == "ready"


def test_a_mandatory_wrap_up_ends_after_the_disposition_only(day: Day) -> None:
    day.talks("c1", queue="sales")
    day.hangs_up("c1")
    for wish in ("finish", "ready"):
        assert said(day, wish)[:2] == (Conflict, "disposition_missing")
        day.forces(wish)
    assert day.state() == "wrap_up"
    day.types("c1", "resolved")
    assert (day.state(), day.status().disposed) == ("wrap_up", True)
    day.asks("finish")
    assert day.state() == "ready"


def test_a_disposition_that_is_taken_back_counts_no_more(day: Day) -> None:
    day.talks("c1", queue="sales")
    day.hangs_up("c1")
    day.types("c1", "resolved")
    day.types("c1", "")
    assert said(day, "finish")[1] == "disposition_missing"


def test_notes_alone_are_no_disposition(day: Day) -> None:
    day.talks("c1", queue="sales")
    day.hangs_up("c1")
    day.types("c1", None)
    assert said(day, "finish")[1] == "disposition_missing"


def test_extensions(day: Day) -> None:
    assert "There is no wrap-up to prolong" in said(day, "extend")[2]
    day.talks("c1", queue="open")
    day.hangs_up("c1")
    assert "no time limit" in said(day, "extend")[2]
    day.asks("finish")
    day.talks("c2", queue="support")
    day.hangs_up("c2")
    day.asks("extend")
    day.asks("extend")
    assert "can't be prolonged again" in said(day, "extend")[2]


def test_finishing_twice(day: Day) -> None:
    day.talks("c1")
    day.hangs_up("c1")
    day.asks("finish")
    assert said(day, "finish") == (Conflict, "not_now", "There is no wrap-up to finish: it is over already.")


def test_nobody_unknown_may_ask(day: Day) -> None:
    refused = day.refused("ready", "1999")
    assert refused is not None and "sign in" in str(refused)
    day.forces("ready", "1999")
    assert day.agents.status("1999") is None
