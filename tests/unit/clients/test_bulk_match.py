"""Whom a row means, and what it changes."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from clients.bulk_match import Import, Known, Plan, planned
from clients.bulk_rows import Checks, Incoming, incoming
from clients.ports import Client
from core.model import ClientKind

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ANNA = "+79161234567"


def about() -> Import:
    ids = count(1)
    return Import(site="riga", by="import x.csv", at=NOW, fresh_id=lambda: f"new-{next(ids)}")


def row(line: int = 2, source: str = "", **texts: str) -> Incoming:
    given = {"name": "Анна", "number": ANNA} | texts
    return incoming(line, {target: [text] for target, text in given.items()}, Checks(region="RU", source=source))


def known(*there: Client, **more: Any) -> Known:
    found = Known(**more)
    for client in there:
        found.learn(client)
    return found


def client(client_id: str, **more: Any) -> Client:
    return Client(
        **({"site": "riga", "name": "Анна", "numbers": (ANNA,), "created_at": NOW, "made_by": "boris"} | more),
        client_id=client_id,
    )


def counts(plan: Plan) -> tuple[int, int, int]:
    return len(plan.created), len(plan.changed), plan.same


def test_nobody_known_makes_a_new_client() -> None:
    plan = planned([row(vip="yes", note="n")], known(), about())
    made = plan.created["new-1"]
    assert (made.name, made.numbers, made.vip, made.note, made.kind, made.made_by) == (
        "Анна", (ANNA,), True, "n", ClientKind.PERSON, "import x.csv",
    )  # fmt: skip
    assert plan.origins == {row().origin: ("new-1", row(vip="yes", note="n").digest)}


def test_the_same_row_again_is_nothing_at_all() -> None:
    one = row()
    plan = planned([one], known(origins={one.origin: ("a", one.digest)}), about())
    assert counts(plan) == (0, 0, 1) and not plan.origins


def test_a_row_that_says_more_changes_the_client_it_made_whatever_that_is_called_now() -> None:
    before, now = row(key="7"), row(key="7", name="Анна Ким", note="n")
    there = client("a", name="Анна Петрова", note="", vip=True)
    plan = planned([now], known(there, origins={before.origin: ("a", before.digest)}), about())
    assert counts(plan) == (0, 1, 0)
    _, after = plan.changed["a"]
    assert (after.name, after.note, after.vip, after.version) == ("Анна Ким", "n", True, 2)


def test_empty_cells_take_nothing_away_and_numbers_are_added() -> None:
    there = client("a", note="old", emails=("a@b.ru",), owner="boris", fields=(("x", "1"),))
    plan = planned([row(number=f"{ANNA}, 112", note="", email="")], known(there), about())
    _, after = plan.changed["a"]
    assert (after.numbers, after.note, after.emails, after.owner, after.fields) == (
        (ANNA, "112"), "old", ("a@b.ru",), "boris", (("x", "1"),),
    )  # fmt: skip


def test_name_and_number_make_one_client_but_not_a_name_or_a_number_alone() -> None:
    assert counts(planned([row()], known(client("a")), about())) == (0, 0, 1)
    assert planned([row(name="АННА")], known(client("a")), about()).changed["a"][1].name == "АННА"
    assert counts(planned([row(name="Вера")], known(client("a")), about())) == (1, 0, 0)
    assert counts(planned([row(number="112")], known(client("a")), about())) == (1, 0, 0)
    assert counts(planned([row(number="", email="a@b.ru")], known(client("a", emails=("a@b.ru",))), about())) == (
        0,
        0,
        1,
    )


def test_two_keys_are_two_clients_even_with_one_name_and_number() -> None:
    plan = planned([row(key="1"), row(key="2")], known(), about())
    assert counts(plan) == (2, 0, 0)
    claimed = planned([row(key="2")], known(client("a"), claimed={"a"}), about())
    assert counts(claimed) == (1, 0, 0)
    assert counts(planned([row(key="1")], known(client("a")), about())) == (0, 0, 1)  # nobody's yet: it gets the key


def test_a_key_may_be_the_id_of_a_client() -> None:
    assert planned([row(key="a", name="Вера", number="112")], known(client("a")), about()).changed.keys() == {"a"}


def test_the_placeholder_that_a_call_made_becomes_the_client() -> None:
    placeholder = client("p", name="", made_by=None)
    plan = planned([row(), row(name="Вера")], known(placeholder), about())
    assert plan.changed["p"][1].name == "Анна"
    assert [made.name for made in plan.created.values()] == [
        "Вера"
    ]  # the second of that number isn't taken for the first


def test_placeholders_of_the_other_numbers_are_absorbed() -> None:
    first = client("p", name="", made_by=None)
    second = client("q", name="IVAN", made_by=None, numbers=("112",))
    plan = planned([row(number=f"{ANNA}, 112")], known(first, second), about())
    assert plan.changed["p"][1].name == "Анна" and plan.absorbed == [("q", "p")]
    noted = planned(
        [row(number=f"{ANNA}, 112")],
        known(first, client("q", name="IVAN", made_by=None, numbers=("112",), note="typed")),
        about(),
    )
    assert not noted.absorbed


def test_organisations_are_known_by_their_name_and_made_when_people_name_them() -> None:
    rows = [
        row(organisation="ООО Ромашка"),
        row(3, name="Вера", organisation="ооо  ромашка"),
        row(4, name="ООО Ромашка", kind="org", number="112"),
    ]
    plan = planned(rows, known(), about())
    made = {client.name: client for client in plan.created.values()}
    assert plan.organisations == 1 and plan.joined == 1 and len(made) == 3
    assert made["Анна"].organisation_id == made["Вера"].organisation_id == made["ООО Ромашка"].client_id
    assert made["ООО Ромашка"].numbers == ("112",)


def test_two_organisations_of_one_name_are_not_chosen_blindly() -> None:
    twins = [client(one, name="ООО", kind=ClientKind.ORGANISATION, numbers=()) for one in ("o1", "o2")]
    plan = planned([row(organisation="ООО")], known(*twins), about())
    assert (
        plan.refused == [(2, "there are 2 organisations called “ООО”: merge them, or leave it out")]
        and not plan.created
    )
    member = client("a", organisation_id="o2", organisation="ООО")
    assert counts(planned([row(organisation="ООО")], known(*twins, member), about())) == (0, 0, 1)


def test_a_client_changed_twice_in_a_batch_has_one_more_version() -> None:
    plan = planned([row(key="1", note="x"), row(number=f"{ANNA},112", note="y")], known(client("a")), about())
    before, after = plan.changed["a"]
    assert (before.note, after.note, after.version, plan.joined) == ("", "y", 2, 1)
