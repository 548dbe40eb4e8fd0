"""ACD mode: the caller waits in a queue without members, the service rings the agent."""

import time

from tests.rig.driver import Ami
from tests.rig.stage import Stage, Truth, leg, passed_on, rang, scene, spent


def offer(ami: Ami, t: Truth, agent: int, attempt: str, *, timeout_ms: int = 8000) -> None:
    """How the service connects: see [acd-agent] in extensions.conf."""
    variables = {"CC_CALLER": t["channel"], "CC_CALLID": t["uniqueid"], "CC_AGENT": agent}
    ami.action(
        "Originate", [("Variable", f"{k}={v}") for k, v in variables.items()],
        Channel=f"PJSIP/{agent}", Context="acd-agent", Exten="s", Priority="1", Timeout=str(timeout_ms),
        CallerID=f'"{t["caller_name"]}" <{t["caller_number"]}>', Async="true",
        ChannelId=f"cc.{t['uniqueid']}.{attempt}",
    )  # fmt: skip


def heartbeat(s: Stage) -> None:
    s.ami.action("Setvar", Variable="CC_HEARTBEAT", Value=str(int(time.time())))


@scene
def acd_answered(s: Stage) -> None:
    """ACD mode: the caller waits in the lobby, the service rings 1001 by Originate, 1001 answers, the caller hangs up."""
    heartbeat(s)
    (a,) = s.agents(1001)
    c, t = s.call("79161230001", "600", '"Lobby One"', queue="lobby")
    t0 = s.queued(c)
    time.sleep(2)
    offer(s.ami, t, 1001, "1")
    a.wait("RINGING")
    time.sleep(2)
    t1 = a.answer()
    rang(t, 1001, "answered")
    time.sleep(3)
    t2 = c.hangup()
    a.wait("ENDED")
    t.update(mode="acd", answered_by="1001", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def acd_noanswer_next(s: Stage) -> None:
    """ACD mode: 1001 does not answer within 4 s, the service offers to 1002, who answers and hangs up."""
    heartbeat(s)
    a, b = s.agents(1001, 1002)
    c, t = s.call("79161230002", "600", '"Lobby Two"', queue="lobby")
    t0 = s.queued(c)
    offer(s.ami, t, 1001, "1", timeout_ms=4000)
    a.wait("RINGING")
    a.wait("CANCELLED")
    rang(t, 1001, "noanswer")
    s.ami.event("OriginateResponse", Response="Failure")
    offer(s.ami, t, 1002, "2")
    b.wait("RINGING")
    time.sleep(1)
    t1 = b.answer()
    rang(t, 1002, "answered")
    time.sleep(2)
    t2 = b.hangup()
    c.wait("ENDED")
    t.update(mode="acd", answered_by="1002", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="agent", cause=16)


@scene
def acd_reject_chain(s: Stage) -> None:
    """ACD mode: 1001 busy (486), 1002 declines (603), 1003 unavailable (480), 1004 answers."""
    heartbeat(s)
    phones = s.agents(1001, 1002, 1003, 1004)
    c, t = s.call("79161230003", "600", '"Unlucky"', queue="lobby")
    t0 = s.queued(c)
    answers = ((486, "busy"), (603, "rejected"), (480, "unavailable"), (None, "answered"))
    for i, (p, (code, how)) in enumerate(zip(phones, answers, strict=True)):
        agent = 1001 + i
        mark = s.ami.mark()
        offer(s.ami, t, agent, str(i + 1))
        p.wait("RINGING")
        time.sleep(0.5)
        rang(t, agent, how)
        if code:
            p.reject(code)
            s.ami.event("OriginateResponse", since=mark)
        else:
            t1 = p.answer()
    time.sleep(2)
    t2 = c.hangup()
    t.update(mode="acd", answered_by="1004", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def acd_caller_gone(s: Stage) -> None:
    """ACD mode: the caller hangs up while 1001 rings, nobody stops the ringing (the service is dead), 1001 answers."""
    heartbeat(s)
    (a,) = s.agents(1001)
    c, t = s.call("79161230004", "600", '"Ghost"', queue="lobby")
    t0 = s.queued(c)
    time.sleep(1)
    offer(s.ami, t, 1001, "1")
    a.wait("RINGING")
    time.sleep(1)
    t2 = c.hangup()
    time.sleep(1)
    a.answer()
    a.wait("ENDED")
    rang(t, 1001, "answered too late")
    t.update(mode="acd", wait_s=spent(t0, t2), ended_by="caller", cause=0)


@scene
def acd_two_nodes(s: Stage) -> None:
    """ACD mode: two service nodes offer the same caller to 1001 and 1002, both answer; only the first gets the caller."""
    heartbeat(s)
    a, b = s.agents(1001, 1002)
    c, t = s.call("79161230005", "600", '"Contested"', queue="lobby")
    t0 = s.queued(c)
    other = Ami(s.ami_port, "rig2", events="off")
    offer(s.ami, t, 1001, "1")
    offer(other, t, 1002, "b1")
    a.wait("RINGING")
    b.wait("RINGING")
    time.sleep(1)
    t1 = a.answer()
    rang(t, 1001, "answered")
    b.answer()
    b.wait("ENDED")
    rang(t, 1002, "answered too late")
    time.sleep(2)
    t2 = c.hangup()
    a.wait("ENDED")
    other.close()
    t.update(mode="acd", answered_by="1001", wait_s=spent(t0, t1), talk_s=spent(t1, t2), ended_by="caller", cause=16)


@scene
def acd_service_dead(s: Stage) -> None:
    """ACD mode without a heartbeat: the lobby lets the caller go to the native queue by itself, 1002 answers."""
    (b,) = s.agents(1002)
    s.member(1002)
    c, t = s.call("79161230006", "601", '"Orphan"', queue="lobby")
    t0 = s.queued(c)
    b.wait("RINGING")
    time.sleep(1)
    t1 = b.answer()
    rang(t, 1002, "answered")
    time.sleep(2)
    t2 = c.hangup()
    t.update(
        mode="acd",
        answered_by="1002",
        wait_s=spent(t0, t1),
        talk_s=spent(t1, t2),
        ended_by="caller",
        cause=16,
        fallback_queue="support",
    )


@scene
def acd_blind_transfer(s: Stage) -> None:
    """ACD mode: 1001 answers, then transfers the caller blindly to 1002."""
    heartbeat(s)
    a, b = s.agents(1001, 1002)
    c, t = s.call("79161240004", "600", '"Lobby Transferee"', queue="lobby")
    t0 = s.queued(c)
    offer(s.ami, t, 1001, "1")
    a.wait("RINGING")
    time.sleep(1)
    t1 = a.answer()
    rang(t, 1001, "answered")
    time.sleep(2)
    x = a.refer("1002")
    b.wait("RINGING")
    time.sleep(1)
    y = b.answer()
    time.sleep(2)
    z = b.hangup()
    c.wait("ENDED")
    t["legs"] = [leg(1001, t1, x), leg(1002, y, z)]
    t["transfers"] = [passed_on("blind", 1001, "1002", answered=True)]
    t.update(mode="acd", answered_by="1001", wait_s=spent(t0, t1), talk_s=spent(t1, z), ended_by="agent", cause=16)
