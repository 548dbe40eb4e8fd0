"""Recorded AMI streams of a real Asterisk 22 for tests: tests/scenarios/<shape>/stream.ami with truth.json beside it."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telephony import facts as f
from telephony.making import USED_EVENTS, fact_of, instant
from telephony.wire import AmiStream, Odd

SCENARIOS = Path(__file__).parent / "scenarios"
NOT_A_CARD = ("consult", "pickup", "unpark", "spy", "conference")
_EPOCH = datetime.fromtimestamp(0, UTC)


def shapes() -> list[str]:
    """The names of all recorded call shapes."""
    return sorted(p.parent.name for p in SCENARIOS.glob("*/stream.ami*"))


def raw(shape: str) -> bytes:
    packed = SCENARIOS / shape / "stream.ami.gz"
    return gzip.decompress(packed.read_bytes()) if packed.exists() else (SCENARIOS / shape / "stream.ami").read_bytes()


def truth(shape: str) -> dict[str, Any]:
    """What was really played, by the driver of the phones."""
    return json.loads((SCENARIOS / shape / "truth.json").read_text(encoding="utf-8", errors="surrogateescape"))


def facts(data: bytes) -> list[f.Fact]:
    """The facts of a stream; odd messages left out."""
    found = []
    for message in AmiStream(parsed=USED_EVENTS).feed(data):
        if isinstance(message, Odd) or "Event" not in message:
            continue
        fact = fact_of(message, instant(message, _EPOCH))
        if fact is not None and not isinstance(fact, Odd):
            found.append(fact)
    return found


class PbxModel:
    """What the PBX itself would answer to our lists after the facts so far: a plain reading, without any of the tracker."""

    def __init__(self) -> None:
        self.channels: dict[str, f.LiveChannel] = {}
        self.waiting: dict[str, f.Waiting] = {}
        self.kinds: dict[str, f.LiveBridge] = {}
        self.at = _EPOCH

    def feed(self, fact: f.Fact) -> None:
        self.at = max(self.at, fact.at)
        match fact:
            case f.ChannelCreated():
                self.channels[fact.uniqueid] = f.LiveChannel(
                    fact.channel, fact.uniqueid, fact.linkedid, fact.state, fact.number, fact.name, fact.exten,
                    fact.context, "", "", "", fact.at, "",
                )  # fmt: skip
            case f.DialBegan():
                number = fact.dial_string.partition("@")[0]
                self._change(fact.dest_uniqueid, application="AppDial", data="(Outgoing Line)", connected_number=number)
            case f.DialRang():
                self._change(fact.dest_uniqueid, state="Ringing")
            case f.DialEnded() if fact.status == "ANSWER":
                self._change(fact.dest_uniqueid, state="Up")
            case f.BridgeEntered():
                self.kinds[fact.bridge] = f.LiveBridge(fact.bridge, fact.technology, fact.creator)
                self._change(fact.uniqueid, bridge=fact.bridge, linkedid=fact.linkedid)
                self.waiting.pop(fact.uniqueid, None)
            case f.BridgeLeft():
                self._change(fact.uniqueid, bridge="")
            case f.QueueJoined():
                self.waiting[fact.uniqueid] = f.Waiting(fact.queue, fact.uniqueid, fact.position, fact.at)
            case f.QueueLeft():
                self.waiting.pop(fact.uniqueid, None)
            case f.HungUp():
                self.channels.pop(fact.uniqueid, None)
                self.waiting.pop(fact.uniqueid, None)

    def _change(self, uniqueid: str, **changes: object) -> None:
        if uniqueid in self.channels:
            self.channels[uniqueid] = self.channels[uniqueid]._replace(**changes)

    def snapshot(self, boot_id: str = "boot") -> f.Snapshot:
        return f.Snapshot(
            self.at, boot_id, tuple(self.channels.values()), tuple(self.kinds.values()), tuple(self.waiting.values()), (), ()
        )  # fmt: skip
