"""Calls that go from hand to hand: transfers."""

import time

from tests.rig.stage import Stage, leg, passed_on, rang, scene, spent


@scene
def blind_transfer(s: Stage) -> None:
    """Agent 1001 answers a queue call and transfers it blindly (REFER) to 1002, who answers."""
    a, c, t, t1 = s.answered_call("79161240001")
    (b,) = s.agents(1002)
    x = a.refer("1002")
    b.wait("RINGING")
    time.sleep(2)
    y = b.answer()
    time.sleep(3)
    z = c.hangup()
    b.wait("ENDED")
    t["legs"] = [leg(1001, t1, x), leg(1002, y, z)]
    t["transfers"] = [passed_on("blind", 1001, "1002", answered=True)]
    t.update(talk_s=spent(t1, z), ended_by="caller", cause=16)


@scene
def blind_transfer_noanswer(s: Stage) -> None:
    """Agent 1001 transfers a queue call blindly to 1002, who is busy: the caller is lost (hung up by the dialplan)."""
    a, c, t, t1 = s.answered_call("79161240002")
    (b,) = s.agents(1002)
    x = a.refer("1002")
    b.wait("RINGING")
    time.sleep(1)
    b.reject(486)
    c.wait("ENDED")
    t["legs"] = [leg(1001, t1, x)]
    t["transfers"] = [passed_on("blind", 1001, "1002", answered=False)]
    t.update(talk_s=spent(t1, x), ended_by="dialplan", cause=None)


@scene
def attended_transfer(s: Stage) -> None:
    """Agent 1001 holds the caller, calls 1002, asks, and joins the two (REFER with Replaces)."""
    a, c, t, t1 = s.answered_call("79161240003")
    (b,) = s.agents(1002)
    h = a.hold()
    k, u = s.call("1001", "1002")
    b.wait("RINGING")
    time.sleep(1)
    y = b.answer()
    k.wait("ANSWERED")
    time.sleep(2)
    x = a.refer_replaces("1002", k)
    k.wait("ENDED")
    time.sleep(3)
    z = c.hangup()
    b.wait("ENDED")
    u.update(direction="consult", answered_by="1002", talk_s=spent(y, x), ended_by="transfer", cause=16)
    t["legs"] = [leg(1001, t1, x), leg(1002, x, z)]
    t["transfers"] = [passed_on("attended", 1001, "1002", answered=True)]
    t.update(talk_s=spent(t1, z), hold_s=spent(h, x), holds=1, ended_by="caller", cause=16)


@scene
def transfer_to_queue(s: Stage) -> None:
    """Agent 1001 (support) transfers the caller blindly to the queue 'sales', where 1002 answers."""
    a, c, t, t1 = s.answered_call("79161240005")
    s.member(1002, "sales")
    (b,) = s.agents(1002)
    x = a.refer("501")
    b.wait("RINGING")
    time.sleep(2)
    y = b.answer()
    time.sleep(2)
    z = c.hangup()
    t["legs"] = [leg(1001, t1, x), leg(1002, y, z)]
    t["transfers"] = [passed_on("blind", 1001, "501", answered=True)]
    t.update(queues=["support", "sales"], talk_s=spent(t1, z), ended_by="caller", cause=16)
    rang(t, 1002, "answered")


@scene
def blind_transfer_outside(s: Stage) -> None:
    """Agent 1001 transfers the caller blindly to a mobile number over the trunk, which answers."""
    a, c, t, t1 = s.answered_call("79161240013", name="Sent out")
    far = s.phones.trunk()
    x = a.refer("979035550030")
    far.wait("RINGING")
    time.sleep(1)
    y = far.answer()
    time.sleep(3)
    z = c.hangup()
    far.wait("ENDED")
    t["legs"] = [leg(1001, t1, x)]
    t["outside"] = {"number": "79035550030", "talk_s": spent(y, z)}
    t["transfers"] = [passed_on("blind", 1001, "979035550030", answered=True)]
    t.update(talk_s=spent(t1, z), ended_by="caller", cause=16)


@scene
def attended_transfer_outside(s: Stage) -> None:
    """Agent 1001 holds the caller, calls a mobile number, asks, and joins the two."""
    a, c, t, t1 = s.answered_call("79161240014", name="Led out")
    far = s.phones.trunk()
    h = a.hold()
    k, u = s.call("1001", "979035550031")
    far.wait("RINGING")
    time.sleep(1)
    y = far.answer()
    k.wait("ANSWERED")
    time.sleep(2)
    x = a.refer_replaces("979035550031", k)
    k.wait("ENDED")
    time.sleep(3)
    z = c.hangup()
    far.wait("ENDED")
    u.update(direction="consult", answered_by="79035550031", talk_s=spent(y, x), ended_by="transfer", cause=16)
    t["legs"] = [leg(1001, t1, x)]
    t["outside"] = {"number": "79035550031", "talk_s": spent(x, z)}
    t["transfers"] = [passed_on("attended", 1001, "979035550031", answered=True)]
    t.update(talk_s=spent(t1, z), hold_s=spent(h, x), holds=1, ended_by="caller", cause=16)


