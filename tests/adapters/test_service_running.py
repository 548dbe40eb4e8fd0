"""What holds while the whole service runs."""

import gc
from pathlib import Path

from tests.servers.house import running_house


async def test_the_collector_leaves_alone_what_was_there_at_the_start_for_as_long_as_it_runs(tmp_path: Path) -> None:
    async with running_house(tmp_path):
        assert gc.get_freeze_count() > 10_000
    assert gc.get_freeze_count() == 0
