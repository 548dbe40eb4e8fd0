"""What every part of a simulated call needs: the exchange it runs on, its people's plan, its waits, its truth.

Also the things that can happen to a call from outside. Plays nothing itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from telephony.simulated_cdr import CallRecord
from telephony.simulated_channels import UNKNOWN, Channel
from telephony.simulated_plan import Plan, Truth
from telephony.simulated_queues import Queues
from telephony.simulated_stage import Interrupt, Performance, Stage, Story
from telephony.simulated_switch import Switch

OUR_NUMBER = "74950000000"
DIAL_TIMEOUT_S = 25.0


class HungUp(Interrupt):
    """The person on `channel` put the phone down, or (not `by_phone`) an AMI action hung it up, with the `cause` that it gave."""

    def __init__(self, channel: Channel, *, by_phone: bool, cause: int = 0) -> None:
        self.channel = channel
        self.by_phone = by_phone
        self.cause = cause


class Moved(Interrupt):
    """Redirect: the channel goes elsewhere in the dialplan."""

    def __init__(self, channel: Channel, context: str, exten: str) -> None:
        self.channel, self.context, self.exten = channel, context, exten


class TransferAsked(Interrupt):
    """The person on `channel` passes the other one on, blindly."""

    def __init__(self, channel: Channel, context: str, exten: str) -> None:
        self.channel, self.context, self.exten = channel, context, exten


class ConsultAsked(Interrupt):
    """The person on `channel` wants to ask `exten` first and then join the two."""

    def __init__(self, channel: Channel, exten: str) -> None:
        self.channel, self.exten = channel, exten


class Taken(Interrupt):
    """The dialplan of an agent's `leg` joins the waiting caller to it, wherever the caller is: Bridge()."""

    def __init__(self, leg: Channel) -> None:
        self.leg = leg


class KeyPressed(Interrupt):
    """The waiting caller pressed a key."""

    def __init__(self, key: str) -> None:
        self.key = key


class ParkAsked(Interrupt):
    def __init__(self, channel: Channel, timeout_s: int) -> None:
        self.channel, self.timeout_s = channel, timeout_s


@dataclass(frozen=True, slots=True)
class Goto:
    """The dialplan goes on with `channel` there."""

    channel: Channel
    context: str
    exten: str


@dataclass(eq=False, kw_only=True)
class Exchange:
    """The simulated company: switch, queues, stage, which number leads where, who answers.

    `acd`: queues in which callers wait for Meridian's choice, with the queue that takes over ("" where none does). `lobby` has
    the lines of those who wait there, by the caller's Uniqueid; `locks` who answered first for whom; `unregistered` phones are
    off and known to be. `keeps_message` puts what a caller has said where the PBX says that it lies.
    """

    switch: Switch
    queues: Queues
    stage: Stage
    rng: Random
    agents: tuple[str, ...]
    dids: Mapping[str, str]
    record: Callable[[CallRecord], None]
    truth: list[Truth]
    reserved: set[str]
    acd: Mapping[str, str]
    lobby: "dict[str, Line]" = field(default_factory=dict)
    locks: dict[str, Channel] = field(default_factory=dict)
    unregistered: set[str] = field(default_factory=set)
    keeps_message: Callable[[str, int], None] = lambda _file, _seconds: None

    def boot(self) -> None:
        """All calls are lost, and with them who waited (their stories end it) and who held a lock."""
        self.queues.boot()
        self.locks.clear()

    def keep(self, truth: Truth) -> None:
        self.truth.append(truth)
        del self.truth[:-5000]

    def agent_name(self, agent: str) -> str:
        return f"Agent {int(agent) % 1000}" if agent.isdigit() else agent

    def outside_number(self, exten: str) -> str | None:
        """What to dial over the trunk: 9 and a number, or a number too long to be an extension; None for anything else."""
        if exten.startswith("9") and exten[1:].isdigit() and len(exten) > 3:
            return exten[1:]
        return exten if len(exten) >= 7 and exten.removeprefix("+").isdigit() else None

    def free_agent(self, queue: str) -> str | None:
        """app_queue's choice here: lowest penalty, then longest without a call. Reserved agents get only calls meant for them."""
        members = [
            m
            for m in self.queues.by_name[queue].members.values()
            if not m.paused and not self.switch.busy(m.interface[6:]) and m.interface[6:] not in self.reserved
        ]
        best = min(members, key=lambda m: (m.penalty, m.last_call, m.interface), default=None)
        return best.interface[6:] if best else None


