"""The rig is what the tests believe it to be: the accounts' rights, the CDR, the ids that join ledger and CDR, the sound."""

import time

import pytest

from tests.rig import instance, record
from tests.rig.driver import Ami, RigError
from tests.rig.instance import Asterisk
from tests.rig.ledger import read_cdr, unmatched
from tests.rig.phones import PhoneRoom
from tests.rig.scenes import SCENES
from tests.rig.stage import Stage

real_asterisk = pytest.mark.real("asterisk")


def test_every_shape_has_its_recording() -> None:
    stored = {path.parent.name for path in record.SCENARIOS.glob("*/stream.ami*")}
    assert set(SCENES) <= stored


def test_a_slot_is_taken_once() -> None:
    first, one = instance.take_slot()
    second, other = instance.take_slot()
    with first, second:
        assert one != other
        assert instance.slot_ports(one) != instance.slot_ports(other)


@real_asterisk
@pytest.mark.parametrize(
    ("user", "action", "allowed"),
    [
        ("listener", "CoreStatus", True),
        ("listener", "CoreShowChannels", True),
        ("listener", "DeviceStateList", True),
        ("listener", "Hangup", False),
        ("listener", "Originate", False),
        ("listener", "Command", False),
        ("controller", "Hangup", True),
        ("controller", "MixMonitor", True),
        ("controller", "Originate", True),
        ("controller", "Command", False),
        ("frugal", "MixMonitorMute", True),
        ("frugal", "MixMonitor", False),
        ("mighty", "Command", True),
    ],
)
def test_accounts_may_do_what_they_should(asterisk: Asterisk, user: str, action: str, allowed: bool) -> None:
    session = Ami(asterisk.ports.ami, user, events="off")
    try:
        answer = session.action(action)
    finally:
        session.close()
    assert (answer.get("Message") != "Permission denied") is allowed


@real_asterisk
def test_a_wrong_secret_is_refused(asterisk: Asterisk) -> None:
    with pytest.raises(RigError, match="login"):
        Ami(asterisk.ports.ami, "listener", "wrong")


@real_asterisk
def test_ledger_and_cdr_agree_on_answered_abandoned_and_unanswered(asterisk: Asterisk) -> None:
    stage = Stage(asterisk.ports.ami, asterisk.ports.sip)
    try:
        agent, client, answered, _ = stage.answered_call("79160000001")
        client.hangup()
        agent.wait("ENDED")
        stage.ami.action("QueueRemove", Queue="support", Interface="PJSIP/1001")
        waiting, abandoned = stage.call("79160000002", "500", queue="support")
        waiting.wait("ANSWERED")
        time.sleep(0.5)
        waiting.hangup()
        ringing, unanswered = stage.call("79160000003", "1001")
        agent.wait("RINGING")
        ringing.cancel()
        ringing.wait("FAILED")
        stage.settle()
        ledger = stage.phones.ledger()
    finally:
        stage.close()
    cards: list[tuple[str, list[str]]] = [(call["uniqueid"], []) for call in (answered, abandoned, unanswered)]
    cdr = read_cdr(asterisk.cdr_csv)
    assert [line.answered for line in ledger] == [True, True, False]
    assert unmatched(ledger, cdr, cards) == []
    assert unmatched(ledger, cdr, cards[:-1]) != []


@real_asterisk
def test_a_burst_is_in_the_ledger_and_the_cdr_call_by_call(asterisk: Asterisk) -> None:
    phones = PhoneRoom(asterisk.ports.sip)
    before = len(read_cdr(asterisk.cdr_csv))
    try:
        phones.load("901", base="7916270", talk_ms=500, rate=40, calls=40).process.wait(20)
        time.sleep(0.5)
        ledger = phones.ledger()
    finally:
        phones.close()
    cdr = read_cdr(asterisk.cdr_csv)[before:]
    assert len(ledger) == 40
    assert all(line.answered and line.ended for line in ledger)
    assert unmatched(ledger, cdr, [(row.uniqueid, []) for row in cdr]) == []


@real_asterisk
def test_a_crash_and_a_start_leave_a_working_instance(asterisk: Asterisk) -> None:
    before = asterisk.pid
    asterisk.kill()
    asterisk.start(fresh=False)
    assert asterisk.pid != before
    session = Ami(asterisk.ports.ami)
    assert session.action("Ping")["Response"] == "Success"
    session.close()
