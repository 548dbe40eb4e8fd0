"""List answers into a snapshot."""

from datetime import UTC, datetime, timedelta

import pytest

from core.errors import Unavailable
from telephony.facts import Device, KeptMessage, LiveBridge, QueueMember, Waiting
from telephony.snapshot import Listed, boot_id, is_whole_item, snapshot_of
from telephony.wire import Headers

AT = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
STATUS = {"CoreStartupDate": "2026-11-21", "CoreStartupTime": "08:00:00"}
CHANNEL: Headers = {
    "Event": "CoreShowChannel", "Channel": "PJSIP/trunk-00000001", "ChannelStateDesc": "Up", "CallerIDNum": "<unknown>",
    "CallerIDName": "O\\'Brien", "ConnectedLineNum": "1001", "Exten": "support", "Context": "native",
    "Uniqueid": f"{int(AT.timestamp()) - 10}.1", "Linkedid": "1795289549.1", "Application": "Queue",
    "ApplicationData": "support", "Duration": "00:00:09", "BridgeId": "b1",
}  # fmt: skip
ENTRY: Headers = {"Event": "QueueEntry", "Queue": "support", "Position": "2", "Channel": "c", "Uniqueid": "u",
                  "CallerIDNum": "1", "CallerIDName": "x", "Wait": "7"}  # fmt: skip
MEMBER: Headers = {"Event": "QueueMember", "Queue": "support", "Name": "Мария", "Location": "PJSIP/1001", "Paused": "1",
                   "PausedReason": "lunch", "Penalty": "3", "Status": "2"}  # fmt: skip


def lists(**items: list[Headers]) -> dict[str, Listed]:
    names = ("CoreShowChannels", "BridgeList", "QueueStatus", "DeviceStateList")
    return {name: Listed(items=items.get(name, [])) for name in names}


def test_everything_finds_its_place() -> None:
    bridge = {
        "Event": "BridgeListItem",
        "BridgeUniqueid": "b1",
        "BridgeTechnology": "simple_bridge",
        "BridgeCreator": "<unknown>",
    }
    devices = [
        {"Event": "DeviceStateChange", "Device": d, "State": "INUSE"} for d in ("PJSIP/1001", "Queue:support_avail")
    ]
    told = lists(CoreShowChannels=[CHANNEL], BridgeList=[bridge], QueueStatus=[ENTRY, MEMBER], DeviceStateList=devices)
    snapshot = snapshot_of(at=AT, core_status=STATUS, lists=told)
    (channel,) = snapshot.channels
    assert (channel.number, channel.name, channel.connected_number) == ("", "O'Brien", "1001")
    assert channel.created_at == AT - timedelta(seconds=10)
    assert snapshot.bridges == (LiveBridge("b1", "simple_bridge", ""),)
    assert snapshot.waiting == (Waiting("support", "u", 2, AT - timedelta(seconds=7)),)
    assert snapshot.members == (QueueMember("support", "PJSIP/1001", "Мария", True, "lunch", 3, 2),)
    assert snapshot.devices == (Device("PJSIP/1001", "INUSE"),)
    assert snapshot.boot_id == "2026-11-21T08:00:00" and snapshot.missing == ()


def test_where_the_clocks_differ_the_duration_tells_the_beginning() -> None:
    told = lists(CoreShowChannels=[CHANNEL | {"Uniqueid": "1795200000.1"}, CHANNEL | {"Uniqueid": "odd"}])
    snapshot = snapshot_of(at=AT, core_status=STATUS, lists=told)
    assert [c.created_at for c in snapshot.channels] == [AT - timedelta(seconds=9)] * 2


@pytest.mark.parametrize("key", [key for key in ENTRY if key != "Event"])
def test_an_item_cut_short_is_left_out(key: str) -> None:
    cut = {k: v for k, v in ENTRY.items() if k != key}
    assert not is_whole_item(cut) and is_whole_item(ENTRY)
    assert snapshot_of(at=AT, core_status=STATUS, lists=lists(QueueStatus=[cut])).waiting == ()


@pytest.mark.parametrize("bad", [{"Position": "x"}, {"Wait": ""}, {"Event": "Hangup"}])
def test_an_item_with_a_figure_that_is_none_is_left_out(bad: Headers) -> None:
    assert snapshot_of(at=AT, core_status=STATUS, lists=lists(QueueStatus=[ENTRY | bad])).waiting == ()


def test_a_strange_duration_leaves_the_channel_out() -> None:
    told = lists(CoreShowChannels=[CHANNEL | {"Duration": "long"}])
    assert snapshot_of(at=AT, core_status=STATUS, lists=told).channels == ()


def test_refused_and_unasked_lists_are_missing() -> None:
    told = {"CoreShowChannels": Listed(), "BridgeList": Listed(refused="Permission denied"), "QueueStatus": Listed()}
    snapshot = snapshot_of(at=AT, core_status=STATUS, lists=told)
    assert snapshot.missing == ("BridgeList", "DeviceStateList")


def test_a_pbx_that_does_not_tell_its_start_is_too_old() -> None:
    with pytest.raises(Unavailable, match="too old"):
        boot_id({"Response": "Success"})


def test_who_has_waited_longer_than_the_list_knows() -> None:
    """The list knows of the present slice of an ACD wait only."""
    told, entered = lists(QueueStatus=[ENTRY]), AT - timedelta(seconds=95)
    (waiting,) = snapshot_of(at=AT, core_status=STATUS, lists=told, entered={"u": entered}).waiting
    assert waiting.joined_at == entered
    (waiting,) = snapshot_of(at=AT, core_status=STATUS, lists=told, entered={"u": AT, "other": entered}).waiting
    assert waiting.joined_at == AT - timedelta(seconds=7), "nobody entered later than they joined"


def test_messages_that_the_dialplan_kept() -> None:
    epoch = int(AT.timestamp())
    entry = {
        "Event": "DBGetTreeResponse",
        "Key": "/meridian-messages/1",
        "Val": f"77.0|sales|{epoch - 60}|7|/s/77.0.wav",
    }
    others = ("", "a|b", f"77.0|sales|{epoch}|x|f", "77.0|sales|soon|7|f", f"77.0|sales|{epoch - 31 * 86_400}|7|f")
    kept = [entry, *({"Val": value} for value in others), {}]
    messages = snapshot_of(at=AT, core_status=STATUS, lists=lists(), kept=kept).messages
    assert messages == (KeptMessage("77.0", "sales", AT - timedelta(seconds=60), 7.0, "/s/77.0.wav"),)
