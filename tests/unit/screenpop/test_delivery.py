"""Figures of delivery."""

from datetime import UTC, datetime

from screenpop.delivery import Delivery, DeliveryFigures


def test_median_and_tail_of_each_operator() -> None:
    delivery = Delivery()
    for n in range(1, 101):
        delivery.record("1001", n / 100)
    delivery.record("1000", 0.25)
    assert delivery.report("moscow") == [
        DeliveryFigures("1000", 1, 0.25, 0.25),
        DeliveryFigures("1001", 100, 0.50, 0.99),
    ]


def test_only_the_last_ones_count() -> None:
    delivery = Delivery()
    for n in range(1_000):
        delivery.record("1001", 9.0 if n < 500 else 1.0)
    assert delivery.report("moscow") == [DeliveryFigures("1001", 500, 1.0, 1.0)]


def test_the_browsers_part_is_told_apart() -> None:
    delivery = Delivery()
    delivery.record("1001", 0.5)
    delivery.record("1001", 0.5, rendered_s=0.02)
    delivery.record("1001", 0.5, rendered_s=0.03)
    assert delivery.report("moscow") == [DeliveryFigures("1001", 3, 0.5, 0.5, 0.02, 0.03)]


def test_who_is_asleep_is_told_even_without_a_pop_and_only_to_the_own_site() -> None:
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    delivery = Delivery(site="moscow", asleep=lambda: {"1002": noon})
    delivery.record("1001", 0.5)
    assert delivery.report("moscow") == [
        DeliveryFigures("1001", 1, 0.5, 0.5),
        DeliveryFigures("1002", asleep=True, since=noon),
    ]
    assert delivery.report("berlin") == []
