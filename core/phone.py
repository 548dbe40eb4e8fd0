"""Telephone numbers: from whatever the PBX or a person wrote to E.164, and back to something readable.

`phonenumbers` turns "112" into +49112 and reads letters and foreign digits as a keypad would, so short and emergency
numbers are told apart first and only what looks dialled is parsed. A number that can't be read stays as it is: a card is
never lost for a strange caller id. Never dial what was only parsed.
"""

import re
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

_LOOKS_DIALLED = re.compile(r"^\+?[0-9][0-9 ().\-/]{2,40}$")
_SHORTEST = 7
_MOST_LATELY = 4_096
# A caller's number is shown soon after it was read, and reading it twice is dear. Filled from any thread.
_lately: dict[str, phonenumbers.PhoneNumber] = {}


@lru_cache(maxsize=65_536)
def e164(raw: str, region: str) -> str | None:
    """E.164 (`+79161234567`) of a number as received, read as dialled within `region` (ISO 3166, e.g. `RU`).

    None for short, anonymous, alphabetic or impossible ones. A number without + that is impossible at home is tried as an
    international one: trunks often deliver `79161234567` whatever the country.
    """
    text = raw.strip()
    if not _LOOKS_DIALLED.match(text) or sum(c.isdigit() for c in text) < _SHORTEST:
        return None
    if text.startswith("00"):
        # People write 00 for + all over the world, whatever their own country dials.
        return _parsed("+" + text.lstrip("0"), None)
    return _parsed(text, region) or (None if text.startswith("+") else _parsed("+" + text.lstrip("0"), None))


def _parsed(text: str, region: str | None) -> str | None:
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    text = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if len(_lately) >= _MOST_LATELY:
        _lately.clear()
    _lately[text] = number
    return text


@lru_cache(maxsize=65_536)
def readable(number: str) -> str:
    """`+7 916 123-45-67` for an E.164 number; anything else unchanged."""
    if not number.startswith("+"):
        return number
    try:
        read = _lately.get(number) or phonenumbers.parse(number, None)
        return phonenumbers.format_number(read, PhoneNumberFormat.INTERNATIONAL)
    except NumberParseException:
        return number


def shortened(number: str) -> str:
    """For logs: enough to recognise, too little to call."""
    return number if len(number) <= 4 else f"…{number[-4:]}"
