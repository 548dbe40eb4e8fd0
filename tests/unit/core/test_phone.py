"""Numbers as trunks and people write them."""

import pytest

from core.phone import e164, readable, shortened


@pytest.mark.parametrize(
    ("raw", "region", "number"),
    [
        ("79161234567", "RU", "+79161234567"),
        ("+7(916)125-00-10", "RU", "+79161250010"),
        ("8 916 123-45-67", "RU", "+79161234567"),
        ("03012345678", "DE", "+493012345678"),
        ("0049 30 12345678", "DE", "+493012345678"),
        ("00493012345678", "RU", "+493012345678"),
        ("+493012345678", "RU", "+493012345678"),
        ("112", "DE", None),
        ("1001", "RU", None),
        ("anonymous", "RU", None),
        ("1-800-FLOWERS", "US", None),
        ("٠٧٩١٦١٢٣٤٥٦٧", "RU", None),
        ("7" * 79, "RU", None),
        ("+", "RU", None),
        ("", "RU", None),
        ("79161234567\r\nEvent: Hangup", "RU", None),
    ],
)
def test_e164(raw: str, region: str, number: str | None) -> None:
    assert e164(raw, region) == number


def test_readable_and_shortened() -> None:
    assert readable("+79161234567") == "+7 916 123-45-67"
    assert readable("anonymous") == "anonymous"
    assert readable("+") == "+"
    assert shortened("+79161234567") == "…4567"
    assert shortened("112") == "112"
