"""What a channel is, by its name."""

import pytest

from telephony.live import ChannelRole, Endpoints
from tests.playbook import Playbook


@pytest.mark.parametrize(
    ("channel", "role", "name"),
    [
        ("PJSIP/1001-0000002a", ChannelRole.AGENT, "1001"),
        ("PJSIP/10012-0000002a", ChannelRole.OUTSIDE, "10012"),
        ("PJSIP/trunk-0000002a", ChannelRole.OUTSIDE, "trunk"),
        ("PJSIP/my-trunk-0000002a", ChannelRole.OUTSIDE, "my-trunk"),
        ("SIP/1001-0000002a", ChannelRole.OUTSIDE, "1001"),
        ("DAHDI/i1/79161110001-1", ChannelRole.OUTSIDE, "i1/79161110001"),
        ("Local/1001@members-0000000a;1", ChannelRole.LOCAL, "1001@members"),
        ("Local/PJSIP@x-0000000a;2", ChannelRole.LOCAL, "PJSIP@x"),
        ("CBAnn/800-00000001;1", ChannelRole.TECHNICAL, "800"),
        ("Message/ast_msg_queue", ChannelRole.TECHNICAL, "ast_msg_queue"),
        ("Snoop/1-00000001", ChannelRole.TECHNICAL, "1"),
        ("Surrogate/x", ChannelRole.TECHNICAL, "x"),
        ("nonsense", ChannelRole.OUTSIDE, "nonsense"),
    ],
)
def test_role_and_name_of_a_channel(channel: str, role: ChannelRole, name: str) -> None:
    assert Endpoints(("PJSIP/1???",)).role(channel) == (role, name)


def test_several_globs() -> None:
    endpoints = Endpoints(("PJSIP/1???", "SIP/2*"))
    assert endpoints.role("SIP/2777-1")[0] is ChannelRole.AGENT
    assert endpoints.role("PJSIP/2777-1")[0] is ChannelRole.OUTSIDE


def test_globs_mind_the_case() -> None:
    assert Endpoints(("PJSIP/a*",)).role("PJSIP/Anna-1")[0] is ChannelRole.OUTSIDE


def test_what_is_remembered_of_endpoints_is_bounded() -> None:
    """The far end of a trunk may name as many endpoints as it likes."""
    endpoints = Endpoints(("PJSIP/1???",))
    for n in range(100_050):
        endpoints.role(f"DAHDI/{n}-1")
    assert len(endpoints._roles) == 100_000
    assert endpoints.role("PJSIP/1001-1") == (ChannelRole.AGENT, "1001")


def test_the_parties_are_those_who_hold_the_conversation() -> None:
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001")
    play.rang(1, "A", "B", "1001")
    play.rang(1, "A", "C", "1002")
    call = play.tracker.channels["A"].call
    assert [c.uniqueid for c in call.parties()] == ["A"]
    play.bridged(2, "B", "A")
    assert [c.uniqueid for c in call.parties()] == ["A", "B"]
    play.blind(3, "B", "1003")
    assert [c.uniqueid for c in call.parties()] == ["A"]


def test_a_party_is_named_by_phone_or_by_number() -> None:
    play = Playbook()
    play.created(0, "A", "trunk", number="79161110001")
    play.created(0, "N", "trunk")
    play.rang(1, "A", "B", "1001")
    named = play.tracker.channels
    assert [named[uid].party for uid in ("A", "N", "B")] == ["79161110001", "trunk", "1001"]
