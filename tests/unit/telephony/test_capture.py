"""Recordings over several connections, with and without a link's own lists in them."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commands.replay import Replay, as_contract, as_text
from telephony import facts as f
from telephony.capture import Capture, Told
from telephony.snapshot import LISTS
from tests import streams
from tests.servers.ami_messages import hangup, live_channel, newchannel, queue_entry
from tests.servers.ami_peer import message

EPOCH = 1795289549
GREETING = b"Asterisk Call Manager/11.0.0\r\n"
LOGIN = GREETING + b"Response: Success\r\nMessage: Authentication accepted\r\n\r\n"
STATUS = b"Response: Success\r\nActionID: s\r\nCoreStartupDate: 2026-11-21\r\nCoreStartupTime: 08:00:00\r\n\r\n"


def listed(name: str, *items: bytes, action_id: str | None = None) -> bytes:
    """The whole answer to one list action."""
    ours = action_id or f"a-{name}"
    begin = f"Response: Success\r\nActionID: {ours}\r\nEventList: start\r\nMessage: follows\r\n\r\n".encode()
    end = message(Event=f"{name}Complete", ActionID=ours, EventList="Complete", ListItems=str(len(items)))
    return begin + b"".join(item.replace(b"{id}", ours.encode()) for item in items) + end


def lists(*channels: bytes, waiting: tuple[bytes, ...] = ()) -> bytes:
    parts = {"CoreShowChannels": channels, "QueueStatus": waiting}
    return STATUS + b"".join(listed(name, *parts.get(name, ())) for name in LISTS)


def told(*pieces: bytes) -> tuple[list[Told], Capture]:
    capture = Capture("pbx1")
    heard = [one for piece in pieces for one in capture.feed(piece)]
    return heard + capture.end(), capture


def kinds(heard: list[Told]) -> list[str]:
    return [type(one).__name__ for one in heard]


def test_a_recording_without_lists_is_just_its_facts() -> None:
    heard, capture = told(LOGIN + newchannel(1) + hangup(1))
    assert kinds(heard) == ["ChannelCreated", "HungUp"] and capture.messages == 3 and not capture.odd


def test_a_greeting_in_the_middle_is_a_lost_link() -> None:
    heard, capture = told(LOGIN + newchannel(1) + LOGIN + hangup(1))
    assert kinds(heard) == ["ChannelCreated", "LinkLost", "HungUp"]
    assert capture.messages == 4 and not capture.odd
    assert heard[1].at == heard[0].at


@pytest.mark.parametrize("cut", [1, 10, 40, len(newchannel(2)) - 1, len(newchannel(2)) - 2, len(newchannel(2)) - 3])
def test_a_message_cut_off_by_the_loss_is_left_out_and_the_next_connection_is_whole(cut: int) -> None:
    heard, capture = told(LOGIN + newchannel(1) + newchannel(2)[:cut] + LOGIN + hangup(1))
    assert kinds(heard) == ["ChannelCreated", "LinkLost", "HungUp"] and not capture.odd


def test_any_split_gives_the_same() -> None:
    data = LOGIN + lists(live_channel(1)) + newchannel(2) + LOGIN + lists() + hangup(2)
    whole, _ = told(data)
    assert kinds(whole) == ["InStep", "ChannelCreated", "LinkLost", "InStep", "HungUp"]
    for cut in range(len(data)):
        assert told(data[:cut], data[cut:])[0] == whole, cut
    assert told(*(data[i : i + 1] for i in range(len(data))))[0] == whole


def test_what_only_looks_like_a_greeting_is_none() -> None:
    odd_number = newchannel(1, "1 Asterisk Call Manager/11.0.0")
    heard, capture = told(LOGIN, odd_number[:150], odd_number[150:], b"Asterisk Call")
    assert kinds(heard) == ["ChannelCreated"] and not capture.odd


def test_a_last_message_that_lacks_its_blank_line_counts() -> None:
    assert kinds(told(LOGIN + newchannel(1) + hangup(1).removesuffix(b"\r\n"))[0]) == ["ChannelCreated", "HungUp"]
    # Not a line that may go on: the cause would be another.
    assert kinds(told(LOGIN + newchannel(1) + hangup(1).removesuffix(b"\r\n\r\n"))[0]) == ["ChannelCreated"]


# ---- snapshots


def test_a_snapshot_is_told_and_what_came_meanwhile_follows_it() -> None:
    during = lists(live_channel(1), waiting=(queue_entry(1),)).replace(
        b"Response: Success\r\nActionID: a-BridgeList", newchannel(2) + b"Response: Success\r\nActionID: a-BridgeList"
    )
    heard, capture = told(LOGIN + newchannel(3) + during + hangup(1))
    assert kinds(heard) == ["ChannelCreated", "InStep", "ChannelCreated", "HungUp"] and not capture.odd
    step = heard[1]
    assert isinstance(step, f.InStep)
    snapshot = step.snapshot
    assert snapshot.boot_id == "2026-11-21T08:00:00" and snapshot.missing == ()
    assert [c.uniqueid for c in snapshot.channels] == [w.uniqueid for w in snapshot.waiting] == [f"{EPOCH}.1"]
    assert snapshot.at == datetime.fromtimestamp(EPOCH + 5, UTC)  # made then, five seconds old
    assert snapshot.waiting[0].joined_at == datetime.fromtimestamp(EPOCH - 2, UTC)


def test_a_refused_list_is_missing_and_the_others_are_told() -> None:
    data = lists(live_channel(1)).replace(
        listed("BridgeList"), b"Response: Error\r\nMessage: Permission denied\r\n\r\n"
    )
    heard, _ = told(LOGIN + data)
    assert isinstance(heard[0], f.InStep) and heard[0].snapshot.missing == ("BridgeList",)
    assert len(heard[0].snapshot.channels) == 1


@pytest.mark.parametrize("after", [b"", LOGIN, STATUS])
def test_a_snapshot_that_was_never_finished_holds_nothing_back(after: bytes) -> None:
    begun = STATUS + listed("CoreShowChannels", live_channel(1)) + newchannel(2)
    heard, _ = told(LOGIN + begun + after)
    assert kinds(heard)[0] == "ChannelCreated" and "InStep" not in kinds(heard)


def test_lists_that_somebody_else_asked_for_are_no_snapshot() -> None:
    heard, capture = told(LOGIN + listed("CoreShowChannels", live_channel(1)) + newchannel(2))
    assert kinds(heard) == ["ChannelCreated"] and not capture.odd


def test_a_torn_item_of_a_list_is_mended_and_taints_nothing() -> None:
    torn = live_channel(1).replace(b"79161110001", b"1\r\n\r\nEvent: Hangup\r\nUniqueid: 1.1\r\n\r\n")
    heard, capture = told(LOGIN + lists(torn, live_channel(2)))
    assert kinds(heard) == ["InStep"] and not capture.odd
    assert isinstance(heard[0], f.InStep)
    assert [c.uniqueid for c in heard[0].snapshot.channels] == [f"{EPOCH}.1", f"{EPOCH}.2"]


def test_what_asterisk_would_not_write_is_counted_and_left_out() -> None:
    forged = newchannel(1, "1\r\n\r\nEvent: Hangup\r\nUniqueid: 1795289549.9")
    heard, capture = told(LOGIN + forged + newchannel(2))
    assert kinds(heard) == ["ChannelCreated"] and len(capture.odd) == 2


@pytest.mark.parametrize(
    ("figure", "beyond"),
    [
        (b"Duration: 00:00:05", b"Duration: 99999999999999:00:00"),
        (b"Wait: 7", b"Wait: 99999999999999999999"),
        (b"Wait: 7", b"Wait: -99999999999999999999"),
    ],
)
def test_an_item_with_a_figure_beyond_all_time_is_left_out(figure: bytes, beyond: bytes) -> None:
    data = lists(live_channel(1), live_channel(2), waiting=(queue_entry(1), queue_entry(2)))
    heard, _ = told(LOGIN + data.replace(figure, beyond, 1))
    assert isinstance(heard[0], f.InStep)
    assert len(heard[0].snapshot.channels) + len(heard[0].snapshot.waiting) == 3


WHOLE = LOGIN + lists(live_channel(1), waiting=(queue_entry(1),)) + newchannel(2) + LOGIN + lists() + hangup(2)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_is_in_the_file_there_is_no_exception(data: st.DataObject) -> None:
    """Bytes overwritten, cut out and put in anywhere; read in pieces of any size; all of it through tracker and cards."""
    mangled = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(mangled)))
        to = data.draw(st.integers(at, min(len(mangled), at + 40)))
        put = data.draw(
            st.one_of(st.binary(max_size=20), st.sampled_from((b"\r\n", b"\r\n\r\n", LOGIN, STATUS, b": 9")))
        )
        mangled[at:to] = put
    replay = Replay(("PJSIP/1???",))
    size = data.draw(st.integers(1, 500))
    for begin in range(0, len(mangled), size):
        replay.feed(bytes(mangled[begin : begin + size]))
    replay.end()
    assert replay.engine.failures == 0
    assert all(as_contract(card) and as_text(card) for card in replay.finished())


def test_recorded_streams_are_told_as_their_facts() -> None:
    for shape in ("attended_transfer", "acd_answered"):
        heard, _ = told(streams.raw(shape))
        assert heard == streams.facts(streams.raw(shape))


def test_without_timestamps_the_time_is_that_of_the_newest_channel() -> None:
    heard, capture = told(LOGIN + newchannel(1) + hangup(1))
    assert not capture.timed
    assert [one.at for one in heard] == [datetime.fromtimestamp(EPOCH, UTC)] * 2  # type: ignore[union-attr]
