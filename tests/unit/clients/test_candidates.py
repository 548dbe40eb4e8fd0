"""Whose number it is, and who of several is named first."""

from itertools import permutations

from clients.candidates import Known, Owner, ranked, whose
from core.model import CandidateReason, ClientKind
from tests.cards import instant

PERSON, ORGANISATION = ClientKind.PERSON, ClientKind.ORGANISATION


def known(
    client_id: str, *, owns: bool = True, spoke: int | None = None, last: int | None = None, vip: bool = False
) -> Known:
    return Known(
        client_id,
        client_id.title(),
        PERSON,
        None,
        None,
        vip,
        None if last is None else instant(last),
        None if spoke is None else instant(spoke),
        owns,
    )


def test_one_owner_or_the_organisation_of_all_others_and_nobody_else() -> None:
    anna, firm = Owner("anna", PERSON, "firm"), Owner("firm", ORGANISATION, None)
    other = Owner("other", PERSON, None)
    assert whose([]) is None
    assert whose([anna]) == "anna" and whose([firm]) == "firm"
    assert whose([anna, firm]) == whose([firm, anna]) == "firm"
    assert whose([anna, firm, other]) is None and whose([anna, other]) is None
    assert whose([firm, Owner("firm2", ORGANISATION, None)]) is None


def test_best_first_whatever_the_order_of_the_rows() -> None:
    everybody = [
        known("early", spoke=1),
        known("late", spoke=9),
        known("recent", last=8),
        known("vip", vip=True),
        known("plain"),
        known("member", owns=False, vip=True),
    ]
    wanted = ["late", "early", "recent", "vip", "plain", "member"]
    for order in permutations(everybody):
        assert [each.client_id for each in ranked(order, client_id=None)] == wanted


def test_reasons() -> None:
    rows = [known("spoke", spoke=1), known("own"), known("member", owns=False), known("firm")]
    reasons = {each.client_id: each.reason for each in ranked(rows, client_id="firm")}
    assert reasons == {
        "spoke": CandidateReason.LAST_SPOKEN,
        "own": CandidateReason.OWN_NUMBER,
        "member": CandidateReason.MEMBER,
    }
    assert ranked([known("a")], client_id=None)[0].reason is CandidateReason.SHARED_NUMBER


def test_no_more_than_an_operator_can_read() -> None:
    assert len(ranked((known(f"n{n}") for n in range(100)), client_id=None)) == 20
