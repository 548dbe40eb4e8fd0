"""What the process as a whole needs to be set to, by whoever starts the loop: threads, and when garbage is collected."""

import asyncio
import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_SWITCH_S = 0.0005
_YOUNG = 300
_LOOK_S = 30.0
_WHOLE_S = 600.0


def prepare_process() -> None:
    """Let the loop have the interpreter soon when a database thread is busy in Python: CPython's default lets it wait
    5 ms, which is what the slowest pops then took."""
    sys.setswitchinterval(_SWITCH_S)


def let_woken_thread_run() -> None:
    """Give the interpreter to a thread that was woken this moment, for as long as it takes to put its question to the database:
    some 0.06 ms. By itself CPython lets it wait for the switch interval, in which half of the answer could be there."""
    time.sleep(0.000_001)


@contextmanager
def everything_up() -> Iterator[None]:
    """While the service runs, the collector looks at what is new and leaves everything else alone.

    Nearly all that Meridian makes is freed by its last reference. Looking for the rest among all that lives (modules, calls,
    screens) stops the loop for 15 to 100 ms, again and again; looking at some hundred new objects takes half a millisecond. What
    survives that look is put beside (`gc.freeze`), where references still free it; `collect_whole` sees to the cycles in there.
    """
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.callbacks.append(_put_beside)
    gc.set_threshold(_YOUNG, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.callbacks.remove(_put_beside)
        gc.unfreeze()


async def collect_whole(idle: Callable[[], bool], collected: Callable[[float], None]) -> None:
    """Once what was put beside has doubled, or after ten minutes in a moment in which nobody calls: look at all of it. `collected`
    is told the seconds that it took."""
    await asyncio.sleep(_LOOK_S)
    last, kept = time.monotonic(), gc.get_freeze_count()
    while True:
        await asyncio.sleep(_LOOK_S)
        if gc.get_freeze_count() > 2 * kept or (time.monotonic() - last > _WHOLE_S and idle()):
            began = time.perf_counter()
            gc.unfreeze()
            gc.collect()
            collected(time.perf_counter() - began)
            last, kept = time.monotonic(), gc.get_freeze_count()


def _put_beside(phase: str, _info: dict[str, int]) -> None:
    if phase == "stop":
        gc.freeze()
