"""What the process as a whole needs to be set to. Called once, by whoever starts the loop."""

import sys

_SWITCH_S = 0.0005


def prepare_process() -> None:
    """Let the loop have the interpreter soon when a database thread is busy in Python: CPython's default lets it wait
    5 ms, which is what the slowest pops then took."""
    sys.setswitchinterval(_SWITCH_S)
