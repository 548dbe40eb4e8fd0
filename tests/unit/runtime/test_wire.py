"""JSON at the edge."""

from datetime import UTC, datetime

import pytest

from core.errors import Rejected
from runtime.wire import decode, encode


def test_letters_of_every_script_go_through_unchanged() -> None:
    value = {"name": "Жанна 🦊", "n": [1, 2.5, None, True]}
    assert encode(value) == '{"name":"Жанна 🦊","n":[1,2.5,null,true]}'.encode()
    assert decode(encode(value), most_chars=100) == value


def test_instants_say_their_zone() -> None:
    at = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
    assert encode([at, at.replace(microsecond=0)]) == b'["2026-11-21T12:00:00.250000Z","2026-11-21T12:00:00Z"]'


@pytest.mark.parametrize("text", ["", "{", "NaN", "[" * 5000, "x" * 6001, '{"a":Infinity}'])
def test_what_is_no_json_or_too_much_of_it_is_rejected(text: str) -> None:
    with pytest.raises(Rejected):
        decode(text, most_chars=6000)
