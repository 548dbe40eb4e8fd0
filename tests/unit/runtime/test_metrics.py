"""Prometheus' text form."""

import pytest

from runtime.metrics import Registry


def test_counters_gauges_and_histograms_as_prometheus_reads_them() -> None:
    registry = Registry()
    counter = registry.counter("cuts_total", help="Cuts.", labels=["why"])
    counter.add('be"hind\n')
    counter.add("silent", by=2)
    registry.gauge("sockets", help="Open.", read=lambda: 3)
    waits = registry.histogram("waits", help="Waits.", bounds=(0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        waits.observe(value)
    assert registry.text().splitlines() == [
        "# HELP cuts_total Cuts.",
        "# TYPE cuts_total counter",
        'cuts_total{why="be\\"hind\\n"} 1',
        'cuts_total{why="silent"} 2',
        "# HELP sockets Open.",
        "# TYPE sockets gauge",
        "sockets 3",
        "# HELP waits Waits.",
        "# TYPE waits histogram",
        'waits_bucket{le="0.1"} 2',
        'waits_bucket{le="1"} 3',
        'waits_bucket{le="+Inf"} 4',
        "waits_sum 7.65",
        "waits_count 4",
    ]


def test_a_name_is_taken_once_and_labels_must_fit() -> None:
    registry = Registry()
    counter = registry.counter("a", help="A.", labels=["x"])
    with pytest.raises(ValueError):
        registry.counter("a", help="A again.")
    with pytest.raises(ValueError):
        counter.add()


def test_the_number_of_series_is_bounded() -> None:
    counter = Registry().counter("a", help="A.", labels=["who"])
    for n in range(6_000):
        counter.add(str(n))
    assert sum(1 for _ in counter.lines()) == 5_000
