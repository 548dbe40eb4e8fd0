"""What a number is that somebody wants to call: read as dialled in a region, to E.164, with its country and what it costs.

Told apart first: short numbers and emergency numbers, which `phonenumbers` would turn into full ones (112 becomes +49112).
Never decides whether it may be called (telephony/dial_policy.py).
"""

from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberType, shortnumberinfo

from core.phone import e164

_PUNCTUATION = str.maketrans(dict.fromkeys(" ().-/\u00a0\u202f\u2011\u2013"))
_LONGEST_SHORT = 6
_EVERYWHERE = frozenset({"112", "911"})  # every mobile network takes these, whatever the country
_COSTS_EXTRA = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PERSONAL_NUMBER,  # follows a person anywhere, at a price: +44 70
    }
)
_MOST_OVERDIALLED = 4


class NumberKind(Enum):
    """SHORT: a few digits, nobody's full number. COSTS_EXTRA: premium, shared cost, personal. UNREADABLE: no number at all."""

    ORDINARY = auto()
    SHORT = auto()
    EMERGENCY = auto()
    COSTS_EXTRA = auto()
    UNREADABLE = auto()


class Dialled(NamedTuple):
    """`digits` is what a PBX is told: those of E.164 without its +, or the short number; '' when UNREADABLE. `country` is the
    ISO code, 001 for numbers of no country, None where it can't be told."""

    kind: NumberKind
    digits: str
    country: str | None = None


@lru_cache(maxsize=8_192)
def dialled(typed: str, region: str) -> Dialled:
    """What `typed` (digits, punctuation as people write it, perhaps a + in front) is, dialled in `region` (ISO 3166)."""
    tidy = typed.strip().translate(_PUNCTUATION)
    digits = tidy.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 20:
        return Dialled(NumberKind.UNREADABLE, "")
    if shortnumberinfo.is_emergency_number(digits, region) or digits in _EVERYWHERE:
        return Dialled(NumberKind.EMERGENCY, digits)
    if len(digits) <= _LONGEST_SHORT:
        return Dialled(NumberKind.SHORT, digits)
    full = e164(tidy, region)
    if full is None:
        return Dialled(NumberKind.UNREADABLE, "")
    number = phonenumbers.parse(full, None)
    kind = NumberKind.COSTS_EXTRA if _costs_extra(number) else NumberKind.ORDINARY
    return Dialled(kind, full.removeprefix("+"), phonenumbers.region_code_for_number(number))


def _costs_extra(number: PhoneNumber) -> bool:
    """Digits too many don't hide it: exchanges ignore what follows a complete number."""
    for _ in range(_MOST_OVERDIALLED + 1):
        kind = phonenumbers.number_type(number)
        if kind != PhoneNumberType.UNKNOWN:
            return kind in _COSTS_EXTRA
        number = PhoneNumber(country_code=number.country_code, national_number=(number.national_number or 0) // 10)
    return False
