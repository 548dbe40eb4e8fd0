"""The soak's PBX: the simulated exchange in virtual time, the line to it, and what Meridian has done there. The delays and refusals
of a real line are drawn; everything else is the product's own: parser, facts, snapshots."""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

from core.effects import RingAgent, SendCaller, StopRinging, SyncMember
from core.events import RingFailed, SendFailed
from core.model import Door
from telephony.facts import FromPbx, InStep, LinkLost
from telephony.making import USED_EVENTS, fact_of
from telephony.offer_commands import DOOR_CONTEXTS
from telephony.simulated_actions import carry_out
from telephony.simulated_channels import Pairs
from telephony.simulated_exchange import Company, founded
from telephony.simulated_line import HungUp, Moved
from telephony.simulated_origination import Origination
from telephony.simulated_request import Request
from telephony.simulated_stage import Story
from telephony.snapshot import LISTS, Listed, snapshot_of
from telephony.wire import Odd
from tests.soak.plan import ACD, NATIVE

PBX = "pbx"
FIRST_EXTENSION = 1000
DIDS = {"500": NATIVE} | {f"6{n:02}": queue for n, queue in enumerate(ACD)}
_UNBORN_S = (0.02, 0.1, 0.4)
_BEAT_S = 3.0


class SoakPbx:
    """`deliver` is the engine's step. `live`: whether the line is there; `quiet`: nothing goes wrong any more."""

    def __init__(
        self, rng: Random, *, operators: int, members: int, began: float, deliver: Callable[[object], None]
    ) -> None:
        agents = tuple(str(FIRST_EXTENSION + n) for n in range(operators))
        company = Company(agents=agents, queues={NATIVE: agents[:members]}, dids=DIDS, acd=dict.fromkeys(ACD, NATIVE))
        self.calls = founded(company, now=began, seed=rng.randrange(1 << 30))
        self.exchange, self.stage = self.calls.exchange, self.calls.exchange.stage
        self.exchange.switch.tell = self._tell
        self._rng, self._deliver = rng, deliver
        self.live, self.quiet = False, False
        self.faults = 0

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.stage.now, UTC)

    def begin(self) -> None:
        self.in_step()
        self.stage.play(self._beats())

    # -- the line

    def lose(self) -> None:
        self.live = False
        self._deliver(LinkLost(PBX, self.now, "cut"))

    def in_step(self) -> None:
        """A snapshot, and the line is live."""
        self.live = True
        lists = {name: Listed([dict(item) for item in self._ask(name)[1:-1]]) for name in LISTS}
        (core_status,) = self._ask("CoreStatus")
        snapshot = snapshot_of(at=self.now, core_status=dict(core_status), lists=lists)
        self._deliver(InStep(PBX, snapshot))

    def _ask(self, action: str) -> list[Pairs]:
        return carry_out(self.calls, Request(action, "", (("Action", action),)))

    def _tell(self, _klass: str, name: str, headers: Pairs) -> None:
        if not self.live or name not in USED_EVENTS:
            return
        fact = fact_of({"Event": name, **dict(reversed(headers))}, self.now)
        assert not isinstance(fact, Odd), fact
        if fact is not None:
            self._deliver(FromPbx(PBX, fact))

    def _beats(self) -> Story:
        while True:
            if self.live:
                self.exchange.switch.set_global("CC_HEARTBEAT", str(self.exchange.switch.wall()))
            yield _BEAT_S

    # -- what Meridian wants done there (as telephony/ami_offers.py does it)

    def ring(self, wanted: RingAgent) -> None:
        self.stage.play(self._ring(wanted), after_s=self._delay_s())

    def silence(self, wanted: StopRinging) -> None:
        self.stage.play(self._silence(wanted.offer_id), after_s=self._delay_s())

    def send(self, wanted: SendCaller) -> None:
        self.stage.play(self._send(wanted), after_s=self._delay_s())

    def pause_member(self, wanted: SyncMember) -> None:
        if self.live:
            for member in self.exchange.queues.of_agent(wanted.agent):
                self.exchange.queues.pause(member, paused=wanted.paused, reason=wanted.reason)

    def _delay_s(self) -> float:
        return 0.0 if self.quiet else self._rng.choice((0.0, 0.002, 0.005, 0.03))

    def _ring(self, wanted: RingAgent) -> Story:
        lot = 1.0 if self.quiet else self._rng.random()
        if not self.live or lot < 0.01:
            self._failed(wanted, certain=True)
        elif lot < 0.015:
            self._failed(wanted, certain=False)
            if lot < 0.0125:
                self._originate(wanted)  # the answer was lost, not the action
        else:
            self._originate(wanted)
        yield from ()

    def _originate(self, wanted: RingAgent) -> None:
        told = {"CC_CALLER": wanted.caller_channel, "CC_CALLID": wanted.caller_uniqueid, "CC_AGENT": wanted.agent}
        asked = Origination(
            agent=wanted.agent,
            context="meridian-agent",
            exten="s",
            number=wanted.shown_number,
            name=wanted.shown_name,
            channel_id=wanted.offer_id,
            timeout_s=wanted.ring_s,
            variables=tuple(told.items()),
        )
        taken = self.exchange.switch.find(wanted.offer_id)
        if wanted.agent in self.exchange.unregistered or taken:
            self.calls.refuse(asked)
        else:
            self.calls.offer(asked)

    def _failed(self, wanted: RingAgent, *, certain: bool) -> None:
        self.faults += 1
        self._deliver(
            RingFailed(
                at=self.now,
                call_id=wanted.call_id,
                offer_id=wanted.offer_id,
                agent=wanted.agent,
                why="drawn",
                certain=certain,
            )
        )

    def _silence(self, offer_id: str) -> Story:
        for pause_s in (*_UNBORN_S, None):
            leg = self.exchange.switch.find(offer_id)
            if not self.live or (leg is not None and leg.state == 6):
                return
            if leg is not None and leg.story is not None:
                self.stage.interrupt(leg.story, HungUp(leg, by_phone=False, cause=26))
                return
            if pause_s is not None:
                yield pause_s

    def _send(self, wanted: SendCaller) -> Story:
        caller = self.exchange.switch.find(wanted.caller_uniqueid)
        door = DOOR_CONTEXTS[Door(wanted.door)]
        if not self.live:
            self._deliver(SendFailed(at=self.now, call_id=wanted.call_id, why="drawn"))
        elif caller is not None and caller.story and caller.variables.get("CC_SERVED") != "1":
            self.stage.interrupt(caller.story, Moved(caller, door, wanted.queue))
        yield from ()