@scene
def attended_transfer_cancelled(s: Stage) -> None:
    """Agent 1001 holds the caller, calls 1002, who declines; 1001 takes the caller back and they talk on."""
    a, c, t, t1 = s.answered_call("79161240015", name="Taken back")
    (b,) = s.agents(1002)
    h = a.hold()
    k, u = s.call("1001", "1002")
    b.wait("RINGING")
    time.sleep(1)
    b.reject(603)
    k.wait("FAILED")
    # It came to nothing, so it stays a call of its own among colleagues.
    u.update(direction="internal", ended_by="called", cause=None)
    rang(u, 1002, "rejected")
    h2 = a.unhold()
    time.sleep(2)
    z = c.hangup()
    a.wait("ENDED")
    t["legs"] = [leg(1001, t1, z)]
    t.update(talk_s=spent(t1, z), hold_s=spent(h, h2), holds=1, ended_by="caller", cause=16)


@scene
def blonde_transfer(s: Stage) -> None:
    """Agent 1001 holds the caller, calls 1002, and joins the two while 1002 still rings; 1002 answers 2 s later."""
    a, c, t, t1 = s.answered_call("79161240016", name="Blonde")
    (b,) = s.agents(1002)
    h = a.hold()
    k, u = s.call("1001", "1002")
    k.wait("RINGBACK")
    b.wait("RINGING")
    time.sleep(1)
    x = a.refer_replaces("1002", k)
    time.sleep(2)
    y = b.answer()
    time.sleep(3)
    z = c.hangup()
    b.wait("ENDED")
    u.update(direction="consult", ended_by="transfer", cause=None)
    rang(u, 1002, "answered")
    t["legs"] = [leg(1001, t1, x), leg(1002, y, z)]
    t["transfers"] = [passed_on("attended", 1001, "1002", answered=True)]
    t.update(talk_s=spent(t1, z), hold_s=spent(h, x), holds=1, ended_by="caller", cause=16, blonde=True)


@scene
def blonde_transfer_noanswer(s: Stage) -> None:
    """As blonde_transfer, but 1002 declines after the joining: the caller is lost (hung up by the dialplan)."""
    a, c, t, t1 = s.answered_call("79161240017", name="Blonde lost")
    (b,) = s.agents(1002)
    h = a.hold()
    k, u = s.call("1001", "1002")
    k.wait("RINGBACK")
    b.wait("RINGING")
    time.sleep(1)
    x = a.refer_replaces("1002", k)
    time.sleep(1)
    b.reject(603)
    c.wait("ENDED")
    u.update(direction="consult", ended_by="transfer", cause=None)
    rang(u, 1002, "rejected")
    t["legs"] = [leg(1001, t1, x)]
    t["transfers"] = [passed_on("attended", 1001, "1002", answered=False)]
    t.update(talk_s=spent(t1, x), hold_s=spent(h, x), holds=1, ended_by="dialplan", cause=None, blonde=True)


@scene
def transfer_comes_back(s: Stage) -> None:
    """Agent 1001 transfers the caller blindly to 1002 by 2002 (a number that comes back); 1002 is busy; the dialplan
    rings 1001 again, who answers."""
    a, c, t, t1 = s.answered_call("79161240018", name="Boomerang")
    (b,) = s.agents(1002)
    x = a.refer("2002")
    b.wait("RINGING")
    time.sleep(1)
    b.reject(486)
    rang(t, 1002, "busy")
    a.wait("RINGING")
    time.sleep(1)
    y = a.answer()
    rang(t, 1001, "answered")
    time.sleep(2)
    z = c.hangup()
    a.wait("ENDED")
    t["legs"] = [leg(1001, t1, x), leg(1001, y, z)]
    t["transfers"] = [passed_on("blind", 1001, "2002", answered=True)]
    t.update(talk_s=spent(t1, z), ended_by="caller", cause=16, came_back=True)


@scene
def transfer_by_keys(s: Stage) -> None:
    """Agent 1001 transfers blindly by the feature code: ## and 1002 on the keypad; 1002 answers."""
    a, c, t, t1 = s.answered_call("79161240019", name="By keys")
    (b,) = s.agents(1002)
    h = a.dial("##")
    time.sleep(0.8)
    x = a.dial("1002")
    b.wait("RINGING")
    time.sleep(1)
    y = b.answer()
    time.sleep(3)
    z = c.hangup()
    b.wait("ENDED")
    t["legs"] = [leg(1001, t1, x), leg(1002, y, z)]
    t["transfers"] = [passed_on("blind", 1001, "1002", answered=True)]
    # While the agent keys in the number the caller hears music.
    t.update(talk_s=spent(t1, z), hold_s=spent(h, x), ended_by="caller", cause=16)


@scene
def attended_by_keys(s: Stage) -> None:
    """Agent 1001 transfers by the feature code *2: 1002 answers, they talk 2 s, 1001 hangs up, caller and 1002 talk on."""
    a, c, t, t1 = s.answered_call("79161240020", name="Asked by keys")
    (b,) = s.agents(1002)
    h = a.dial("*2")
    time.sleep(0.8)
    a.dial("1002")
    b.wait("RINGING")
    time.sleep(1)
    b.answer()
    time.sleep(2)
    x = a.hangup()
    time.sleep(3)
    z = c.hangup()
    b.wait("ENDED")
    t["legs"] = [leg(1001, t1, x), leg(1002, x, z)]
    t["transfers"] = [passed_on("attended", 1001, "1002", answered=True)]
    t.update(talk_s=spent(t1, z), hold_s=spent(h, x), holds=0, ended_by="caller", cause=16)
