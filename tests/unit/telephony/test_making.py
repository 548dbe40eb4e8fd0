"""Messages into facts: a fact is whole or it isn't made, whatever a caller wrote into the message."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from telephony import facts as f
from telephony.making import USED_EVENTS, fact_of, instant, unescaped
from telephony.wire import AmiStream, Headers, Odd, read_headers
from tests import streams
from tests.servers.ami_messages import channel_headers, newchannel

AT = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
MOST_SLIPPED_IN = 79 - len("1\r\n\r\n")
"""Asterisk cuts a number at 79 bytes; a forged message needs an end of the real one before it."""

# Events that none of the recorded calls has.
UNRECORDED: tuple[Headers, ...] = (
    {"Event": "MeetmeJoin", "Meetme": "1", **channel_headers(1)},
    {"Event": "MixMonitorStart", **channel_headers(1)},
    {"Event": "MixMonitorMute", **channel_headers(1), "Direction": "both", "State": "1"},
    {"Event": "MixMonitorStop", **channel_headers(1)},
    {"Event": "Rename", "Channel": "PJSIP/1001-00000001", "Newname": "PJSIP/1001-00000002", "Uniqueid": "1795289549.1"},
    {"Event": "UserEvent", **channel_headers(1), "UserEvent": "CcRecording", "Call": "1795289549.1", "File": "a.wav"},
    {
        "Event": "UserEvent",
        **channel_headers(1),
        "UserEvent": "CcVoicemailLeft",
        "Queue": "sales",
        "File": "/s/a.wav",
        "Seconds": "7",
    },
    {"Event": "UserEvent", **channel_headers(1), "UserEvent": "CcCallback", "Queue": "sales", "From": "79161110001"},
    {
        "Event": "UserEvent",
        **channel_headers(1),
        "UserEvent": "CcFellBack",
        "Queue": "sales",
        "Why": "silent",
        "Waited": "16",
    },
    {"Event": "Hangup", **channel_headers(1), "Cause": "17", "Cause-txt": "User busy", "TechCause": "486"},
)
RAW = ("CallerIDNum", "ConnectedLineNum", "Exten")
"""What a caller controls and Asterisk doesn't escape: headers whose names end so."""


def recorded() -> dict[str, bytes]:
    """One message of each kind and form that the recorded calls have, named."""
    found: dict[tuple[object, ...], bytes] = {}
    for shape in streams.shapes():
        for frame in streams.raw(shape).split(b"\r\n\r\n"):
            message = read_headers(frame.removeprefix(b"\r\n"))
            if isinstance(message, dict) and fact_of(message, AT) is not None:
                found.setdefault((message["Event"], message.get("UserEvent"), *message), frame)
    for message in UNRECORDED:
        found[message["Event"], *message] = "\r\n".join(f"{k}: {v}" for k, v in message.items()).encode()
    return {f"{key[0]}-{n}": frame for n, (key, frame) in enumerate(found.items())}


MESSAGES = recorded()


def headers(name: str) -> Headers:
    message = read_headers(MESSAGES[name])
    assert isinstance(message, dict)
    return message


def seen(data: bytes) -> f.Fact | Odd | None:
    """What is made of the first message of these bytes."""
    stream = AmiStream(parsed=USED_EVENTS)
    stream.feed(b"Asterisk Call Manager/11.0.0\r\n")
    first = next(iter(stream.feed(data)), None)
    return fact_of(first, AT) if isinstance(first, dict) else first


def test_every_used_event_is_tried() -> None:
    assert {headers(name)["Event"] for name in MESSAGES} == USED_EVENTS


def test_every_kind_of_fact_is_tried() -> None:
    made = {type(fact_of(headers(name), AT)) for name in MESSAGES}
    assert made | {f.Muted} == set(get_args(f.Fact))  # we tell that one ourselves


@pytest.mark.parametrize("name", MESSAGES)
def test_without_any_one_header_it_is_odd_or_the_same_fact(name: str) -> None:
    whole = headers(name)
    fact = fact_of(whole, AT)
    optional = {"Forward", "TechCause", "File"} if whole["Event"] != "UserEvent" else set()
    for key in set(whole) - {"Event"} - optional:
        less = fact_of({k: v for k, v in whole.items() if k != key}, AT)
        assert isinstance(less, Odd) or less == fact, key


@pytest.mark.parametrize("name", MESSAGES)
def test_cut_within_or_behind_any_value_that_a_caller_controls_it_is_odd(name: str) -> None:
    """The number may end the message anywhere: the piece that comes first is never believed."""
    frame, whole = MESSAGES[name], headers(name)
    for key in (key for key in whole if key.endswith(RAW)):
        begin = frame.index(f"\r\n{key}: ".encode()) + len(key) + 4
        for cut in (begin, begin + 1, begin + len(whole[key].encode())):
            assert isinstance(seen(frame[:cut] + b"\r\n\r\n"), Odd), key


