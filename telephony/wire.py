"""AMI bytes -> messages, strictly. Owns framing and the first defence against forged messages; knows no event's meaning.

What the defence rests on (measured on Asterisk 22.10): a caller's number and the number dialled reach AMI raw, line breaks
included, 79 bytes at most; names and everything else are escaped. So a caller can cut a message in two and put lines or a
whole short message between. The piece *before* a cut always lacks the headers that Asterisk writes behind the number, and it
comes first: it is reported as Odd before anything forged behind it. A line put into a message without cutting it repeats a
header, which real messages don't do. Whoever reads must stop believing the stream at an Odd until it is in step again.
"""

from dataclasses import dataclass, field

Headers = dict[str, str]

GREETING = b"Asterisk Call Manager/"
_END = b"\r\n\r\n"
_MAY_REPEAT = frozenset({"Variable", "ChanVariable", "Output", "ParameterName"})
_LONGEST_MESSAGE = 256 * 1024
_EXCERPT = 160
_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Odd:
    """Something that Asterisk would not have written. `excerpt` is safe to log (printable ASCII); `frame` isn't."""

    why: str
    excerpt: str
    frame: bytes = field(default=b"", repr=False, compare=False)


class AmiStream:
    """Takes bytes as they come, in pieces of any size; gives whole messages and Odd ones, in order.

    `parsed`: the events that somebody reads; all others are only checked for being whole (next to no cost) and left
    out. None parses everything.
    """

    def __init__(self, parsed: frozenset[str] | None = None) -> None:
        self._parsed = None if parsed is None else frozenset(name.encode() for name in parsed)
        self._rest = b""
        self._greeted = False
        self.greeting = ""
        self.messages = 0

    def feed(self, data: bytes) -> list[Headers | Odd]:
        """All that is complete with these bytes."""
        frames = (self._rest + data).split(_END)
        self._rest = frames.pop()
        found: list[Headers | Odd] = []
        parsed = self._parsed if self._greeted else None
        for frame in frames:
            # Four of five messages of a busy PBX are read by nobody and end here.
            if (
                parsed is not None
                and frame.startswith(b"Event: ")
                and frame[7 : frame.find(b"\r")] not in parsed
                and is_whole(frame)
            ):
                continue
            # Some events (ConfBridge's, Asterisk 22) end with an empty line too many.
            message = self._read(frame.removeprefix(b"\r\n"))
            if message is not None:
                found.append(message)
        self.messages += len(frames)
        if not frames and not self._greeted:
            self._take_greeting()
        if len(self._rest) > _LONGEST_MESSAGE:
            found.append(odd("a message that does not end", self._rest))
            self._rest = b""
        return found

    def _take_greeting(self) -> None:
        line, found, rest = self._rest.partition(b"\r\n")
        if found and line.startswith(GREETING):
            self.greeting, self._rest, self._greeted = line.decode("ascii", "replace"), rest, True

    def _read(self, frame: bytes) -> Headers | Odd | None:
        if not self._greeted:
            self._greeted = True
            if frame.startswith(GREETING):
                line, _, frame = frame.partition(b"\r\n")
                self.greeting = line.decode("ascii", "replace")
        if not frame:
            return None
        if frame.startswith(b"Event: "):
            if self._parsed is not None and frame[7 : frame.find(b"\r")] not in self._parsed:
                return None if is_whole(frame) else odd("an event cut short", frame)
        elif not frame.startswith(b"Response: "):
            return odd("neither an event nor an answer", frame)
        return read_headers(frame)


def is_whole(frame: bytes) -> bool:
    """Does the header stand there that Asterisk writes last of those behind a caller-controlled one?"""
    return (b"\r\nLinkedid: " in frame or b"\r\nCallerIDNum: " not in frame) and (
        b"\r\nDestCallerIDNum: " not in frame or b"\r\nDestLinkedid: " in frame
    )


def read_headers(frame: bytes) -> Headers | Odd:
    """One message without its final blank line -> its headers. Bytes that aren't UTF-8 become U+FFFD."""
    lines = frame.decode("utf-8", "replace").split("\r\n")
    try:
        headers: Headers = dict([line.split(": ", 1) for line in lines])  # ValueError if not pairs
    except ValueError:
        return _read_carefully(lines, frame)
    return headers if len(headers) == len(lines) else _read_carefully(lines, frame)


def _read_carefully(lines: list[str], frame: bytes) -> Headers | Odd:
    headers: Headers = {}
    for line in lines:
        key, colon, value = line.partition(":")
        if not colon or not key or not key.isascii() or " " in key:
            return odd("a line that is no header", frame)
        if key not in headers:
            headers[key] = value.removeprefix(" ")
        elif key not in _MAY_REPEAT:
            return odd(f"the header {key[:40]} twice", frame)
    return headers


def odd(why: str, frame: bytes) -> Odd:
    """An Odd with an excerpt of what was read, made harmless."""
    return Odd(
        why, frame[:_EXCERPT].decode("ascii", "backslashreplace").encode("unicode_escape").decode(), frame[:_KEPT]
    )
