"""What is set for the process as a whole."""

import asyncio
import gc
import weakref

import pytest

from runtime import process
from runtime.process import collect_whole, everything_up


class Knot:
    """What only the collector frees."""

    def __init__(self) -> None:
        self.me = self


def test_while_the_service_runs_the_collector_leaves_alone_what_was_there() -> None:
    here = [{}]  # type: ignore[var-annotated]
    with everything_up():
        assert gc.get_freeze_count() > 1_000
        assert not any(one is here for one in gc.get_objects())
    assert gc.get_freeze_count() == 0
    assert any(one is here for one in gc.get_objects())


def test_what_survives_one_look_is_not_looked_at_again() -> None:
    usual = gc.get_threshold()
    with everything_up():
        here = [Knot()]
        gc.collect(0)
        assert not any(one is here for one in gc.get_objects())
        assert gc.get_threshold() != usual
    assert any(one is here for one in gc.get_objects()) and gc.get_threshold() == usual


def test_new_knots_are_collected_soon() -> None:
    with everything_up():
        gone = weakref.ref(Knot())
        kept = [[] for _ in range(2_000)]  # type: ignore[var-annotated]
        assert gone() is None and kept


@pytest.fixture
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_LOOK_S", 0.01)
    monkeypatch.setattr(process, "_WHOLE_S", 0.0)


def put_beside() -> weakref.ref[Knot]:
    """A knot that lived through one look and is nobody's now."""
    old = Knot()
    gc.collect(0)
    return weakref.ref(old)


@pytest.mark.usefixtures("looks_often")
async def test_old_knots_are_collected_when_nobody_calls() -> None:
    took_s: list[float] = []
    calls = True
    with everything_up():
        gone = put_beside()
        looking = asyncio.create_task(collect_whole(lambda: not calls, took_s.append))
        await asyncio.sleep(0.1)
        assert gone() is not None and not took_s
        calls = False
        await asyncio.sleep(0.5)
        looking.cancel()
        assert gone() is None and took_s


@pytest.mark.usefixtures("looks_often")
async def test_old_knots_are_collected_when_there_are_many() -> None:
    took_s: list[float] = []
    with everything_up():
        gone = put_beside()
        looking = asyncio.create_task(collect_whole(lambda: False, took_s.append))
        await asyncio.sleep(0.1)
        many = [[] for _ in range(2 * gc.get_freeze_count())]  # type: ignore[var-annotated]
        await asyncio.sleep(0.5)
        looking.cancel()
        assert gone() is None and len(took_s) == 1 and many
