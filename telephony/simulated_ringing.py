"""Ringing in the simulated PBX: a queue rings its member, a dialplan Dial rings a phone or the trunk. Message order as recorded
from Asterisk 22.10. What comes after the answer is simulated_talk's."""

from collections.abc import Generator
from dataclasses import dataclass

from telephony.simulated_channels import Channel, Pairs
from telephony.simulated_line import DIAL_TIMEOUT_S, OUR_NUMBER, HungUp, Line
from telephony.simulated_plan import SIP_REFUSALS, Hand, Ring
from telephony.simulated_queues import Entry, Queue

_NETWORK_S = 0.02
OUTSIDE_STATUS = {17: "BUSY", 34: "CONGESTION"}


@dataclass(eq=False)
class MemberRing:
    """One member's phone ringing for a queue's caller."""

    line: Line
    caller: Channel
    queue: Queue
    entry: Entry
    agent: str

    def play(self, give_up_at: float, timeout_at: float) -> Generator[float, None, Channel | None]:
        """The leg when answered, None when not. HungUp goes on to the caller's wait when it is the caller's."""
        line, ring = self.line, self.line.plan.ring_of(self.agent)
        line.tried.append(self.agent)
        leg = self._begin()
        began = line.now()
        ring_end = min(line.after(line.plan.ring_timeout_s or self.queue.ring_s), timeout_at)
        acts_at = line.after(ring.after_s) if ring.outcome in (Hand.ANSWERED, *SIP_REFUSALS) else ring_end
        try:
            yield from line.wait(_NETWORK_S, HungUp)
            if ring.outcome != Hand.UNREACHABLE:
                self._rings(leg)
            yield from line.until(min(acts_at, ring_end, give_up_at), HungUp)
            if line.now() >= give_up_at and give_up_at < min(acts_at, ring_end):
                raise HungUp(self.caller, by_phone=True)
        except HungUp as gone:
            if gone.channel is self.caller:
                self._caller_gone(leg, by_phone=gone.by_phone)
                raise
            self._failed(leg, began, "NO ANSWER")
            return None
        if ring.outcome == Hand.ANSWERED and acts_at <= ring_end:
            return leg
        if ring.outcome in SIP_REFUSALS and acts_at <= ring_end:
            self._refused(leg, began, ring.outcome)
        else:
            self._rang_out(leg, began, ring.outcome)
        return None

    def answered(self, leg: Channel, began: float) -> None:
        """DialEnd .. AgentConnect; the bridge is the talk's."""
        line, switch = self.line, self.line.switch
        switch.state(leg, 6)
        self._dial_end(leg, "ANSWER")
        switch.music(self.caller, on=False)
        line.queues.leave(self.queue, self.entry)
        held, rung = int(line.now() - self.entry.joined_at), int(line.now() - began)
        self._about("AgentConnect", leg, ("HoldTime", str(held)), ("RingTime", str(rung)))
        line.truth.rung(self.agent, Hand.ANSWERED)
        for member in line.queues.of_agent(self.agent):
            member.in_call = member.queue == self.queue.name

    def _begin(self) -> Channel:
        line, caller = self.line, self.caller
        leg = line.agent_channel(self.agent, linked_to=caller)
        leg.application, leg.data = "AppQueue", "(Outgoing Line)"
        before = leg.snapshot("Dest")
        leg.connected_number, leg.connected_name = caller.number, caller.caller_name
        leg.exten = self.queue.name
        self._about("AgentCalled", leg)
        line.switch.dial("DialBegin", caller, before, ("DialString", f"PJSIP/{self.agent}"))
        line.switch.connected(caller, self.agent, leg.caller_name)
        return leg

    def _rings(self, leg: Channel) -> None:
        switch = self.line.switch
        switch.state(leg, 5)
        switch.connected(leg, self.caller.number, self.caller.caller_name)
        switch.dial("DialState", self.caller, leg.snapshot("Dest"), ("DialStatus", "RINGING"))
        self.line.queues.refresh(self.agent)

    def _caller_gone(self, leg: Channel, *, by_phone: bool) -> None:
        switch = self.line.switch
        if by_phone:
            switch.about("HangupRequest", self.caller)
        switch.music(self.caller, on=False)
        self._dial_end(leg, "CANCEL")
        self._dial_end(leg, "CANCEL")
        switch.hang_up(leg, 0)
        self.line.truth.rung(self.agent, "cancelled")

    def _refused(self, leg: Channel, began: float, outcome: str) -> None:
        cause, sip = SIP_REFUSALS[outcome]
        self.line.switch.about("HangupRequest", leg, ("Cause", str(cause)), ("TechCause", str(sip)))
        self._dial_end(leg, "NOANSWER")
        self._no_answer(leg, began)
        self.line.switch.hang_up(leg, cause, sip)
        self._done(leg, began, "BUSY" if cause == 17 else "NO ANSWER", outcome)

    def _rang_out(self, leg: Channel, began: float, outcome: str) -> None:
        self._no_answer(leg, began)
        self._dial_end(leg, "NOANSWER")
        self._dial_end(leg, "CANCEL")
        self.line.switch.hang_up(leg, 0)
        self._done(leg, began, "NO ANSWER", Hand.UNREACHABLE if outcome == Hand.UNREACHABLE else Hand.NOANSWER)

    def _failed(self, leg: Channel, began: float, disposition: str) -> None:
        """An AMI action hung up the ringing phone."""
        self._dial_end(leg, "NOANSWER")
        self._no_answer(leg, began)
        self.line.switch.hang_up(leg, 0)
        self._done(leg, began, disposition, Hand.NOANSWER)

    def _done(self, leg: Channel, began: float, disposition: str, outcome: str) -> None:
        self.line.queues.refresh(self.agent)
        self.line.record(self.caller, leg, disposition, began=began)
        self.line.truth.rung(self.agent, outcome)

    def _no_answer(self, leg: Channel, began: float) -> None:
        self._about("AgentRingNoAnswer", leg, ("RingTime", str(int(self.line.now() - began) * 1000)))

    def _dial_end(self, leg: Channel, status: str) -> None:
        self.line.switch.dial("DialEnd", self.caller, leg.snapshot("Dest"), ("DialStatus", status))

    def _about(self, event: str, leg: Channel, *more: tuple[str, str]) -> None:
        queue = ("Queue", self.queue.name)
        self.line.queues.about_agent(event, self.caller, leg.snapshot("Dest"), self.agent, queue, *more)


