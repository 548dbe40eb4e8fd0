"""Numbers as trunks and people write them."""

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import phone
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


@given(st.sampled_from(sorted(phonenumbers.SUPPORTED_REGIONS)), st.integers(0, 999))
def test_a_number_just_read_is_shown_as_any_other(region: str, change: int) -> None:
    """A leading nought of Italy's, a mobile 1 of Argentina's: whoever read the number has kept all that its form needs."""
    example = phonenumbers.example_number(region)
    assert example is not None
    raw = f"+{example.country_code}{phonenumbers.national_significant_number(example)[:-3]}{change:03}"
    e164.cache_clear()
    number = e164(raw, region)
    if number is not None:
        readable.cache_clear()
        just_read = readable(number)
        phone._lately.clear()
        readable.cache_clear()
        assert readable(number) == just_read


def test_what_was_read_lately_is_bounded() -> None:
    e164.cache_clear()
    for n in range(2 * phone._MOST_LATELY):
        e164(f"+7916{n:07}", "RU")
    assert 0 < len(phone._lately) <= phone._MOST_LATELY


def test_readable_and_shortened() -> None:
    assert readable("+79161234567") == "+7 916 123-45-67"
    assert readable("anonymous") == "anonymous"
    assert readable("+") == "+"
    assert shortened("+79161234567") == "…4567"
    assert shortened("112") == "112"
