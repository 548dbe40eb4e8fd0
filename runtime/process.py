"""What the process as a whole needs to be set to, by whoever starts the loop."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_SWITCH_S = 0.0005


def prepare_process() -> None:
    """Let the loop have the interpreter soon when a database thread is busy in Python: CPython's default lets it wait
    5 ms, which is what the slowest pops then took."""
    sys.setswitchinterval(_SWITCH_S)


@contextmanager
def everything_up() -> Iterator[None]:
    """While the service runs, the collector leaves alone what was there when it began: modules, routes, statements. Going
    through all of that takes some 90 ms, in which no pop moves, and never finds anything."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
