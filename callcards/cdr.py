"""What Asterisk's call detail records say: rows, and which of them belong to one conversation. Pure.

Measured on Asterisk 22: one row for each pair of channels; a row's `dst` is the *last* extension; rows of a channel that was
answered once have answer = start; a consultation has a linkedid of its own and shares a channel with the conversation it
became part of; an ACD offer that nobody took stays under its own id `cc.<caller's uniqueid>.<n>`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

_OFFER = re.compile(r"^cc\.(.+)\.[^.]+$")
# Supervision and rooms are nobody's conversation; the others are Asterisk's own machinery.
_NO_TALK = frozenset({"chanspy", "extenspy", "confbridge", "meetme", "page"})
_MACHINERY = ("OutgoingSpoolFailed", "ConfBridgeRecorder/", "CBAnn/", "Announcer/", "Recorder/", "Snoop/", "Message/")
# What `meridian doctor` makes to see whether calls are told of (telephony/doctor_seen.PROBE_CONTEXT).
_DOCTOR = "Local/s@meridian-doctor-"
# Rows of one conversation follow each other at once; a channel's name may come again only after a restart.
_APART = timedelta(seconds=5)
# A source that has this many or more has more to tell: ask again.
MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class CdrRow:
    """One row, times in UTC. `linkedid` is the uniqueid where the PBX doesn't write it."""

    pbx: str
    uniqueid: str
    linkedid: str
    src: str
    dst: str
    dcontext: str
    clid: str
    channel: str
    dstchannel: str
    lastapp: str
    lastdata: str
    start: datetime
    answer: datetime | None
    end: datetime
    duration: int
    billsec: int
    disposition: str

    @property
    def answered(self) -> bool:
        return self.disposition.upper() == "ANSWERED" and self.answer is not None

    @property
    def is_offer(self) -> bool:
        """The row of an agent's phone that the ACD rang: its channel has the id that we gave it."""
        return _OFFER.match(self.uniqueid) is not None


class CdrSource(Protocol):
    """Where a PBX leaves its records."""

    async def rows(self, since: datetime) -> list[CdrRow]:
        """What has been written since the last time, in any order; the first time, all that ended at `since` or later.

        May tell something again.

        Unavailable: it can't be read now.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The rows of one conversation in order of their start, and all the ids it has."""

    rows: tuple[CdrRow, ...]
    linkedids: tuple[str, ...]

    @property
    def ended_at(self) -> datetime:
        return max(row.end for row in self.rows)


def conversation_id(row: CdrRow) -> str:
    """The linkedid of the conversation that a row belongs to, offers of the ACD counted with their caller's."""
    offer = _OFFER.match(row.linkedid)
    return offer[1] if offer else row.linkedid


def conversations(rows: Iterable[CdrRow]) -> list[Conversation]:
    """Rows put together, those that make no card left out; in order of start."""
    by_id: dict[str, list[CdrRow]] = {}
    for row in rows:
        by_id.setdefault(conversation_id(row), []).append(row)
    groups = [sorted(group, key=_place) for group in by_id.values() if not makes_no_card(group)]
    merged = _joined(sorted(groups, key=lambda group: _place(group[0])))
    return [Conversation(rows=tuple(group), linkedids=_ids(group)) for group in merged]


def makes_no_card(rows: Sequence[CdrRow]) -> bool:
    """Only supervision, conference rooms or machinery, from the first row to the last."""
    return all(row.lastapp.lower() in _NO_TALK or row.channel.startswith((*_MACHINERY, _DOCTOR)) for row in rows)


def _joined(groups: list[list[CdrRow]]) -> list[list[CdrRow]]:
    """A consultation goes to the conversation with which it shares a channel at about the same time."""
    result: list[list[CdrRow]] = []
    owners: dict[str, list[CdrRow]] = {}
    for group in groups:
        home = next((owners[name] for name in _channels(group) if name in owners and _near(owners[name], group)), None)
        if home is None:
            result.append(home := group)
        else:
            home.extend(group)
            home.sort(key=_place)
        owners.update(dict.fromkeys(_channels(group), home))
    return result


def _channels(rows: Sequence[CdrRow]) -> list[str]:
    return [name for row in rows for name in (row.channel, row.dstchannel) if name]


def _near(one: Sequence[CdrRow], other: Sequence[CdrRow]) -> bool:
    ends, starts = max(row.end for row in one), min(row.start for row in other)
    return starts <= ends + _APART


def _ids(rows: Sequence[CdrRow]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(linkedid for row in rows for linkedid in (conversation_id(row), row.linkedid)))


def _place(row: CdrRow) -> tuple[datetime, bool, str]:
    return row.start, row.uniqueid != conversation_id(row), row.uniqueid
