"""Where in the world a number rings: from the number to a time zone, where that leaves no doubt."""

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException
from phonenumbers.timezone import time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

_NOWHERE = "Etc/Unknown"
_NEIGHBOURS = 4  # digits: numbers are given to carriers by the ten thousand, so that these are all of one kind
_SHORTEST = 8


def zone_of(number: str) -> str | None:
    """The IANA zone of an E.164 number, as Google's libphonenumber knows it; None where it may be in several zones (a mobile
    number of a large country) or nothing is known. Cheap enough for every look-up."""
    digits = number[1:]
    if len(number) < _SHORTEST or number[0] != "+" or not (digits.isascii() and digits.isdigit()):
        return None
    for length in range(min(len(digits), TIMEZONE_LONGEST_PREFIX), 0, -1):
        zones = TIMEZONE_DATA.get(digits[:length])
        if zones is not None:
            # One zone by its prefix; whether a prefix binds this kind of number to a place takes longer to tell.
            return _of_block(number[:-_NEIGHBOURS], len(number)) if len(zones) == 1 else None
    return None


@lru_cache(maxsize=65_536)
def _of_block(beginning: str, length: int) -> str | None:
    try:
        zones = time_zones_for_number(phonenumbers.parse(beginning.ljust(length, "1"), None))
    except NumberParseException:
        return None
    return zones[0] if len(zones) == 1 and zones[0] != _NOWHERE else None
