"""Members of Asterisk's own queues, as a snapshot shows them."""

from core.model import QueueMembership
from telephony.facts import InStep, QueueMember, Snapshot
from telephony.live import Endpoints
from telephony.members import members_seen
from tests.cards import NOON


def step(*members: QueueMember, missing: tuple[str, ...] = ()) -> InStep:
    snapshot = Snapshot(
        at=NOON, boot_id="b", channels=(), bridges=(), waiting=(), members=members, devices=(), missing=missing
    )
    return InStep("one", snapshot)


def member(interface: str, *, paused: bool = False, reason: str = "") -> QueueMember:
    return QueueMember(
        queue="support", interface=interface, name="x", paused=paused, reason=reason, penalty=0, status=1
    )


def test_operators_phones_and_nobody_else() -> None:
    phones = Endpoints(("PJSIP/1???", "PJSIP/anna-desk"))
    found = members_seen(
        step(
            member("PJSIP/1001", paused=True, reason="lunch"),
            member("PJSIP/anna-desk"),
            member("Local/1002@agents"),
            member("PJSIP/door"),
            member(""),
        ),
        phones,
    )
    (seen,) = found
    assert (seen.at, seen.pbx) == (NOON, "one")
    assert seen.members == (
        QueueMembership("1001", "support", True, "lunch"),
        QueueMembership("anna-desk", "support", False, ""),
    )


def test_where_the_pbx_gave_no_list_nothing_is_said() -> None:
    assert members_seen(step(missing=("QueueStatus",)), Endpoints(("PJSIP/1???",))) == ()
