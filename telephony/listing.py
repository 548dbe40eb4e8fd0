"""The answer to one list action, item by item, even when a caller wrote line breaks into an item. Pure.

A torn item comes in pieces: its beginning, whatever the caller put there (79 bytes at most), its end. The pieces are kept
until a whole item with our secret ActionID shows that the stream is in step again; nothing among them is believed as a
message. The item is then put together from what stood before the first tear and behind the last, if that is unambiguous.
Orders of headers measured on Asterisk 22.10.
"""

from collections.abc import Sequence

from telephony.snapshot import is_whole_item
from telephony.wire import Headers, Odd

_MOST_PIECES = 50
_TAIL = ("Priority", "Uniqueid", "Linkedid", "Application")

Piece = Headers | Odd
Pairs = list[tuple[str, str]]


class Listing:
    """Collects `items`; `torn` counts those that a caller broke, mended or not."""

    def __init__(self, action_id: str) -> None:
        self.action_id = action_id
        self.items: list[Headers] = []
        self.torn = 0
        self._pieces: list[Piece] = []

    def take(self, message: Headers) -> bool:
        """A message with our ActionID. True: it was the last."""
        complete = message.get("EventList") == "Complete"
        if not complete and not is_whole_item(message):
            self._keep(message)
            return False
        self._mend()
        if not complete:
            self.items.append(message)
        return complete

    def take_stray(self, piece: Piece) -> bool:
        """Something without our ActionID. True: it is, or may be, part of a torn item and no message at all."""
        begins = isinstance(piece, Odd) or (piece.get("Event") == "QueueEntry" and "ActionID" not in piece)
        if begins or self._pieces:
            self._keep(piece)
            return True
        return False

    def _keep(self, piece: Piece) -> None:
        # Asterisk writes the ActionID as the second header of a channel, and as the last of a queue's entry.
        ours, begins = self._bears_our_id(piece), _begins_channel(piece)
        if ours and begins:
            self._mend()
        self.torn += not self._pieces
        if len(self._pieces) < _MOST_PIECES:
            self._pieces.append(piece)
        if ours and not begins:
            self._mend()

    def _bears_our_id(self, piece: Piece) -> bool:
        if isinstance(piece, Odd):
            return f"\r\nActionID: {self.action_id}".encode() in piece.frame
        return piece.get("ActionID") == self.action_id

    def _mend(self) -> None:
        if self._pieces:
            item = mended(self._pieces)
            if item is not None:
                self.items.append(item)
            self._pieces = []


def _begins_channel(piece: Piece) -> bool:
    if isinstance(piece, Odd):
        return piece.frame.startswith(b"Event: CoreShowChannel\r\n")
    return piece["Event"] == "CoreShowChannel"


def mended(pieces: Sequence[Piece]) -> Headers | None:
    """The item that these are the pieces of; None where its true parts can't be told from the caller's."""
    pairs = [pair for piece in pieces for pair in _pairs(piece)]
    kind = pairs[0][1] if pairs and pairs[0][0] == "Event" else ""
    if kind == "CoreShowChannel":
        return _channel(pairs)
    if kind == "QueueEntry":
        return _entry(pairs)
    return None


def _pairs(piece: Piece) -> Pairs:
    if not isinstance(piece, Odd):
        return list(piece.items())
    lines = piece.frame.decode("utf-8", "replace").split("\r\n")
    return [(key, value) for key, colon, value in (line.partition(": ") for line in lines) if colon]


def _channel(pairs: Pairs) -> Headers | None:
    keys = [key for key, _ in pairs]
    tails = [i for i in range(len(keys)) if tuple(keys[i : i + len(_TAIL)]) == _TAIL]
    if len(tails) != 1 or keys.count("CoreShowChannel") > 1:
        return None
    at = tails[0]
    head = _before(pairs, "CallerIDNum")
    tail = dict(reversed(pairs[at:]))
    # A number dialled may be torn as well, with a context of the caller's choosing behind it.
    plain = keys[at - 2 : at] == ["Context", "Exten"] and keys.count("Context") == keys.count("Exten") == 1
    where = dict(pairs[at - 2 : at]) if plain else {}
    item = {"Context": "", "Exten": "", "CallerIDName": "", "ConnectedLineNum": ""} | head | where | tail
    return item if is_whole_item(item) else None


def _entry(pairs: Pairs) -> Headers | None:
    head = _before(pairs, "CallerIDNum")
    waits = [value for key, value in pairs if key == "Wait"]
    item = {"CallerIDName": ""} | head | ({"Wait": waits[-1]} if waits else {})
    return item if is_whole_item(item) else None


def _before(pairs: Pairs, last: str) -> Headers:
    """What Asterisk wrote before a caller could: up to and with the header `last`."""
    found: Headers = {}
    for key, value in pairs:
        found[key] = value
        if key == last:
            break
    return found
