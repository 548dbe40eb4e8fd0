"""What a number is that somebody wants to call."""

import pytest

from core.dialled import NumberKind, dialled

K = NumberKind


@pytest.mark.parametrize(
    ("typed", "region", "kind", "digits", "country"),
    [
        ("+7 903 555-00-10", "DE", K.ORDINARY, "79035550010", "RU"),
        ("030 123456", "DE", K.ORDINARY, "4930123456", "DE"),
        ("8 800 555 35 35", "RU", K.ORDINARY, "78005553535", "RU"),  # free of charge
        ("+7 809 505 12 34", "RU", K.COSTS_EXTRA, "78095051234", "RU"),
        ("+49 900 1234567", "DE", K.COSTS_EXTRA, "499001234567", "DE"),
        (
            "+49 900 1234567 89",
            "DE",
            K.COSTS_EXTRA,
            "49900123456789",
            "DE",
        ),  # digits too many: it connects all the same
        ("+49 180 5123456", "DE", K.COSTS_EXTRA, "491805123456", "DE"),  # shared cost
        ("+44 70 0000 0000", "GB", K.COSTS_EXTRA, "447000000000", "GB"),  # personal number
        ("112", "RU", K.EMERGENCY, "112", None),
        ("112", "US", K.EMERGENCY, "112", None),
        ("911", "DE", K.EMERGENCY, "911", None),
        ("999", "GB", K.EMERGENCY, "999", None),
        ("1002", "RU", K.SHORT, "1002", None),
        ("+112", "DE", K.EMERGENCY, "112", None),
        ("1" * 21, "RU", K.UNREADABLE, "", None),
        ("0800FLOWERS", "US", K.UNREADABLE, "", None),
        ("\u0661\u0661\u0662", "RU", K.UNREADABLE, "", None),
        ("", "RU", K.UNREADABLE, "", None),
    ],
)
def test_what_it_is(typed: str, region: str, kind: NumberKind, digits: str, country: str | None) -> None:
    assert dialled(typed, region) == (kind, digits, country)
