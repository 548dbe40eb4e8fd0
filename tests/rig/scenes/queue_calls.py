"""Calls that wait in one of Asterisk's own queues."""

import time

from tests.rig.phones import Phone
from tests.rig.stage import Stage, Truth, leg, passed_on, rang, scene, spent


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
    a.wait("CANCELLED", 12)
    rang(t, 1001, "noanswer")
    b.wait("RINGING", 12)
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
    b.wait("RINGING", 12)
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
    b.wait("RINGING", 12)
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
def local_member(s: Stage) -> None:
    """The member is Local/1001@members: two Local halves between queue and phone. No sound, so they stay."""
    _, c, t, t1 = s.answered_call("79161234583", name="By Local", interface="Local/1001@members")
    t2 = c.hangup()
    t.update(talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def local_member_optimised(s: Stage) -> None:
    """As local_member, but there is sound: Asterisk takes the two Local halves out in mid-talk."""
    a, c, t, t1 = s.answered_call("79161234588", name="By Local out", interface="Local/1001@members")
    a.speak()
    time.sleep(2)
    t2 = c.hangup()
    t.update(talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def local_member_optimised_transfer(s: Stage) -> None:
    """As local_member_optimised, then a blind transfer (REFER) to 1002, who answers."""
    a, c, t, t1 = s.answered_call("79161234589", name="By Local on", interface="Local/1001@members")
    a.speak()
    time.sleep(1)
    (b,) = s.agents(1002)
    x = a.refer("1002")
    b.wait("RINGING")
    time.sleep(1)
    y = b.answer()
    time.sleep(2)
    z = c.hangup()
    b.wait("ENDED")
    t["legs"] = [leg(1001, t1, x), leg(1002, y, z)]
    t["transfers"] = [passed_on("blind", 1001, "1002", answered=True)]
    t.update(talk_s=spent(t1, z), ended_by="caller", cause=16)


@scene
def local_member_kept(s: Stage) -> None:
    """As local_member, but /n keeps the Local channel for the whole talk; the agent hangs up."""
    a, c, t, t1 = s.answered_call("79161234584", name="By Local n", interface="Local/1001@members/n")
    t2 = a.hangup()
    c.wait("ENDED")
    t.update(talk_s=spent(t1, t2), ended_by="agent", cause=16)


@scene
def local_member_noanswer(s: Stage) -> None:
    """1001, a Local member, does not answer; the queue goes on to 1002, a Local member too, who answers."""
    s.member(1001, interface="Local/1001@members")
    a, b = s.agents(1001, 1002)
    c, t = s.call("79161234585", "500", '"By Local next"', queue="support")
    t0 = s.queued(c)
    a.wait("RINGING")
    s.member(1002, interface="Local/1002@members")
    a.wait("CANCELLED", 12)
    rang(t, 1001, "noanswer")
    s.ami.action("QueueRemove", Queue="support", Interface="Local/1001@members")
    b.wait("RINGING", 12)
    time.sleep(1)
    t1 = b.answer()
    rang(t, 1002, "answered")
    time.sleep(2)
    t2 = c.hangup()
    t.update(answered_by="1002", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def forwarded_by_phone(s: Stage) -> None:
    """Agent 1001's phone is forwarded to 1002 (302): the queue rings 1001, 1002's phone rings and is answered."""
    s.member(1001)
    a, b = s.agents(1001, 1002)
    c, t = s.call("79161234586", "500", '"Forwarded"', queue="support")
    t0 = s.queued(c)
    a.wait("RINGING")
    time.sleep(0.5)
    a.forward("1002")
    rang(t, 1001, "forwarded")
    b.wait("RINGING")
    time.sleep(1)
    t1 = b.answer()
    rang(t, 1002, "answered")
    time.sleep(3)
    t2 = c.hangup()
    t["forwarded"] = {"by": "1001", "to": "1002"}
    t.update(answered_by="1002", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def forwarded_outside(s: Stage) -> None:
    """Agent 1001's phone is forwarded to a mobile number (302 to 9+number), which answers over the trunk."""
    s.member(1001)
    (a,) = s.agents(1001)
    far = s.phones.trunk()
    c, t = s.call("79161234587", "500", '"Forwarded out"', queue="support")
    t0 = s.queued(c)
    a.wait("RINGING")
    time.sleep(0.5)
    a.forward("979035550020")
    rang(t, 1001, "forwarded")
    far.wait("RINGING")
    time.sleep(1)
    t1 = far.answer()
    time.sleep(3)
    t2 = c.hangup()
    t["forwarded"] = {"by": "1001", "to": "79035550020"}
    t.update(answered_by="79035550020", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


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
        phone.wait("CANCELLED", 12)
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


@scene
def agent_unreachable(s: Stage) -> None:
    """1003's phone is switched off without notice: the queue rings it in vain (no 180), then 1004 answers.
    Also 1009, whose phone goes away and comes back (qualify), and 1010, who registers and unregisters."""
    s.member(1003)
    (d,) = s.agents(1004)
    c, t = s.call("79161260002", "500", '"Vain"', queue="support")
    t0 = s.queued(c)
    time.sleep(1)
    s.member(1004)
    s.ami.event("AgentRingNoAnswer", 12)
    rang(t, 1003, "unreachable")
    s.ami.action("QueueRemove", Queue="support", Interface="PJSIP/1003")
    d.wait("RINGING", 15)
    time.sleep(1)
    t1 = d.answer()
    rang(t, 1004, "answered")
    time.sleep(1)
    t2 = c.hangup()
    t.update(answered_by="1004", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)
    mark = s.ami.mark()
    p = s.phones.agent(1009)
    s.ami.event("ContactStatus", 10, since=mark, ContactStatus="Reachable", AOR="1009")
    p.stop()
    s.ami.event("ContactStatus", 10, since=mark, ContactStatus="Unreachable", AOR="1009")
    s.truth["devices"] = [{"agent": "1009", "states": ["Reachable", "Unreachable"]}]


@scene
def burst50(s: Stage) -> None:
    """50 callers within a second, 8 agents who answer after 1 s and talk 3 s each, callers have patience for 20 s."""
    for n in range(1001, 1009):
        s.member(n)
        s.phones.agent(n, "auto_uas.xml", words={"@RING@": 1000})
    mark = s.ami.mark()
    s.phones.load("500", base="7916270", talk_ms=20000, rate=50, calls=50)
    t0 = time.time()
    drain(s, mark, 50, talk_s=3)
    s.settle(1)
    answered = [m for m in s.ami.messages if m.get("Event") == "AgentConnect"]
    abandoned = [m for m in s.ami.messages if m.get("Event") == "QueueCallerAbandon"]
    s.truth["burst"] = {
        "callers": 50, "first": "79162701", "last": "791627050", "patience_s": 20, "answered": len(answered),
        "abandoned": len(abandoned), "seconds": spent(t0, time.time()),
    }  # fmt: skip


def drain(s: Stage, mark: int, callers: int, *, talk_s: float) -> None:
    """End each talk after a while, by AMI, until all callers are gone."""
    talking: dict[str, float] = {}
    gone = 0
    deadline = time.time() + 60
    while gone < callers and time.time() < deadline:
        now = time.time()
        fresh = s.ami.messages[mark:]
        mark += len(fresh)
        for m in fresh:
            if m.get("Event") == "AgentConnect":
                talking[m["DestChannel"]] = now + talk_s
            gone += m.get("Event") == "Hangup" and m["Channel"].startswith("PJSIP/trunk")
        for channel in [c for c, until in talking.items() if until < now]:
            del talking[channel]
            s.ami.send("Hangup", Channel=channel, Cause="16")
        time.sleep(0.05)
