"""Whose browser is asleep."""

from screenpop.sleepers import Sleepers


def test_one_screen_that_answers_is_enough_and_silence_counts_from_the_last_word() -> None:
    sleepers = Sleepers()
    assert sleepers.asleep({"1001": 88.0, "1002": 87.9}, now_s=100) == {"1002": 87.9}


def test_a_closed_browser_is_asleep_until_it_is_back_or_its_person_signs_out() -> None:
    sleepers = Sleepers()
    sleepers.left("1001", "s", heard_s=50)
    sleepers.left("1001", "s", heard_s=40)
    sleepers.left("1002", "other", heard_s=50)
    assert sleepers.asleep({}, now_s=60) == {}
    assert sleepers.asleep({}, now_s=63) == {"1001": 50, "1002": 50}
    assert sleepers.asleep({"1001": 62}, now_s=63) == {"1002": 50}
    sleepers.signed_out("other")
    assert sleepers.asleep({"1001": 62}, now_s=63) == {}


def test_nobody_is_remembered_for_ever() -> None:
    sleepers = Sleepers()
    sleepers.left("1001", "s", heard_s=0)
    assert sleepers.asleep({}, now_s=43_000) == {"1001": 0}
    assert sleepers.asleep({}, now_s=43_200) == {}
