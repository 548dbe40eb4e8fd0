"""What the simulated PBX answers when it is asked for lists: made from the state, in the words of Asterisk 22.10."""

from collections.abc import Callable

from telephony.simulated_channels import UNKNOWN, Channel, Pairs
from telephony.simulated_line import Exchange
from telephony.simulated_request import Reply, Request, success

Lister = Callable[[Exchange, Request], Reply]


def _answer(request: Request, message: str, items: list[Pairs], complete: str, *more: tuple[str, str]) -> Reply:
    start = success(request, ("EventList", "start"), ("Message", message))
    end = [("EventList", "Complete"), ("ListItems", str(len(items))), *more]
    return [*start, *items, [("Event", complete), *request.id_header, *end]]


def core_show_channels(exchange: Exchange, request: Request) -> Reply:
    items = []
    for channel in reversed(exchange.switch.channels.values()):
        seconds = int(exchange.switch.now() - channel.created_at)
        spent = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        runs = [("Application", channel.application), ("ApplicationData", channel.data)]
        where = [("Duration", spent), ("BridgeId", channel.bridge.bridge_id if channel.bridge else "")]
        items.append([("Event", "CoreShowChannel"), *request.id_header, *channel.snapshot(), *runs, *where])
    return _answer(request, "Channels will follow", items, "CoreShowChannelsComplete")


def status(exchange: Exchange, request: Request) -> Reply:
    """Status, of one channel or all, with the variables asked for."""
    asked = request.get("Channel")
    channels = list(exchange.switch.channels.values())
    if asked:
        found = exchange.switch.find(asked)
        if found is None:
            return request.error("No such channel")
        channels = [found]
    names = [name for name in request.get("Variables").split(",") if name]
    items = [[*_status(exchange, channel, names), *request.id_header] for channel in channels]
    total = ("Items", str(len(items)))
    return _answer(request, "Channel status will follow", items, "StatusComplete", total)


def _status(exchange: Exchange, channel: Channel, names: list[str]) -> Pairs:
    return [
        ("Event", "Status"),
        ("Privilege", "Call"),
        *channel.snapshot(),
        ("Type", "PJSIP"),
        ("DNID", channel.dnid),
        ("EffectiveConnectedLineNum", channel.connected_number),
        ("EffectiveConnectedLineName", channel.connected_name),
        ("TimeToHangup", "0"),
        ("BridgeID", channel.bridge.bridge_id if channel.bridge else ""),
        ("Application", channel.application),
        ("Data", channel.data),
        ("Nativeformats", "(ulaw)"),
        ("Readformat", "ulaw"),
        ("Readtrans", ""),
        ("Writeformat", "ulaw"),
        ("Writetrans", ""),
        ("Callgroup", "0"),
        ("Pickupgroup", "0"),
        ("Seconds", str(int(exchange.switch.now() - channel.created_at))),
        *(("Variable", f"{name}={channel.variables.get(name, '(null)')}") for name in names),
    ]


def bridge_list(exchange: Exchange, request: Request) -> Reply:
    bridges = exchange.switch.bridges.values()
    items = [[("Event", "BridgeListItem"), *request.id_header, *bridge.snapshot()] for bridge in bridges]
    return _answer(request, "Bridge listing will follow", items, "BridgeListComplete")


def device_state_list(exchange: Exchange, request: Request) -> Reply:
    known = {f"PJSIP/{agent}": "NOT_INUSE" for agent in exchange.agents} | exchange.switch.devices
    items = [
        [("Event", "DeviceStateChange"), *request.id_header, ("Device", device), ("State", state)]
        for device, state in known.items()
    ]
    return _answer(request, "Device State Changes will follow", items, "DeviceStateListComplete")


def parked_calls(exchange: Exchange, request: Request) -> Reply:
    now, items = exchange.switch.now(), []
    for slot, parking in exchange.switch.parked.items():
        told = parking.channel.snapshot("Parkee") + parking.snapshot(slot, now)
        items.append([("Event", "ParkedCall"), *told, *request.id_header])
    total = ("Total", str(len(items)))
    return _answer(request, "Parked calls will follow", items, "ParkedCallsComplete", total)


def queue_status(exchange: Exchange, request: Request) -> Reply:
    """QueueParams, QueueMember, QueueEntry of each queue, or of the one asked for (none if there is no such)."""
    asked, member, items = request.get("Queue"), request.get("Member"), list[Pairs]()
    for queue in exchange.queues.by_name.values():
        if asked and queue.name != asked:
            continue
        figures = [("Calls", len(queue.entries)), ("Holdtime", 0), ("TalkTime", 0), ("Completed", queue.completed)]
        items.append(
            [
                ("Event", "QueueParams"),
                *(("Queue", queue.name), ("Max", "0"), ("Strategy", queue.strategy)),
                *((name, str(value)) for name, value in figures),
                *(("Abandoned", str(queue.abandoned)), ("ServiceLevel", "20"), ("ServicelevelPerf", "0.0")),
                *(("ServicelevelPerf2", "0.0"), ("Weight", "0")),
                *request.id_header,
            ]
        )
        for one in queue.members.values():
            if not member or one.interface == member:
                items.append([("Event", "QueueMember"), *one.listed(), *request.id_header])
        for entry in queue.entries:
            wait_s = int(exchange.switch.now() - entry.joined_at)
            items.append([*_entry(queue.name, queue.position(entry), entry.channel, wait_s), *request.id_header])
    return _answer(request, "Queue status will follow", items, "QueueStatusComplete")


def _entry(queue: str, position: int, channel: Channel, wait_s: int) -> Pairs:
    def listed(value: str) -> str:
        return "unknown" if value == UNKNOWN else value

    return [
        ("Event", "QueueEntry"),
        ("Queue", queue),
        ("Position", str(position)),
        ("Channel", channel.name),
        ("Uniqueid", channel.uniqueid),
        ("CallerIDNum", listed(channel.number)),
        ("CallerIDName", listed(channel.caller_name)),
        ("ConnectedLineNum", listed(channel.connected_number)),
        ("ConnectedLineName", listed(channel.connected_name)),
        ("Wait", str(wait_s)),
        ("Priority", "0"),
    ]


def queue_summary(exchange: Exchange, request: Request) -> Reply:
    now, items = exchange.switch.now(), []
    for queue in exchange.queues.by_name.values():
        free = [m for m in queue.members.values() if not m.paused and m.status == 1]
        longest = max((int(now - entry.joined_at) for entry in queue.entries), default=0)
        figures = [("LoggedIn", len(queue.members)), ("Available", len(free)), ("Callers", len(queue.entries))]
        times = [("HoldTime", 0), ("TalkTime", 0), ("LongestHoldTime", longest)]
        told = [(name, str(value)) for name, value in figures + times]
        items.append([("Event", "QueueSummary"), ("Queue", queue.name), *told, *request.id_header])
    return _answer(request, "Queue summary will follow", items, "QueueSummaryComplete")


LISTS: dict[str, Lister] = {
    "coreshowchannels": core_show_channels,
    "status": status,
    "bridgelist": bridge_list,
    "devicestatelist": device_state_list,
    "parkedcalls": parked_calls,
    "queuestatus": queue_status,
    "queuesummary": queue_summary,
}
