"""The least that reading AMI can cost in Python: two sketches that keep live channels and finished calls and nothing else.

Floors to measure against, not parsers to use: they believe everything that they are sent.
"""

from collections.abc import Callable

from bench.streams import END, GREETING


class SplitSketch:
    """Every message decoded and split into a dict, then a tracker of a dozen lines."""

    def __init__(self) -> None:
        self._rest = b""
        self._channels: dict[str, list[str]] = {}
        self.calls = 0
        self.messages = 0

    def feed(self, data: bytes) -> None:
        frames = (self._rest + data.removeprefix(GREETING)).split(END)
        self._rest = frames.pop()
        self.messages += len(frames)
        for frame in frames:
            self.track(dict([line.split(": ", 1) for line in frame.decode().split("\r\n")]))

    def track(self, h: dict[str, str]) -> None:
        name = h["Event"]
        if name == "Newchannel":
            self._channels[h["Uniqueid"]] = [h["Linkedid"], h["CallerIDNum"]]
        elif name == "Hangup":
            channel = self._channels.pop(h["Uniqueid"], None)
            self.calls += channel is not None and channel[0] == h["Uniqueid"]
        elif name in ("BridgeEnter", "DialBegin", "AgentCalled", "QueueCallerJoin", "Hold", "Unhold"):
            channel = self._channels.get(h["Uniqueid"])
            if channel is not None:
                channel.append(name)


class LazySketch(SplitSketch):
    """The event's name is looked at in bytes; only messages that the tracker knows are split."""

    _KNOWN = frozenset(
        (b"Newchannel", b"Hangup", b"BridgeEnter", b"DialBegin", b"AgentCalled", b"QueueCallerJoin", b"Hold", b"Unhold")
    )

    def feed(self, data: bytes) -> None:
        frames = (self._rest + data.removeprefix(GREETING)).split(END)
        self._rest = frames.pop()
        self.messages += len(frames)
        for frame in frames:
            if frame[7 : frame.find(b"\r")] in self._KNOWN:
                self.track(dict([line.split(": ", 1) for line in frame.decode().split("\r\n")]))


SKETCHES: dict[str, Callable[[], SplitSketch]] = {"split": SplitSketch, "lazy": LazySketch}
