import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.match import client_key, first_name


@pytest.mark.parametrize(
    ("raw", "key"),
    [
        ("+7 (916) 111-22-33", "+79161112233"),
        ("89161112233", "+79161112233"),
        ("79161112233", "+79161112233"),
        ("112", "112"),
        ("8 800", "8800"),
        ("Ivan@Example.COM", "ivan@example.com"),
        ("+79161112233\r\n", "+79161112233"),
        ("anonymous", None),
        ("<unknown>", None),
        ("", None),
        (" - ", None),
        ("\x00", None),
        ("s", None),
    ],
)
def test_numbers_and_the_form_they_are_kept_in(raw: str, key: str | None) -> None:
    assert client_key(raw, "RU") == key


@given(st.text(max_size=300))
def test_any_text_has_a_stable_key_of_bounded_length(raw: str) -> None:
    key = client_key(raw, "RU")
    if key is not None:
        assert len(key) <= 128
        assert client_key(key, "RU") == key


@pytest.mark.parametrize(
    ("name", "number", "kept"),
    [
        ("  Anna  B. ", "+371", "Anna B."),
        ("+7 916 111-22-33", "79161112233", ""),
        ("Unknown", "1", ""),
        ("", "1", ""),
        ("x" * 300, "1", "x" * 200),
        ("Anna", "", "Anna"),
    ],
)
def test_what_a_stranger_is_called(name: str, number: str, kept: str) -> None:
    assert first_name(name, number) == kept
