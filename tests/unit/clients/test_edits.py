"""What may be said about a client, what changed by it, and two clients as one."""

from dataclasses import replace

import pytest

from clients.edits import checked, edited, email_key, in_words, lines, merged
from clients.ports import Client, Edit
from core.desk import CustomField, FieldKind
from core.errors import Rejected
from core.model import ClientKind
from tests.cards import NOON

FIELDS = {
    "contract": CustomField(en="Contract", ru="Договор"),
    "debt": CustomField(en="Debt", ru="Долг", kind=FieldKind.NUMBER),
    "since": CustomField(en="Since", ru="С", kind=FieldKind.DATE),
    "plan": CustomField(en="Plan", ru="Тариф", kind=FieldKind.CHOICE, choices=("basic", "gold")),
}
ANNA = Client(
    client_id="a", site="riga", name="Anna", created_at=NOON, numbers=("+1", "+2"), fields=(("plan", "basic"),)
)


def test_texts_are_trimmed_and_nothing_said_stays_nothing() -> None:
    assert checked(Edit(name="  Anna ", warning=" "), FIELDS) == Edit(name="Anna", warning="")
    assert checked(Edit(), FIELDS) == Edit()


@pytest.mark.parametrize(
    "code, value",
    [
        ("debt", "12"),
        ("debt", "-3.5"),
        ("debt", "3,5"),
        ("since", "2024-02-29"),
        ("plan", "gold"),
        ("contract", "x" * 500),
    ],
)
def test_own_fields_take_what_was_declared(code: str, value: str) -> None:
    assert checked(Edit(fields={code: f" {value} "}), FIELDS).fields == {code: value}


@pytest.mark.parametrize("code", FIELDS)
def test_any_own_field_can_be_emptied(code: str) -> None:
    assert edited(replace(ANNA, fields=((code, "x"),)), checked(Edit(fields={code: " "}), FIELDS)).fields == ()


@pytest.mark.parametrize(
    "edit, why",
    [
        (Edit(fields={"debt": "١٢x"}), "a number"),
        (Edit(fields={"plan": "silver"}), "basic, gold"),
        (Edit(fields={"since": "31.12.2026"}), "2026-12-31"),
        (Edit(fields={"other": "1"}), "reload the page"),
        (Edit(timezone="MSK+3"), "Europe/Moscow"),
        (Edit(language="english please"), "en or ru"),
        (Edit(owner="x" * 65), "64"),
    ],
)
def test_a_refusal_says_what_is_wanted(edit: Edit, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        checked(edit, FIELDS)


@pytest.mark.parametrize(
    "email", ["", "a", "a@", "@b", "a b@c", "a@b@c", "<a@b>", "a@b,c@d", "a\r\n@b", "a" * 65 + "@b"]
)
def test_what_is_no_address_is_refused(email: str) -> None:
    with pytest.raises(Rejected):
        email_key(email)


def test_an_edit_touches_only_what_it_says_and_an_empty_text_empties() -> None:
    rich = replace(ANNA, language="ru", timezone="Asia/Omsk", owner="eva", organisation_id="o", organisation="O")
    assert edited(rich, Edit(name="B")) == replace(rich, name="B")
    bare = edited(rich, Edit(language="", timezone="", owner="", organisation_id=""))
    assert (bare.language, bare.timezone, bare.owner, bare.organisation_id) == (None,) * 4
    assert edited(rich, Edit(kind=ClientKind.ORGANISATION)).organisation is None


def test_lines_tell_each_field_before_and_after() -> None:
    after = edited(ANNA, Edit(numbers=("+2",), vip=True, fields={"plan": "", "contract": "7"}))
    assert lines(ANNA, after) == [
        ("numbers", "+1\n+2", "+2"),
        ("vip", "", "yes"),
        ("fields.contract", "", "7"),
        ("fields.plan", "basic", ""),
    ]
    assert lines(ANNA, ANNA) == []
    assert "numbers: +1\n+2" in in_words(ANNA) and "name: Anna" in in_words(ANNA)


def test_the_one_that_stays_is_right_and_learns_the_rest() -> None:
    other = replace(
        ANNA, client_id="b", name="Ann", numbers=("+3", "+1"), note="x", vip=True, fields=(("plan", "gold"), ("z", "1"))
    )
    one = merged(replace(ANNA, note="y"), other)
    assert (one.client_id, one.name, one.numbers, one.note) == ("a", "Anna", ("+1", "+2", "+3"), "y\nx")
    assert one.vip and one.fields == (("plan", "basic"), ("z", "1"))
    assert merged(replace(ANNA, name=""), other).name == "Ann"
    assert merged(one, other) == one


def test_a_placeholder_is_what_no_person_has_touched() -> None:
    placeholder = replace(ANNA, numbers=("+1",))
    assert placeholder.is_placeholder
    for touched in (
        {"made_by": "eva"},
        {"made_by": ""},
        {"version": 2},
        {"numbers": ("+1", "+2")},
        {"emails": ("a@b",)},
    ):
        assert not replace(placeholder, **touched).is_placeholder  # type: ignore[arg-type]
