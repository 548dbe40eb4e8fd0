"""How long pops take from being shown to being acknowledged by the screen, per operator. Numbers only."""

from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

_KEPT = 500


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """Of the last pops of one operator: how many, the median and the 99th percentile in seconds (None without any).

    `p.._s`: from shown by the server to acknowledged; `rendered_p.._s`: of that, from arrival in the browser to painted (as
    the browser says; None where none said). `asleep`: no browser of theirs answers heartbeats, since `since`.
    """

    agent: str
    pops: int = 0
    p50_s: float | None = None
    p99_s: float | None = None
    rendered_p50_s: float | None = None
    rendered_p99_s: float | None = None
    asleep: bool = False
    since: datetime | None = None


class Delivery:
    """Keeps the last figures of each operator. With `site`, they are that site's; `asleep` tells who is, and since when."""

    def __init__(self, *, site: str | None = None, asleep: Callable[[], Mapping[str, datetime]] = dict) -> None:
        self._site = site
        self._asleep = asleep
        self._waits: dict[str, deque[float]] = {}
        self._rendered: dict[str, deque[float]] = {}

    def record(self, agent: str, wait_s: float, *, rendered_s: float | None = None) -> None:
        self._waits.setdefault(agent, deque(maxlen=_KEPT)).append(wait_s)
        if rendered_s is not None:
            self._rendered.setdefault(agent, deque(maxlen=_KEPT)).append(rendered_s)

    def report(self, site: str) -> list[DeliveryFigures]:
        """Everybody of the site who had a pop or is asleep; nobody of another site."""
        if self._site not in (None, site):
            return []
        asleep = self._asleep()
        return [self._figures(agent, asleep.get(agent)) for agent in sorted({*self._waits, *asleep})]

    def _figures(self, agent: str, asleep_since: datetime | None) -> DeliveryFigures:
        waits, rendered = self._waits.get(agent, ()), self._rendered.get(agent, ())
        return DeliveryFigures(
            agent,
            len(waits),
            _quantile(waits, 0.50),
            _quantile(waits, 0.99),
            _quantile(rendered, 0.50),
            _quantile(rendered, 0.99),
            asleep=asleep_since is not None,
            since=asleep_since,
        )


def _quantile(values: Collection[float], share: float) -> float | None:
    """The smallest value that at least `share` of them don't exceed."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]
