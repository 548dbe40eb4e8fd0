"""Pauses between attempts."""

from telephony.backoff import Backoff


def test_it_doubles_to_the_limit_and_begins_anew() -> None:
    waits = Backoff(first_s=1, most_s=30, spread=lambda: 0.999999)
    assert [round(waits.next_s()) for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    waits.reset()
    assert round(waits.next_s()) == 1


def test_it_spreads_between_half_and_whole() -> None:
    assert Backoff(first_s=4, most_s=30, spread=lambda: 0.0).next_s() == 2
    assert Backoff(first_s=4, most_s=30, spread=lambda: 0.5).next_s() == 3
