"""How late events are."""

from telephony.lag import Lag


def test_a_probe_that_comes_back_tells_the_lag() -> None:
    lag = Lag(late_after_s=20)
    lag.sent("a", 100.0)
    lag.returned("a", 100.4)
    assert abs(lag.behind_s(200.0) - 0.4) < 1e-9 and not lag.is_late(200.0)


def test_one_that_does_not_come_back_tells_it_too() -> None:
    lag = Lag(late_after_s=20)
    lag.sent("a", 100.0)
    assert not lag.is_late(120.0) and lag.is_late(120.5)
    lag.returned("somebody else's", 121.0)
    assert lag.is_late(121.0)


def test_older_probes_count_no_more_once_a_newer_is_back() -> None:
    lag = Lag(late_after_s=20)
    lag.sent("lost", 100.0)
    lag.sent("b", 105.0)
    lag.returned("b", 106.0)
    assert lag.behind_s(300.0) == 1.0


def test_what_is_under_way_is_bounded() -> None:
    lag = Lag(late_after_s=20)
    for n in range(1000):
        lag.sent(str(n), float(n))
    assert lag.behind_s(1000.0) == 100.0


def test_timestamps_count_from_the_best_so_far_since_clocks_differ() -> None:
    lag = Lag(late_after_s=20)
    lag.stamped(1000.0, 5000.0)
    assert lag.behind_s(0.0) == 0.0
    lag.stamped(1010.0, 5040.0)
    assert lag.is_late(0.0) and lag.behind_s(0.0) == 30.0
