"""Calls that agents place: outside, to each other, by a click; and calls that ring agents directly."""

import time

from tests.rig.phones import Phone
from tests.rig.stage import Stage, Truth, leg, passed_on, rang, scene, spent


def outbound(s: Stage, number: str, agent: int = 1001) -> tuple[Phone, Truth]:
    c, t = s.call(str(agent), "9" + number)
    t.update(direction="outbound", number=number)
    return c, t


@scene
def outbound_answered(s: Stage) -> None:
    """Agent 1001 calls out over the trunk; the far end answers and hangs up."""
    far = s.phones.trunk()
    c, t = outbound(s, "79035550001")
    far.wait("RINGING")
    time.sleep(2)
    t1 = far.answer()
    c.wait("ANSWERED")
    time.sleep(3)
    t2 = far.hangup()
    c.wait("ENDED")
    t.update(answered_by="79035550001", ring_s=2, talk_s=spent(t1, t2), ended_by="called", cause=16)


@scene
def outbound_busy(s: Stage) -> None:
    """Agent 1001 calls out; the far end is busy (486)."""
    far = s.phones.trunk()
    c, t = outbound(s, "79035550002")
    far.wait("RINGING")
    time.sleep(1)
    far.reject(486)
    c.wait("FAILED")
    t.update(ended_by="called", sip=c.last.split()[-1], dialstatus="BUSY", cause=17)


@scene
def outbound_noanswer(s: Stage) -> None:
    """Agent 1001 calls out; nobody answers; the agent gives up after 4 s."""
    far = s.phones.trunk()
    c, t = outbound(s, "79035550003")
    far.wait("RINGING")
    time.sleep(4)
    c.cancel()
    far.wait("CANCELLED")
    c.wait("FAILED")
    t.update(ended_by="caller", dialstatus="CANCEL", cause=None)


@scene
def outbound_invalid(s: Stage) -> None:
    """Agent 1001 calls a number that does not exist (404 from the trunk), then one that the trunk cannot reach (503)."""
    far = s.phones.trunk()
    for code, number in ((404, "79035550004"), (503, "79035550005")):
        c, t = outbound(s, number)
        far.wait("RINGING")
        far.reject(code)
        c.wait("FAILED")
        t.update(ended_by="called", sip_trunk=code, sip=c.last.split()[-1], dialstatus=None, cause=None)
        s.settle()


@scene
def internal_call(s: Stage) -> None:
    """Agent 1001 calls agent 1002, who answers; 1001 hangs up."""
    (b,) = s.agents(1002)
    c, t = s.call("1001", "1002")
    b.wait("RINGING")
    time.sleep(2)
    t1 = b.answer()
    c.wait("ANSWERED")
    time.sleep(2)
    t2 = c.hangup()
    b.wait("ENDED")
    t.update(direction="internal", answered_by="1002", ring_s=2, talk_s=spent(t1, t2), ended_by="caller", cause=16)


def click(s: Stage, number: str, channel_id: str, *, timeout_ms: int = 20000) -> Truth:
    """Click-to-call of agent 1001: AMI Originate, first the agent's own phone, then the number."""
    mark = s.ami.mark()
    s.ami.action(
        "Originate", Channel="PJSIP/1001", Context="from-agent", Exten=f"9{number}", Priority="1",
        CallerID=f'"Click" <9{number}>', Timeout=str(timeout_ms), Async="true", ChannelId=channel_id,
    )  # fmt: skip
    t: Truth = {
        "direction": "click", "number": number, "agent": "1001", "rang": [], "uniqueid": channel_id, "hold_s": 0,
        "transfers": [], "queue": None,
    }  # fmt: skip
    s.truth["calls"].append(t)
    t["channel"] = s.ami.event("Newchannel", since=mark)["Channel"]
    return t


@scene
def click_to_call(s: Stage) -> None:
    """AMI Originate: first agent 1001's phone rings and is answered, then the number is dialled; the far end answers."""
    far = s.phones.trunk()
    (a,) = s.agents(1001)
    t = click(s, "79035550010", "click-1")
    a.wait("RINGING")
    time.sleep(1)
    a.answer()
    far.wait("RINGING")
    time.sleep(1)
    t1 = far.answer()
    time.sleep(3)
    t2 = a.hangup()
    far.wait("ENDED")
    t.update(answered_by="79035550010", talk_s=spent(t1, t2), ended_by="agent", cause=16)


@scene
def pickup(s: Stage) -> None:
    """A direct call rings at 1001; 1002 dials *8 and takes it."""
    (a,) = s.agents(1001)
    c, t = s.call("79161240006", "1001", '"Pick me"')
    a.wait("RINGING")
    time.sleep(2)
    k, u = s.call("1002", "*8")
    k.wait("ANSWERED")
    y = time.time()
    a.wait("CANCELLED")
    rang(t, 1001, "picked up by 1002")
    time.sleep(3)
    z = k.hangup()
    c.wait("ENDED")
    u.update(direction="pickup")
    t.update(answered_by="1002", ring_s=2, talk_s=spent(y, z), ended_by="agent", cause=16, pickup=True)


