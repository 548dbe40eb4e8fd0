"""Members of Asterisk's own queues, as a snapshot shows them."""

from core.model import QueueMembership
from telephony.facts import Device, InStep, QueueMember, Snapshot
from telephony.live import Endpoints
from telephony.members import members_seen
from tests.cards import NOON


def step(*members: QueueMember, missing: tuple[str, ...] = (), devices: tuple[Device, ...] = ()) -> InStep:
    snapshot = Snapshot(
        at=NOON, boot_id="b", channels=(), bridges=(), waiting=(), members=members, devices=devices, missing=missing
    )
    return InStep("one", snapshot)


def member(interface: str, *, paused: bool = False, reason: str = "") -> QueueMember:
    return QueueMember(
        queue="support", interface=interface, name="x", paused=paused, reason=reason, penalty=4, status=1
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
        QueueMembership("1001", "support", True, "lunch", 4),
        QueueMembership("anna-desk", "support", False, "", 4),
    )


def test_where_the_pbx_gave_no_list_nothing_is_said() -> None:
    assert members_seen(step(missing=("QueueStatus",)), Endpoints(("PJSIP/1???",))) == ()


def test_the_phones_that_the_pbx_has() -> None:
    devices = (
        Device("PJSIP/1001", "NOT_INUSE"),
        Device("PJSIP/trunk", "NOT_INUSE"),
        Device("PJSIP/1002", "UNAVAILABLE"),
    )
    (seen,) = members_seen(step(devices=devices), Endpoints(("PJSIP/1???",)))
    assert seen.phones == frozenset({"1001", "1002"})
    (seen,) = members_seen(step(devices=devices, missing=("DeviceStateList",)), Endpoints(("PJSIP/1???",)))
    assert seen.phones is None
