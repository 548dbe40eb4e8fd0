"""Two people in a bridge on the simulated PBX: joining, hold, the end. Message order as recorded from Asterisk 22.10.

What leads out of the talk (transfer, parking) is simulated_moves'.
"""

from collections.abc import Generator
from dataclasses import dataclass, field

from telephony.simulated_channels import Bridge, Channel
from telephony.simulated_line import Goto, Line
from telephony.simulated_queues import Entry, Queue

Going = Generator[float, None, Goto | None]


@dataclass(frozen=True, slots=True)
class Served:
    """The queue call that this talk completes."""

    queue: Queue
    entry: Entry
    agent: str
    wait_s: int


@dataclass(eq=False)
class Talk:
    """`source` placed the call or waited in the queue; `leg` answered. The agent who acts is `agent_side`.

    `by_bridge`: the dialplan of the agent's leg fetched the caller with Bridge(), and goes on behind it.
    """

    line: Line
    source: Channel
    leg: Channel
    served: Served | None = None
    from_queue: bool = False
    by_bridge: bool = False
    bridge: Bridge = field(init=False)
    began: float = field(init=False)

    @property
    def agent_side(self) -> Channel:
        return self.leg if self.leg.endpoint != "trunk" else self.source

    def other(self, channel: Channel) -> Channel:
        return self.leg if channel is self.source else self.source

    def planned_end(self) -> Channel:
        """Who hangs up, by the plan."""
        return {"caller": self.source, "called": self.leg}.get(self.line.plan.ended_by, self.agent_side)

    def join(self) -> None:
        switch = self.line.switch
        self.bridge = switch.new_bridge()
        if self.by_bridge:
            self._fetched()
        else:
            switch.enter(self.bridge, self.leg)
            switch.enter(self.bridge, self.source)
        self.takes_up(self.bridge)
        if self.source.endpoint != "trunk" and self.line.truth.direction != "consult":
            self.line.talk_began(self.source.endpoint, self.leg.endpoint)

    def _fetched(self) -> None:
        switch, source, leg = self.line.switch, self.source, self.leg
        leg.story = source.story
        self.line.comes_back_to = source.context, source.exten
        switch.music(source, on=False)
        source.priority += 1
        switch.enter(self.bridge, source)
        switch.enter(self.bridge, leg)
        switch.connected(source, leg.number, leg.caller_name)

    def takes_up(self, bridge: Bridge) -> None:
        """The leg begins to talk, in a bridge that may be older than this talk."""
        self.bridge, self.began = bridge, self.line.now()
        agent = _agent(self.leg)
        self.line.talk_began(agent, agent or self.leg.number.removeprefix("9"))

    def recorded(self) -> None:
        """The dialplan records the call and says where."""
        switch, file = self.line.switch, f"{self.source.uniqueid}.wav"
        switch.about("MixMonitorStart", self.source)
        switch.set_variable(self.source, "MIXMONITOR_FILENAME", file)
        switch.user_event(self.source, "CcRecording", ("Call", self.source.uniqueid), ("File", file))

    def hold_begins(self, who: Channel) -> float:
        switch = self.line.switch
        switch.about("Hold", who, ("MusicClass", "default"))
        switch.music(self.other(who), on=True)
        self.line.truth.holds += 1
        return self.line.now()

    def hold_ends(self, who: Channel) -> None:
        self.line.switch.about("Unhold", who)
        self.line.switch.music(self.other(who), on=False)

    def end(self, first: Channel, *, by_phone: bool) -> None:
        """`first` goes, the other with it."""
        line, switch, source = self.line, self.line.switch, self.source
        line.truth.ended_by = self._who(first) if by_phone else "system"
        if by_phone:
            blind = any(step["kind"] == "blind" for step in line.truth.transfers)
            cause = () if self.from_queue and not blind else (("Cause", "16"),)
            switch.about("HangupRequest", first, *cause)
            self.complete("caller" if first is source else "agent")
        self.put_down()
        switch.leave(first)
        switch.leave(self.other(first))
        if self.by_bridge:
            self._leg_goes_on(hung_up=first is self.leg)
        if not self.by_bridge or first is self.leg:
            self._source_comes_back()
        switch.destroy(self.bridge)
        if not by_phone:
            self.complete("caller")
        for channel in (self.leg, source):
            switch.hang_up(channel, 16)
            line.refresh(channel)
        line.truth.cause = 16

    def _source_comes_back(self) -> None:
        """The dialplan of who called goes on behind the talk, and ends there. After Bridge() that is the lobby."""
        switch, source = self.line.switch, self.source
        if self.line.comes_back_to and not source.dialled:
            (source.context, source.exten), source.priority = self.line.comes_back_to, 19
        switch.about("SoftHangupRequest", source, ("Cause", "16"))
        if not source.dialled:
            source.exten, source.priority = "h", 2

    def _leg_goes_on(self, *, hung_up: bool = False) -> None:
        """Behind Bridge() the agent's dialplan says that it is over, unless the agent has hung up."""
        switch, leg = self.line.switch, self.leg
        if not hung_up:
            leg.priority = 10
            about = (("Call", self.source.uniqueid), ("Agent", leg.number))
            switch.user_event(leg, "CcBridgeEnd", *about, ("Result", "SUCCESS"))
            leg.priority = 12
        switch.about("SoftHangupRequest", leg, ("Cause", "16"))
        leg.exten, leg.priority = "h", 2

    def put_down(self) -> None:
        """Close the books of these two: truth and CDR."""
        line, source, leg = self.line, self.source, self.leg
        for channel in (leg, source):
            line.talk_ended(_agent(channel))
        line.record(source, leg, "ANSWERED", began=source.created_at, answered=source.answered_at or self.began)

    def passes_on(self, transferer: Channel) -> None:
        """The one who transferred or parked is out; the other stays."""
        self.put_down()
        self.line.switch.leave(transferer)
        if self.by_bridge and transferer is self.leg:
            self._leg_goes_on()
        self.line.switch.hang_up(transferer, 16)
        self.line.refresh(transferer)

    def complete(self, reason: str) -> None:
        """AgentComplete, once per served queue call."""
        served, self.served = self.served, None
        if served is None:
            return
        line, talk_s = self.line, int(self.line.now() - self.began)
        member = served.queue.members.get(f"PJSIP/{served.agent}")
        if member:
            member.calls_taken, member.last_call = member.calls_taken + 1, line.switch.wall()
        served.queue.completed += 1
        figures = (("HoldTime", str(served.wait_s)), ("TalkTime", str(talk_s)), ("Reason", reason))
        queue = ("Queue", served.queue.name)
        line.queues.about_agent("AgentComplete", self.source, self.leg.snapshot("Dest"), served.agent, queue, *figures)

    def _who(self, first: Channel) -> str:
        direction = self.line.truth.direction
        if direction == "click":
            return "agent" if first is self.agent_side else "called"
        if first is self.source:
            return "caller"
        return "agent" if direction == "inbound" else "called"


def _agent(channel: Channel) -> str | None:
    return None if channel.endpoint == "trunk" else channel.endpoint
