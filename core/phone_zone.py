"""Where in the world a number rings: from the number to a time zone, where that leaves no doubt."""

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException
from phonenumbers.timezone import time_zones_for_number

_NOWHERE = "Etc/Unknown"


@lru_cache(maxsize=65_536)
def zone_of(number: str) -> str | None:
    """The IANA zone of an E.164 number, as Google's libphonenumber knows it; None where it may be in several zones (a mobile
    number of a large country) or nothing is known."""
    if not number.startswith("+"):
        return None
    try:
        zones = time_zones_for_number(phonenumbers.parse(number, None))
    except NumberParseException:
        return None
    return zones[0] if len(zones) == 1 and zones[0] != _NOWHERE else None
