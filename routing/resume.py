"""Callers who were cut off, waiting or talking, and call again soon: they get their old place back. Pure rules over call events.

Only for a number that is known for certain (E.164), the same queue, and within the queue's `resume_s`. Whoever the operator hung up
on is finished, not cut off. Memory is bounded: the oldest are forgotten first.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.events import (
    CallArrived,
    CallbackAsked,
    CallDropped,
    CallEnded,
    CallMerged,
    CallQueued,
    CallToVoicemail,
    CallUnqueued,
)
from core.model import Card, Direction, EndedBy

NumberOf = Callable[[str], str | None]


@dataclass(slots=True)
class _Live:
    """A live inbound call of a known number, and the queue that it is or was served in."""

    number: str
    queue: str | None = None
    entered_at: datetime | None = None


class CutOffs:
    """`e164` reads a number as the PBX gives it, `resume_s` is the queue's. Hears every call; `place_of` answers the dispatcher."""

    def __init__(self, *, e164: NumberOf, resume_s: Callable[[str], float], bound: int = 10_000) -> None:
        self._e164, self._resume_s, self._bound = e164, resume_s, bound
        self._live: dict[str, _Live] = {}
        self._cut: dict[tuple[str, str], tuple[datetime, datetime]] = {}

    def __len__(self) -> int:
        return len(self._cut)

    def place_of(self, call_id: str) -> datetime | None:
        """Since when this caller counts as waiting in the queue that they are in now; None: not in one, or number unknown."""
        live = self._live.get(call_id)
        return None if live is None else live.entered_at

    def remember(self, cards: Iterable[Card]) -> None:
        """After a restart: conversations that ended a short while ago, from the record."""
        for card in sorted((c for c in cards if c.ended_at is not None), key=lambda c: c.ended_at or c.started_at):
            if card.direction is not Direction.INBOUND or not card.queues or card.queued_at is None:
                continue
            served_elsewhere = card.voicemail or (card.unqueued_at is not None and card.answered_at is None)
            number = self._e164(card.client_number or "")
            if number and card.ended_at and not served_elsewhere and card.ended_by is not EndedBy.AGENT:
                self._keep(number, card.queues[-1], card.queued_at, card.ended_at)

    def on_call_arrived(self, event: CallArrived) -> tuple[()]:
        number = self._e164(event.client_number or "") if event.direction is Direction.INBOUND else None
        if number is not None:
            self._live[event.call_id] = _Live(number)
        return ()

    def on_call_queued(self, event: CallQueued) -> tuple[()]:
        live = self._live.get(event.call_id)
        if live is not None and live.queue != event.queue:
            entered_at = self._taken_up(live.number, event.queue, event.at) or live.entered_at or event.at
            live.queue, live.entered_at = event.queue, entered_at
        return ()

    def on_call_unqueued(self, event: CallUnqueued) -> tuple[()]:
        """They left it for something else; where they go on waiting is told by what follows."""
        if live := self._live.get(event.call_id):
            live.queue = None
        return ()

    def on_call_to_voicemail(self, event: CallToVoicemail) -> tuple[()]:
        return self._served(event.call_id)

    def on_callback_asked(self, event: CallbackAsked) -> tuple[()]:
        return self._served(event.call_id)

    def on_call_merged(self, event: CallMerged) -> tuple[()]:
        self._live.pop(event.call_id, None)
        return ()

    def on_call_dropped(self, event: CallDropped) -> tuple[()]:
        self._live.pop(event.call_id, None)
        return ()

    def on_call_ended(self, event: CallEnded) -> tuple[()]:
        live = self._live.pop(event.call_id, None)
        if live is None or live.queue is None or live.entered_at is None or event.ended_by is EndedBy.AGENT:
            return ()
        self._keep(live.number, live.queue, live.entered_at, event.at)
        return ()

    def _served(self, call_id: str) -> tuple[()]:
        if live := self._live.get(call_id):
            live.queue = live.entered_at = None
        return ()

    def _keep(self, number: str, queue: str, entered_at: datetime, ended_at: datetime) -> None:
        if self._resume_s(queue) <= 0:
            return
        self._cut.pop((number, queue), None)
        self._cut[number, queue] = (entered_at, ended_at)
        while len(self._cut) > self._bound:
            del self._cut[next(iter(self._cut))]

    def _taken_up(self, number: str, queue: str, at: datetime) -> datetime | None:
        entered_at, ended_at = self._cut.pop((number, queue), (at, None))
        if ended_at is None or at - ended_at > timedelta(seconds=self._resume_s(queue)):
            return None
        return min(entered_at, at)
