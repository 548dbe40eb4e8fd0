"""How long to wait before the next attempt: doubling up to a limit, spread so that many links don't knock together."""

from collections.abc import Callable


class Backoff:
    """`spread` gives numbers in [0, 1); each wait is between the half and the whole of the doubled step."""

    def __init__(self, *, first_s: float, most_s: float, spread: Callable[[], float]) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._spread = spread
        self._step_s = first_s

    def next_s(self) -> float:
        """The wait before the next attempt; the one after it will be longer."""
        wait_s = self._step_s * (0.5 + self._spread() / 2)
        self._step_s = min(self._step_s * 2, self._most_s)
        return wait_s

    def reset(self) -> None:
        """The attempt succeeded: begin anew."""
        self._step_s = self._first_s
