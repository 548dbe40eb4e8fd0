"""JSON, in one place, so that the codec can be swapped in one file. Never decides what a message means."""

import json
from typing import Any

from core.errors import Rejected

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode(value: object) -> str:
    """Compact JSON text; letters of every script stay themselves."""
    return _ENCODER.encode(value)


def decode(text: str, *, most_chars: int) -> Any:
    """The value that `text` stands for. Too long, nested beyond all use, or no JSON: Rejected."""
    if len(text) > most_chars:
        raise Rejected(f"message of {len(text)} characters; {most_chars} are allowed", code="too_large")
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Rejected("message is not JSON", code="bad_message") from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
