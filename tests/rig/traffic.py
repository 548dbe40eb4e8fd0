"""A call centre's day in a minute: callers, agents and a trunk that behave like people, mixed at random from a seed.

Runs in a thread of its own beside whatever is being tested. Nobody waits for anybody: each round looks at every phone and
presses a key where it is time to. SIPp writes the ledger.
"""

import heapq
import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.rig.driver import Ami
from tests.rig.instance import Asterisk
from tests.rig.phones import REFER_PAUSE_S, LedgerLine, Phone, PhoneRoom

AGENTS = range(1001, 1007)
DIALLING_AGENTS = (1007, 1008)
QUEUES = {"500": "support", "501": "sales", "502": "billing"}
ROUND_S = 0.05
PATIENCE_S = (4.0, 15.0)
IMPATIENT_S = (1.0, 2.5)
ANSWER_S = (0.5, 2.0)
TALK_S = (1.5, 5.0)
ALL_GONE_S = 25.0


class Diary:
    """What is to be done when."""

    def __init__(self) -> None:
        self._entries: list[tuple[float, int, Callable[[], object]]] = []
        self._number = itertools.count()

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        heapq.heappush(self._entries, (time.monotonic() + seconds, next(self._number), act))

    def do_what_is_due(self) -> None:
        while self._entries and self._entries[0][0] <= time.monotonic():
            heapq.heappop(self._entries)[2]()


@dataclass(slots=True)
class Agent:
    """Answers most calls, declines some, lets some ring; holds, transfers, and hangs up first now and then."""

    number: int
    phone: Phone
    chance: random.Random
    diary: Diary
    colleagues: list[int]
    call_id: str = ""

    def look(self) -> None:
        for line in self.phone.news():
            word, call_id = [*line.split(), ""][:2]
            match word:
                case "RINGING":
                    self.call_id = call_id
                    self._ring(call_id)
                case "ANSWERED":
                    self._talk(call_id)
                case "ENDED" | "CANCELLED" | "REJECTED" if call_id == self.call_id:
                    self.call_id = ""

    def _press(self, call_id: str, key: str, headers: str = "") -> None:
        if self.call_id == call_id:
            self.phone.call_id = call_id
            self.phone.key(key, headers)

    def _ring(self, call_id: str) -> None:
        key = self.chance.choices(["XANSWER", "X486", "X603", ""], [80, 6, 6, 8])[0]
        if key:
            self.diary.after(self.chance.uniform(*ANSWER_S), lambda: self._press(call_id, key))

    def _talk(self, call_id: str) -> None:
        until = self.chance.uniform(*TALK_S)
        what = self.chance.choices(["hang up", "wait", "hold", "transfer"], [30, 35, 15, 20])[0]
        if what == "hold":
            self.diary.after(0.5, lambda: self._press(call_id, "XHOLD"))
            self.diary.after(1.3, lambda: self._press(call_id, "XUNHOLD"))
        if what == "transfer":
            other = self.chance.choice(self.colleagues)
            to = f"X-Target: <sip:{other}@127.0.0.1:{self.phone.room.sip_port}>\r\n"
            self.diary.after(until, lambda: self._press(call_id, "XREFER", to))
            until += REFER_PAUSE_S
        if what != "wait":
            self.diary.after(until, lambda: self._press(call_id, "XHANGUP"))


