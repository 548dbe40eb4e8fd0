"""Queue members that are not simply a phone: behind a Local channel, forwarded, switched off."""

import time

from tests.rig.stage import Stage, leg, passed_on, rang, scene, spent


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
    a.wait("CANCELLED")
    rang(t, 1001, "noanswer")
    s.ami.action("QueueRemove", Queue="support", Interface="Local/1001@members")
    b.wait("RINGING")
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
    d.wait("RINGING")
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
