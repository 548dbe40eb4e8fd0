"""Meridian's own dialplan on the simulated PBX, the caller's side: the lobby in which callers wait for Meridian's choice, and what
takes over when Meridian is silent: the company's own queue, a message, a promise to call back."""

from collections.abc import Callable

from telephony.simulated_channels import Channel
from telephony.simulated_line import Goto, HungUp, KeyPressed, Line, Moved, Taken
from telephony.simulated_place import Place, goes, picks_up
from telephony.simulated_talk import Going
from telephony.simulated_waiting import distributed, fetched

SLICE_S = 10.0
"""A caller looks at the heartbeat so often."""
LOBBY_TIMEOUT_S = 600.0
DEAD_AFTER_S = 15
"""A heartbeat older than this means: nobody will choose an operator."""
FALLBACK_S = 30.0
_CONFIRMED_S = 4.0


def in_lobby(line: Line, caller: Channel, name: str) -> Going:
    """[meridian-acd]: wait in the queue `name`, slice by slice, for as long as Meridian lives."""
    switch = line.switch
    line.truth.queue = line.truth.queue or name
    try:
        yield from picks_up(line, caller)
    except HungUp as gone:
        goes(line, caller, by_phone=gone.by_phone)
        return None
    entered = caller.variables.get("CC_ENTERED") or str(switch.wall())
    for variable, value in (("CC_MODE", "acd"), ("CC_DID", caller.dnid), ("CC_ENTERED", entered), ("CC_SERVED", "0")):
        caller.priority += 1
        switch.set_variable(caller, variable, value)
    line.exchange.lobby[caller.uniqueid] = line
    try:
        return (yield from _slices(line, caller, name, int(entered)))
    finally:
        line.exchange.lobby.pop(caller.uniqueid, None)


def _slices(line: Line, caller: Channel, name: str, entered: int) -> Going:
    switch, plan = line.switch, line.plan
    give_up_at = None if plan.patience_s is None else line.after(plan.patience_s)
    presses_at = None if plan.callback_after_s is None else line.after(plan.callback_after_s)
    late_at = line.after(LOBBY_TIMEOUT_S)
    while True:
        caller.priority = 6
        switch.set_variable(caller, "CC_STATE", "waiting")
        caller.priority = 7
        switch.runs(caller, "Queue", f"{name},,,,{SLICE_S:.0f}")
        place = Place(line, caller, line.queues.by_name[name])
        over_at = line.after(SLICE_S)
        try:
            yield from line.until(min(t for t in (over_at, give_up_at, presses_at) if t), *_CONCERNS)
            if give_up_at and line.now() >= give_up_at:
                raise HungUp(caller, by_phone=True)
            if presses_at and line.now() >= presses_at:
                raise KeyPressed("1")
        except HungUp as gone:
            place.abandoned(by_phone=gone.by_phone)
            return None
        except Moved as moved:
            line.truth.left_at = line.now()
            return place.redirected(moved)
        except KeyPressed:
            line.truth.left_at = line.now()
            place.pressed()
            return Goto(caller, "meridian-callback", name)
        except Taken as taken:
            return (yield from fetched(place, taken.leg))
        place.timed_out()
        beat = line.switch.variables.get("CC_HEARTBEAT", "")
        silent_s = switch.wall() - (int(beat) if beat.isdigit() else 0)
        if line.now() >= late_at or silent_s >= DEAD_AFTER_S:
            return _falls_back(line, caller, name, waited_s=switch.wall() - entered, silent_s=silent_s)


_CONCERNS = (HungUp, Moved, KeyPressed, Taken)


def _falls_back(line: Line, caller: Channel, name: str, *, waited_s: int, silent_s: int) -> Goto:
    switch = line.switch
    line.truth.left_at = line.now()
    caller.priority = 11
    switch.set_variable(caller, "CC_STATE", "fallback")
    caller.priority = 12
    ages = (("Waited", str(waited_s)), ("HeartbeatAge", str(silent_s)))
    switch.user_event(caller, "CcLobbyFallback", *ages)
    return Goto(caller, "meridian-fallback", name)


def in_fallback(line: Line, caller: Channel, name: str) -> Going:
    """[meridian-fallback]: the company's own queue, then a message."""
    native = line.exchange.acd.get(name, "")
    try:
        yield from picks_up(line, caller)
    except HungUp as gone:
        goes(line, caller, by_phone=gone.by_phone)
        return None
    line.switch.set_variable(caller, "CC_MODE", "native")
    if native:
        caller.priority = 4
        went = yield from distributed(line, caller, native, within_s=FALLBACK_S)
        if went is not None or caller.name not in line.switch.channels:
            return went
    return Goto(caller, "meridian-voicemail", name)


def leaves_message(line: Line, caller: Channel, name: str) -> Going:
    """[meridian-voicemail]: record until the caller hangs up."""
    switch, file = line.switch, f"{caller.uniqueid}.wav"
    switch.user_event(caller, "CcVoicemail", ("Queue", name), ("From", caller.number))
    line.truth.voicemail = True
    caller.priority = 3
    switch.runs(caller, "Record", f"{file},3,120,qk")
    began, by_phone = line.now(), True
    try:
        yield from line.wait(line.plan.message_s, HungUp)
    except HungUp as gone:
        by_phone = gone.by_phone
    if by_phone:
        switch.about("HangupRequest", caller)
    seconds = round((line.now() - began) * line.exchange.stage.speed)
    caller.exten, caller.priority = "h", 1
    switch.user_event(caller, "CcVoicemailLeft", ("Queue", name), ("File", file), ("Seconds", str(seconds)))
    goes(line, caller, by_phone=by_phone, announced=True)
    return None


def asks_for_callback(line: Line, caller: Channel, name: str) -> Going:
    """[meridian-callback]: noted, confirmed, and the call ends."""
    line.truth.callback = True
    line.switch.user_event(caller, "CcCallback", ("Queue", name))
    by_phone = False
    try:
        yield from line.wait(_CONFIRMED_S, HungUp)
    except HungUp as gone:
        by_phone = gone.by_phone
    goes(line, caller, by_phone=by_phone)
    return None


OURS: dict[str, Callable[[Line, Channel, str], Going]] = {
    "meridian-acd": in_lobby,
    "meridian-fallback": in_fallback,
    "meridian-voicemail": leaves_message,
    "meridian-callback": asks_for_callback,
}
"""Contexts of the dialplan that Meridian ships; the extension is a queue's name."""
