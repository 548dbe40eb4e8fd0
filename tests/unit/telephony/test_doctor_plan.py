"""Version, phones against people, queues, dialplan."""

from typing import Any

import pytest

from telephony.doctor_findings import Level
from telephony.doctor_plan import judge_plan
from tests.unit.telephony.doctored import ailing, healthy, wanted


def test_a_pbx_as_it_should_be() -> None:
    assert ailing(judge_plan(wanted(), healthy())) == {}


@pytest.mark.parametrize(
    ("version", "level"),
    [
        ("22.10.1+dfsg", None),
        ("certified-20.7-cert1", Level.WARN),
        ("18.26.0", Level.WARN),
        ("16.30.0", Level.WARN),
        ("23.0.0", Level.WARN),
        ("11.25.3", Level.FAIL),
    ],
)
def test_versions(version: str, level: Level | None) -> None:
    assert ailing(judge_plan(wanted(), healthy(version=version))).get("version") is level


@pytest.mark.parametrize(
    ("seen", "expected", "code", "level"),
    [
        ({"system_name": ""}, {}, "systemname", Level.WARN),
        ({"devices": frozenset({"PJSIP/201", "PJSIP/trunk"})}, {"people": None}, "endpoints_none", Level.FAIL),
        ({"devices": frozenset({"PJSIP/1001", "PJSIP/201"})}, {}, "endpoint_no_operator", Level.WARN),
        ({}, {"people": {"anna": "1077"}}, "operator_no_endpoint", Level.FAIL),
        ({}, {"people": {"anna": "1077"}, "only_pbx": False}, "operator_no_endpoint", Level.WARN),
        ({}, {"people": {}}, "operators_none", Level.WARN),
        ({"members": frozenset({"SIP/1001"})}, {}, "members_no_operator", Level.WARN),
        (
            {"memberships": frozenset({("support", "PJSIP/1001"), ("support", "PJSIP/1002"), ("old", "PJSIP/1003")})},
            {"kept": {"support": frozenset({"anna", "boris"})}},
            "members_not_in_plan",
            Level.WARN,
        ),
        ({}, {"queues": ("support", "vip")}, "queue_unknown_to_pbx", Level.FAIL),
        ({"queues": frozenset({"support", "vip"})}, {"queues": ("support",)}, "queue_unknown_here", Level.WARN),
        ({"queues": frozenset()}, {}, "queues_none", Level.WARN),
        ({"call_context_exists": False}, {}, "call_context", Level.FAIL),
        ({"contexts": {"PJSIP/1001": "phones"}}, {}, "call_context", Level.WARN),
        ({"parking": ()}, {}, "parking", Level.WARN),
        ({"transfer_code": ""}, {}, "features", Level.WARN),
        ({"bind_address": "0.0.0.0"}, {}, "bindaddr", Level.WARN),
        ({"bind_address": ""}, {}, "bindaddr", Level.WARN),
    ],
)
def test_each_doubt_is_named(seen: dict[str, Any], expected: dict[str, Any], code: str, level: Level) -> None:
    assert ailing(judge_plan(wanted(**expected), healthy(**seen))) == {code: level}


def test_local_members_are_nobodys_fault() -> None:
    assert ailing(judge_plan(wanted(), healthy(members=frozenset({"Local/1001@from-queue/n"})))) == {}


def test_the_pattern_that_is_offered_fits_the_phones() -> None:
    seen = healthy(devices=frozenset({"PJSIP/201", "PJSIP/202", "PJSIP/trunk"}))
    (finding,) = [each for each in judge_plan(wanted(people=None), seen) if each.code == "endpoints_none"]
    assert '["PJSIP/2??"]' in finding.mend
