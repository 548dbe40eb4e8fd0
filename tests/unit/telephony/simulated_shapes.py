"""What the simulated PBX says, laid beside what a real Asterisk 22 said: per channel, in order, with its whole state."""

from collections.abc import Callable, Iterable
from typing import Any

from telephony.simulated_calls import Calls
from telephony.simulated_exchange import Company, founded
from tests import streams

START = 1795295032.0
DIDS = {"500": "support", "501": "sales", "502": "billing", "503": "support"}
Pairs = list[tuple[str, str]]
Play = Callable[[Calls], Any]

# Other threads of Asterisk say these, or tests of it; and whole states of members aren't a call's.
APART = {
    *("VarSet", "Newexten", "DialState", "DeviceStateChange", "RTCPSent", "RTCPReceived", "TestEvent", "FullyBooted"),
    *("SuccessfulAuth", "QueueParams", "QueueMember", "QueueEntry", "QueueStatusComplete", "CoreShowChannelsComplete"),
    *("ContactStatus", "PeerStatus", "QueueMemberAdded", "QueueMemberRemoved", "OriginateResponse"),
}
COMPARED = {
    *(
        "ChannelState",
        "CallerIDNum",
        "ConnectedLineNum",
        "Context",
        "Exten",
        "Priority",
        "DestChannelState",
        "DestExten",
    ),
    *(
        "DestConnectedLineNum",
        "DialStatus",
        "Reason",
        "Cause",
        "Cause-txt",
        "TechCause",
        "BridgeNumChannels",
        "DialString",
    ),
    *("Position", "Count", "UserEvent", "Result", "Extension", "DestType", "ParkingSpace", "Interface", "MemberName"),
    *("MusicClass", "CID-CallingPres", "IsExternal"),
}


def played(play: Play, *, calls: Calls | None = None, **queues: tuple[str, ...]) -> tuple[list[Pairs], Calls]:
    """What is said while `play` is played to its end."""
    calls = calls or founded(Company(queues=queues, dids=DIDS), now=START, seed=1)
    said: list[Pairs] = []
    calls.exchange.switch.tell = lambda klass, name, headers: said.append([("Event", name), *headers])
    play(calls)
    to_the_end(calls)
    return said, calls


def to_the_end(calls: Calls, *, until: float = START + 900) -> None:
    stage = calls.exchange.stage
    while (due := stage.due()) is not None and due < until:
        stage.advance(due)


def run_for(calls: Calls, seconds: float) -> None:
    stage = calls.exchange.stage
    stage.advance(stage.now + seconds)


def recorded(shape: str) -> list[Pairs]:
    blocks = streams.raw(shape).decode("utf-8", "replace").split("\r\n\r\n")
    messages = [
        [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in b.split("\r\n")]
        for b in blocks
    ]
    return [m for m in messages if m[0][0] == "Event"]  # type: ignore[misc]


def by_channel(events: Iterable[Pairs]) -> dict[str, list[tuple[str, ...]]]:
    """Channels, ids and bridges numbered as they come; what was said of each, in order."""
    numbers: dict[tuple[str, str], str] = {}
    found: dict[str, list[tuple[str, ...]]] = {}

    def number(kind: str, value: str) -> str:
        known = sum(1 for one in numbers if one[0] == kind)
        return numbers.setdefault((kind, value), f"{kind}{known}")

    for event in events:
        headers = dict(reversed(event))
        if headers["Event"] in APART:
            continue
        item, owner = [headers["Event"]], ""
        for key, value in event:
            if key.endswith("Channel"):
                item.append(f"{key}={number('channel', value)}")
                owner = item[-1] if key == "Channel" or not owner else owner
            elif key.endswith("BridgeUniqueid"):
                item.append(f"{key}={number('bridge', value)}")
            elif key.endswith(("Uniqueid", "Linkedid")):
                item.append(f"{key}={number('id', value)}")
            elif key in COMPARED:
                item.append(f"{key}={value}")
        found.setdefault(owner or item[1], []).append(tuple(item))
    return found
