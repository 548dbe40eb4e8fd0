"""Guessing passwords gets slower and slower, and is forgiven in the end."""

from web.attempts import Attempts


def test_a_few_failures_are_free_then_each_locks_for_longer() -> None:
    attempts = Attempts(free=3, first_lock_s=10, longest_s=60)
    waits = []
    for _ in range(6):
        attempts.failed("anna", now_s=0)
        waits.append(attempts.locked_s("anna", now_s=0))
    assert waits == [0, 0, 10, 20, 40, 60]
    assert attempts.locked_s("anna", now_s=59) == 1
    assert attempts.locked_s("anna", now_s=61) == 0
    assert attempts.locked_s("boris", now_s=0) == 0


def test_success_and_time_forgive() -> None:
    attempts = Attempts(free=1, first_lock_s=10)
    attempts.failed("anna", now_s=0)
    attempts.succeeded("anna")
    assert attempts.locked_s("anna", now_s=0) == 0
    two = Attempts(free=2)
    two.failed("anna", now_s=0)
    two.failed("anna", now_s=1000)
    assert two.locked_s("anna", now_s=1000) == 0


def test_memory_is_bounded_however_many_names_are_tried() -> None:
    attempts = Attempts(free=5)
    for n in range(45_000):
        attempts.failed(f"name-{n}", now_s=n / 1000)
    assert len(attempts._tries) <= 20_000
