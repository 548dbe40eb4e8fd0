"""The stage plays stories by a clock that is handed in."""

import logging

import pytest

from telephony.simulated_stage import Interrupt, Stage, Story


def waits(seen: list[float], stage: Stage, *seconds: float) -> Story:
    for second in seconds:
        yield second
        seen.append(stage.now)


def test_stories_meet_in_the_order_of_their_times_whatever_the_step() -> None:
    seen: list[float] = []
    stage = Stage(now=100.0)
    stage.play(waits(seen, stage, 1, 2))
    stage.play(waits(seen, stage, 2), after_s=0.5)
    stage.advance(110.0)
    assert seen == [101.0, 102.5, 103.0]
    assert (stage.now, stage.due()) == (110.0, None)


def test_speed_shortens_waits() -> None:
    seen: list[float] = []
    stage = Stage(now=0.0, speed=10)
    stage.play(waits(seen, stage, 5))
    stage.advance(0.4)
    assert seen == []
    stage.advance(0.5)
    assert seen == [0.5]


def test_an_interrupt_ends_the_wait_and_the_old_turn_is_void() -> None:
    seen: list[str] = []

    def story() -> Story:
        try:
            yield 10
        except Interrupt:
            seen.append("interrupted")
        yield 20
        seen.append("done")

    stage = Stage(now=0.0)
    performance = stage.play(story())
    stage.advance(1.0)
    stage.interrupt(performance, Interrupt())
    stage.advance(15.0)
    assert seen == ["interrupted"]
    stage.advance(21.0)
    assert seen == ["interrupted", "done"] and performance.over


def test_an_interrupt_for_a_story_that_is_over_does_nothing() -> None:
    stage = Stage(now=0.0)
    performance = stage.play(waits([], stage))
    stage.advance(1.0)
    stage.interrupt(performance, Interrupt())
    stage.advance(2.0)
    assert performance.over


def test_a_story_that_fails_is_logged_and_the_others_play_on(caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> Story:
        yield 1
        raise RuntimeError("a mistake")

    seen: list[float] = []
    stage = Stage(now=0.0)
    ends: list[str] = []
    performance = stage.play(fails())
    performance.at_end.append(lambda: ends.append("told"))
    stage.play(waits(seen, stage, 2))
    with caplog.at_level(logging.ERROR):
        stage.advance(3.0)
    assert seen == [2.0] and ends == ["told"] and "a simulated story failed" in caplog.text


def test_at_most_so_many_turns_at_once() -> None:
    def forever() -> Story:
        while True:
            yield 0

    stage = Stage(now=0.0)
    stage.play(forever())
    stage.advance(1.0, most=50)
    assert stage.due() == 0.0


def test_clear_ends_all_as_a_crash_does() -> None:
    stage, ends = Stage(now=0.0), list[str]()
    performance = stage.play(waits([], stage, 100))
    performance.at_end.append(lambda: ends.append("over"))
    stage.clear()
    assert performance.over and ends == ["over"] and stage.due() is None
