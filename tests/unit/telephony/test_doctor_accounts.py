"""Doors and rights of the two accounts."""

import pytest

from telephony.doctor_accounts import classes, judge_accounts, needed_write
from telephony.doctor_findings import Level
from telephony.doctor_seen import AccountSeen, Door
from tests.unit.telephony.doctored import ACTS, HEARS, ailing, healthy, wanted


def test_two_accounts_with_just_enough_are_fine() -> None:
    assert ailing(judge_accounts(wanted(), healthy())) == {}


@pytest.mark.parametrize(("action", "right"), [("CoreStatus", "reporting"), ("UserEvent", "user")])
def test_each_class_that_the_listener_lacks_is_named(action: str, right: str) -> None:
    seen = healthy(listener=AccountSeen(user="ears", door=Door.IN, allowed=HEARS - {action}))
    (finding,) = [each for each in judge_accounts(wanted(), seen) if each.code == "ami_rights_missing"]
    assert right in finding.text and "write = reporting,user" in finding.mend and finding.subject == "ears"


@pytest.mark.parametrize(
    ("action", "level"), [("Command", Level.FAIL), ("UpdateConfig", Level.FAIL), ("AGI", Level.WARN)]
)
def test_classes_too_many_are_worse_the_more_they_can_do(action: str, level: Level) -> None:
    seen = healthy(controller=AccountSeen(user="hands", door=Door.IN, allowed=ACTS | {action}))
    assert ailing(judge_accounts(wanted(), seen)) == {"ami_rights_excess": level}


def test_command_may_be_wanted() -> None:
    from dataclasses import replace

    settings = replace(wanted().settings, allow_command=True)
    seen = healthy(controller=AccountSeen(user="hands", door=Door.IN, allowed=ACTS | {"Command"}))
    assert ailing(judge_accounts(wanted(settings=settings), seen)) == {"ami_rights_excess": Level.WARN}


def test_optional_classes_are_kept_and_none_is_added() -> None:
    seen = healthy(controller=AccountSeen(user="hands", door=Door.IN, allowed=ACTS - {"Originate"} | {"ModuleLoad"}))
    assert needed_write(seen, seen.controller) == ("agent", "call", "system")
    assert classes(seen.controller.allowed) == {"agent", "call", "system"}


def test_an_account_for_both_needs_both() -> None:
    one = AccountSeen(user="ears", door=Door.IN, allowed=HEARS | ACTS)
    seen = healthy(listener=one, controller=one)
    assert ailing(judge_accounts(wanted(), seen)) == {"ami_one_account": Level.WARN}
    assert needed_write(seen, one) == ("reporting", "user", "agent", "call", "originate")


@pytest.mark.parametrize(
    ("why", "mend"),
    [
        ("pbx:5038 can't be reached (Connection refused); is Asterisk running?", "enabled = yes"),
        ("pbx:5038 doesn't greet as Asterisk's manager does", "tls = true"),
        ("TLS with pbx:5039 failed (CERTIFICATE_VERIFY_FAILED)", "ca_file"),
        ("pbx:5038 doesn't take the connection; is the PBX up", "firewall"),
    ],
)
def test_a_closed_door_says_which_key(why: str, mend: str) -> None:
    seen = healthy(
        listener=AccountSeen(user="ears", door=Door.UNREACHABLE, why=why), controller=AccountSeen(user="hands")
    )
    (finding,) = judge_accounts(wanted(), seen)
    assert finding.code == "ami_unreachable" and mend in finding.mend
