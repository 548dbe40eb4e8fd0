"""Figures of delivery."""

from screenpop.delivery import Delivery, DeliveryFigures


def test_median_and_tail_of_each_operator() -> None:
    delivery = Delivery()
    for n in range(1, 101):
        delivery.record("1001", n / 100)
    delivery.record("1000", 0.25)
    assert delivery.figures() == [DeliveryFigures("1000", 1, 0.25, 0.25), DeliveryFigures("1001", 100, 0.50, 0.99)]


def test_only_the_last_ones_count() -> None:
    delivery = Delivery()
    for n in range(1_000):
        delivery.record("1001", 9.0 if n < 500 else 1.0)
    assert delivery.figures() == [DeliveryFigures("1001", 500, 1.0, 1.0)]
