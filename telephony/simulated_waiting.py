"""A caller waits in a queue of the simulated PBX that distributes by itself: until a member answers, the caller goes, or the time
is up. Message order as recorded from Asterisk 22.10."""

from collections.abc import Generator
from dataclasses import dataclass

from telephony.simulated_channels import Channel
from telephony.simulated_line import Goto, HungUp, Line, Moved, Taken
from telephony.simulated_moves import converse
from telephony.simulated_place import Place, goes, picks_up
from telephony.simulated_queues import Queue
from telephony.simulated_ringing import MemberRing
from telephony.simulated_talk import Going, Served, Talk

_POLL_S = 1.0
_LONGEST_CALL_S = 4 * 3600.0


def in_queue(line: Line, caller: Channel, name: str) -> Going:
    """[native]: Answer, Queue, and voicemail when nobody had time."""
    switch = line.switch
    line.truth.queue = line.truth.queue or name
    caller.context, caller.exten, caller.priority = "native", name, 1
    try:
        yield from picks_up(line, caller)
    except HungUp as gone:
        goes(line, caller, by_phone=gone.by_phone)
        return None
    caller.priority = 2
    switch.set_variable(caller, "CC_MODE", "native")
    caller.priority = 4
    went = yield from distributed(line, caller, name, within_s=line.plan.queue_timeout_s)
    if went is not None or caller.name not in switch.channels:
        return went
    caller.priority = 6
    switch.user_event(caller, "CcQueueExit", ("Queue", name), ("Status", "TIMEOUT"))
    return Goto(caller, "voicemail", "s")


def distributed(line: Line, caller: Channel, name: str, *, within_s: float) -> Going:
    """Queue(): the PBX picks who is rung. None with the caller still there: nobody had time."""
    line.switch.runs(caller, "Queue", f"{name},tTkK,,,{int(within_s)}")
    queue = line.queues.by_name[name]
    return (yield from Waiting(line, caller, queue, Place(line, caller, queue)).play(within_s))


@dataclass(eq=False)
class Waiting:
    """One caller in one queue: until a member answers, the caller goes or the time is up."""

    line: Line
    caller: Channel
    queue: Queue
    place: Place

    def play(self, within_s: float) -> Generator[float, None, Goto | None]:
        line, caller = self.line, self.caller
        patience = line.plan.patience_s
        give_up_at = line.after(_LONGEST_CALL_S if patience is None else patience)
        timeout_at = line.after(within_s)
        ringing: MemberRing | None = None
        try:
            while line.now() < timeout_at:
                agent = line.next_agent(self.queue.name)
                if agent is None:
                    yield from line.until(min(line.after(_POLL_S), give_up_at, timeout_at), HungUp, Moved, Taken)
                    if line.now() >= give_up_at:
                        raise HungUp(caller, by_phone=True)
                    continue
                ringing = MemberRing(line, caller, self.queue, self.place.entry, agent)
                began = line.now()
                leg = yield from ringing.play(give_up_at, timeout_at)
                if leg is not None:
                    return (yield from self._served(ringing, leg, began))
                ringing = None
                yield from line.wait(_POLL_S / 2, HungUp, Moved, Taken)
        except HungUp as gone:
            self.place.abandoned(by_phone=gone.by_phone, announced=ringing is not None)
            return None
        except Moved as moved:
            return self.place.redirected(moved)
        except Taken as taken:
            # An operator of the ACD queue answers although the call has fallen back.
            return (yield from fetched(self.place, taken.leg))
        self.place.timed_out()
        line.truth.left_at = line.now()
        return None

    def _served(self, ringing: MemberRing, leg: Channel, began: float) -> Generator[float, None, Goto | None]:
        line, entry = self.line, self.place.entry
        wait_s = int(line.now() - entry.joined_at)
        ringing.answered(leg, began)
        line.truth.transfer_answered()
        served = Served(self.queue, entry, ringing.agent, wait_s)
        return (yield from converse(Talk(line, self.caller, leg, served, from_queue=True)))


def fetched(place: Place, leg: Channel) -> Going:
    """The dialplan of an operator's leg takes the caller out: Bridge() does so from any queue."""
    place.taken_out()
    place.line.truth.transfer_answered()
    return (yield from converse(Talk(place.line, place.caller, leg, from_queue=True, by_bridge=True)))


def voicemail(line: Line, caller: Channel) -> Generator[float, None, None]:
    """[voicemail] of the company's own dialplan."""
    switch = line.switch
    switch.user_event(caller, "CcVoicemail", ("From", caller.number))
    line.truth.voicemail = True
    caller.priority = 3
    switch.runs(caller, "Record", f"{caller.uniqueid}.wav,0,20,qk")
    by_phone = True
    try:
        yield from line.wait(line.plan.message_s, HungUp)
    except HungUp as gone:
        by_phone = gone.by_phone
    goes(line, caller, by_phone=by_phone)
