"""JSON, in one place, so that the codec can be swapped in one file. Never decides what a message means."""

from typing import Any

import orjson

from core.errors import Rejected

_OPTIONS = orjson.OPT_UTC_Z


def encode(value: object) -> bytes:
    """Compact JSON in UTF-8; letters of every script stay themselves, instants become RFC 3339 with a Z for UTC."""
    return orjson.dumps(value, option=_OPTIONS)


def decode(text: str | bytes, *, most_chars: int) -> Any:
    """The value that `text` stands for. Too long, nested beyond all use, or no JSON: Rejected."""
    if len(text) > most_chars:
        raise Rejected(f"message of {len(text)} characters; {most_chars} are allowed", code="too_large")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Rejected("message is not JSON", code="bad_message") from error
