"""Commands and the values they refuse."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from core.errors import Rejected
from core.ids import epoch_of
from core.model import Door
from telephony.action_text import action_bytes
from telephony.command_checks import showable, shown
from telephony.commands import (
    AttendedTransfer,
    BlindTransfer,
    CancelTransfer,
    HangUp,
    Mute,
    Park,
    PlaceCall,
    Spy,
    SpyMode,
    own_channel_id,
)
from telephony.member_commands import AddMember, PauseMember, RemoveMember, SetGlobal, SetPenalty
from telephony.offer_commands import (
    AskChannelState,
    AskDoor,
    AskEntered,
    AskEpoch,
    AskServed,
    RingForCaller,
    SendThrough,
)
from telephony.recording_commands import PauseRecording, ResumeRecording, StartRecording, StopRecording

UID = "1795289549.7"
GOOD: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "place": (PlaceCall, {"phone": "PJSIP/1001", "context": "from-agent", "number": "979161110001", "channel_id": UID,
                          "shown_number": "+79161110001", "shown_name": "Анна", "timeout_s": 20}),
    "hangup": (HangUp, {"uniqueid": UID}),
    "blind": (BlindTransfer, {"uniqueid": UID, "context": "from-agent", "number": "1002"}),
    "attended": (AttendedTransfer, {"uniqueid": UID, "context": "from-agent", "number": "1002"}),
    "cancel": (CancelTransfer, {"uniqueid": UID}),
    "park": (Park, {"uniqueid": UID, "origin": "PJSIP/1001-0000002a", "lot": "default",
                    "timeout_s": 30}),
    "silence": (Mute, {"uniqueid": UID, "muted": True}),
    "spy": (Spy, {"supervisor": "PJSIP/1003", "endpoint": "PJSIP/1001", "mode": SpyMode.LISTEN, "channel_id": UID}),
    "record": (StartRecording, {"uniqueid": UID, "file": "rec-1.wav"}),
    "mute": (PauseRecording, {"uniqueid": UID}),
    "unmute": (ResumeRecording, {"uniqueid": UID}),
    "stop": (StopRecording, {"uniqueid": UID}),
    "add": (AddMember, {"queue": "support", "phone": "PJSIP/1001", "name": "Мария К."}),
    "remove": (RemoveMember, {"queue": "support", "phone": "PJSIP/1001"}),
    "pause": (PauseMember, {"phone": "PJSIP/1001", "paused": True, "queue": "support", "reason": "обед"}),
    "penalty": (SetPenalty, {"phone": "PJSIP/1001", "penalty": 3, "queue": "support"}),
    "offer": (RingForCaller, {"phone": "PJSIP/1001", "channel_id": f"cc.{UID}.1", "agent": "1001", "queue": "support-acd",
                              "caller_channel": "PJSIP/trunk-0000002a", "caller_uniqueid": UID, "ring_s": 12,
                              "shown_number": "+79161110001", "shown_name": "Анна", "announce": "custom/sales",
                              "record": "a1-7.wav"}),
    "send": (SendThrough, {"uniqueid": UID, "door": Door.VOICEMAIL, "queue": "support-acd"}),
    "global": (SetGlobal, {"variable": "CC_HEARTBEAT", "value": "1795289549"}),
}  # fmt: skip

# What no text value of any command may hold, wherever in it.
HOSTILE = ["\r\nAction: Command", "\nVariable: x=1", "\r", "\0", ",b=2", "&PJSIP/1002", "|x", "${SHELL(id)}", '"', "<1>",
           "\\", ";", "`id`", "{", "\u202e", "\ud800", "x" * 300,
           ",", "&", "|", "$", "<", ">", "{", "}", "`"]  # fmt: skip
TEXT_FIELDS = [(kind, key) for kind, (_, fields) in GOOD.items() for key, value in fields.items() if type(value) is str]


@pytest.mark.parametrize("kind", GOOD)
def test_good_values_make_one_action(kind: str) -> None:
    make, fields = GOOD[kind]
    command = make(**fields)
    assert command.acting
    data = action_bytes(command.headers(), action_id="abc")
    assert data.startswith(b"Action: ") and data.count(b"\r\n\r\n") == 1 and data.endswith(b"ActionID: abc\r\n\r\n")


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize(("kind", "key"), TEXT_FIELDS)
def test_hostile_values_are_rejected(kind: str, key: str, hostile: str) -> None:
    make, fields = GOOD[kind]
    for value in (fields[key] + hostile, hostile + fields[key]):
        with pytest.raises(Rejected):
            make(**fields | {key: value})


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("hangup", "uniqueid", "/PJSIP.*/"),
        ("hangup", "uniqueid", "/"),
        ("hangup", "uniqueid", "/a"),
        ("hangup", "uniqueid", ""),
        ("hangup", "cause", 0),
        ("hangup", "cause", True),
        ("place", "number", ""),
        ("place", "number", "1002@evil"),
        ("place", "number", "sip:1002"),
        ("place", "number", "9 1"),
        ("place", "number", "٣٣"),
        ("place", "phone", "1001"),
        ("place", "phone", "Local/1@x/n"),
        ("place", "timeout_s", 0),
        ("place", "timeout_s", "30"),
        ("place", "variables", [("FILE(/etc/x)", "1")]),
        ("place", "variables", [("a", "1,b=2")]),
        ("place", "variables", [("a=b", "1")]),
        ("record", "file", "../etc/passwd.wav"),
        ("record", "file", "/tmp/x.wav"),
        ("record", "file", "a/b.wav"),
        ("record", "file", "x.sh"),
        ("record", "file", "x"),
        ("pause", "paused", "maybe"),
        ("pause", "paused", 1),
        ("add", "paused", "no"),
        ("silence", "muted", "maybe"),
        ("park", "origin", UID),
        ("add", "penalty", -1),
        ("penalty", "penalty", 1.5),
        ("spy", "mode", "record"),
        ("global", "variable", "SHELL(id)"),
        ("offer", "ring_s", 0),
        ("offer", "queue", ""),
        ("offer", "queue", "Support"),
        ("offer", "queue", "s,1"),
        ("offer", "caller_channel", "/PJSIP.*/"),
        ("offer", "caller_channel", UID),
        ("offer", "announce", "../etc/passwd"),
        ("offer", "announce", "/etc/passwd"),
        ("offer", "record", "../x.wav"),
        ("offer", "agent", ""),
        ("send", "door", "window"),
        ("send", "queue", "_x."),
        ("send", "uniqueid", "/"),
    ],
)
def test_values_that_asterisk_would_take_amiss_are_rejected(kind: str, key: str, value: object) -> None:
    make, fields = GOOD[kind]
    with pytest.raises(Rejected):
        make(**fields | {key: value})


def test_variables_go_one_by_one() -> None:
    _, fields = GOOD["place"]
    command = PlaceCall(**fields, variables=[("CC_CALLID", UID), ("__CC_AGENT", "1001")])
    assert [value for key, value in command.headers() if key == "Variable"] == [f"CC_CALLID={UID}", "__CC_AGENT=1001"]


def test_a_spy_hears_one_endpoint_and_not_those_whose_name_begins_alike() -> None:
    _, fields = GOOD["spy"]
    data = {mode: dict(Spy(**fields | {"mode": mode}).headers())["Data"] for mode in SpyMode}
    assert data == {"listen": "PJSIP/1001-,qE", "whisper": "PJSIP/1001-,qEw", "barge": "PJSIP/1001-,qEB"}


def test_pausing_without_a_queue_names_none() -> None:
    assert dict(PauseMember(phone="PJSIP/1001", paused=False).headers()) == {
        "Action": "QueuePause", "Interface": "PJSIP/1001", "Paused": "false"}  # fmt: skip


def test_our_channel_ids_tell_their_second_and_hold_nothing_else() -> None:
    made = own_channel_id(at=datetime(2026, 11, 21, tzinfo=UTC), token="a1b2", count=3)
    assert epoch_of(made) == int(datetime(2026, 11, 21, tzinfo=UTC).timestamp())
    assert HangUp(uniqueid=made).uniqueid == made
    with pytest.raises(Rejected):
        own_channel_id(at=datetime(2026, 11, 21, tzinfo=UTC), token="a\r\n", count=3)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("Анна", "Анна"),
        ('Bob "B" <1>\r\n', "Bob B 1"),
        ("a,b;c", "a b c"),
        ("😀" * 30, "😀" * 19),
        ("\u202eabc", "abc"),
    ],
)
def test_any_name_can_be_made_showable(text: str, made: str) -> None:
    assert showable(text) == made
    assert shown(showable(text)) == made


def test_an_offer_as_it_goes_over_the_wire() -> None:
    make, fields = GOOD["offer"]
    assert make(**fields).headers() == [
        ("Action", "Originate"), ("Channel", "PJSIP/1001"), ("Context", "meridian-agent"), ("Exten", "s"),
        ("Priority", "1"), ("Timeout", "12000"), ("CallerID", '"Анна" <+79161110001>'), ("ChannelId", f"cc.{UID}.1"),
        ("Async", "true"), ("Variable", "CC_CALLER=PJSIP/trunk-0000002a"), ("Variable", f"CC_CALLID={UID}"),
        ("Variable", "CC_AGENT=1001"), ("Variable", "CC_QUEUE=support-acd"), ("Variable", "CC_ANNOUNCE=custom/sales"),
        ("Variable", "CC_RECORD=a1-7.wav"),
    ]  # fmt: skip


def test_an_offer_of_a_caller_who_hides_shows_nothing() -> None:
    make, fields = GOOD["offer"]
    headers = make(**fields | {"shown_number": "", "shown_name": "", "announce": "", "record": ""}).headers()
    assert ("CallerID", '"" <>') in headers
    assert not {value.partition("=")[0] for key, value in headers if key == "Variable"} & {"CC_ANNOUNCE", "CC_RECORD"}


def test_a_caller_who_came_through_a_local_channel() -> None:
    make, fields = GOOD["offer"]
    name = "Local/400@from-queue-00000001;2"
    assert ("Variable", f"CC_CALLER={name}") in make(**fields | {"caller_channel": name}).headers()


@pytest.mark.parametrize(
    ("question", "headers"),
    [
        (AskDoor(door=Door.QUEUE, queue="sales"), [("Variable", "DIALPLAN_EXISTS(meridian-acd,sales,1)")]),
        (AskServed(uniqueid=UID), [("Channel", UID), ("Variable", "CC_SERVED")]),
        (AskEntered(uniqueid=UID), [("Channel", UID), ("Variable", "CC_ENTERED")]),
        (AskChannelState(uniqueid=UID), [("Channel", UID), ("Variable", "CHANNEL(state)")]),
        (AskEpoch(), [("Variable", "EPOCH")]),
    ],
)
def test_questions_change_nothing(question: Any, headers: list[tuple[str, str]]) -> None:
    assert question.headers() == [("Action", "Getvar"), *headers]
    assert not question.acting


def test_questions_take_no_functions_either() -> None:
    for make in (
        lambda: AskDoor(door=Door.QUEUE, queue="a,1)}${SHELL(id"),
        lambda: AskServed(uniqueid="/a/"),
        lambda: AskEntered(uniqueid="/a/"),
        lambda: AskChannelState(uniqueid="/a/"),
    ):
        with pytest.raises(Rejected):
            make()
