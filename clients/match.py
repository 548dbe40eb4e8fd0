"""Which numbers mean the same client, and which mean nobody. Pure."""

import re

from core.phone import e164

# What Asterisk and carriers write when the caller hides: these are not one person who calls very often.
_NOBODY = frozenset({"anonymous", "unknown", "<unknown>", "unavailable", "restricted", "private", "withheld"}) | {
    "asterisk",
    "null",
    "(null)",
    "none",
    "s",
}
_PUNCTUATION = re.compile(r"[\s().\-/]+")
_LONGEST = 128


def client_key(raw: str, region: str) -> str | None:
    """The form under which a number is kept: E.164, else as given without punctuation; None for nobody.

    Letters (SIP addresses) are compared in lower case. The result of this function is its own key.
    """
    text = "".join(char for char in raw if char.isprintable()).strip()
    number = e164(text, region)
    if number is not None:
        return number
    bare = text.lower() if any(char.isalpha() for char in text) else _PUNCTUATION.sub("", text)
    bare = bare[:_LONGEST].strip()
    if not bare or bare in _NOBODY or not any(char.isalnum() for char in bare):
        return None
    return bare


def first_name(caller_name: str, number: str) -> str:
    """What a new client is called until a person types better: the caller's own name, if it is one."""
    name = " ".join(caller_name.split())
    if not name or name.lower() in _NOBODY or _digits(name) == _digits(number) != "":
        return ""
    return name[:200]


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdigit())
