"""Calls that wait in one of Asterisk's own queues."""

import time

from tests.rig.phones import Phone
from tests.rig.stage import Stage, Truth, rang, scene, spent


@scene
def inbound_answered(s: Stage) -> None:
    """A caller waits in 'support', agent 1001 answers, they talk, the caller hangs up."""
    s.member(1001)
    (a,) = s.agents(1001)
    c, t = s.call("79161234567", "500", '"Ivan Petrov"', queue="support")
    t0 = s.queued(c)
    a.wait("RINGING")
    time.sleep(2)
    t1 = a.answer()
    rang(t, 1001, "answered")
    time.sleep(4)
    t2 = c.hangup()
    a.wait("ENDED")
    t.update(answered_by="1001", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def inbound_agent_hangs_up(s: Stage) -> None:
    """As inbound_answered, but the agent hangs up first."""
    s.member(1001)
    (a,) = s.agents(1001)
    c, t = s.call("79161234568", "500", '"Olga"', queue="support")
    t0 = s.queued(c)
    a.wait("RINGING")
    time.sleep(1)
    t1 = a.answer()
    rang(t, 1001, "answered")
    time.sleep(3)
    t2 = a.hangup()
    c.wait("ENDED")
    t.update(answered_by="1001", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="agent", cause=16)


@scene
def abandon(s: Stage) -> None:
    """The only agent is paused; the caller waits 5 s and hangs up."""
    s.member(1001, Paused="true")
    c, t = s.call("79161234569", "500", '"Impatient"', queue="support")
    t0 = s.queued(c)
    time.sleep(5)
    t2 = c.hangup()
    t.update(wait_s=spent(t0, t2), ended_by="caller", cause=0)


@scene
def abandon_ringing(s: Stage) -> None:
    """The caller gives up while agent 1001 rings."""
    s.member(1001)
    (a,) = s.agents(1001)
    c, t = s.call("79161234570", "500", '"Late"', queue="support")
    t0 = s.queued(c)
    a.wait("RINGING")
    time.sleep(3)
    t2 = c.hangup()
    a.wait("CANCELLED")
    rang(t, 1001, "cancelled")
    t.update(wait_s=spent(t0, t2), ended_by="caller", cause=0)


@scene
def noanswer_next(s: Stage) -> None:
    """Agent 1001 does not answer for 6 s, the queue goes on to 1002, who answers."""
    s.member(1001)
    s.member(1002, Penalty="1")
    a, b = s.agents(1001, 1002)
    c, t = s.call("79161234571", "502", '"Pavel"', queue="billing")
    t["queue"] = "billing"
    s.member(1001, "billing")
    t0 = s.queued(c)
    a.wait("RINGING")
    s.ami.action("QueueAdd", Queue="billing", Interface="PJSIP/1002", MemberName="Agent 1002")
    a.wait("CANCELLED")
    rang(t, 1001, "noanswer")
    b.wait("RINGING")
    time.sleep(1)
    t1 = b.answer()
    rang(t, 1002, "answered")
    time.sleep(2)
    t2 = c.hangup()
    t.update(answered_by="1002", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def agent_busy(s: Stage) -> None:
    """Agent 1001's phone says 486, the queue rings 1002 instead, who answers."""
    s.member(1001)
    a, b = s.agents(1001, 1002)
    c, t = s.call("79161234572", "500", '"Zoya"', queue="support")
    t0 = s.queued(c)
    a.wait("RINGING")
    s.member(1002)
    time.sleep(1)
    a.reject(486)
    rang(t, 1001, "busy")
    s.ami.action("QueueRemove", Queue="support", Interface="PJSIP/1001")
    b.wait("RINGING")
    time.sleep(1)
    t1 = b.answer()
    rang(t, 1002, "answered")
    time.sleep(2)
    t2 = c.hangup()
    t.update(answered_by="1002", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


def refused(s: Stage, number: str, code: int, how: str) -> None:
    s.member(1001)
    a, b = s.agents(1001, 1002)
    c, t = s.call(number, "500", '"Refused"', queue="support")
    t0 = s.queued(c)
    a.wait("RINGING")
    s.member(1002)
    time.sleep(1)
    a.reject(code)
    rang(t, 1001, how)
    s.ami.action("QueueRemove", Queue="support", Interface="PJSIP/1001")
    b.wait("RINGING")
    time.sleep(1)
    t1 = b.answer()
    rang(t, 1002, "answered")
    time.sleep(2)
    t2 = c.hangup()
    t.update(answered_by="1002", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def agent_rejected(s: Stage) -> None:
    """Agent 1001 presses 'decline' (603), the queue rings 1002 instead, who answers."""
    refused(s, "79161234581", 603, "rejected")


@scene
def agent_unavailable(s: Stage) -> None:
    """Agent 1001's phone says 480 (do not disturb), the queue rings 1002 instead, who answers."""
    refused(s, "79161234582", 480, "unavailable")


@scene
def hold_unhold(s: Stage) -> None:
    """The agent puts the caller on hold twice (2 s and 1 s)."""
    s.member(1001)
    (a,) = s.agents(1001)
    c, t = s.call("79161234573", "500", '"Hold me"', queue="support")
    t0 = s.queued(c)
    a.wait("RINGING")
    time.sleep(1)
    t1 = a.answer()
    rang(t, 1001, "answered")
    time.sleep(1)
    h1 = a.hold()
    time.sleep(2)
    h2 = a.unhold()
    time.sleep(1)
    h3 = a.hold()
    time.sleep(1)
    h4 = a.unhold()
    time.sleep(1)
    t2 = a.hangup()
    t.update(
        answered_by="1001",
        wait_s=spent(t0, t1),
        talk_s=spent(t1, t2),
        hold_s=spent(h1, h2) + spent(h3, h4),
        holds=2,
        ended_by="agent",
        cause=16,
    )


@scene
def pause_reason(s: Stage) -> None:
    """Agent 1001 is paused with reason 'Lunch', the caller goes to 1002; 1001 is unpaused again."""
    s.member(1001)
    s.member(1002)
    _a, b = s.agents(1001, 1002)
    s.ami.action("QueuePause", Interface="PJSIP/1001", Paused="true", Reason="Lunch")
    c, t = s.call("79161234574", "500", '"Noon"', queue="support")
    t0 = s.queued(c)
    b.wait("RINGING")
    time.sleep(1)
    t1 = b.answer()
    rang(t, 1002, "answered")
    time.sleep(1)
    s.ami.action("QueuePause", Interface="PJSIP/1001", Queue="support", Paused="false")
    s.ami.action("QueuePenalty", Interface="PJSIP/1001", Penalty="5")
    time.sleep(1)
    t2 = c.hangup()
    s.truth["pauses"] = [{"agent": "1001", "reason": "Lunch", "queue": "support"}]
    t.update(answered_by="1002", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def queue_timeout_voicemail(s: Stage) -> None:
    """Nobody answers within the queue's patience (5 s): the dialplan goes on to a voicemail-like recording."""
    s.member(1001, Paused="true")
    c, t = s.call("79161234575", "503", '"Message"', queue="support")
    t0 = s.queued(c)
    s.ami.event("UserEvent", 12, UserEvent="CcVoicemail")
    t1 = time.time()
    time.sleep(3)
    c.hangup()
    t.update(wait_s=spent(t0, t1), ended_by="caller", voicemail=True, cause=0)


@scene
def anonymous(s: Stage) -> None:
    """An anonymous caller (Privacy by From), answered."""
    s.member(1001)
    (a,) = s.agents(1001)
    c, t = s.call("anonymous", "500", '"Anonymous"', queue="support", host="anonymous.invalid")
    t0 = s.queued(c)
    a.wait("RINGING")
    time.sleep(1)
    t1 = a.answer()
    rang(t, 1001, "answered")
    time.sleep(2)
    t2 = c.hangup()
    t.update(answered_by="1001", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


def treat(phone: Phone, number: int, t: Truth) -> float | None:
    """1001 is busy, 1002 declines, 1003 never answers, 1004 answers: the time of that."""
    if number == 1004:
        rang(t, number, "answered")
        return phone.answer()
    if number == 1003:
        phone.wait("CANCELLED")
        rang(t, number, "noanswer")
    else:
        phone.reject(486 if number == 1001 else 603)
        rang(t, number, "busy" if number == 1001 else "rejected")
    return None


@scene
def reject_chain(s: Stage) -> None:
    """Native, ringall-less queue: 1001 busy, 1002 declines, 1003 never answers, then 1004 answers."""
    phones = s.agents(1001, 1002, 1003, 1004)
    for n in range(1001, 1005):
        s.member(n, "billing")
    c, t = s.call("79161260001", "502", '"Chain"', queue="billing")
    t0 = s.queued(c)
    # rrmemory decides the order: treat the agents in the order in which they ring.
    deadline = time.time() + 60
    t1 = None
    while t1 is None and time.time() < deadline:
        for number, phone in enumerate(phones, 1001):
            if phone.poll("RINGING"):
                time.sleep(0.5)
                t1 = treat(phone, number, t)
                break
        time.sleep(0.02)
    assert t1 is not None, "1004 was never rung"
    time.sleep(2)
    t2 = c.hangup()
    t.update(answered_by="1004", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)
