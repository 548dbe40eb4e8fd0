"""What a scene works with: an Asterisk, phones, recorded AMI sessions, and the truth it writes down while it plays."""

import contextlib
import time
from collections.abc import Callable
from typing import Any

from tests.rig.driver import Ami, Msg, RigError
from tests.rig.phones import Phone, PhoneRoom

Truth = dict[str, Any]


class Stage:
    """One play of one scene. `ami` sees and may do everything; `listener` records what a contact-centre service may see."""

    def __init__(self, ami_port: int, sip_port: int, *, name: str = "", about: str = "") -> None:
        self.ami_port = ami_port
        self.phones = PhoneRoom(sip_port)
        self.ami = Ami(ami_port)
        self.listener = Ami(ami_port, "svc")
        self.truth: Truth = {"scenario": name, "about": about, "calls": []}
        # What any client does after login: see what is there already.
        for session in (self.ami, self.listener):
            session.listing("QueueStatus")
            session.listing("CoreShowChannels")

    def member(self, agent: int, queue: str = "support", *, interface: str = "", **fields: Any) -> None:
        if interface:
            fields["StateInterface"] = f"PJSIP/{agent}"
        self.ami.action(
            "QueueAdd", Queue=queue, Interface=interface or f"PJSIP/{agent}", MemberName=f"Agent {agent}", **fields
        )

    def agents(self, *numbers: int) -> list[Phone]:
        return [self.phones.agent(n) for n in numbers]

    def call(
        self, user: str, to: str, display: str = "", *, queue: str | None = None, host: str | None = None
    ) -> tuple[Phone, Truth]:
        """Start a call; its phone and the truth about it."""
        mark = self.ami.mark()
        phone = self.phones.call(user, to, display, host=host)
        known = {m.get("Uniqueid") for m in self.ami.messages[:mark]}

        def arrived(m: Msg) -> bool:
            # Not by Event: a caller's number with line breaks in it can tear Newchannel apart.
            return m.get("Exten") == to and m.get("Uniqueid", "") not in known | {""}

        new = self.ami.wait(arrived, 15, since=mark, what="Newchannel")
        t: Truth = {
            "caller_number": user, "caller_name": display.strip('"'), "dialled": to, "queue": queue, "rang": [],
            "answered_by": None, "wait_s": None, "talk_s": None, "hold_s": 0, "transfers": [], "ended_by": None,
            "cause": None, "channel": new.get("Channel"), "uniqueid": new["Uniqueid"], "started": round(time.time(), 3),
        }  # fmt: skip
        self.truth["calls"].append(t)
        return phone, t

    def queued(self, phone: Phone) -> float:
        """The caller's phone has been answered by the queue: the wait begins."""
        phone.wait("ANSWERED")
        return time.time()

    def answered_call(
        self, number: str, *, agent: int = 1001, name: str = "Transferee", interface: str = ""
    ) -> tuple[Phone, Phone, Truth, float]:
        """A queue call that an agent has answered 2 s ago: agent's phone, caller's phone, truth, time of the answer."""
        self.member(agent, interface=interface)
        (a,) = self.agents(agent)
        c, t = self.call(number, "500", f'"{name}"', queue="support")
        t0 = self.queued(c)
        a.wait("RINGING")
        time.sleep(1)
        t1 = a.answer()
        rang(t, agent, "answered")
        t.update(answered_by=str(agent), wait_s=spent(t0, t1))
        time.sleep(2)
        return a, c, t, t1

    def settle(self, seconds: float = 0.6) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        for session in (self.ami, self.listener):
            with contextlib.suppress(RigError, OSError):
                session.action("Logoff", timeout=2)
            session.close()
        self.phones.close()


def rang(t: Truth, agent: int | str, how: str) -> None:
    t["rang"].append({"agent": str(agent), "outcome": how})


def leg(agent: int | str, start: float, end: float) -> Truth:
    return {"agent": str(agent), "talk_s": spent(start, end)}


def passed_on(kind: str, origin: int | str, to: str, *, answered: bool) -> Truth:
    return {"kind": kind, "from": str(origin), "to": to, "answered": answered}


def spent(a: float, b: float) -> float:
    return round(b - a, 1)


Scene = Callable[[Stage], None]
SCENES: dict[str, Scene] = {}


def scene(play: Scene) -> Scene:
    """A call shape that can be played by its function's name."""
    SCENES[play.__name__] = play
    return play
