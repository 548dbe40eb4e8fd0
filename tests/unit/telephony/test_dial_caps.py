"""How often one may call: in a minute, in a day, all together; and what is remembered of it."""

import pytest

from core.desk import DialPolicy
from core.errors import Forbidden
from telephony.dial_caps import _MOST_USERS, DialCaps
from tests.playbook import at

POLICY = DialPolicy(per_user_minute=2, per_user_day=4, per_site_minute=3)


def refused(caps: DialCaps, user: str, seconds: float, site: str = "riga") -> str:
    try:
        caps.take(site, user, at(seconds))
    except Forbidden as refusal:
        assert refusal.code == "too_many_calls"
        return str(refusal)
    return ""


def test_a_minutes_calls_of_one_person_and_when_they_may_call_again() -> None:
    caps = DialCaps(POLICY)
    assert not refused(caps, "anna", 0) and not refused(caps, "anna", 10)
    assert "you may place 2 calls a minute. Try again in 40 seconds" in refused(caps, "anna", 20)
    assert refused(caps, "anna", 59.9) and not refused(caps, "anna", 60)


def test_all_together_and_a_site_each() -> None:
    caps = DialCaps(POLICY)
    for user in ("anna", "boris", "carmen"):
        assert not refused(caps, user, 0)
    assert "all of you together" in refused(caps, "dmitri", 1)
    assert not refused(caps, "dmitri", 1, site="tokyo")


def test_a_days_calls() -> None:
    caps = DialCaps(POLICY)
    for hour in range(4):
        assert not refused(caps, "anna", hour * 3600)
    assert "4 calls in 24 hours. Try again in 20 hours" in refused(caps, "anna", 4 * 3600)
    assert not refused(caps, "anna", 24 * 3600)


def test_a_refusal_counts_for_nothing() -> None:
    caps = DialCaps(POLICY)
    for _ in range(50):
        refused(caps, "anna", 0)
    assert not refused(caps, "anna", 61)


def test_what_was_before_a_restart_counts() -> None:
    caps = DialCaps(POLICY)
    for hour in range(4):
        caps.remember("anna", at(hour * 3600))
    assert "24 hours" in refused(caps, "anna", 4 * 3600)


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    caps = DialCaps(POLICY)
    for n in range(2):
        assert not refused(caps, "anna", 7200 + n)
    assert not refused(caps, "anna", 0)


def test_memory_is_bounded_and_forgets_who_has_been_quiet() -> None:
    caps = DialCaps(DialPolicy(per_site_minute=1))
    for n in range(_MOST_USERS + 500):
        assert not refused(caps, f"user-{n}", n * 61)
    assert len(caps._users) <= _MOST_USERS
    assert all(row.maxlen for row in caps._users.values())


@pytest.mark.parametrize("most", [1, 5])
def test_never_more_than_allowed_in_any_minute(most: int) -> None:
    caps = DialCaps(DialPolicy(per_user_minute=most))
    taken = [second for second in range(600) if not refused(caps, "anna", second)]
    assert max(sum(start <= s < start + 60 for s in taken) for start in range(600)) == most
