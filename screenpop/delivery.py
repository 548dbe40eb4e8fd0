"""How long pops take from being shown to being acknowledged by the screen, per operator. Numbers only."""

from collections import deque
from dataclasses import dataclass

_KEPT = 500


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """Of the last pops of one operator: how many, the median and the 99th percentile in seconds."""

    agent: str
    pops: int
    p50_s: float
    p99_s: float


class Delivery:
    """Keeps the last figures of each operator."""

    def __init__(self) -> None:
        self._waits: dict[str, deque[float]] = {}

    def record(self, agent: str, wait_s: float) -> None:
        self._waits.setdefault(agent, deque(maxlen=_KEPT)).append(wait_s)

    def figures(self) -> list[DeliveryFigures]:
        return [
            DeliveryFigures(agent, len(waits), _quantile(waits, 0.50), _quantile(waits, 0.99))
            for agent, waits in sorted(self._waits.items())
        ]


def _quantile(values: deque[float], share: float) -> float:
    """The smallest value that at least `share` of them don't exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))]
