"""JSON at the edge."""

import pytest

from core.errors import Rejected
from runtime.wire import decode, encode


def test_letters_of_every_script_go_through_unchanged() -> None:
    value = {"name": "Жанна 🦊", "n": [1, 2.5, None, True]}
    assert encode(value) == '{"name":"Жанна 🦊","n":[1,2.5,null,true]}'
    assert decode(encode(value), most_chars=100) == value


@pytest.mark.parametrize("text", ["", "{", "NaN", "[" * 5000, "x" * 6001, '{"a":Infinity}'])
def test_what_is_no_json_or_too_much_of_it_is_rejected(text: str) -> None:
    with pytest.raises(Rejected):
        decode(text, most_chars=6000)
