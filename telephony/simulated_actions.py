"""What the simulated PBX does when an AMI action asks: change the state or throw an interrupt into a call's story, and answer in
the words of Asterisk 22.10. Lists are simulated_lists'; who may do what is decided by the session from NEEDS."""

import re
from datetime import UTC, datetime

from telephony.simulated_calls import Calls
from telephony.simulated_channels import Channel
from telephony.simulated_line import ConsultAsked, HungUp, Moved, ParkAsked, TransferAsked
from telephony.simulated_lists import LISTS
from telephony.simulated_members import MEMBER_ACTIONS, Action
from telephony.simulated_offer import CONTEXT as OFFER
from telephony.simulated_origination import Origination
from telephony.simulated_plan import Plan, Ring
from telephony.simulated_request import Reply, Request, success
from telephony.simulated_stage import Interrupt
from telephony.simulated_variables import value_of

VERSION = "22.10.1"

NEEDS: dict[str, tuple[str, frozenset[str]]] = {
    name.lower(): (name, frozenset(classes.split(",")) if classes else frozenset())
    for name, classes in {
        "Atxfer": "call",
        "BlindTransfer": "call",
        "BridgeList": "",
        "Challenge": "",
        "Command": "command",
        "CoreSettings": "system,reporting",
        "CoreShowChannels": "system,reporting",
        "CoreStatus": "system,reporting",
        "DeviceStateList": "call,reporting",
        "Events": "",
        "Filter": "system",
        "Getvar": "call,reporting",
        "Hangup": "system,call",
        "ListCommands": "",
        "Login": "",
        "Logoff": "",
        "MixMonitor": "system",
        "MixMonitorMute": "system,call",
        "MuteAudio": "system",
        "Originate": "originate",
        "Park": "call",
        "ParkedCalls": "call",
        "Ping": "",
        "QueueAdd": "agent",
        "QueuePause": "agent",
        "QueuePenalty": "agent",
        "QueueRemove": "agent",
        "QueueStatus": "",
        "QueueSummary": "",
        "Redirect": "call",
        "Setvar": "call",
        "Status": "system,call,reporting",
        "StopMixMonitor": "system,call",
        "UserEvent": "user",
    }.items()
}
"""Every action there is here, with the write classes of which one is needed (as ListCommands of Asterisk 22.10 tells)."""


def carry_out(calls: Calls, request: Request) -> Reply:
    """An action that the session itself doesn't handle."""
    name = request.action.lower()
    if name in LISTS:
        return LISTS[name](calls.exchange, request)
    action = _ACTIONS.get(name)
    return action(calls, request) if action else unknown(request)


def unknown(request: Request) -> Reply:
    hint = "Use Action: ListCommands to show available commands."
    return request.error(f"Invalid/unknown command: {request.action}. {hint}")


def _core_status(calls: Calls, request: Request) -> Reply:
    switch = calls.exchange.switch
    started = datetime.fromtimestamp(switch.started_at + switch.clock_offset_s, UTC)
    date, time = started.strftime("%Y-%m-%d"), started.strftime("%H:%M:%S")
    return success(
        request,
        *(("CoreStartupDate", date), ("CoreStartupTime", time), ("CoreReloadDate", date), ("CoreReloadTime", time)),
        ("CoreCurrentCalls", str(len(switch.channels))),
        ("CoreProcessedCalls", str(switch.processed_calls)),
    )


def _core_settings(calls: Calls, request: Request) -> Reply:
    return success(
        request,
        *(("AMIversion", "11.0.0"), ("AsteriskVersion", VERSION), ("SystemName", calls.exchange.switch.system_name)),
        *(("CoreMaxCalls", "0"), ("CoreMaxLoadAvg", "0.000000"), ("CoreRunUser", ""), ("CoreRunGroup", "")),
        *(("CoreMaxFilehandles", "0"), ("CoreRealTimeEnabled", "No"), ("CoreCDRenabled", "Yes")),
        *(("CoreHTTPenabled", "No"), ("SoundsSearchCustomDir", "No")),
    )


# -- channels


def _tell(calls: Calls, channel: Channel, interrupt: Interrupt) -> bool:
    if channel.story is None or channel.story.over:
        return False
    calls.exchange.stage.interrupt(channel.story, interrupt)
    return True


def _hangup(calls: Calls, request: Request) -> Reply:
    asked = request.get("Channel")
    if not asked:
        return request.error("No channel specified")
    if asked.startswith("/"):
        pattern = re.compile(re.escape(asked.strip("/")))
        found = [c for c in calls.exchange.switch.channels.values() if pattern.search(c.name)]
    else:
        one = calls.exchange.switch.find(asked)
        found = [one] if one else []
    if not found:
        return request.error("No such channel")
    cause = request.get("Cause")
    for channel in found:
        _tell(calls, channel, HungUp(channel, by_phone=False, cause=int(cause) if cause.isdigit() else 0))
    return success(request, ("Message", "Channel Hungup"))


def _redirect(calls: Calls, request: Request) -> Reply:
    channel = calls.exchange.switch.find(request.get("Channel"))
    if channel is None:
        return request.error(f"Channel does not exist: {request.get('Channel')}")
    _tell(calls, channel, Moved(channel, request.get("Context"), request.get("Exten")))
    return success(request, ("Message", "Redirect successful"))


def _blind_transfer(calls: Calls, request: Request) -> Reply:
    channel = calls.exchange.switch.find(request.get("Channel"))
    if channel is None:
        return request.error("Channel specified does not exist")
    if not request.get("Exten"):
        return request.error("No exten specified")
    if channel.bridge is None or len(channel.bridge.channels) < 2:
        return request.error("Transfer not permitted")
    _tell(calls, channel, TransferAsked(channel, request.get("Context") or channel.context, request.get("Exten")))
    return success(request, ("Message", "Transfer succeeded"))


