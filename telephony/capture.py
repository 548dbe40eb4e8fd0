"""A recorded AMI stream, read as a live link would have heard it. Pure: bytes in; facts, snapshots and lost links out.

A recording goes over several connections where the link broke: a greeting stands in the middle then, and whatever was cut
off before it is gone. Where the recording holds the answers to a link's own lists (Meridian records its snapshots too), the
snapshot is told as it was taken: what came while the lists were read follows it. So a recording that begins in mid-call is
told right.
"""

import re
from datetime import UTC, datetime, timedelta

from core.ids import epoch_of
from telephony.facts import ChannelCreated, Fact, InStep, LinkLost
from telephony.listing import Listing
from telephony.making import USED_EVENTS, fact_of, instant
from telephony.snapshot import LIST_EVENTS, LISTS, Listed, duration_s, snapshot_of
from telephony.wire import GREETING, AmiStream, Headers, Odd

Told = Fact | InStep | LinkLost
_PARSED = (USED_EVENTS | LIST_EVENTS) - {"DeviceStateChange"}
_CONNECTED = re.compile(re.escape(GREETING) + rb"[\d.]+\r\nResponse: ")
_ANSWER = b"\r\nResponse: "
_LONGEST_GREETING = 64
_MOST_HELD = 50_000


class Capture:
    """`feed` takes the recording in pieces of any size; `end` when there is no more.

    `odd`: what Asterisk would not have written. `timed`: there are Timestamp headers, so durations are known.
    """

    def __init__(self, pbx: str) -> None:
        self._pbx = pbx
        self._rest = b""
        self._ends_a_line = False
        self._stream = AmiStream(parsed=_PARSED)
        self._earlier = 0
        self._status: Headers | None = None
        self._listing: Listing | None = None
        self._lists: dict[str, Listed] = {}
        self._refused = 0
        self._held: list[Fact] = []
        self._told: list[Told] = []
        self._now = datetime.fromtimestamp(0, UTC)
        self.odd: list[Odd] = []
        self.timed = False

    @property
    def messages(self) -> int:
        return self._earlier + self._stream.messages

    def feed(self, data: bytes) -> list[Told]:
        """All that is complete with these bytes, in order."""
        data = self._rest + data
        end = _greeting_begins(data)
        data, self._rest = data[:end], data[end:]
        begin = 0
        if GREETING in data:
            for greeting in _CONNECTED.finditer(data):
                self._read(data[begin : greeting.start()])
                self._connect()
                begin = greeting.start()
        self._read(data[begin:])
        return self._take_told()

    def end(self) -> list[Told]:
        """The last message, where only its blank line is missing, and what waited for a snapshot that never came."""
        self._read(self._rest)
        if self._ends_a_line:
            self._read(b"\r\n")
        self._rest = b""
        self._give_up_snapshot()
        return self._take_told()

    def _take_told(self) -> list[Told]:
        told, self._told = self._told, []
        return told

    def _connect(self) -> None:
        """A new connection of the recorder: whatever was under way on the old one is cut off."""
        if self.messages:
            self._give_up_snapshot()
            self._told.append(LinkLost(self._pbx, self._now, "the recording goes on with a new connection"))
        self._earlier = self.messages
        self._stream = AmiStream(parsed=_PARSED)

    def _read(self, data: bytes) -> None:
        self._ends_a_line = data.endswith(b"\n") if data else self._ends_a_line
        for message in self._stream.feed(data):
            if isinstance(message, Odd):
                if self._listing is None or not self._listing.take_stray(message):
                    self.odd.append(message)
            elif "Event" not in message:
                self._on_answer(message)
            else:
                self.hear(message)

    def hear(self, headers: Headers) -> None:
        """One event."""
        if self._listing is not None and headers.get("ActionID") == self._listing.action_id:
            if self._listing.take(headers):
                self._on_listed(headers["Event"].removesuffix("Complete"), self._listing)
        elif self._listing is None or not self._listing.take_stray(headers):
            self._on_news(headers)

    def _on_news(self, headers: Headers) -> None:
        fact = fact_of(headers, instant(headers, self._now))
        if fact is None:
            return
        if isinstance(fact, Odd):
            self.odd.append(fact)
            return
        self.timed = self.timed or "Timestamp" in headers
        self._now = max(self._now, fact.at)
        if isinstance(fact, ChannelCreated) and not self.timed:
            self._now = max(self._now, datetime.fromtimestamp(epoch_of(fact.uniqueid) or 0, UTC))
            fact = fact._replace(at=self._now)
        if self._status is None:
            self._told.append(fact)
            return
        self._held.append(fact)
        if len(self._held) > _MOST_HELD:
            self._give_up_snapshot()

    # ---- snapshots

    def _on_answer(self, answer: Headers) -> None:
        if "CoreStartupDate" in answer and "CoreStartupTime" in answer:
            self._give_up_snapshot()
            self._status = answer
        elif self._status is None:
            return
        elif answer.get("EventList") == "start" and answer.get("ActionID"):
            self._listing = Listing(answer["ActionID"])
        elif answer["Response"] == "Error":
            self._refused += 1
            self._snapshot_if_whole()

    def _on_listed(self, name: str, listing: Listing) -> None:
        self._lists[name] = Listed(items=listing.items)
        self._listing = None
        self._snapshot_if_whole()

    def _snapshot_if_whole(self) -> None:
        if self._status is None or len(self._lists) + self._refused < len(LISTS):
            return
        self._now = max(self._now, self._listed_at())
        snapshot = snapshot_of(at=self._now, core_status=self._status, lists=self._lists)
        self._told.append(InStep(self._pbx, snapshot))
        self._give_up_snapshot()

    def _listed_at(self) -> datetime:
        """When the channels were listed, as their ids and ages tell: a list has no Timestamp."""
        listed = self._lists.get("CoreShowChannels", Listed()).items
        ages = [(epoch_of(item["Uniqueid"]), duration_s(item["Duration"])) for item in listed]
        known = [epoch + age for epoch, age in ages if epoch is not None and age is not None]
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=max(known, default=0))

    def _give_up_snapshot(self) -> None:
        """No snapshot is under way any more; what was kept for after it is told."""
        self._told += self._held
        self._held = []
        self._status, self._listing, self._lists, self._refused = None, None, {}, 0


def _greeting_begins(data: bytes) -> int:
    """Where a greeting may begin that the next bytes complete; else the end. The line before it may be cut off anywhere."""
    at = data.rfind(GREETING[:1], -_LONGEST_GREETING)
    tail = data[at:] if at >= 0 else b""
    answer = tail[len(GREETING) :].lstrip(b"0123456789.")
    unsure = GREETING.startswith(tail) or (
        tail.startswith(GREETING) and _ANSWER.startswith(answer) and answer != _ANSWER
    )
    return at if tail and unsure else len(data)
