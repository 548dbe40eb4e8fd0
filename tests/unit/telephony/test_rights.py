"""Too little and too much."""

import pytest

from telephony.link_state import LinkRefused, LinkState
from telephony.rights import ACTING, LISTENING, check_rights, no_system_events

ALL = dict.fromkeys([*LISTENING, *ACTING], "does it")


def test_enough_is_enough() -> None:
    check_rights("svc", ALL, LISTENING | ACTING, allow_command=False)


@pytest.mark.parametrize(("action", "right"), [*LISTENING.items(), *ACTING.items()])
def test_each_missing_right_is_named(action: str, right: str) -> None:
    allowed = {name: "x" for name in ALL if name != action}
    with pytest.raises(LinkRefused, match=right) as refused:
        check_rights("svc", allowed, LISTENING | ACTING, allow_command=False)
    assert refused.value.state is LinkState.MISSING_RIGHTS


def test_an_account_that_may_run_commands_is_refused_unless_wanted() -> None:
    with pytest.raises(LinkRefused, match="allow_command") as refused:
        check_rights("svc", ALL | {"Command": "x"}, ACTING, allow_command=False)
    assert refused.value.state is LinkState.EXCESS_RIGHTS
    check_rights("svc", ALL | {"Command": "x"}, ACTING, allow_command=True)


def test_a_deaf_account_is_told_what_to_read() -> None:
    assert "read = system,call,agent,user" in str(no_system_events("svc"))
