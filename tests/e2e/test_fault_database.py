"""PostgreSQL goes away for a minute under load: calls go on, what was to be stored is stored once each when it is back."""

from pathlib import Path

import pytest

from tests.e2e.under_load import centre
from tests.servers.postgres import postgres_server

pytestmark = [pytest.mark.real("asterisk"), pytest.mark.real("postgresql"), pytest.mark.timeout(240)]


def test_postgresql_away_for_a_minute(tmp_path: Path) -> None:
    with postgres_server() as postgres, centre(tmp_path, seed=8, database_url=postgres.url()) as c:
        c.run_on(10)
        postgres.stop()
        c.becomes(ready=False, within_s=10)
        c.run_on(60)
        postgres.start()
        c.becomes(ready=True, within_s=20)
        c.run_on(8)
        assert len(c.judge()) > 30
