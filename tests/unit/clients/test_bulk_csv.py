"""Rows with the line on which they begin."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.bulk_csv import LONGEST_CELL, RawRow, line_of, plain, rows
from clients.bulk_text import Form

FORM = Form(encoding="utf-8", delimiter=",", quote='"')


def read(text: str, form: Form = FORM) -> list[RawRow]:
    return list(rows(io.StringIO(text, newline=""), form))


def test_lines_are_those_of_an_editor_whatever_stands_in_the_cells() -> None:
    found = read('name,note\r\nAnna,"two\r\nlines"\r\n\r\nBoris,"three\n\nlines"\nVera,one\n')
    assert [(row.line, row.cells) for row in found] == [
        (1, ["name", "note"]),
        (2, ["Anna", "two\r\nlines"]),
        (5, ["Boris", "three\n\nlines"]),
        (8, ["Vera", "one"]),
    ]
    assert not any(row.trouble for row in found)


def test_rows_of_another_width_are_told_by_their_line() -> None:
    found = read("a,b\n1\n1,2,3\n1,2,,\n,\n\n1,2\n")
    assert [(row.line, row.trouble) for row in found] == [
        (1, ""),
        (2, "it has 1 cells where the headings have 2"),
        (3, "it has 3 cells where the headings have 2"),
        (4, ""),  # empty cells behind the last heading
        (7, ""),  # the empty rows 5 and 6 are nothing at all
    ]


def test_a_quote_that_is_never_closed_costs_its_own_line_only() -> None:
    found = read('a,b\n1,"open\n2,x\n3,y\n')
    assert [(row.line, row.cells, row.trouble) for row in found] == [
        (1, ["a", "b"], ""),
        (2, ['1,"open'], "a quote is opened and never closed"),
        (3, ["2", "x"], ""),
        (4, ["3", "y"], ""),
    ]


def test_two_open_quotes_and_one_in_the_last_line() -> None:
    found = read('a,b\n1,"open\n2,x\n3,"open\n4,y\n5,"last')
    assert [(row.line, row.trouble) for row in found if row.trouble] == [
        (2, "a quote is opened and never closed"),
        (4, "a quote is opened and never closed"),
        (6, "a quote is opened and never closed"),
    ]
    assert [row.cells for row in found if not row.trouble] == [["a", "b"], ["2", "x"], ["4", "y"]]


def test_text_behind_a_closing_quote_is_told_and_a_quote_inside_a_cell_is_text() -> None:
    found = read('a,b\n"1"x,2\n5" pipe,2\n')
    assert found[1].trouble == "there is text behind a closing quote" and found[2] == RawRow(3, ['5" pipe', "2"])


def test_a_cell_without_end_is_bounded_and_the_rest_is_read() -> None:
    filler = "x" * 999
    found = read('a,b\n1,"open\n' + "".join(f"{n},{filler}\n" for n in range(200)))
    assert found[1] == RawRow(2, ['1,"open'], "a quote is opened and never closed")
    assert len(found) == 202 and not any(row.trouble for row in found[2:])
    long = read(f"a,b\n1,{'x' * (LONGEST_CELL + 1)}\n2,y\n")
    assert long[1].trouble == f"a cell is longer than {LONGEST_CELL} characters" and long[2].cells == ["2", "y"]


def test_bytes_of_another_encoding_are_told() -> None:
    damaged = "Вера".encode("cp1251").decode("utf-8", "surrogateescape")
    found = read(f"a,b\n{damaged},1\nВера,2\n")
    assert [row.trouble for row in found] == ["", "it isn't utf-8 text", ""]


@pytest.mark.parametrize("text", ["A\x00nna", "😀 Жанна", "\u202egnp.exe", "<b>x</b>", "=cmd|' /C calc'!A0", "a" * 300])
def test_hostile_text_comes_through_as_it_is(text: str) -> None:
    assert read(f'a,b\n"{text}",1\n')[1] == RawRow(2, [text, "1"])


@given(st.lists(st.text(alphabet=" a,;\"'\n\r=+\t", max_size=8), min_size=1, max_size=4), st.booleans())
def test_what_is_written_is_read_again(cells: list[str], raw: bool) -> None:
    written = line_of(cells, raw=raw)
    back = next(csv.reader(io.StringIO(written, newline=""))) if any(cells) or len(cells) > 1 else [""]
    assert back == cells if raw else plain(back) == cells