@scene
def ring_group(s: Stage) -> None:
    """A ring group (Dial of 1001, 1002, 1003 at once); 1002 answers."""
    a, b, d = s.agents(1001, 1002, 1003)
    c, t = s.call("79161240007", "300", '"Group"')
    for p in (a, b, d):
        p.wait("RINGING")
    time.sleep(2)
    y = b.answer()
    a.wait("CANCELLED")
    d.wait("CANCELLED")
    for n, how in ((1001, "answered elsewhere"), (1002, "answered"), (1003, "answered elsewhere")):
        rang(t, n, how)
    time.sleep(2)
    z = c.hangup()
    t.update(answered_by="1002", ring_s=2, talk_s=spent(y, z), ended_by="caller", cause=16)


@scene
def chanspy(s: Stage) -> None:
    """A supervisor (1005) listens to 1001's call with ChanSpy; the listener is not a party to the call."""
    _a, c, t, t1 = s.answered_call("79161240009", name="Spied")
    k, u = s.call("1005", "811001")
    k.wait("ANSWERED")
    time.sleep(3)
    k.hangup()
    time.sleep(1)
    z = c.hangup()
    u.update(direction="spy", target="1001")
    t.update(talk_s=spent(t1, z), ended_by="caller", cause=16)


@scene
def click_agent_noanswer(s: Stage) -> None:
    """Click-to-call, but the agent's own phone is not picked up within 3 s: the number is never dialled."""
    (a,) = s.agents(1001)
    t = click(s, "79035550011", "click-2", timeout_ms=3000)
    a.wait("RINGING")
    a.wait("CANCELLED")
    rang(t, 1001, "noanswer")
    t.update(ended_by="system", cause=None)


@scene
def click_number_busy(s: Stage) -> None:
    """Click-to-call: the agent answers, the number is busy (486)."""
    far = s.phones.trunk()
    (a,) = s.agents(1001)
    t = click(s, "79035550012", "click-3")
    a.wait("RINGING")
    time.sleep(1)
    a.answer()
    far.wait("RINGING")
    time.sleep(1)
    far.reject(486)
    a.wait("ENDED")
    t.update(ended_by="called", dialstatus="BUSY", cause=17)


@scene
def conference(s: Stage) -> None:
    """Agents 1001 and 1002 meet in the conference room 800: nobody's conversation with a client."""
    k, t = s.call("1001", "800")
    k.wait("ANSWERED")
    m, u = s.call("1002", "800")
    m.wait("ANSWERED")
    time.sleep(3)
    m.hangup()
    k.hangup()
    for call in (t, u):
        call.update(direction="conference", ended_by="caller", cause=16)


@scene
def conference_with_client(s: Stage) -> None:
    """A client calls in to the conference room 800, agent 1001 joins; the client leaves first."""
    c, t = s.call("79161240021", "800", '"In the round"')
    c.wait("ANSWERED")
    k, u = s.call("1001", "800")
    k.wait("ANSWERED")
    time.sleep(3)
    c.hangup()
    k.hangup()
    t.update(direction="conference", ended_by="caller", cause=16)
    u.update(direction="conference", ended_by="caller", cause=16)


@scene
def direct_call_noanswer(s: Stage) -> None:
    """A client calls agent 1001's own number; nobody answers; the client gives up after 3 s."""
    (a,) = s.agents(1001)
    c, t = s.call("79161240022", "1001", '"Direct"')
    a.wait("RINGING")
    time.sleep(3)
    c.cancel()
    a.wait("CANCELLED")
    c.wait("FAILED")
    rang(t, 1001, "cancelled")
    t.update(ended_by="caller", cause=None)


@scene
def outbound_hold_transfer(s: Stage) -> None:
    """Agent 1001 calls a client, holds the client for 2 s and transfers the client blindly to 1002, who answers."""
    far = s.phones.trunk()
    (b,) = s.agents(1002)
    c, t = outbound(s, "79035550006")
    far.wait("RINGING")
    time.sleep(1)
    t1 = far.answer()
    c.wait("ANSWERED")
    time.sleep(1)
    h = c.hold()
    time.sleep(2)
    h2 = c.unhold()
    x = c.refer("1002")
    b.wait("RINGING")
    time.sleep(1)
    y = b.answer()
    time.sleep(2)
    z = far.hangup()
    b.wait("ENDED")
    rang(t, 1002, "answered")
    t["legs"] = [leg(1001, t1, x), leg(1002, y, z)]
    t["transfers"] = [passed_on("blind", 1001, "1002", answered=True)]
    t.update(answered_by="79035550006", talk_s=spent(t1, z), hold_s=spent(h, h2), holds=1, ended_by="called", cause=16)
