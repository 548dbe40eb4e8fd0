"""A number's time zone, where there is no doubt."""

from zoneinfo import ZoneInfo

import pytest

from core.phone_zone import zone_of


@pytest.mark.parametrize(
    "number, zone",
    [
        ("+74951234567", "Europe/Moscow"),
        ("+73812345678", "Asia/Omsk"),
        ("+12125550123", "America/New_York"),
        ("+4930123456", "Europe/Berlin"),
        ("+4915112345678", "Europe/Berlin"),
    ],
)
def test_a_number_of_one_zone_says_which(number: str, zone: str) -> None:
    assert zone_of(number) == zone and ZoneInfo(zone)


@pytest.mark.parametrize(
    "number",
    [
        "+79161112233",
        "+61412345678",
        "+18005550123",
        "+80012345678",
        "+999",
        "+",
        "",
        "112",
        "ivan@example.com",
        "+٣٧١",
    ],
)
def test_where_there_is_doubt_nothing_is_said(number: str) -> None:
    assert zone_of(number) is None
