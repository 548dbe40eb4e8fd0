"""Framing and the first defence: what Asterisk writes is read, what it would not have written is said so and in time."""

import pytest

from telephony.wire import AmiStream, Odd, is_whole
from tests.servers.ami_messages import hangup, newchannel

GREETING = b"Asterisk Call Manager/11.0.0\r\n"


def fed(data: bytes, parsed: frozenset[str] | None = None) -> list[object]:
    return list(AmiStream(parsed).feed(data))


def names(found: list[object]) -> list[str]:
    return [f"odd: {m.why}" if isinstance(m, Odd) else str(m.get("Event", m.get("Response"))) for m in found]  # type: ignore[attr-defined]


def test_messages_of_one_stream() -> None:
    stream = AmiStream()
    found = stream.feed(
        GREETING + b"Response: Success\r\nMessage: hello: world\r\n\r\n" + newchannel(1) + b"Event: Half"
    )
    assert stream.greeting == "Asterisk Call Manager/11.0.0"
    assert names(list(found)) == ["Success", "Newchannel"]
    assert found[0] == {"Response": "Success", "Message": "hello: world"}
    assert names(list(stream.feed(b"Way\r\nX: \r\n\r\n"))) == ["HalfWay"]


def test_names_in_any_script_survive_any_split() -> None:
    raw = GREETING + "Event: Hello\r\nName: Жанна 🐈 王\r\n\r\n".encode()
    for cut in range(len(raw)):
        stream = AmiStream()
        found = stream.feed(raw[:cut]) + stream.feed(raw[cut:])
        assert found == [{"Event": "Hello", "Name": "Жанна 🐈 王"}]


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert fed(b"Event: X\r\nName: Andr\xe9\r\n\r\n") == [{"Event": "X", "Name": "Andr\ufffd"}]


def test_an_empty_line_too_many_is_forgiven() -> None:
    assert names(fed(b"Event: A\r\nK: v\r\n\r\n\r\nEvent: B\r\nK: v\r\n\r\n")) == ["A", "B"]


@pytest.mark.parametrize(
    "number",
    [
        b"1\r\n\r\nEvent: Shutdown\r\nShutdown: Cleanly\r\nRestart: False",
        b"1\r\n\r\nEvent: FullyBooted\r\nPrivilege: system,all",
        b"1\r\n\r\nEvent: Hangup\r\nChannel: PJSIP/1001-00000001\r\nUniqueid: 1.1\r\nLinkedid: 1.1",
        b"1\r\n\r\nResponse: Success\r\nActionID: guessed",
        b"1\r\n\r\n",
    ],
)
@pytest.mark.parametrize("parsed", [None, frozenset({"Hangup"})])
def test_a_cut_is_seen_before_what_was_forged(number: bytes, parsed: frozenset[str] | None) -> None:
    """A caller's number with line breaks in it: the piece before the break comes first and is odd by itself."""
    from telephony.making import fact_of

    real = newchannel(1).replace(b"79161110001", number)
    first = fed(real, parsed)[0]
    if isinstance(first, dict):
        from datetime import UTC, datetime

        first = fact_of(first, datetime.now(UTC))
    assert isinstance(first, Odd)


@pytest.mark.parametrize("line", [b"Uniqueid: 9.9", b"Channel: PJSIP/1001-00000001", b"Event: Hangup", b"Cause: 0"])
def test_a_line_slipped_in_repeats_a_header(line: bytes) -> None:
    found = fed(hangup(1).replace(b"79161110001", b"1\r\n" + line))
    assert names(found) == [f"odd: the header {line.partition(b':')[0].decode()} twice"]


def test_garbage_is_odd_and_the_stream_goes_on() -> None:
    found = fed(
        b"\x00\xff garbage\r\n\r\n" + newchannel(1) + b"no colon here\r\nEvent: X\r\n\r\nEvent: Y\r\nbad line\r\n\r\n"
    )
    assert names(found) == [
        "odd: neither an event nor an answer", "Newchannel", "odd: neither an event nor an answer", "odd: a line that is no header",
    ]  # fmt: skip


def test_a_message_without_end_is_given_up_and_memory_stays_bounded() -> None:
    stream = AmiStream()
    odd = [m for _ in range(80) for m in stream.feed(b"x" * 10_000)]
    assert odd and all(isinstance(m, Odd) for m in odd)
    assert len(stream._rest) <= 256 * 1024
    assert names(list(stream.feed(b"\r\n\r\n" + newchannel(2))))[-1] == "Newchannel"


def test_unread_events_are_checked_for_being_whole() -> None:
    whole = newchannel(1).replace(b"Newchannel", b"Newstate")
    assert fed(whole, frozenset()) == []
    assert names(fed(whole[: whole.index(b"\r\nUniqueid")] + b"\r\n\r\n", frozenset())) == ["odd: an event cut short"]
    assert is_whole(b"Event: DeviceStateChange\r\nDevice: PJSIP/1001")


def test_headers_that_may_repeat() -> None:
    assert fed(b"Event: X\r\nVariable: a=1\r\nVariable: b=2\r\n\r\n") == [{"Event": "X", "Variable": "a=1"}]


def test_excerpts_are_safe_to_log() -> None:
    (odd,) = fed(b"\x1b[2J\r\nfoo\xe9\r\n\r\n")
    assert isinstance(odd, Odd) and odd.excerpt.isprintable() and odd.excerpt.isascii()
