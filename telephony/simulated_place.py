"""A caller's place in a queue of the simulated PBX: taken, kept, and left in each of the ways there are. Message order as recorded
from Asterisk 22.10."""

from dataclasses import dataclass, field

from telephony.simulated_channels import Channel
from telephony.simulated_line import Goto, HungUp, Line, Moved
from telephony.simulated_queues import Entry, Queue
from telephony.simulated_stage import Story

_ANSWER_S = 0.5


@dataclass(eq=False)
class Place:
    """From the join to the leave. `entered`: who came first stands first (QUEUE_PRIO); else one stands at the end."""

    line: Line
    caller: Channel
    queue: Queue
    entered: str = ""
    entry: Entry = field(init=False)

    def __post_init__(self) -> None:
        before_s = int(self.entered) if self.entered else None
        self.entry = self.line.queues.join(self.queue, self.caller, entered_s=before_s)
        self.line.switch.music(self.caller, on=True)

    def abandoned(self, *, by_phone: bool, announced: bool = False) -> None:
        """The caller hung up, or (`announced`) is known to have."""
        switch = self.line.switch
        self.line.truth.left_at = self.line.now()
        if not announced:
            if by_phone:
                switch.about("HangupRequest", self.caller)
            switch.music(self.caller, on=False)
        self.line.queues.abandon(self.queue, self.entry)
        self.line.queues.leave(self.queue, self.entry)
        goes(self.line, self.caller, by_phone=by_phone, announced=True)

    def timed_out(self) -> None:
        """The time is up; the caller is still there."""
        self.line.queues.abandon(self.queue, self.entry)
        self.line.switch.music(self.caller, on=False)
        self.line.queues.leave(self.queue, self.entry)

    def redirected(self, moved: Moved) -> Goto:
        caller = self.caller
        caller.context, caller.exten, caller.priority = moved.context, moved.exten, 1
        self.line.switch.music(self.caller, on=False)
        self.line.queues.abandon(self.queue, self.entry)
        self.line.queues.leave(self.queue, self.entry)
        return Goto(caller, moved.context, moved.exten)

    def pressed(self) -> None:
        """The caller pressed a key that leads out: nobody calls that abandoned."""
        self.line.switch.music(self.caller, on=False)
        self.line.queues.leave(self.queue, self.entry)

    def taken_out(self) -> None:
        """Bridge() takes the caller out without a word; the queue counts it as abandoned."""
        self.queue.entries.remove(self.entry)
        self.queue.abandoned += 1


def picks_up(line: Line, caller: Channel) -> Story:
    """Answer(): half a second, in which the caller may go (HungUp)."""
    if caller.state == 6:
        return
    line.switch.runs(caller, "Answer", "")
    line.switch.state(caller, 6)
    yield from line.wait(_ANSWER_S, HungUp)


def goes(line: Line, caller: Channel, *, by_phone: bool, announced: bool = False) -> None:
    """A caller with nobody on the other side hangs up (Cause 0, as Asterisk has it)."""
    if by_phone and not announced:
        line.switch.about("HangupRequest", caller)
    line.record(caller, None, "ANSWERED", began=caller.created_at, answered=caller.answered_at)
    line.client_ends(caller, 0, by_phone=by_phone)
