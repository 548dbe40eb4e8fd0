"""Whole AMI messages as Asterisk 22 writes them, for tests that need some."""

from tests.servers.ami_peer import message


def channel_headers(n: int, number: str = "79161110001") -> dict[str, str]:
    return {
        "Channel": f"PJSIP/trunk-{n:08x}",
        "ChannelState": "4",
        "ChannelStateDesc": "Ring",
        "CallerIDNum": number,
        "CallerIDName": "Жанна",
        "ConnectedLineNum": "<unknown>",
        "ConnectedLineName": "<unknown>",
        "Language": "en",
        "AccountCode": "",
        "Context": "from-trunk",
        "Exten": "500",
        "Priority": "1",
        "Uniqueid": f"1795289549.{n}",
        "Linkedid": f"1795289549.{n}",
    }


def newchannel(n: int, number: str = "79161110001") -> bytes:
    return message(Event="Newchannel", Privilege="call,all", **channel_headers(n, number))


def hangup(n: int, number: str = "79161110001") -> bytes:
    return message(
        Event="Hangup", Privilege="call,all", **channel_headers(n, number), Cause="16", **{"Cause-txt": "Normal"}
    )


def live_channel(n: int, number: str = "79161110001") -> bytes:
    """An item of CoreShowChannels."""
    rest = {"Application": "Queue", "ApplicationData": "support", "Duration": "00:00:05", "BridgeId": ""}
    return message(Event="CoreShowChannel", ActionID="{id}", **channel_headers(n, number), **rest)


def queue_entry(n: int, number: str = "79161110001") -> bytes:
    """An item of QueueStatus."""
    h = channel_headers(n, number)
    return message(
        Event="QueueEntry", Queue="support", Position="1", Channel=h["Channel"], Uniqueid=h["Uniqueid"],
        CallerIDNum=number, CallerIDName="x", ConnectedLineNum="unknown", ConnectedLineName="unknown", Wait="7",
        Priority="0", ActionID="{id}",
    )  # fmt: skip
