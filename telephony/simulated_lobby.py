"""The dialplan that Meridian ships (telephony/asterisk) on the simulated PBX, the caller's side: the lobby in which callers wait
for Meridian's choice, and what takes over when Meridian is silent: the company's own queue, a message, a promise to call back."""

from collections.abc import Callable, Generator

from telephony.dialplan import LOBBY_CONTEXT
from telephony.simulated_channels import Channel
from telephony.simulated_line import Goto, HungUp, KeyPressed, Line, Moved, Taken
from telephony.simulated_place import Place, goes, picks_up
from telephony.simulated_switch import Switch
from telephony.simulated_talk import Going
from telephony.simulated_waiting import distributed, fetched

SLICE_S = 10.0
"""A caller looks at the heartbeat so often."""
PATIENCE_S = 600.0
DEAD_AFTER_S = 15
"""A heartbeat older than this means: nobody will choose an operator."""
TAKEOVER_S = 120.0
SPOOL = "/var/spool/asterisk/meridian"
_CONFIRMED_S = 2.0
_CONCERNS = (HungUp, Moved, KeyPressed, Taken)


def in_lobby(line: Line, caller: Channel, name: str) -> Going:
    """[meridian-acd]: wait in the queue `name`, slice by slice, for as long as Meridian lives."""
    switch = line.switch
    line.truth.queue = line.truth.queue or name
    caller.context, caller.exten, caller.priority = LOBBY_CONTEXT, "s", 1
    if (yield from _gone_at_once(line, caller)):
        return None
    caller.priority = 2
    switch.set_variable(caller, "CC_MODE", "acd")
    if caller.variables.get("CC_SERVED") != "0":
        switch.set_variable(caller, "CC_ENTERED", str(switch.wall()))
    switch.set_variable(caller, "CC_SERVED", "0")
    line.exchange.lobby[caller.uniqueid] = line
    try:
        return (yield from _slices(line, caller, name))
    finally:
        line.exchange.lobby.pop(caller.uniqueid, None)


def _slices(line: Line, caller: Channel, name: str) -> Going:
    plan = line.plan
    give_up_at = None if plan.patience_s is None else line.after(plan.patience_s)
    presses_at = None if plan.callback_after_s is None else line.after(plan.callback_after_s)
    late_at = line.after(PATIENCE_S)
    while True:
        if why := "patience" if line.now() >= late_at else "silent" if silent(line.switch) else "":
            return _falls_back(line, caller, name, why)
        caller.priority = 7
        line.switch.runs(caller, "Queue", f"{name},,,,{SLICE_S:.0f}")
        place = Place(line, caller, line.queues.by_name[name], entered=caller.variables["CC_ENTERED"])
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


def silent(switch: Switch) -> bool:
    """Whether Meridian's heart beats no more."""
    beat = switch.variables.get("CC_HEARTBEAT", "")
    return switch.wall() - (int(beat) if beat.isdigit() else 0) >= DEAD_AFTER_S


def _falls_back(line: Line, caller: Channel, name: str, why: str) -> Goto:
    switch = line.switch
    line.truth.left_at = line.now()
    caller.priority = 12
    waited_s = switch.wall() - int(caller.variables["CC_ENTERED"])
    told = (("Queue", name), ("Why", why), ("Waited", str(waited_s)))
    switch.user_event(caller, "CcFellBack", *told)
    return Goto(caller, "meridian-fallback", name)


def in_fallback(line: Line, caller: Channel, name: str) -> Going:
    """[meridian-fallback]: the company's own queue, then a message."""
    native = line.exchange.acd[name]
    caller.context, caller.exten, caller.priority = "meridian-takeover", "s", 1
    if (yield from _gone_at_once(line, caller)):
        return None
    if native:
        caller.priority = 4
        went = yield from distributed(line, caller, native, within_s=TAKEOVER_S)
        if went is not None or caller.name not in line.switch.channels:
            return went
    return Goto(caller, "meridian-voicemail", name)


def leaves_message(line: Line, caller: Channel, name: str) -> Going:
    """[meridian-voicemail]: record until the caller hangs up."""
    switch, file = line.switch, f"{SPOOL}/{caller.uniqueid}.wav"
    caller.context, caller.exten, caller.priority = "meridian-message", "s", 1
    if (yield from _gone_at_once(line, caller)):
        return None
    caller.priority = 3
    switch.user_event(caller, "CcVoicemail", ("Queue", name), ("From", dialable(caller.number)))
    line.truth.voicemail = True
    caller.priority = 9
    switch.runs(caller, "Record", f"{file},10,180,kq")
    began, by_phone = line.now(), True
    try:
        yield from line.wait(line.plan.message_s, HungUp)
    except HungUp as gone:
        by_phone = gone.by_phone
    if by_phone:
        switch.about("HangupRequest", caller)
    seconds = round((line.now() - began) * line.exchange.stage.speed)
    line.exchange.keeps_message(file, seconds)
    caller.exten, caller.priority = "h", 3
    switch.user_event(caller, "CcVoicemailLeft", ("Queue", name), ("File", file), ("Seconds", str(seconds)))
    goes(line, caller, by_phone=by_phone, announced=True)
    return None


def asks_for_callback(line: Line, caller: Channel, name: str) -> Going:
    """[meridian-callback]: noted, confirmed, and the call ends. Where nobody would hear of it, or know whom to call: a message."""
    caller.context, caller.exten, caller.priority = "meridian-promise", "s", 1
    if (yield from _gone_at_once(line, caller)):
        return None
    number = dialable(caller.number)
    if silent(line.switch) or len(number.lstrip("+")) < 3:
        return Goto(caller, "meridian-voicemail", name)
    caller.priority = 4
    line.truth.callback = True
    line.switch.user_event(caller, "CcCallback", ("Queue", name), ("From", number))
    by_phone = False
    try:
        yield from line.wait(_CONFIRMED_S, HungUp)
    except HungUp as gone:
        by_phone = gone.by_phone
    goes(line, caller, by_phone=by_phone)
    return None


def dialable(number: str) -> str:
    """FILTER(0-9+): what can be called back."""
    return "".join(c for c in number if c in "0123456789+")


def _gone_at_once(line: Line, caller: Channel) -> Generator[float, None, bool]:
    """Answer(), if that is still to be done; whether the caller hung up meanwhile."""
    try:
        yield from picks_up(line, caller)
    except HungUp as gone:
        goes(line, caller, by_phone=gone.by_phone)
        return True
    return False


OURS: dict[str, Callable[[Line, Channel, str], Going]] = {
    "meridian-acd": in_lobby,
    "meridian-fallback": in_fallback,
    "meridian-voicemail": leaves_message,
    "meridian-callback": asks_for_callback,
}
"""The doors: contexts of the dialplan that Meridian ships, whose extensions are the ACD queues."""
