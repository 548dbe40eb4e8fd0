"""Counters, gauges and histograms in Prometheus' text form. Never samples anything by itself.

Small on purpose: one registry per process, labels from short closed lists only (an agent's name is one, a phone number never).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

Labels = tuple[str, ...]
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MOST_SERIES = 5_000


class Metric(Protocol):
    name: str
    help: str
    kind: str

    def lines(self) -> Iterable[str]: ...


class Counter:
    """Only grows."""

    kind = "counter"

    def __init__(self, name: str, *, help: str, labels: Sequence[str] = ()) -> None:
        self.name, self.help, self._names = name, help, tuple(labels)
        self._values: dict[Labels, float] = {} if labels else {(): 0.0}

    def add(self, *labels: str, by: float = 1.0) -> None:
        key = _key(self._names, labels)
        if key in self._values or len(self._values) < _MOST_SERIES:
            self._values[key] = self._values.get(key, 0.0) + by

    def value(self, *labels: str) -> float:
        return self._values.get(labels, 0.0)

    def lines(self) -> Iterable[str]:
        return (f"{self.name}{_labelled(self._names, k)} {_number(v)}" for k, v in sorted(self._values.items()))


class Gauge:
    """A value read when asked."""

    kind = "gauge"

    def __init__(self, name: str, *, help: str, read: Callable[[], float]) -> None:
        self.name, self.help, self._read = name, help, read

    def lines(self) -> Iterable[str]:
        yield f"{self.name} {_number(self._read())}"


class Gauges:
    """One value for each label, read when asked."""

    kind = "gauge"

    def __init__(
        self, name: str, *, help: str, labels: Sequence[str], read: Callable[[], Mapping[Labels, float]]
    ) -> None:
        self.name, self.help, self._names, self._read = name, help, tuple(labels), read

    def lines(self) -> Iterable[str]:
        return (f"{self.name}{_labelled(self._names, k)} {_number(v)}" for k, v in sorted(self._read().items()))


class Histogram:
    """How values spread over `bounds` (upper limits, ascending)."""

    kind = "histogram"

    def __init__(self, name: str, *, help: str, bounds: Sequence[float] = SECONDS) -> None:
        self.name, self.help, self._bounds = name, help, tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def lines(self) -> Iterable[str]:
        total = 0
        for bound, count in zip((*self._bounds, float("inf")), self._counts, strict=True):
            total += count
            yield f'{self.name}_bucket{{le="{_number(bound)}"}} {total}'
        yield f"{self.name}_sum {_number(self._sum)}"
        yield f"{self.name}_count {total}"


class Registry:
    """All metrics of this process, by name."""

    def __init__(self) -> None:
        self._metrics: dict[str, Metric] = {}

    def counter(self, name: str, *, help: str, labels: Sequence[str] = ()) -> Counter:
        metric = Counter(name, help=help, labels=labels)
        self._take(metric)
        return metric

    def gauge(self, name: str, *, help: str, read: Callable[[], float]) -> Gauge:
        metric = Gauge(name, help=help, read=read)
        self._take(metric)
        return metric

    def gauges(
        self, name: str, *, help: str, labels: Sequence[str], read: Callable[[], Mapping[Labels, float]]
    ) -> Gauges:
        metric = Gauges(name, help=help, labels=labels, read=read)
        self._take(metric)
        return metric

    def histogram(self, name: str, *, help: str, bounds: Sequence[float] = SECONDS) -> Histogram:
        metric = Histogram(name, help=help, bounds=bounds)
        self._take(metric)
        return metric

    def text(self) -> str:
        """What GET /metrics answers."""
        lines: list[str] = []
        for metric in self._metrics.values():
            lines += (f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.kind}")
            lines += metric.lines()
        return "\n".join(lines) + "\n"

    def _take(self, metric: Metric) -> None:
        if metric.name in self._metrics:
            raise ValueError(f"metric {metric.name} exists already")
        self._metrics[metric.name] = metric


def _key(names: Labels, values: Labels) -> Labels:
    if len(names) != len(values):
        raise ValueError(f"labels {names} expected, got {values}")
    return values


def _labelled(names: Labels, values: Labels) -> str:
    if not names:
        return ""
    return "{" + ",".join(f'{n}="{_escaped(v)}"' for n, v in zip(names, values, strict=True)) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return repr(int(value)) if value == int(value) else repr(value)