@pytest.mark.parametrize("name", MESSAGES)
def test_cut_at_any_line_behind_a_value_that_a_caller_controls_it_is_odd_or_whole(name: str) -> None:
    frame, whole = MESSAGES[name], headers(name)
    fact = fact_of(whole, AT)
    lines = frame.split(b"\r\n")
    first = next((n for n, key in enumerate(whole) if key.endswith(RAW)), len(lines))
    forms = (fact, fact._replace(forward="") if isinstance(fact, f.DialEnded) else None,
             fact._replace(tech_cause="") if isinstance(fact, f.HungUp) else None)  # fmt: skip
    for end in range(first + 1, len(lines)):
        told = seen(b"\r\n".join(lines[:end]) + b"\r\n\r\n")
        assert isinstance(told, Odd) or told in forms, lines[end]


@pytest.mark.parametrize("name", MESSAGES)
def test_no_fact_can_be_forged_in_the_room_that_a_caller_has(name: str) -> None:
    """The shortest message that makes this fact, with all values that needn't fit anything left empty, is too long."""
    whole = headers(name)
    needed = dict(whole)
    for key in [key for key in whole if key != "Event"]:
        less = {k: v for k, v in needed.items() if k != key}
        if not isinstance(fact_of(less, AT), Odd):
            needed = less
    fits = ("Uniqueid", "Channel")  # must name a live channel
    shortest = {k: v if k in ("Event", "UserEvent") or k.endswith(fits) else "" for k, v in needed.items()}
    size = len("\r\n".join(f"{k}: {v}" for k, v in shortest.items()).encode())
    assert size > MOST_SLIPPED_IN, shortest


def test_a_number_that_is_none_is_odd() -> None:
    hangup = next(m for name in MESSAGES if (m := headers(name))["Event"] == "Hangup")
    assert isinstance(fact_of(hangup | {"Cause": "x"}, AT), Odd)
    join = next(m for name in MESSAGES if (m := headers(name))["Event"] == "QueueCallerJoin")
    assert isinstance(fact_of(join | {"Position": ""}, AT), Odd)


def test_unused_events_and_strangers_user_events_are_nothing() -> None:
    assert fact_of({"Event": "VarSet"}, AT) is None
    assert fact_of({"Event": "UserEvent", "UserEvent": "DoorBell"}, AT) is None
    assert fact_of({"Response": "Success"}, AT) is None


def test_a_phone_that_does_not_ring_yet_tells_nothing() -> None:
    state = next(m for name in MESSAGES if (m := headers(name))["Event"] == "DialState")
    assert fact_of(state | {"DialStatus": "PROGRESS"}, AT) is None


def test_originate_has_no_dialling_channel() -> None:
    begins = [fact_of(m, AT) for name in MESSAGES if (m := headers(name))["Event"] == "DialBegin"]
    assert {bool(fact.uniqueid) for fact in begins if isinstance(fact, f.DialBegan)} == {True, False}


# ---- names and numbers


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Жанна", "Жанна"),
        ("O\\'Brien", "O'Brien"),
        ('A \\\\\\"b\\\\\\"', 'A "b"'),
        ("tab\\tnew\\nline", "tab\tnew\nline"),
        ("back\\\\\\\\slash", "back\\slash"),
        ("trailing\\", "trailing\\"),
        ("\\z", "z"),
        ("", ""),
    ],
)
def test_names_are_unescaped(written: str, meant: str) -> None:
    assert unescaped(written) == meant


def test_the_names_of_a_recorded_caller_read_as_people_write_them() -> None:
    names = {fact.name for fact in streams.facts(streams.raw("callerid_escapes")) if isinstance(fact, f.ChannelCreated)}
    truth = {call["caller_name"] for call in streams.truth("callerid_escapes")["calls"]}
    assert {name for name in truth if name} <= names


@pytest.mark.parametrize("unknown", ["<unknown>", "<null>", "(null)", "unknown"])
def test_what_asterisk_does_not_know_is_empty(unknown: str) -> None:
    created = fact_of(
        {"Event": "Newchannel", **channel_headers(1), "CallerIDNum": unknown, "CallerIDName": unknown}, AT
    )
    assert isinstance(created, f.ChannelCreated) and created.number == created.name == ""


# ---- instants


def test_the_pbx_s_own_timestamp_counts() -> None:
    assert instant({"Timestamp": "1795262400.5"}, AT) == datetime(2026, 11, 21, 12, 0, 0, 500_000, tzinfo=UTC)
    assert instant({}, AT) is AT


@pytest.mark.parametrize("stamp", ["", "x", "nan", "inf", "-inf", "1e300", "-1e300", "99999999999999", "1795262400,5"])
def test_garbage_in_the_timestamp_means_the_time_of_arrival(stamp: str) -> None:
    assert instant({"Timestamp": stamp}, AT) is AT


def test_a_whole_message_from_the_wire() -> None:
    fact = seen(newchannel(7))
    assert isinstance(fact, f.ChannelCreated)
    assert (fact.channel, fact.uniqueid, fact.exten, fact.state) == (
        "PJSIP/trunk-00000007",
        "1795289549.7",
        "500",
        "Ring",
    )


def test_a_live_channel_knows_whether_the_pbx_dialled_it() -> None:
    def dialled(application: str, data: str = "") -> bool:
        return f.LiveChannel("c", "u", "u", "Up", "", "", "", "", application, data, "", AT, "").dialled_by_pbx

    assert dialled("AppDial") and dialled("AppQueue") and dialled("AppDial2") and dialled("x", "(Outgoing Line)")
    assert not dialled("Queue", "support")