def _atxfer(calls: Calls, request: Request) -> Reply:
    channel = calls.exchange.switch.find(request.get("Channel"))
    if channel is None:
        return request.error("Channel specified does not exist")
    if not request.get("Exten"):
        return request.error("No exten specified")
    _tell(calls, channel, ConsultAsked(channel, request.get("Exten")))
    return success(request, ("Message", "Atxfer successfully queued"))


def _park(calls: Calls, request: Request) -> Reply:
    channel = calls.exchange.switch.find(request.get("Channel"))
    if channel is None:
        return request.error(f"Channel does not exist: {request.get('Channel')}")
    timeout_ms = request.get("Timeout") or "45000"
    if not timeout_ms.isdigit():
        return request.error("Invalid timeout")
    _tell(calls, channel, ParkAsked(channel, max(1, int(timeout_ms) // 1000)))
    return success(request, ("Message", "Park successful"))


def _mix_monitor(event: str) -> Action:
    def act(calls: Calls, request: Request) -> Reply:
        switch = calls.exchange.switch
        channel = switch.find(request.get("Channel"))
        if channel is None:
            return request.error("No such channel")
        told = [("Direction", request.get("Direction")), ("State", request.get("State"))]
        switch.about(event, channel, *(told if event == "MixMonitorMute" else []))
        if event == "MixMonitorStart":
            switch.set_variable(channel, "MIXMONITOR_FILENAME", request.get("File"))
        return success(request)

    return act


def _mute_audio(calls: Calls, request: Request) -> Reply:
    if calls.exchange.switch.find(request.get("Channel")) is None:
        return request.error("No such channel")
    return success(request)


def _setvar(calls: Calls, request: Request) -> Reply:
    switch, name, value = calls.exchange.switch, request.get("Variable"), request.get("Value")
    if not name:
        return request.error("No variable specified")
    if not request.get("Channel"):
        switch.set_global(name, value)
        return success(request, ("Message", "Variable Set"))
    channel = switch.find(request.get("Channel"))
    if channel is None:
        return request.error("No such channel")
    switch.set_variable(channel, name, value)
    return success(request, ("Message", "Variable Set"))


def _getvar(calls: Calls, request: Request) -> Reply:
    switch, name = calls.exchange.switch, request.get("Variable")
    if not name:
        return request.error("No variable specified")
    channel = switch.find(request.get("Channel"))
    if channel is None and request.get("Channel"):
        return request.error("No such channel")
    return success(request, ("Variable", name), ("Value", value_of(calls.exchange, channel, name)))


def _originate(calls: Calls, request: Request) -> Reply:
    asked = request.get("Channel")
    if not asked:
        return request.error("Channel not specified")
    context, exten = request.get("Context"), request.get("Exten")
    exchange = calls.exchange
    known = (
        exten in exchange.dids,
        exten in exchange.agents,
        exchange.outside_number(exten),
        (context, exten) == (OFFER, "s"),
    )
    if not request.get("Application") and not (any(known) and context):
        return request.error("Extension does not exist.")
    shown = re.fullmatch(r'\s*"?(.*?)"?\s*<([^>]*)>\s*', request.get("CallerID"))
    timeout = request.get("Timeout") or "30000"
    variables = [entry.partition("=") for header in request.all("Variable") for entry in header.split(",")]
    asking = Origination(
        agent=asked.partition("/")[2],
        context=context,
        exten=exten,
        number=shown[2] if shown else request.get("CallerID"),
        name=shown[1] if shown else "",
        channel_id=request.get("ChannelId") or None,
        timeout_s=int(timeout) / 1000 if timeout.isdigit() else 30.0,
        action_id=request.action_id,
        application=request.get("Application"),
        data=request.get("Data"),
        variables=tuple((name, value) for name, _, value in variables),
    )
    taken = asking.channel_id and any(c.uniqueid == asking.channel_id for c in exchange.switch.channels.values())
    simulated = asking.application.lower() in ("", "chanspy")
    if asking.agent not in exchange.agents or asking.agent in exchange.unregistered or taken or not simulated:
        calls.refuse(asking)
    elif asking.context == OFFER:
        calls.offer(asking)
    else:
        rng = exchange.rng
        plan = Plan(talk_s=rng.uniform(8, 40), ended_by=rng.choice(("agent", "called")))
        rings = Ring(after_s=rng.uniform(1.5, 4)), Ring(after_s=rng.uniform(2, 6))
        calls.originate(asking, plan, ring=rings[0], far=rings[1])
    return success(request, ("Message", "Originate successfully queued"))


def _user_event(calls: Calls, request: Request) -> Reply:
    if not request.get("UserEvent"):
        return request.error("No UserEvent specified")
    mine = [(key, value) for key, value in request.headers if key.lower() not in ("action", "actionid", "userevent")]
    told = [("UserEvent", request.get("UserEvent")), *request.id_header, *mine]
    calls.exchange.switch.event("user", "UserEvent", told)
    return success(request, ("Message", "Event Sent"))


_ACTIONS: dict[str, Action] = {
    "corestatus": _core_status,
    "coresettings": _core_settings,
    "hangup": _hangup,
    "redirect": _redirect,
    "blindtransfer": _blind_transfer,
    "atxfer": _atxfer,
    "park": _park,
    "mixmonitor": _mix_monitor("MixMonitorStart"),
    "stopmixmonitor": _mix_monitor("MixMonitorStop"),
    "mixmonitormute": _mix_monitor("MixMonitorMute"),
    "muteaudio": _mute_audio,
    "setvar": _setvar,
    "getvar": _getvar,
    "originate": _originate,
    "userevent": _user_event,
    **MEMBER_ACTIONS,
}