@dataclass(eq=False)
class Dialling:
    """A dialplan Dial from `source`: to an agent's phone, or with `number` out over the trunk."""

    line: Line
    source: Channel
    agent: str | None
    number: str | None = None

    def play(self, ring: Ring) -> Generator[float, None, Channel | None]:
        """The far leg when it answers; None when the call is over (all channels hung up, told in the order of Asterisk)."""
        line, switch = self.line, self.line.switch
        began = line.now()
        leg = self._begin()
        ends_at = line.after(line.plan.ring_timeout_s or DIAL_TIMEOUT_S)
        acts_at = (
            line.after(ring.after_s)
            if ring.outcome in (Hand.ANSWERED, *SIP_REFUSALS, "congestion", "invalid")
            else ends_at
        )
        patience = line.plan.patience_s
        give_up_at = line.after(patience) if patience is not None and not self.source.answered_at else ends_at + 1
        try:
            yield from line.wait(_NETWORK_S, HungUp)
            if ring.outcome != Hand.UNREACHABLE:
                switch.state(leg, 5)
                switch.dial("DialState", self.source, leg.snapshot("Dest"), ("DialStatus", "RINGING"))
                if self.agent:
                    line.queues.refresh(self.agent)
            yield from line.until(min(acts_at, ends_at, give_up_at), HungUp)
            if line.now() >= give_up_at and give_up_at < min(acts_at, ends_at):
                raise HungUp(self.source, by_phone=True)
        except HungUp as gone:
            self._stopped(leg, began, gone)
            return None
        if acts_at < ends_at and ring.outcome == Hand.ANSWERED:
            self._answered(leg)
            return leg
        self._failed(leg, began, ring.outcome if acts_at < ends_at else Hand.NOANSWER)
        return None

    def _begin(self) -> Channel:
        line, switch, source = self.line, self.line.switch, self.source
        if self.agent:
            leg = line.agent_channel(self.agent, linked_to=source)
            leg.exten, target = source.exten, self.agent
        else:
            leg = switch.new_channel("trunk", context="from-trunk", exten="s", linked_to=source, story=line.performance)
            leg.exten, target = source.exten, f"{self.number}@trunk"
            leg.connected_number, leg.connected_name = source.number, source.caller_name
            switch.caller_id(leg, source.exten)
        leg.dialled, leg.application, leg.data = True, "AppDial", "(Outgoing Line)"
        switch.connected(leg, source.number, source.caller_name)
        switch.runs(source, "Dial", f"PJSIP/{target},{30 if self.number else 25},tTkK")
        switch.dial("DialBegin", source, leg.snapshot("Dest"), ("DialString", target))
        switch.connected(source, leg.number, leg.caller_name)
        return leg

    def _answered(self, leg: Channel) -> None:
        switch = self.line.switch
        switch.state(leg, 6)
        leg.exten = ""
        self._dial_end(leg, "ANSWER")
        if self.source.state != 6:
            switch.state(self.source, 6)

    def _failed(self, leg: Channel, began: float, outcome: str) -> None:
        """Refused or rung out: the dialplan behind Dial hangs the source up with the same cause."""
        refusals = {**SIP_REFUSALS, "congestion": (34, 503), "invalid": (1, 404)}
        cause, sip = refusals.get(outcome, (0, None))
        if sip:
            self.line.switch.about("HangupRequest", leg, ("Cause", str(cause)), ("TechCause", str(sip)))
        self._dial_end(leg, OUTSIDE_STATUS.get(cause, "NOANSWER"))
        self._close(leg, began, cause, sip, source_cause=cause or 16, source_sip=sip)
        self.line.truth.ended_by = "called" if sip and not self.line.transferred else "system"
        if self.agent and not self.line.transferred:
            self.line.truth.rung(self.agent, outcome)

    def _stopped(self, leg: Channel, began: float, gone: HungUp) -> None:
        """Hung up while it rings: given up by who dials, or by an AMI action."""
        self.line.parted = gone
        if gone.by_phone:
            self.line.switch.about("HangupRequest", self.source, ("Cause", "127"), ("TechCause", "487"))
        self._dial_end(leg, "CANCEL")
        if gone.by_phone:
            self._close(leg, began, 127, 500, source_cause=127, source_sip=487)
        else:
            self._close(leg, began, 16, None, source_cause=0, source_sip=None)
        self.line.truth.ended_by = "caller"
        if self.agent and not self.line.transferred:
            self.line.truth.rung(self.agent, "cancelled")

    def _close(
        self, leg: Channel, began: float, cause: int, sip: int | None, *, source_cause: int, source_sip: int | None
    ) -> None:
        switch, source = self.line.switch, self.source
        disposition = "BUSY" if cause == 17 else "FAILED" if cause in (1, 34) else "NO ANSWER"
        self.line.record(source, leg, disposition, began=began)
        tech = (("TechCause", str(source_sip)),) if source_cause == 127 else ()
        source.priority += 0 if source_cause in (0, 127) else 1  # given up: the dialplan went no further
        switch.about("SoftHangupRequest", source, ("Cause", "16"), *tech)
        switch.hang_up(leg, cause, sip)
        source.exten, source.priority = "h", 2
        switch.hang_up(source, source_cause, source_sip)
        self.line.truth.cause = source_cause
        for channel in (leg, source):
            if channel.endpoint != "trunk":
                self.line.queues.refresh(channel.endpoint)

    def _dial_end(self, leg: Channel, status: str) -> None:
        dest: Pairs = leg.snapshot("Dest")
        self.line.switch.dial("DialEnd", self.source, dest, ("DialStatus", status))


def outbound_caller_id(line: Line, source: Channel) -> None:
    """The dialplan shows the company's number to the outside."""
    line.switch.caller_id(source, OUR_NUMBER)
    source.priority = 2
