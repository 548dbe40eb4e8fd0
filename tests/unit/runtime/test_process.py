"""What is set for the process as a whole."""

import gc

from runtime.process import everything_up


def test_while_the_service_runs_the_collector_leaves_alone_what_was_there() -> None:
    here = [{}]  # type: ignore[var-annotated]
    with everything_up():
        assert gc.get_freeze_count() > 1_000
        assert not any(one is here for one in gc.get_objects())
    assert gc.get_freeze_count() == 0
    assert any(one is here for one in gc.get_objects())