@dataclass(slots=True)
class Mix:
    """How much of what, and how fast."""

    calls_per_s: float = 0.8
    weights: dict[str, float] = field(
        default_factory=lambda: {"patient": 55, "impatient": 15, "direct": 8, "outbound": 15, "between agents": 7}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """Who sits where: agents who answer, agents who only call out, extensions of queues and their names. `joins`: the agents
    are added to the queues over AMI; else the PBX has them there already."""

    agents: Sequence[int] = AGENTS
    dialling: Sequence[int] = DIALLING_AGENTS
    queues: Mapping[str, str] = field(default_factory=lambda: QUEUES)
    joins: bool = True


class Traffic:
    """`with Traffic(asterisk, seed=1) as traffic: ...` - at the end all calls are let end, and `ledger()` is whole."""

    def __init__(self, asterisk: Asterisk, *, seed: int = 1, mix: Mix | None = None, crew: Crew | None = None) -> None:
        self._asterisk = asterisk
        self._crew = crew or Crew()
        self._chance = random.Random(seed)
        self._mix = mix or Mix()
        self._diary = Diary()
        self._numbers = itertools.count(79_161_000_000 + seed * 10_000)
        self._callers: list[Phone] = []
        self._closing = threading.Event()
        self._done = threading.Event()
        self._failure: Exception | None = None
        self.phones = PhoneRoom(asterisk.ports.sip)
        self._thread = threading.Thread(target=self._guarded_run, name="traffic", daemon=True)

    def start(self) -> None:
        if self._crew.joins:
            self._join_queues()
        self._agents = [self._agent(number) for number in self._crew.agents]
        self.phones.trunk("auto_uas.xml", words={"@RING@": 900})
        self._thread.start()

    def _join_queues(self) -> None:
        session = Ami(self._asterisk.ports.ami, events="off")
        for queue in self._crew.queues.values():
            for agent in self._crew.agents:
                session.action("QueueAdd", Queue=queue, Interface=f"PJSIP/{agent}", MemberName=f"Agent {agent}")
        session.close()

    def _agent(self, number: int) -> Agent:
        colleagues = [n for n in self._crew.agents if n != number]
        return Agent(number, self.phones.agent(number), self._chance, self._diary, colleagues)

    def place_no_more(self) -> None:
        """No new calls; `busy` until those under way have ended."""
        self._closing.set()

    @property
    def busy(self) -> bool:
        return self._thread.is_alive()

    def finish(self) -> list[LedgerLine]:
        """No new calls, those under way are let end; the whole ledger."""
        self.place_no_more()
        self._thread.join(ALL_GONE_S + 10)
        if self._failure is not None:
            raise self._failure
        return self.phones.ledger()

    def ledger(self) -> list[LedgerLine]:
        return self.phones.ledger()

    def close(self) -> None:
        self._closing.set()
        self._done.set()
        if self._thread.ident is not None:
            self._thread.join(ALL_GONE_S)
        self.phones.close()

    def _guarded_run(self) -> None:
        try:
            self._run()
        except Exception as failure:  # shown by finish(), in the thread that asked
            self._failure = failure

    def _run(self) -> None:
        self._next_call()
        last = None
        while not self._done.wait(ROUND_S):
            self._diary.do_what_is_due()
            for agent in self._agents:
                agent.look()
            self._callers = [phone for phone in self._callers if phone.process.poll() is None]
            if self._closing.is_set():
                last = last or time.monotonic() + ALL_GONE_S
                if not self._callers or time.monotonic() > last:
                    return

    def _next_call(self) -> None:
        if self._closing.is_set():
            return
        kinds, weights = zip(*self._mix.weights.items(), strict=True)
        self._place(self._chance.choices(kinds, weights)[0])
        self._diary.after(self._chance.expovariate(self._mix.calls_per_s), self._next_call)

    def _place(self, kind: str) -> None:
        user, to, patience = (
            str(next(self._numbers)),
            self._chance.choice([*self._crew.queues]),
            self._chance.uniform(*PATIENCE_S),
        )
        match kind:
            case "impatient":
                patience = self._chance.uniform(*IMPATIENT_S)
            case "direct":
                to = str(self._chance.choice(self._crew.agents))
            case "outbound":
                user, to = str(self._chance.choice(self._crew.dialling)), f"9{user}"
            case "between agents":
                user, to = str(self._chance.choice(self._crew.dialling)), str(self._chance.choice(self._crew.agents))
        phone = self.phones.call(user, to, f'"Caller {user[-4:]}"' if user.startswith("79") else "")
        self._callers.append(phone)
        self._diary.after(patience, lambda: self._give_up(phone))

    def _give_up(self, phone: Phone) -> None:
        """Whoever has not been hung up on by now hangs up."""
        if phone.process.poll() is None:
            answered = any(line.startswith("ANSWERED") for line in phone.lines())
            phone.key("XHANGUP" if answered else "XCANCEL")
            self._diary.after(3.0, lambda: self._give_up(phone))  # a key pressed at a bad moment is lost

    def __enter__(self) -> "Traffic":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
