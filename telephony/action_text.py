"""One AMI action -> the bytes of it, or Rejected. The last gate before the PBX: nothing that could become a second action passes.

Limits measured on Asterisk 22.10: a line has 1024 bytes at most with its key and line end, an action 128 headers.
"""

from collections.abc import Sequence

from core.errors import Rejected

Fields = Sequence[tuple[str, str]]

_LONGEST_LINE = 1024
_MOST_HEADERS = 128
_FORBIDDEN = frozenset("\r\n\0")


def action_bytes(fields: Fields, *, action_id: str) -> bytes:
    """The action as it goes over the wire, its ActionID included."""
    lines = [_line(key, value) for key, value in (*fields, ("ActionID", action_id))]
    if len(lines) > _MOST_HEADERS:
        raise Rejected(f"The action has {len(lines)} headers; Asterisk takes {_MOST_HEADERS}. Send fewer variables.")
    return b"".join(lines) + b"\r\n"


def _line(key: str, value: str) -> bytes:
    if not key.isascii() or not key.isalnum():
        raise Rejected(f"{key[:40]!r} can't be a header's name; use letters and digits.")
    if not _FORBIDDEN.isdisjoint(value):
        raise Rejected(f"The value of {key} holds a line break or a NUL; leave it out.")
    try:
        line = f"{key}: {value}\r\n".encode()
    except UnicodeEncodeError as broken:
        raise Rejected(f"The value of {key} isn't valid text; send proper Unicode.") from broken
    if len(line) > _LONGEST_LINE:
        raise Rejected(f"The value of {key} is {len(line) - _LONGEST_LINE} bytes too long for Asterisk; shorten it.")
    return line
