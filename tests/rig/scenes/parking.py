"""Calls that are parked: fetched, come back, given up."""

import time

from tests.rig.stage import Stage, leg, passed_on, rang, scene, spent


@scene
def parked_call(s: Stage) -> None:
    """Agent 1001 answers a queue call, parks it (blind transfer to 700), 1002 fetches it from its slot."""
    a, c, t, t1 = s.answered_call("79161240008")
    mark = s.ami.mark()
    x = a.refer("700")
    e = s.ami.event("ParkedCall", since=mark)
    time.sleep(3)
    k, u = s.call("1002", e["ParkingSpace"])
    k.wait("ANSWERED")
    y = time.time()
    time.sleep(2)
    z = k.hangup()
    c.wait("ENDED")
    u.update(direction="unpark")
    t["legs"] = [leg(1001, t1, x), leg(1002, y, z)]
    t.update(
        parked={"slot": e["ParkingSpace"], "by": "1001", "fetched_by": "1002", "parked_s": spent(x, y)},
        transfers=[passed_on("park", 1001, "700", answered=True)],
        talk_s=spent(t1, z),
        ended_by="agent",
        cause=16,
    )


@scene
def parked_timeout(s: Stage) -> None:
    """Agent 1001 parks the caller (730, patience 4 s); nobody fetches the call, it comes back to 1001, who answers again."""
    a, c, t, t1 = s.answered_call("79161240011", name="Parked long")
    mark = s.ami.mark()
    x = a.refer("730")
    e = s.ami.event("ParkedCall", since=mark)
    a.wait("RINGING")
    back = time.time()
    time.sleep(1)
    y = a.answer()
    rang(t, 1001, "answered")
    time.sleep(2)
    z = c.hangup()
    a.wait("ENDED")
    t["legs"] = [leg(1001, t1, x), leg(1001, y, z)]
    t["parked"] = {"slot": e["ParkingSpace"], "by": "1001", "back_to": "1001", "parked_s": spent(x, back)}
    t["transfers"] = [passed_on("park", 1001, "730", answered=True)]
    t.update(talk_s=spent(t1, z), ended_by="caller", cause=16)


@scene
def parked_gone(s: Stage) -> None:
    """Agent 1001 parks the caller (700), who hangs up while parked."""
    a, c, t, t1 = s.answered_call("79161240012", name="Parked gone")
    mark = s.ami.mark()
    x = a.refer("700")
    e = s.ami.event("ParkedCall", since=mark)
    time.sleep(2)
    z = c.hangup()
    t["legs"] = [leg(1001, t1, x)]
    t["parked"] = {"slot": e["ParkingSpace"], "by": "1001", "parked_s": spent(x, z)}
    t["transfers"] = [passed_on("park", 1001, "700", answered=False)]
    t.update(talk_s=spent(t1, x), ended_by="caller", cause=None)
