"""Meridian itself dies or is away under load: restarted, it knows every call."""

import random
from pathlib import Path

import pytest

from tests.e2e.under_load import centre

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.timeout(300)]


def test_killed_at_ten_random_moments(tmp_path: Path) -> None:
    chance = random.Random(7)
    with centre(tmp_path, seed=4) as c:
        for _ in range(10):
            c.run_on(chance.uniform(1.0, 6.0))
            c.meridian.kill()
            c.run_on(chance.uniform(0.0, 1.5))
            c.meridian.start()
        c.run_on(5)
        assert len(c.judge()) > 20


def test_away_for_a_minute(tmp_path: Path) -> None:
    with centre(tmp_path, seed=5) as c:
        c.run_on(8)
        c.meridian.stop()
        c.run_on(60)
        c.meridian.start()
        c.run_on(8)
        assert len(c.judge()) > 30
