"""List answers of Asterisk -> facts.Snapshot. Pure and total: an item that isn't whole is left out, never guessed at.

Asterisk writes an item's mandatory headers in a known order and a caller can put 79 bytes between them at most, so an item
that has them all is true (telephony/wire.py). Fields measured on Asterisk 22.10.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

from core.errors import Unavailable
from core.ids import epoch_of
from telephony.facts import Device, KeptMessage, LiveBridge, LiveChannel, QueueMember, Snapshot, Waiting
from telephony.making import known, unescaped
from telephony.wire import Headers

LISTS = ("CoreShowChannels", "BridgeList", "QueueStatus", "DeviceStateList")
"""The actions whose answers make a snapshot, in the order in which to ask for them."""

_CHANNEL = ("Channel", "ChannelStateDesc", "CallerIDNum", "CallerIDName", "ConnectedLineNum", "Exten", "Context")
_WHOLE: dict[str, tuple[str, ...]] = {
    "CoreShowChannel": (*_CHANNEL, "Uniqueid", "Linkedid", "Application", "ApplicationData", "Duration", "BridgeId"),
    "BridgeListItem": ("BridgeUniqueid", "BridgeTechnology", "BridgeCreator"),
    "QueueMember": ("Queue", "Name", "Location", "Paused", "PausedReason", "Penalty", "Status"),
    "QueueEntry": ("Queue", "Position", "Channel", "Uniqueid", "CallerIDNum", "CallerIDName", "Wait"),
    "DeviceStateChange": ("Device", "State"),
}
LIST_EVENTS = frozenset(_WHOLE) | {
    "CoreShowChannelsComplete",
    "BridgeListComplete",
    "QueueStatusComplete",
    "DeviceStateListComplete",
    "DBGetTreeResponse",
    "DBGetTreeComplete",
}
"""The events that answers to LISTS consist of, as far as they are used."""

_CLOCKS_AGREE_S = 5.0
_MESSAGES_OF = timedelta(days=30)
_Item = TypeVar("_Item")


class Listed(NamedTuple):
    """The answer to one list action. `refused`: Asterisk's words when it has no such list (module missing, no right)."""

    items: Sequence[Headers] = ()
    refused: str = ""


def is_whole_item(headers: Headers) -> bool:
    """Has this list item all that Asterisk writes into it? Items that Meridian doesn't use pass."""
    return all(key in headers for key in _WHOLE.get(headers.get("Event", ""), ()))


def boot_id(core_status: Headers) -> str:
    """What names this run of the PBX: the instant of its start, as CoreStatus tells it."""
    try:
        return f"{core_status['CoreStartupDate']}T{core_status['CoreStartupTime']}"
    except KeyError as missing:
        raise Unavailable(f"CoreStatus has no {missing.args[0]}; this Asterisk is too old (13 or later).") from missing


def snapshot_of(
    *,
    at: datetime,
    core_status: Headers,
    lists: Mapping[str, Listed],
    entered: Mapping[str, datetime] | None = None,
    kept: Iterable[Headers] = (),
) -> Snapshot:
    """Everything that is live, as the lists tell it. `lists` by the name of the action; `entered`: since when callers wait who
    have waited longer than the list knows, by Uniqueid; `kept`: the messages in Asterisk's database."""
    since = entered or {}
    return Snapshot(
        at=at,
        boot_id=boot_id(core_status),
        channels=_made(lists, "CoreShowChannels", "CoreShowChannel", lambda h: _channel(h, at)),
        bridges=_made(lists, "BridgeList", "BridgeListItem", _bridge),
        waiting=_made(lists, "QueueStatus", "QueueEntry", lambda h: _waiting(h, at, since)),
        members=_made(lists, "QueueStatus", "QueueMember", _member),
        devices=tuple(_real(_made(lists, "DeviceStateList", "DeviceStateChange", _device))),
        messages=tuple(message for item in kept if (message := _message(item, at)) is not None),
        missing=tuple(name for name in LISTS if name not in lists or lists[name].refused),
    )


def _made(lists: Mapping[str, Listed], name: str, item: str, make: Callable[[Headers], _Item]) -> tuple[_Item, ...]:
    found: list[_Item] = []
    for headers in lists.get(name, Listed()).items:
        if headers.get("Event") != item or not is_whole_item(headers):
            continue
        try:
            found.append(make(headers))
        except (ValueError, OverflowError):
            continue  # a figure that is none, or beyond all time: not an item that Asterisk wrote
    return tuple(found)


def _channel(h: Headers, at: datetime) -> LiveChannel:
    return LiveChannel(
        channel=h["Channel"],
        uniqueid=h["Uniqueid"],
        linkedid=h["Linkedid"],
        state=h["ChannelStateDesc"],
        number=known(h["CallerIDNum"]),
        name=unescaped(known(h["CallerIDName"])),
        exten=h["Exten"],
        context=h["Context"],
        application=h["Application"],
        data=h["ApplicationData"],
        bridge=h["BridgeId"],
        created_at=_created_at(h, at),
        connected_number=known(h["ConnectedLineNum"]),
    )


def _created_at(h: Headers, at: datetime) -> datetime:
    """The second in the Uniqueid is the CDR's too; where the PBX's clock is another than ours the duration decides."""
    age_s = duration_s(h["Duration"])
    if age_s is None:
        raise ValueError(h["Duration"])
    by_duration = at - timedelta(seconds=age_s)
    epoch = epoch_of(h["Uniqueid"])
    if epoch is None or abs(epoch - by_duration.timestamp()) > _CLOCKS_AGREE_S:
        return by_duration
    return datetime.fromtimestamp(epoch, UTC)


def duration_s(duration: str) -> int | None:
    """The seconds in a duration such as `01:02:03`; None where it is none."""
    parts = re.fullmatch(r"(\d{1,6}):(\d\d):(\d\d)", duration)
    return int(parts[1]) * 3600 + int(parts[2]) * 60 + int(parts[3]) if parts else None


def _bridge(h: Headers) -> LiveBridge:
    return LiveBridge(h["BridgeUniqueid"], h["BridgeTechnology"], known(h["BridgeCreator"]))


def _waiting(h: Headers, at: datetime, since: Mapping[str, datetime]) -> Waiting:
    joined_at = at - timedelta(seconds=int(h["Wait"]))
    return Waiting(h["Queue"], h["Uniqueid"], int(h["Position"]), min(joined_at, since.get(h["Uniqueid"], joined_at)))


def _message(h: Headers, at: datetime) -> KeptMessage | None:
    try:
        uniqueid, queue, epoch, seconds, file = h["Val"].split("|")
        left_at = datetime.fromtimestamp(int(epoch), UTC)
        message = KeptMessage(uniqueid, queue, left_at, float(int(seconds)), file)
    except (KeyError, ValueError, OverflowError):
        return None  # not of our dialplan's making
    return message if at - left_at < _MESSAGES_OF else None


def _member(h: Headers) -> QueueMember:
    return QueueMember(
        queue=h["Queue"],
        interface=h["Location"],
        name=h["Name"],
        paused=h["Paused"] == "1",
        reason=h["PausedReason"],
        penalty=int(h["Penalty"]),
        status=int(h["Status"]),
    )


def _device(h: Headers) -> Device:
    return Device(h["Device"], h["State"])


def _real(devices: Iterable[Device]) -> Iterable[Device]:
    """Without the pseudo devices that app_queue keeps (`Queue:support_pause_PJSIP/1001`)."""
    return (device for device in devices if not device.device.startswith("Queue:"))
