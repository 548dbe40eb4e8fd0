"""A caller waits in a queue of the simulated PBX: until a member answers, the caller goes, or the time is up and voicemail takes
over. Message order as recorded from Asterisk 22.10."""

from collections.abc import Generator
from dataclasses import dataclass

from telephony.simulated_channels import Channel
from telephony.simulated_line import Goto, HungUp, Line, Moved
from telephony.simulated_moves import converse
from telephony.simulated_queues import Entry, Queue
from telephony.simulated_ringing import MemberRing
from telephony.simulated_talk import Going, Served, Talk

_ANSWER_S = 0.5
_POLL_S = 1.0
_LONGEST_CALL_S = 4 * 3600.0


def in_queue(line: Line, caller: Channel, name: str) -> Going:
    """[native]: Answer, Queue, and voicemail when nobody had time."""
    switch, queue = line.switch, line.queues.by_name[name]
    line.truth.queue = line.truth.queue or name
    caller.context, caller.exten, caller.priority = "native", name, 1
    if caller.state != 6:
        switch.runs(caller, "Answer", "")
        switch.state(caller, 6)
        try:
            yield from line.wait(_ANSWER_S, HungUp)
        except HungUp as gone:
            _goes(line, caller, by_phone=gone.by_phone)
            return None
    caller.priority = 2
    switch.set_variable(caller, "CC_MODE", "native")
    caller.priority = 4
    switch.runs(caller, "Queue", f"{name},tTkK,,,{int(line.plan.queue_timeout_s)}")
    return (yield from Waiting(line, caller, queue, line.queues.join(queue, caller)).play())


@dataclass(eq=False)
class Waiting:
    """One caller in one queue: until a member answers, the caller goes or the time is up."""

    line: Line
    caller: Channel
    queue: Queue
    entry: Entry

    def play(self) -> Generator[float, None, Goto | None]:
        line, caller = self.line, self.caller
        line.switch.music(caller, on=True)
        patience = line.plan.patience_s
        give_up_at = line.after(_LONGEST_CALL_S if patience is None else patience)
        timeout_at = line.after(line.plan.queue_timeout_s)
        ringing: MemberRing | None = None
        try:
            while line.now() < timeout_at:
                agent = line.next_agent(self.queue.name)
                if agent is None:
                    yield from line.until(min(line.after(_POLL_S), give_up_at, timeout_at), HungUp, Moved)
                    if line.now() >= give_up_at:
                        raise HungUp(caller, by_phone=True)
                    continue
                ringing = MemberRing(line, caller, self.queue, self.entry, agent)
                began = line.now()
                leg = yield from ringing.play(give_up_at, timeout_at)
                if leg is not None:
                    return (yield from self._served(ringing, leg, began))
                ringing = None
                yield from line.wait(_POLL_S / 2, HungUp, Moved)
        except HungUp as gone:
            self._abandoned(by_phone=gone.by_phone, announced=ringing is not None)
            return None
        except Moved as moved:
            return self._redirected(moved)
        self._leaves(music_first=False)
        line.truth.left_at = line.now()
        yield from voicemail(line, caller)
        return None

    def _served(self, ringing: MemberRing, leg: Channel, began: float) -> Generator[float, None, Goto | None]:
        line = self.line
        wait_s = int(line.now() - self.entry.joined_at)
        ringing.answered(leg, began)
        line.truth.transfer_answered()
        served = Served(self.queue, self.entry, ringing.agent, wait_s)
        return (yield from converse(Talk(line, self.caller, leg, served, from_queue=True)))

    def _abandoned(self, *, by_phone: bool, announced: bool) -> None:
        switch = self.line.switch
        self.line.truth.left_at = self.line.now()
        if not announced:
            if by_phone:
                switch.about("HangupRequest", self.caller)
            switch.music(self.caller, on=False)
        self.line.queues.abandon(self.queue, self.entry)
        self.line.queues.leave(self.queue, self.entry)
        _goes(self.line, self.caller, by_phone=by_phone, announced=True)

    def _leaves(self, *, music_first: bool) -> None:
        if music_first:
            self.line.switch.music(self.caller, on=False)
        self.line.queues.abandon(self.queue, self.entry)
        if not music_first:
            self.line.switch.music(self.caller, on=False)
        self.line.queues.leave(self.queue, self.entry)

    def _redirected(self, moved: Moved) -> Goto:
        caller = self.caller
        caller.context, caller.exten, caller.priority = moved.context, moved.exten, 1
        self._leaves(music_first=True)
        return Goto(caller, moved.context, moved.exten)


def voicemail(line: Line, caller: Channel) -> Generator[float, None, None]:
    switch, queue = line.switch, caller.exten
    caller.priority = 6
    switch.user_event(caller, "CcQueueExit", ("Queue", queue), ("Status", "TIMEOUT"))
    caller.context, caller.exten, caller.priority = "voicemail", "s", 1
    switch.user_event(caller, "CcVoicemail", ("From", caller.number))
    line.truth.voicemail = True
    caller.priority = 3
    switch.runs(caller, "Record", f"{caller.uniqueid}.wav,0,20,qk")
    by_phone = True
    try:
        yield from line.wait(line.plan.message_s, HungUp)
    except HungUp as gone:
        by_phone = gone.by_phone
    _goes(line, caller, by_phone=by_phone)


def _goes(line: Line, caller: Channel, *, by_phone: bool, announced: bool = False) -> None:
    """A caller with nobody on the other side hangs up (Cause 0, as Asterisk has it)."""
    if by_phone and not announced:
        line.switch.about("HangupRequest", caller)
    line.record(caller, None, "ANSWERED", began=caller.created_at, answered=caller.answered_at)
    line.client_ends(caller, 0, by_phone=by_phone)
