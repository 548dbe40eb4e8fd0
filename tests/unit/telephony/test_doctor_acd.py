"""What ACD queues need of the PBX, each of it spoilt once."""

import pytest

from telephony.doctor_acd import acd_lines, judge_acd
from telephony.doctor_findings import Level
from telephony.doctor_seen import AccountSeen, Door
from tests.unit.telephony.doctored import ACTS, ailing, healthy, wanted

ACD = {"acd": {"sales": "support", "plain": None}, "acd_version": "v2"}
FINE = {
    "queues": frozenset({"sales", "plain", "support"}),
    "memberships": frozenset({("support", "PJSIP/1001")}),
    "acd_versions": frozenset({"v2"}),
    "asks_dialplan": True,
}


def test_where_meridian_distributes_nothing_it_needs_nothing() -> None:
    assert judge_acd(wanted(), healthy()) == []


def test_all_is_there() -> None:
    findings = judge_acd(wanted(**ACD), healthy(**FINE))
    assert ailing(findings) == {}
    assert "plain, then a message; sales, then support" in findings[-1].text


@pytest.mark.parametrize(
    ("seen", "code", "level"),
    [
        ({"acd_versions": frozenset()}, "acd_dialplan", Level.FAIL),
        ({"acd_versions": frozenset({"v1"})}, "acd_dialplan", Level.WARN),
        ({"acd_versions": None}, "acd_dialplan", Level.UNSEEN),
        ({"asks_dialplan": False}, "acd_function", Level.FAIL),
        ({"queues": frozenset({"sales", "support"})}, "acd_queue", Level.FAIL),
        ({"queues": frozenset({"sales", "plain"})}, "acd_fallback", Level.FAIL),
        ({"memberships": frozenset({("sales", "PJSIP/1001")})}, "acd_members", Level.FAIL),
        (
            {"controller": AccountSeen(user="hands", door=Door.IN, allowed=ACTS - {"Originate"})},
            "acd_originate",
            Level.FAIL,
        ),
    ],
)
def test_each_thing_that_can_be_missing(seen: dict[str, object], code: str, level: Level) -> None:
    findings = judge_acd(wanted(**ACD), healthy(**FINE | seen))
    assert {each.code: each.level for each in findings if each.level is not Level.OK} == {code: level}


def test_the_lines_are_there_for_what_a_line_can_mend() -> None:
    account = AccountSeen(user="hands", door=Door.IN, allowed=ACTS - {"Originate"})
    seen = healthy(**FINE | {"acd_versions": frozenset(), "queues": frozenset({"support"}), "controller": account})
    files = {each.file: each.lines[-1] for each in acd_lines(seen, judge_acd(wanted(**ACD), seen))}
    assert files == {
        "manager.conf": "write = agent,call,originate",
        "extensions.conf": "#include meridian_extensions.conf",
        "queues.conf": "#include meridian_queues.conf",
    }
    outdated = healthy(**FINE | {"acd_versions": frozenset({"v1"})})
    assert acd_lines(outdated, judge_acd(wanted(**ACD), outdated)) == [], "the includes are there"


def test_a_pbx_that_does_not_let_us_in_is_judged_elsewhere() -> None:
    refused = healthy(listener=AccountSeen(user="ears", door=Door.REFUSED))
    assert judge_acd(wanted(**ACD), refused) == []
