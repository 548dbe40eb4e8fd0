"""What the states mean."""

from telephony.link_state import LinkState


def test_refusals_need_a_person_and_losses_attention() -> None:
    assert {s for s in LinkState if s.refused} == {
        LinkState.BAD_CREDENTIALS, LinkState.MISSING_RIGHTS, LinkState.EXCESS_RIGHTS}  # fmt: skip
    assert {s for s in LinkState if s.wants_attention and not s.refused} == {LinkState.LOST, LinkState.LATE}
