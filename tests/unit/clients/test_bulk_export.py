"""A client as a row and as a card, and back."""

import csv
import io
from datetime import UTC, datetime

import pytest

from clients.bulk_csv import plain
from clients.bulk_export import card, headings, row
from clients.bulk_headings import guessed
from clients.bulk_rows import Checks, Incoming, incoming
from clients.bulk_vcard import cards, texts_of
from clients.ports import Client
from core.desk import CustomField
from core.model import ClientKind

FIELDS = {"contract": CustomField(en="Contract", ru="Договор")}
CHECKS = Checks(region="RU", fields=FIELDS, exported=True)
HOSTILE = ("=cmd|' /C calc'!A0", "@SUM(1)", "'=already", "\u202egnp", "😀", "<b>x</b>", 'a "b", c; d')


def client(name: str = "Анна", note: str = "две\nстроки") -> Client:
    return Client(
        client_id="01a200b1-319a-7000-957b-9a43c9dc3f7f", site="riga", name=name, note=note, numbers=("+79161234567", "alice"),
        emails=("a@b.ru", "c@d.ru"), created_at=datetime(2026, 1, 1, tzinfo=UTC), organisation="ООО Ромашка", vip=True,
        warning="-w", language="ru", timezone="Europe/Moscow", owner="boris", fields=(("contract", "+1"),), check=True, version=3,
    )  # fmt: skip


def said(found: Incoming) -> tuple[object, ...]:
    return found[1:15]


WHOLE = (
    "01a200b1-319a-7000-957b-9a43c9dc3f7f", "Анна", ClientKind.PERSON, "ООО Ромашка", ("+79161234567", "alice"),
    ("a@b.ru", "c@d.ru"), "две\nстроки", True, "-w", "ru", "Europe/Moscow", "boris", True, (("contract", "+1"),),
)  # fmt: skip


def through_a_table(one: Client, *, raw: bool) -> Incoming:
    text = headings(["contract"], raw=raw) + row(one, ["contract"], raw=raw)
    first, second = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns = guessed(first, FIELDS)
    assert not columns.ignored
    cells = second if raw else plain(second)
    return incoming(2, {target: [cells[i] for i in places] for target, places in columns.of.items()}, CHECKS)


def through_a_card(one: Client) -> Incoming:
    texts, trouble = texts_of(next(cards(io.StringIO(card(one), newline=""))).properties)
    assert not trouble
    return incoming(1, texts, CHECKS)


@pytest.mark.parametrize("raw", [False, True])
def test_a_row_says_everything(raw: bool) -> None:
    assert said(through_a_table(client(), raw=raw)) == WHOLE


def test_a_card_says_everything() -> None:
    assert said(through_a_card(client())) == WHOLE


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_survives_both(text: str) -> None:
    for found in (through_a_table(client(text, text), raw=False), through_a_card(client(text, text))):
        assert (found.name, found.note) == (text, text)


@pytest.mark.parametrize("text", HOSTILE[:2])
def test_no_cell_of_a_table_is_a_formula_unless_asked_for(text: str) -> None:
    cells = next(csv.reader(io.StringIO(row(client(text), ["contract"], raw=False), newline="")))
    assert not any(cell[:1] in ("=", "+", "-", "@") for cell in cells if cell)
    assert text in next(csv.reader(io.StringIO(row(client(text), [], raw=True), newline="")))
