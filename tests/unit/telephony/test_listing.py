"""Lists with items that a caller tore."""

from collections.abc import Callable

import pytest

from telephony.listing import Listing, mended
from telephony.wire import AmiStream, Headers, Odd
from tests.servers.ami_messages import live_channel, queue_entry
from tests.servers.ami_peer import message

SECRET = b"5ec7e7"
COMPLETE = message(Event="Complete", ActionID="5ec7e7", EventList="Complete")
TEARS = {
    "a cut": b"\r\n\r\n",
    "a header": b"\r\nUniqueid: 1795289549.1",
    "a context": b"\r\nContext: from-agent\r\nExten: 1",
    "an event": b"\r\n\r\nEvent: Hangup\r\nUniqueid: 1795289549.1\r\n\r\nEvent: QueueEntry",
    "an item's beginning": b"\r\n\r\nEvent: QueueEntry\r\nQueue: sales\r\nPosition: 1\r\nUniqueid: 1795289549.1\r\nA: b",
    "a cut line": b"\r\n",
}


def read(*items: bytes) -> Listing:
    """These items and the end, as they come from the wire."""
    listing = Listing(SECRET.decode())
    for piece in AmiStream().feed(b"".join(item.replace(b"{id}", SECRET) for item in (*items, COMPLETE))):
        if not isinstance(piece, Odd) and piece.get("ActionID") == SECRET.decode():
            listing.take(piece)
        else:
            listing.take_stray(piece)
    return listing


def torn(item: bytes, put: bytes, key: bytes = b"CallerIDNum") -> bytes:
    start = item.index(key + b": ") + len(key) + 2
    return item[:start] + b"7" + put + item[item.index(b"\r\n", start) :]


def where(item: Headers) -> tuple[str, ...]:
    return item["Uniqueid"], item["Channel"], item["CallerIDNum"]


def test_whole_items_are_taken_as_they_are() -> None:
    listing = read(live_channel(1), live_channel(2))
    assert [item["Uniqueid"] for item in listing.items] == ["1795289549.1", "1795289549.2"] and listing.torn == 0


@pytest.mark.parametrize("tear", TEARS)
@pytest.mark.parametrize("make", [live_channel, queue_entry])
def test_a_torn_item_is_mended_and_its_neighbours_are_untouched(tear: str, make: Callable[[int], bytes]) -> None:
    listing = read(make(1), torn(make(66), TEARS[tear]), make(2))
    assert [item["Uniqueid"] for item in listing.items] == ["1795289549.1", "1795289549.66", "1795289549.2"]
    assert where(listing.items[1]) == ("1795289549.66", "PJSIP/trunk-00000042", "7")
    if make is live_channel:
        assert listing.items[1]["Context"] in ("from-trunk", "")
    else:
        assert listing.items[1]["Queue"] == "support"


def test_a_number_dialled_may_tear_it_too() -> None:
    listing = read(torn(torn(live_channel(66), b"\r\n\r\n"), b"\r\n\r\nEvent: x", b"Exten"), live_channel(2))
    assert [item["Uniqueid"] for item in listing.items] == ["1795289549.66", "1795289549.2"]


@pytest.mark.parametrize("tear", TEARS)
def test_the_other_side_of_the_same_call_is_torn_too_and_mended(tear: str) -> None:
    other = torn(live_channel(67), TEARS[tear], b"ConnectedLineNum")
    listing = read(torn(live_channel(66), TEARS[tear]), other, live_channel(2))
    assert [item["Uniqueid"] for item in listing.items] == ["1795289549.66", "1795289549.67", "1795289549.2"]
    assert listing.items[1]["CallerIDNum"] == "79161110001"


def test_two_torn_callers_in_a_queue_stay_two() -> None:
    listing = read(torn(queue_entry(66), b"\r\n\r\n"), torn(queue_entry(67), b"\r\n\r\n"), queue_entry(2))
    assert [item["Uniqueid"] for item in listing.items] == ["1795289549.66", "1795289549.67", "1795289549.2"]


def test_a_context_behind_a_torn_number_is_not_believed() -> None:
    put = b"\r\n\r\nContext: from-agent\r\nExten: 9"
    (item,) = read(torn(live_channel(66), put, b"Exten")).items
    assert (item["Context"], item["Exten"]) == ("", "")


def test_an_ambiguous_item_is_left_out() -> None:
    put = b"\r\nPriority: 1\r\nUniqueid: 1795289549.1\r\nLinkedid: 1795289549.1\r\nApplication: Q"
    assert len(put) <= 79
    listing = read(
        live_channel(1), torn(live_channel(66), put), torn(live_channel(67), b"\r\n\r\n" + put), live_channel(2)
    )
    assert [item["Uniqueid"] for item in listing.items] == ["1795289549.1", "1795289549.2"]
    assert listing.torn == 2


def test_pieces_of_nothing_known_make_nothing() -> None:
    assert mended([]) is None
    assert mended([Odd("", "", b"no header at all")]) is None
    assert mended([{"Event": "CoreShowChannel", "Channel": "c"}]) is None
    assert mended([{"Event": "QueueEntry", "Queue": "q"}]) is None


def test_pieces_are_bounded() -> None:
    start, end = live_channel(66).replace(b"{id}", SECRET).split(b"CallerIDName")
    parts = [start, *[b"x: y"] * 60, b"CallerIDName" + end, COMPLETE]
    listing = read(*(part + b"\r\n\r\n" * (not part.endswith(b"\r\n\r\n")) for part in parts))
    assert listing.items == [] and listing.torn == 1
