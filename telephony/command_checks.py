"""Values of commands, checked one by one: each has its alphabet, and what isn't in it is Rejected. Nothing is repaired here.

What the alphabets keep out (measured on Asterisk 22.10): line breaks (a second action), `,` `&` `|` (a second variable, a
second phone, another argument), `$ { }` (dialplan functions), a channel name that begins with `/` (a pattern over all channels).
"""

import re

from core.errors import Rejected

_NUMBER = re.compile(r"\+?[0-9*#]{1,40}")
_ENDPOINT = re.compile(r"[A-Za-z0-9]{1,16}/[A-Za-z0-9][A-Za-z0-9_.@-]{0,78}")
_CHANNEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,149}")
_CHANNEL_NAME = re.compile(r"[A-Za-z0-9]{1,16}/[A-Za-z0-9+][A-Za-z0-9_.@/:+-]{0,150}(;[12])?")
_TOKEN = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_SOUND = re.compile(r"[A-Za-z0-9_-]{1,40}(/[A-Za-z0-9_-]{1,40}){0,5}")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_CONTEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,78}")
_VARIABLE = re.compile(r"_{0,2}[A-Za-z][A-Za-z0-9_]{0,78}")
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9_.:/@+*# -]{0,200}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,150}\.(?:wav|wav49|WAV|gsm|ulaw|alaw|sln|sln16|g722)")
_NOT_SHOWN = frozenset('"<>,;&|$\\`{}')


def number(value: str) -> str:
    """Digits, `*`, `#`, and a plus in front."""
    return _checked(value, _NUMBER, "a number to dial", "digits, * and #, at most 40, with or without a leading +")


def is_number(value: str) -> bool:
    """What a caller calls their number may be anything."""
    return _NUMBER.fullmatch(value) is not None


def endpoint(value: str) -> str:
    """A phone, as `PJSIP/1001`."""
    return _checked(value, _ENDPOINT, "a phone", "technology/name, as PJSIP/1001")


def channel(value: str) -> str:
    """A channel's Uniqueid. Asterisk takes it wherever it takes a channel's name."""
    return _checked(value, _CHANNEL, "a channel's Uniqueid", "letters, digits, dots and dashes")


def channel_name(value: str) -> str:
    """A channel's name, as `PJSIP/trunk-0000002a` or `Local/400@queues-00000001;2`."""
    return _checked(value, _CHANNEL_NAME, "a channel's name", "technology/name, as PJSIP/trunk-0000002a")


def agent(value: str) -> str:
    """The name of an operator's endpoint, mostly an extension."""
    return _checked(value, _NAME, "an operator's extension", "letters, digits, dots, dashes")


def token(value: str) -> str:
    """The name of an ACD queue, which is an extension of our dialplan."""
    return _checked(value, _TOKEN, "an ACD queue's name", "small letters, digits, dashes and underscores, at most 40")


def sound(value: str) -> str:
    """A sound file of the PBX, without its ending."""
    return _checked(value, _SOUND, "a sound", "letters, digits, dashes, and / between folders, without an ending")


def queue(value: str) -> str:
    return _checked(value, _NAME, "a queue's name", "letters, digits, dots, dashes")


def context(value: str) -> str:
    return _checked(value, _CONTEXT, "a dialplan context", "letters, digits, dashes")


def variable(value: str) -> str:
    return _checked(value, _VARIABLE, "a variable's name", "letters, digits, underscores; no functions")


def variable_value(value: str) -> str:
    return _checked(value, _VARIABLE_VALUE, "a variable's value", "letters, digits, space and _ . : / @ + * # -")


def file_name(value: str) -> str:
    """A recording's file: no directories, a known sound format."""
    return _checked(
        value, _FILE, "a recording's file name", "letters, digits, dashes and .wav (or gsm, ulaw, alaw, sln, g722)"
    )


def shown(value: str) -> str:
    """A name for people: any script, but nothing that Asterisk reads as more than text. `showable` makes one."""
    if not _is_showable(value) or len(value.encode()) > 79:
        raise Rejected(
            f"{value[:40]!r} can't be shown on a phone; use at most 79 bytes without control characters, \"<>,;&|$\\."
        )
    return value


def showable(value: str) -> str:
    """Any text -> the nearest that `shown` accepts."""
    kept = " ".join("".join(c if _is_showable(c) else " " for c in value).split())
    return kept.encode()[:79].decode(errors="ignore").strip()


def _is_showable(value: str) -> bool:
    return value.isprintable() and _NOT_SHOWN.isdisjoint(value)


def whole(value: int, *, least: int, most: int, what: str) -> int:
    if type(value) is not int or not least <= value <= most:
        raise Rejected(f"{what} must be a whole number from {least} to {most}, not {value!r}.")
    return value


def yes_or_no(value: bool, what: str) -> bool:
    """Asterisk reads every word but a few as no, `maybe` too: only True and False pass."""
    if type(value) is not bool:
        raise Rejected(f"{what} must be true or false, not {value!r}.")
    return value


def _checked(value: str, alphabet: re.Pattern[str], what: str, allowed: str) -> str:
    if not isinstance(value, str) or alphabet.fullmatch(value) is None:
        raise Rejected(f"{str(value)[:40]!r} isn't {what}; allowed: {allowed}.")
    return value
