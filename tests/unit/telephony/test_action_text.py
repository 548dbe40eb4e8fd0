"""The last gate before the PBX."""

import pytest

from core.errors import Rejected
from telephony.action_text import action_bytes


def test_an_action_is_its_headers_and_an_empty_line() -> None:
    assert (
        action_bytes([("Action", "Ping"), ("A", "Ж")], action_id="1")
        == "Action: Ping\r\nA: Ж\r\nActionID: 1\r\n\r\n".encode()
    )


@pytest.mark.parametrize("bad", ["a\r\nb", "a\nb", "a\rb", "a\0b", "\ud800"])
def test_line_breaks_and_nul_are_rejected_in_values(bad: str) -> None:
    with pytest.raises(Rejected):
        action_bytes([("Action", bad)], action_id="1")


@pytest.mark.parametrize("bad", ["", "A:", "A B", "A\r\nB", "Ж"])
def test_keys_are_letters_and_digits(bad: str) -> None:
    with pytest.raises(Rejected):
        action_bytes([(bad, "x")], action_id="1")


def test_a_line_may_have_1024_bytes_with_all() -> None:
    assert action_bytes([("Value", "x" * 1015)], action_id="1")
    with pytest.raises(Rejected, match="1 bytes too long"):
        action_bytes([("Value", "x" * 1016)], action_id="1")


def test_an_action_may_have_128_headers() -> None:
    assert action_bytes([("A", "b")] * 127, action_id="1")
    with pytest.raises(Rejected, match="129 headers"):
        action_bytes([("A", "b")] * 128, action_id="1")
