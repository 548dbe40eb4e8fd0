"""Two clicks are one wish: what an operator asks for twice within moments is done once. Pure: the caller says what time it is."""

from datetime import datetime, timedelta

_SAME_WITHIN = timedelta(seconds=2)
_MOST_OPERATORS = 10_000
Wish = tuple[object, ...]


class Wishes:
    """The last wish of each operator, and when it was uttered. Another wish in between makes the first a new one again."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[Wish, datetime]] = {}

    def begin(self, who: str, wish: Wish, at: datetime) -> bool:
        """Whether it shall be done; False: it is being done, or has just been."""
        last = self._last.get(who)
        if last is not None and last[0] == wish and abs(at - last[1]) < _SAME_WITHIN:
            return False
        if last is None and len(self._last) >= _MOST_OPERATORS:
            del self._last[next(iter(self._last))]
        self._last[who] = (wish, at)
        return True

    def failed(self, who: str) -> None:
        """It was not done: the next click tries anew."""
        self._last.pop(who, None)
