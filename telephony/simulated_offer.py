"""[meridian-agent] on the simulated PBX: Meridian rings the operator whom it chose; who answers first gets the caller, the
others are told. Message order as recorded from Asterisk 22.10."""

from telephony.simulated_channels import Channel
from telephony.simulated_line import HungUp, Line, Taken
from telephony.simulated_origination import ANSWERED, RANG_OUT, Origination, dialled, rings
from telephony.simulated_plan import PICKS_UP, Hand, Ring
from telephony.simulated_stage import Story

CONTEXT = "meridian-agent"
CANCELLED = "cancelled"
_WHISPER_S = 1.5
_ON_THE_PHONE = Ring(outcome=Hand.BUSY, after_s=0.1)
_JOINING_S = 0.01
_LOST_S = 1.2


def offered(line: Line, asked: Origination) -> Story:
    """From the ring to the talk, which goes on in the caller's own story, or to nothing."""
    waiting = line.exchange.lobby.get(asked.variable("CC_CALLID"))
    ring = _reaction(line, asked, waiting)
    leg = dialled(line, asked)
    reason = yield from rings(line, leg, asked, ring)
    if waiting is not None:
        waiting.tried.append(asked.agent)
        there = asked.variable("CC_CALLER") in line.switch.channels
        waiting.truth.rung(asked.agent, _outcome(reason, ring) if there else CANCELLED)
    if reason != ANSWERED:
        return
    leg.context, leg.exten, leg.application, leg.data = CONTEXT, "s", "", ""
    try:
        yield from _joins(line, leg, asked)
    except HungUp as gone:
        if gone.by_phone:
            line.switch.about("HangupRequest", leg)
        _hangs_up(line, leg)


def _reaction(line: Line, asked: Origination, waiting: Line | None) -> Ring:
    """As the caller's plan has it: each mention of the phone is one ring of it. Somebody who talks is busy."""
    if line.switch.busy(asked.agent):
        return _ON_THE_PHONE
    if waiting is None:
        return PICKS_UP
    planned = [ring for agent, ring in waiting.plan.rings if agent == asked.agent]
    turn = waiting.tried.count(asked.agent)
    return planned[min(turn, len(planned) - 1)] if planned else waiting.plan.ring_of(asked.agent)


def _outcome(reason: int, ring: Ring) -> str:
    if reason == ANSWERED:
        return Hand.ANSWERED
    if reason == RANG_OUT:
        return Hand.UNREACHABLE if ring.outcome == Hand.UNREACHABLE else Hand.NOANSWER
    return ring.outcome if ring.outcome in (Hand.BUSY, Hand.REJECTED, Hand.UNAVAILABLE) else CANCELLED


def _joins(line: Line, leg: Channel, asked: Origination) -> Story:
    switch, call, name = line.switch, asked.variable("CC_CALLID"), asked.variable("CC_CALLER")
    about = (("Call", call), ("Agent", asked.variable("CC_AGENT")))
    if not _locked(line, leg, call):
        return (yield from _lost(line, leg, "taken", *about))
    caller = switch.channels.get(name)
    if caller is None:
        return (yield from _lost(line, leg, "caller gone", *about))
    if caller.variables.get("CC_SERVED") == "1" or caller.bridge is not None:
        return (yield from _lost(line, leg, "taken", *about))
    if announcement := asked.variable("CC_ANNOUNCE"):
        leg.priority = 4
        switch.runs(leg, "Playback", announcement)
        yield from line.wait(_WHISPER_S, HungUp)
        if caller.name not in switch.channels:
            return (yield from _lost(line, leg, "caller gone", *about))
    leg.priority = 6
    switch.caller_id(leg, asked.variable("CC_AGENT"), "Agent")
    switch.set_variable(caller, "CC_SERVED", "1")
    leg.priority = 8
    switch.user_event(leg, "CcConnect", *about)
    if file := asked.variable("CC_RECORD"):
        switch.about("MixMonitorStart", leg)
        switch.set_variable(leg, "MIXMONITOR_FILENAME", file)
    leg.priority = 10
    switch.runs(leg, "Bridge", f"{name},TK")
    if caller.story is not None:
        line.exchange.stage.interrupt(caller.story, Taken(leg))
        yield from line.wait(_JOINING_S, HungUp)
    if leg.bridge is None and leg.name in switch.channels:
        _not_joined(line, leg, caller, *about)


def _locked(line: Line, leg: Channel, call: str) -> bool:
    """TRYLOCK: held as long as the channel lives."""
    locks = line.exchange.locks
    for key, holder in list(locks.items()):
        if holder.name not in line.switch.channels:
            del locks[key]
    return locks.setdefault(call, leg) is leg


def _not_joined(line: Line, leg: Channel, caller: Channel, *about: tuple[str, str]) -> None:
    """Bridge() came to nothing: the caller stays where they are, and others may try."""
    there = caller.name in line.switch.channels
    leg.priority = 11
    line.switch.user_event(leg, "CcBridgeEnd", *about, ("Result", "FAILED" if there else "NONEXISTENT"))
    if there:
        line.switch.set_variable(caller, "CC_SERVED", "0")
    _hangs_up(line, leg)


def _lost(line: Line, leg: Channel, why: str, *about: tuple[str, str]) -> Story:
    leg.priority = 17
    line.switch.user_event(leg, "CcOfferLost", *about, ("Why", why))
    leg.priority += 1
    yield from line.wait(_LOST_S, HungUp)  # a tone, so that they hear that there is nobody
    _hangs_up(line, leg)


def _hangs_up(line: Line, leg: Channel) -> None:
    line.switch.about("SoftHangupRequest", leg, ("Cause", "16"))
    leg.exten, leg.priority = "h", 2
    line.switch.hang_up(leg, 16)
    line.queues.refresh(leg.endpoint)
