"""From the texts of a row to a client, or the reason why not."""

from typing import Any

import pytest

from clients.bulk_rows import BadRow, Checks, Incoming, incoming
from core.desk import CustomField, FieldKind
from core.model import ClientKind

FIELDS = {
    "since": CustomField(en="Since", ru="С", kind=FieldKind.DATE),
    "debt": CustomField(en="Debt", ru="Долг", kind=FieldKind.NUMBER),
    "tariff": CustomField(en="Tariff", ru="Тариф", kind=FieldKind.CHOICE, choices=("Basic", "Gold")),
    "memo": CustomField(en="Memo", ru="Памятка"),
}
CHECKS = Checks(region="RU", fields=FIELDS, source="crm")


def row(checks: Checks = CHECKS, **texts: Any) -> Incoming:
    given = {"name": "Анна", "number": "+7 916 123-45-67"} | texts
    return incoming(7, {t.replace("__", "."): [v] if isinstance(v, str) else v for t, v in given.items()}, checks)


def reason(**texts: Any) -> str:
    with pytest.raises(BadRow) as refused:
        row(**texts)
    return str(refused.value)


def test_a_whole_row() -> None:
    found = row(
        key=" C-1 ", name=["Анна", "", "Иванова"], kind="", organisation=" ООО  Ромашка ", number=["8 (916) 123-45-67", "112"],
        email="Anna@Example.ORG; a@b.ru", note=" две\nстроки ", vip="Да", warning="w", language="RU", timezone="Europe/Moscow",
        owner="boris", check="no", field__since="31.01.2026", field__debt="1 200,50", field__tariff="gold", field__memo="x",
    )  # fmt: skip
    assert found[:15] == (
        7, "C-1", "Анна Иванова", None, "ООО Ромашка", ("+79161234567", "112"), ("anna@example.org", "a@b.ru"), "две\nстроки",
        True, "w", "ru", "Europe/Moscow", "boris", False,
        (("since", "2026-01-31"), ("debt", "1200.50"), ("tariff", "Gold"), ("memo", "x")),
    )  # fmt: skip
    assert found.origin == "crm#C-1"


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("89161234567", ("+79161234567",)),
        ("+7 916 123-45-67 доб. 5", ("+79161234567",)),
        ("+7 495 111-22-33, доб. 12; 8 916 000 00 01", ("+74951112233", "+79160000001")),
        ("8 (495) 111-22-33 ext 7", ("+74951112233",)),
        ("тел. 8 916 1234567", ("+79161234567",)),
        ("8 916 123 45 67 / 8 916 123 45 67", ()),
        ("+4930/1234567", ("+49301234567",)),
        ("anna@sip.example", ("anna@sip.example",)),
        ("1001\n1002", ("1001", "1002")),
        ("8 916 123-45-67, +7 916 123 45 67", ("+79161234567",)),
    ],
)
def test_numbers_as_people_write_them(cell: str, numbers: tuple[str, ...]) -> None:
    if numbers:
        assert row(number=cell).numbers == numbers
    else:
        assert "no telephone number" in reason(number=cell)


@pytest.mark.parametrize(
    "cell", ["нет", "n/a x", "call after six", "12345678901234567890", "+0", "１２３４", "=1+1", "<script>"]
)
def test_what_is_no_number_is_refused(cell: str) -> None:
    assert "is no telephone number, as dialled in RU or with +" in reason(number=cell)


def test_the_country_decides_what_a_number_is() -> None:
    assert row(Checks(region="DE"), number="030 1234567").numbers == ("+49301234567",)


def test_what_meridian_wrote_itself_is_let_through() -> None:
    ours = Checks(region="RU", exported=True)
    assert row(ours, number="alice, 0000000000").numbers == ("alice", "0000000000")


@pytest.mark.parametrize(
    ("texts", "why"),
    [
        ({"name": "x" * 201}, "name has 201 characters; 200 is the most"),
        ({"note": "x" * 2_001}, "note has 2001 characters"),
        ({"field__memo": "x" * 501}, "memo has 501 characters"),
        ({"name": "", "number": ""}, "no name, no number and no e-mail address"),
        ({"number": ""}, "nothing to know this person by another time"),
        ({"kind": "robot"}, "kind is “robot”: write person or organisation"),
        ({"kind": "org", "name": ""}, "an organisation without a name"),
        ({"kind": "компания", "organisation": "X"}, "can't belong to an organisation"),
        ({"email": "anna"}, "“anna” is no e-mail address"),
        ({"email": "a@b\u202ec.ru"}, "is no e-mail address"),
        ({"vip": "maybe"}, "vip is “maybe”: write yes or no"),
        ({"language": "Klingon"}, "language is “Klingon”"),
        ({"timezone": "Mars/Base"}, "timezone is “Mars/Base”"),
        ({"timezone": "../../etc/passwd"}, "timezone is"),
        ({"field__since": "2026-02-30"}, "since is “2026-02-30”: write a date"),
        ({"field__debt": "much"}, "debt is “much”: write a number"),
        ({"field__tariff": "Iron"}, "choose from Basic, Gold"),
        ({"number": ",".join(str(n) for n in range(100, 151))}, "51 numbers; 50 are the most"),
    ],
)
def test_what_can_not_be_is_refused_with_the_reason(texts: dict[str, str], why: str) -> None:
    assert why in reason(**texts)


def test_a_reason_shows_hostile_text_harmlessly() -> None:
    told = reason(number="\x1b[31m\u202e" + "A" * 300)
    assert told.isprintable() and len(told) < 150


@pytest.mark.parametrize(
    "name", ["A\x00nna", "😀", "\u202eabc", "<img src=x onerror=alert(1)>", "=HYPERLINK(1)", "''; DROP"]
)
def test_hostile_names_stay_text(name: str) -> None:
    assert row(name=name).name == name


def test_a_row_is_known_again_by_key_else_by_name_and_numbers() -> None:
    assert row(key="1").origin == row(key="1", name="other", number="112").origin != row(key="2").origin
    one = row(number="8 916 123-45-67; 112")
    assert one.origin == row(name="АННА", number="112, +79161234567").origin
    assert one.origin not in (row(number="112").origin, row(name="Вера", number="8 916 123-45-67; 112").origin)
    assert row(kind="org").origin != row().origin == row(kind="person").origin
    assert row(number="", email="a@b.ru").origin != row(number="", email="b@b.ru").origin


def test_the_digest_changes_with_what_is_said_and_with_nothing_else() -> None:
    one = row(note="x", field__memo="m")
    assert (
        one.digest
        == incoming(
            99, {"name": ["Анна"], "number": ["89161234567"], "note": ["x "], "field.memo": ["m"]}, CHECKS
        ).digest
    )
    changed = [row(note="y", field__memo="m"), row(note="x"), row(note="x", field__memo="m", vip="yes"),
               row(note="x", field__memo="m", email="a@b.ru")]  # fmt: skip
    assert len({one.digest, *(each.digest for each in changed)}) == 5
    assert 0 <= one.digest < 2**63


def test_kinds() -> None:
    assert row(kind="Организация").kind is ClientKind.ORGANISATION
    assert row(kind="Person").kind is ClientKind.PERSON
