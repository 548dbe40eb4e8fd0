"""Encodings, delimiters, quotes found by looking; formulas made harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.bulk_text import Form, checked_encoding, encoding_of, form_of, guarded, unguarded
from core.errors import Rejected

TABLE = "Имя;Телефон\nАнна;+7 916 123-45-67\nБорис;8 (495) 111-22-33\n"


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (TABLE.encode(), "utf-8"),
        (TABLE.encode("utf-8-sig"), "utf-8-sig"),
        (TABLE.encode("cp1251"), "cp1251"),
        (TABLE.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + TABLE.encode("utf-16-be"), "utf-16"),
        (TABLE.encode("utf-16-le"), "utf-16-le"),
        (TABLE.encode("utf-16-be"), "utf-16-be"),
        (b"name,phone\nAnna,1\n", "utf-8"),
        (b"", "utf-8"),
        # One damaged row doesn't make a file of another encoding, nor does a zero byte.
        (TABLE.encode() * 50 + "Вера;1\n".encode("cp1251"), "utf-8"),
        (TABLE.encode() + b"A\x00nna;1\n", "utf-8"),
    ],
)
def test_the_encoding_is_found(written: bytes, found: str) -> None:
    assert encoding_of([written]) == found


def test_the_first_letter_that_tells_may_come_late_and_between_two_blocks() -> None:
    ascii_part = b"name,phone\n" + b"Anna,1\n" * 1_000
    assert encoding_of([ascii_part, "Вера,2\n".encode("cp1251")]) == "cp1251"
    vera = "Вера,2\n".encode()
    assert encoding_of([ascii_part + vera[:1], vera[1:]]) == "utf-8"


def test_an_encoding_that_is_none_is_refused() -> None:
    assert checked_encoding("cp1251") == "cp1251"
    for name in ("klingon", "base64", "rot13"):
        with pytest.raises(Rejected, match="there is no such encoding"):
            checked_encoding(name)


@pytest.mark.parametrize(
    ("sample", "delimiter", "quote"),
    [
        (TABLE, ";", '"'),
        ("name,phone\nAnna,1\n", ",", '"'),
        ("name\tphone\nIvanova, Anna\t1\n", "\t", '"'),
        ("name|phone\nAnna|1\n", "|", '"'),
        ('name;phone;note\n"A;B";1;x, y, z\n"C";2;p, q\n', ";", '"'),
        ("'name','phone'\n'Ivanova, Anna','1'\n", ",", "'"),
        ("name\nAnna\nBoris\n", ",", '"'),
        ("name,note\nO'Brien,it's\nD'Arcy,'tis\n", ",", '"'),
    ],
)
def test_delimiter_and_quotes_are_found(sample: str, delimiter: str, quote: str) -> None:
    found = form_of(sample, "utf-8")
    assert (found.delimiter, found.quote) == (delimiter, quote)


def test_what_is_said_is_not_guessed() -> None:
    found = form_of(TABLE, "utf-8", delimiter=",", quote="'")
    assert (found.delimiter, found.quote) == (",", "'")


def test_quotes_may_be_escaped_by_a_backslash() -> None:
    form = form_of('name,note\n"Anna","she said \\"no\\", twice"\n', "utf-8")
    assert form.escape and list(form.reader(['"a","b \\"c\\", d"\n'])) == [["a", 'b "c", d']]
    assert not form_of('name,note\n"Anna","she said ""no"""\n', "utf-8").escape


def test_the_form_is_told_in_words() -> None:
    assert Form(encoding="cp1251", delimiter="\t", quote='"').told() == 'cp1251, cells divided by tab, quoted with "'


@pytest.mark.parametrize("cell", ["=1+1", "+7916", "-1", "@sum", "\tx", "\rx", "\0x", "'=1", "''+x"])
def test_formulas_become_text(cell: str) -> None:
    assert guarded(cell) == "'" + cell and unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("cell", ["", "Anna", "'tis", "it's =1", "8 916", "'"])
def test_what_is_no_formula_stays(cell: str) -> None:
    assert guarded(cell) == cell and unguarded(cell) == cell


@given(st.text(alphabet="'=+-@\t\r\0ab \n", max_size=6))
def test_the_guard_is_undone_exactly(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert guarded(cell)[:1] not in ("=", "+", "-", "@", "\t", "\r", "\0")
