"""What the hours of queues do to callers of a simulation: let in, sent to another queue, turned away. Pure."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from routing.hours import Hours, spans
from routing.settings import QueueSetting, WhenClosed
from routing.simulation import Arrival


class Doors:
    """`turned_away`: queue -> callers who came outside its hours and got voicemail or a callback: never offered (DEFINITIONS 1)."""

    def __init__(
        self, queues: Mapping[str, QueueSetting], hours_of: Mapping[str, Hours], start: datetime, end: datetime
    ) -> None:
        self._queues = queues
        self._open = {
            name: [(span.opens.timestamp(), span.closes.timestamp()) for span in spans(hours, start, end)]
            for name, hours in hours_of.items()
        }
        self.turned_away = dict.fromkeys(queues, 0)

    def let_in(self, arrivals: Iterable[Arrival]) -> Iterator[Arrival]:
        """Who comes to wait, and in which queue. Who waits still when it closes is sent on, if the queue says so."""
        for arrival in arrivals:
            admitted = self._admit(arrival)
            if admitted is not None:
                yield admitted

    def _admit(self, arrival: Arrival) -> Arrival | None:
        open_spans = self._open.get(arrival.queue)
        if open_spans is None:
            return arrival
        queue = self._queues[arrival.queue]
        at = bisect_right(open_spans, (arrival.at_s, float("inf"))) - 1
        if at >= 0 and arrival.at_s < open_spans[at][1]:
            return arrival if queue.closing is WhenClosed.WAIT else replace(arrival, closes_s=open_spans[at][1])
        if queue.closed is WhenClosed.WAIT:
            return arrival
        if queue.closed is WhenClosed.OVERFLOW and queue.overflow is not None:
            return self._admit(replace(arrival, queue=queue.overflow))
        self.turned_away[arrival.queue] += 1
        return None
