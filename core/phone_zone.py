"""Where in the world a number rings: from its prefix to a time zone, where that leaves no doubt."""

from functools import lru_cache

from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX


@lru_cache(maxsize=65_536)
def zone_of(number: str) -> str | None:
    """The IANA zone of an E.164 number, as Google's libphonenumber knows it; None where its prefix spans several zones (most
    mobile numbers of large countries do) or nothing is known."""
    digits = number[1:] if number.startswith("+") else ""
    for length in range(min(len(digits), TIMEZONE_LONGEST_PREFIX), 0, -1):
        zones = TIMEZONE_DATA.get(digits[:length])
        if zones is not None:
            return zones[0] if len(zones) == 1 else None
    return None
