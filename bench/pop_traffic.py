"""What the pop bench plays to the service under test: calls that ring one of ten operators, among a busy PBX's other events.

Owns the messages and their pace, in the shapes of the recordings. Whoever listens is told nothing of what is measured.
"""

import asyncio
import random
import time
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from pathlib import Path

from bench.dataset import number_of
from bench.streams import END, GREETING
from tests.servers.ami_peer import AmiPeer, message

OPERATORS = tuple(str(7001 + n) for n in range(10))
TICK_S = 0.01
_AHEAD_TICKS = 20
_RINGS_TICKS = 100
_FIRST_EXTEN = 5_000_000


class Kind(Enum):
    """How a call comes: it waited a moment before it rings; it rings as it comes; it comes without a number."""

    WAITED = "waited"
    AT_ONCE = "at once"
    WITHHELD = "withheld"


@dataclass(slots=True)
class Traffic:
    """`sent`: when each pop's AgentCalled was written, by the number that the caller dialled (unique)."""

    peer: AmiPeer
    others: Path
    regulars: int
    pops_a_s: int = 100
    others_a_s: int = 1_000
    operators: tuple[str, ...] = OPERATORS
    kinds: tuple[Kind, ...] = tuple(Kind)
    sent: dict[int, tuple[float, Kind]] = field(default_factory=dict)
    behind_s: float = 0.0

    async def play(self, seconds: float, *, first: int) -> None:
        """`first`: the number of the first call, so that no call comes twice. The pace is kept whatever anybody does."""
        frames = self.others.read_bytes().removeprefix(GREETING).split(END)
        queue = deque(frame + END for frame in islice(frames, int(seconds * self.others_a_s) + 1_000))
        due: dict[int, list[bytes | tuple[int, Kind, bytes]]] = {}
        began = time.perf_counter()
        pops = 0
        for tick in range(int(seconds / TICK_S)):
            late_s = time.perf_counter() - (began + tick * TICK_S)
            self.behind_s = max(self.behind_s, late_s)
            await asyncio.sleep(max(0.0, -late_s))
            self.peer.events(b"".join(queue.popleft() for _ in range(int(self.others_a_s * TICK_S)) if queue))
            while pops < (tick + 1) * TICK_S * self.pops_a_s:
                self._plan(first + pops, tick, due)
                pops += 1
            await asyncio.sleep(random.random() * TICK_S / 2)
            for what in due.pop(tick, ()):
                self._write(what)
        await asyncio.sleep(0.5)

    def _plan(self, n: int, tick: int, due: dict[int, list[bytes | tuple[int, Kind, bytes]]]) -> None:
        kind = self.kinds[n % len(self.kinds)]
        call = Call(
            n,
            operator=self.operators[n % len(self.operators)],
            number="" if kind is Kind.WITHHELD else number_of(n % self.regulars),
        )
        rings = tick + (0 if kind is Kind.AT_ONCE else _AHEAD_TICKS)
        if kind is Kind.AT_ONCE:
            due.setdefault(rings, []).append((n, kind, call.arrives() + call.rings()))
        else:
            due.setdefault(tick, []).append(call.arrives())
            due.setdefault(rings, []).append((n, kind, call.rings()))
        due.setdefault(rings + _RINGS_TICKS, []).append(call.ends())

    def _write(self, what: bytes | tuple[int, Kind, bytes]) -> None:
        if isinstance(what, tuple):
            n, kind, what = what
            self.sent[_FIRST_EXTEN + n] = (time.perf_counter(), kind)
        self.peer.events(what)


@dataclass(slots=True)
class Call:
    """The messages of one call to a queue that rings one operator until the caller gives up."""

    n: int
    operator: str
    number: str

    def _caller(self, exten: str, *, dest: str = "") -> dict[str, str]:
        number = self.number.removeprefix("+") or "anonymous"
        uniqueid = f"pop-1795289549.{self.n * 2}"
        return {
            "Channel": f"PJSIP/trunk-{self.n * 2 + 0x40000000:08x}", "ChannelState": "6", "ChannelStateDesc": "Ring",
            "CallerIDNum": number, "CallerIDName": "", "ConnectedLineNum": "<unknown>", "ConnectedLineName": "<unknown>",
            "Language": "en", "AccountCode": "", "Context": "from-trunk", "Exten": exten, "Priority": "1",
            "Uniqueid": uniqueid, "Linkedid": uniqueid,
        }  # fmt: skip

    def _phone(self, prefix: str = "") -> dict[str, str]:
        headers = {
            "Channel": f"PJSIP/{self.operator}-{self.n * 2 + 0x40000001:08x}", "ChannelState": "0", "ChannelStateDesc": "Down",
            "CallerIDNum": self.operator, "CallerIDName": "Agent", "ConnectedLineNum": "<unknown>",
            "ConnectedLineName": "<unknown>", "Language": "en", "AccountCode": "", "Context": "from-agent", "Exten": "s",
            "Priority": "1", "Uniqueid": f"pop-1795289549.{self.n * 2 + 1}", "Linkedid": f"pop-1795289549.{self.n * 2}",
        }  # fmt: skip
        return {prefix + name: value for name, value in headers.items()}

    def arrives(self) -> bytes:
        caller = self._caller(str(_FIRST_EXTEN + self.n))
        joined = {"Event": "QueueCallerJoin", "Privilege": "agent,all", **self._caller("support")}
        return message(Event="Newchannel", Privilege="call,all", **caller) + message(
            **joined, Queue="support", Position="1", Count="1"
        )

    def rings(self) -> bytes:
        called = {"Event": "AgentCalled", "Privilege": "agent,all", **self._caller("support"), **self._phone("Dest")}
        member = {"Queue": "support", "Interface": f"PJSIP/{self.operator}", "MemberName": "Agent"}
        return message(Event="Newchannel", Privilege="call,all", **self._phone()) + message(**called, **member)

    def ends(self) -> bytes:
        why = {"Cause": "16", "Cause-txt": "Normal Clearing"}
        both = (self._phone(), self._caller("support"))
        return message(Event="HangupRequest", Privilege="call,all", **self._caller("support")) + b"".join(
            message(Event="Hangup", Privilege="call,all", **channel, **why) for channel in both
        )


def exten_of(uniqueid: str) -> int:
    """The number dialled by the caller with this Uniqueid."""
    return _FIRST_EXTEN + int(uniqueid.rpartition(".")[2]) // 2
