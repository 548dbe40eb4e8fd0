"""What reaches the listener, and when nobody can tell."""

from datetime import timedelta
from typing import Any

import pytest

from telephony.doctor_events import judge_events, judge_zone
from telephony.doctor_findings import Level
from telephony.doctor_seen import AccountSeen, Door, Heard
from tests.unit.telephony.doctored import ACTS, ailing, healthy, wanted

TRIED: dict[str, Any] = {
    "booted": True,
    "own_event": True,
    "timestamped": True,
    "member_probe": True,
    "channel_probe": True,
}
ALL = {"Newchannel", "Hangup", "QueueMemberAdded"}


def heard(names: set[str], **changes: Any) -> Heard:
    return Heard(names=set(names), **(TRIED | changes))


def test_all_heard_is_fine() -> None:
    assert ailing(judge_events(wanted(), healthy())) == {}


@pytest.mark.parametrize(
    ("what", "code"),
    [
        (heard(ALL, booted=False), "read_system"),
        (heard(ALL, own_event=False, timestamped=False), "read_user"),
        (heard({"QueueMemberAdded"}, channel_probe=False), "read_call"),
        (heard({"QueueMemberAdded", "Hangup"}, channel_probe=False), "filter_newchannel"),
        (heard({"QueueMemberAdded", "Newchannel"}, unheard_channels=1), "filter_newchannel"),
        (heard({"Newchannel"}, member_probe=False), "read_agent"),
    ],
)
def test_each_silence_is_named(what: Heard, code: str) -> None:
    assert ailing(judge_events(wanted(), healthy(heard=what))) == {code: Level.FAIL}


def test_where_nothing_was_tried_nothing_is_claimed() -> None:
    idle = Heard(names=set(), booted=True, own_event=True, timestamped=True)
    findings = judge_events(wanted(), healthy(heard=idle))
    assert ailing(findings) == {}
    assert {each.code for each in findings if each.level is Level.UNSEEN} == {"read_call", "read_agent"}


def test_no_time_stamps_is_doubtful() -> None:
    assert ailing(judge_events(wanted(), healthy(heard=heard(ALL, timestamped=False)))) == {
        "timestampevents": Level.WARN
    }


def test_an_impatient_pbx_is_named_with_its_account() -> None:
    hands = AccountSeen(user="hands", door=Door.IN, allowed=ACTS, cut=True, stalled_s=1.0)
    (finding,) = [each for each in judge_events(wanted(), healthy(controller=hands)) if each.level is Level.FAIL]
    assert (finding.code, finding.subject) == ("writetimeout", "hands")


@pytest.mark.parametrize(
    ("ahead_s", "within_s", "doubtful"),
    [(1.9, 0.0, False), (2.1, 0.0, True), (-2.1, 0.0, True), (2.1, 0.6, False), (-30.0, 0.6, True)],
)
def test_clocks_may_differ_by_two_seconds(ahead_s: float, within_s: float, doubtful: bool) -> None:
    findings = judge_events(wanted(), healthy(clock_ahead_s=ahead_s, clock_within_s=within_s))
    assert ("clock" in ailing(findings)) is doubtful


def test_a_zone_that_is_not_the_pbxs() -> None:
    seen = healthy(utc_offset=timedelta(hours=-3, minutes=-30))
    (finding,) = judge_zone(wanted(), seen, timedelta(hours=3))
    assert finding.level is Level.WARN and "UTC-03:30" in finding.text and "UTC+03:00" in finding.text
    assert judge_zone(wanted(), healthy(), timedelta())[0].level is Level.OK
    assert judge_zone(wanted(), healthy(utc_offset=None), timedelta()) == []