class Line:
    """One story's view of the exchange."""

    def __init__(self, exchange: Exchange, plan: Plan, truth: Truth) -> None:
        self.exchange = exchange
        self.switch = exchange.switch
        self.queues = exchange.queues
        self.plan = plan
        self.truth = truth
        self.performance: Performance | None = None
        self.tried: list[str] = []
        self.transferred = False
        self.comes_back_to: tuple[str, str] | None = None
        self.parted: HungUp | None = None
        self._legs: dict[str, float] = {}

    def now(self) -> float:
        return self.switch.now()

    def after(self, seconds: float) -> float:
        """The instant `seconds` of story time from now."""
        return self.now() + seconds / self.exchange.stage.speed

    def until(self, instant: float, *accept: type[Interrupt]) -> Story:
        """Wait; of what happens meanwhile only `accept` gets through, the rest doesn't concern the call at this point."""
        while (left := (instant - self.now()) * self.exchange.stage.speed) > 0:
            try:
                yield left
            except Interrupt as happened:
                if isinstance(happened, accept):
                    raise

    def wait(self, seconds: float, *accept: type[Interrupt]) -> Story:
        yield from self.until(self.after(seconds), *accept)

    def next_agent(self, queue: str) -> str | None:
        """The plan's phones in their order, then (or without them) whom the queue picks."""
        for agent, _ in self.plan.rings:
            if agent not in self.tried:
                return None if self.switch.busy(agent) else agent
        return self.exchange.free_agent(queue) if self.plan.behave else None

    def agent_channel(
        self, agent: str, *, exten: str = "s", state: int = 0, linked_to: Channel | None = None
    ) -> Channel:
        """A leg to or from an agent's phone."""
        channel = self.switch.new_channel(
            agent,
            context="from-agent",
            exten=exten,
            state=state,
            number=agent,
            name=self.exchange.agent_name(agent),
            linked_to=linked_to,
            story=self.performance,
        )
        channel.dialled = linked_to is not None
        return channel

    def refresh(self, channel: Channel) -> None:
        """The phone of this channel may have become free or busy for its queues."""
        if channel.endpoint != "trunk":
            self.queues.refresh(channel.endpoint)

    def client_ends(self, client: Channel, cause: int, *, by_phone: bool) -> None:
        """A client with nobody on the other side is gone."""
        self.switch.about("SoftHangupRequest", client, ("Cause", "16"))
        client.exten, client.priority = "h", 2
        if self.tried:
            self.queues.refresh(self.tried[-1])
        self.switch.hang_up(client, cause)
        self.refresh(client)
        self.truth.ended_by, self.truth.cause = "caller" if by_phone else "system", cause

    # -- truth and CDR

    def talk_began(self, agent: str | None, who: str) -> None:
        """Somebody answered; `agent` None where that is somebody outside."""
        if self.truth.answered_at is None:
            self.truth.answered_at, self.truth.answered_by = self.now(), who
        if agent:
            self._legs[agent] = self.now()

    def talk_ended(self, agent: str | None) -> None:
        self.truth.talk_ended_at = self.now()
        began = self._legs.pop(agent, None) if agent else None
        if began is not None:
            self.truth.legs.append({"agent": agent, "talk_s": round(self.now() - began, 2)})

    def record(
        self, source: Channel, dest: Channel | None, disposition: str, *, began: float, answered: float | None = None
    ) -> None:
        """A line of the CDR, as cdr_custom would write it when this pair of channels is through."""
        off = self.switch.clock_offset_s
        self.exchange.record(
            CallRecord(
                clid=f'"{source.caller_name}" <{source.number}>' if source.caller_name != UNKNOWN else source.number,
                src=source.number,
                dst=source.exten,
                dcontext=source.context,
                channel=source.name,
                dstchannel=dest.name if dest else "",
                lastapp=source.application,
                lastdata=source.data,
                start=began + off,
                answer=None if answered is None else answered + off,
                end=self.now() + off,
                disposition=disposition,
                uniqueid=source.uniqueid,
                linkedid=source.linkedid,
            )
        )
