"""Many callers at once."""

import time

from tests.rig.stage import Stage, scene, spent


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
