"""The scarcity-aware strategy: of several who could take an item, the one who will be missed least.

How much an operator would be missed: over all *other* lines that they could serve, the sum of demand / supply, where demand is
the line's arrivals per second (exponentially forgotten over HALF_LIFE_S) and supply the signed-in operators who could serve it.
So a line that many ask for and few can serve weighs much, and its people are kept free while others will do. Our own rule;
bench and simulation compare it with the usual ones.
"""

from collections.abc import Hashable
from math import exp, log

from routing.lines import Line
from routing.staff import Person

HALF_LIFE_S = 1_800.0
_FORGET = log(2) / HALF_LIFE_S


class Demand:
    """Arrivals of each kind of line, forgotten exponentially. They outlive the line: other policies don't change who calls."""

    def __init__(self) -> None:
        self._rates: dict[Hashable, tuple[float, float]] = {}

    def arrived(self, line: Line, now_s: float) -> None:
        self._rates[line.kind] = (self.rate(line, now_s) + _FORGET, now_s)

    def rate(self, line: Line, now_s: float) -> float:
        """Arrivals per second."""
        rate, at_s = self._rates.get(line.kind, (0.0, now_s))
        return rate * exp(-_FORGET * max(0.0, now_s - at_s))

    def forget(self, line: Line) -> None:
        self._rates.pop(line.kind, None)


def missed(person: Person, line: Line, lines: list[Line], demand: Demand, now_s: float) -> float:
    """How much `person` would be missed by the lines other than `line`, in calls per second and head."""
    total, bit = 0.0, 1 << person.number
    for other in lines:
        if other is not line and other.mask & bit:
            total += demand.rate(other, now_s) / other.mask.bit_count()
    return total
