"""Which column means what."""

import pytest

from clients.bulk_headings import OWN, guessed, said, with_key
from core.desk import CustomField
from core.errors import Rejected

FIELDS = {"contract": CustomField(en="Contract no.", ru="Договор")}


@pytest.mark.parametrize(
    ("headings", "told"),
    [
        (("Name", "Phone"), 'name <- "Name"; number <- "Phone"'),
        (("ФИО", "Мобильный телефон", "E-Mail"), 'name <- "ФИО"; number <- "Мобильный телефон"; email <- "E-Mail"'),
        # Outlook
        (
            ("First Name", "Last Name", "Company", "Business Phone", "Mobile Phone", "E-mail 2 Address", "Notes"),
            'name <- "First Name", "Last Name"; organisation <- "Company"; number <- "Business Phone", "Mobile Phone"; '
            'email <- "E-mail 2 Address"; note <- "Notes"',
        ),
        # Google
        (
            ("Name", "Given Name", "Family Name", "Phone 1 - Value", "Phone 2 - Value", "Organization 1 - Name"),
            'name <- "Name"; organisation <- "Organization 1 - Name"; number <- "Phone 1 - Value", "Phone 2 - Value"',
        ),
        (("Фамилия", "Имя", "Отчество", "Тел."), 'name <- "Имя", "Отчество", "Фамилия"; number <- "Тел."'),
        (("client_id", "name"), 'key <- "client_id"; name <- "name"'),
        (("name", "ДОГОВОР", "x"), 'name <- "name"; field.contract <- "ДОГОВОР"'),
        (
            ("name", "contract_no", "language"),
            'name <- "name"; language <- "language"; field.contract <- "contract_no"',
        ),
        (("name", "note", "comment"), 'name <- "name"; note <- "note"'),
    ],
)
def test_headings_are_understood(headings: tuple[str, ...], told: str) -> None:
    columns = guessed(headings, FIELDS)
    assert columns.guessed and columns.told() == told


def test_what_is_not_read_is_told() -> None:
    assert guessed(("Name", "Shoe size", "", OWN[0], OWN[1]), {}).ignored == ("Shoe size",)


def test_headings_that_say_nothing_are_refused_with_the_way_out() -> None:
    with pytest.raises(Rejected, match=r'none of these: "Anna", "8 916.*--map name="Full name"'):
        guessed(("Anna", "8 916 123-45-67"), {})


def test_what_is_said_counts() -> None:
    columns = said(['name=full name', "number=Mobile, Work phone", 'note="a, b"', "field.contract=X"],
                   ("Full  Name", "Work phone", "Mobile", "a, b", "X"), FIELDS)  # fmt: skip
    assert columns.of == {"name": (0,), "number": (2, 1), "note": (3,), "field.contract": (4,)} and not columns.guessed
    assert said(["number=A", "number=B"], ("A", "B"), {}).of == {"number": (0, 1)}


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ("name", "write it as TARGET="),
        ("name=", "write it as TARGET="),
        ("nam=A", "there is no 'nam'; choose from key, name"),
        ("field.size=A", "field.contract"),
        ("name=B", 'there is no column "B"; the file has "A"'),
        ("note=A,A", "one column only"),
    ],
)
def test_what_can_not_be_is_refused(asked: str, complaint: str) -> None:
    with pytest.raises(Rejected, match=complaint.replace(".", r"\.")):
        said([asked], ("A",), FIELDS)


def test_the_key_is_a_column() -> None:
    assert with_key(guessed(("ID", "Name", "client_id"), {}), "id").of == {"key": (0,), "name": (1,)}
    with pytest.raises(Rejected, match="there is no column"):
        with_key(guessed(("ID", "Name"), {}), "Number")
