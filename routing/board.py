"""The waiting room as supervisors see it: the queues, who waits in them in which order, who stands ready. Pure; reads the
dispatcher between steps, changes nothing. Why somebody still waits is board_why.py's matter.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from heapq import nsmallest
from typing import Literal, NamedTuple

from routing.callers import Caller
from routing.dispatcher import Dispatcher
from routing.lines import Item
from routing.settings import Mode
from routing.staff import Person

Held = Literal["line", "door", "phone"]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLine:
    """`changes_at`: when it next opens or closes. `staffed`: its operators who are signed in and on shift, `ready` those of them
    who could take a call now. `answer_within_s`: the target of its service level."""

    queue: str
    title: str
    mode: Mode
    open: bool
    changes_at: datetime | None
    waiting: int
    longest_wait_s: float | None
    answer_within_s: int
    ready: int
    staffed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemLine:
    """`step` of `steps` (the first is 1) asks for `requirement`. `held`: why nobody is looked for: `line` (the line to the PBX is
    down), `door` (on the way out of the queue), `phone` (a phone rings that Meridian didn't ring). What the PBX itself
    distributes has neither score nor steps."""

    item_id: str
    card_id: str | None
    queue: str
    channel: str
    client: str
    number: str
    number_text: str
    vip: bool
    entered_at: datetime
    waited_s: float
    score: float | None = None
    step: int | None = None
    steps: int | None = None
    requirement: str | None = None
    state: Literal["waiting", "offered"] = "waiting"
    held: Held | None = None
    offered_to: list[str] = field(default_factory=list)
    preferred: str | None = None
    raised: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """`items`: the most urgent first, `more` that are not listed. `names` of the logins that are told."""

    at: datetime
    queues: list[QueueLine]
    items: list[ItemLine]
    more: int
    names: dict[str, str]


class Told(NamedTuple):
    """Who it is that waits; `card_id` of the conversation, where there is one."""

    card_id: str | None
    name: str
    number: str
    vip: bool = False


MOST_ITEMS = 200
"""Nobody reads more, and they are asked for every two seconds."""
NOBODY = Told(None, "", "")


def as_it_is(text: str) -> str:
    return text


class Board:
    """`title_of` a queue and `name_of` a login as people say them, a number `readable`. `told_of` knows those who wait without a
    call: a callback."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        *,
        title_of: Callable[[str], str] = as_it_is,
        name_of: Callable[[str], str] = as_it_is,
        readable: Callable[[str], str] = as_it_is,
        told_of: Callable[[str], Told | None] = lambda _item_id: None,
    ) -> None:
        self.dispatcher = dispatcher
        self._title_of, self._name_of, self._readable, self._told_of = title_of, name_of, readable, told_of

    def waiting(self, at: datetime, *, queue: str | None = None) -> Waiting:
        """Of all queues, or the items of one."""
        now_s, router = at.timestamp(), self.dispatcher.router
        chosen = list(router.items.values())
        held = [line for caller in self.dispatcher.callers.values() if (line := self._held(caller, at)) is not None]
        since = [(item.queue, item.entered_s) for item in chosen]
        since += [(line.queue, line.entered_at.timestamp()) for line in held]
        asked = [item for item in chosen if queue in (None, item.queue)]
        others = sorted((line for line in held if queue in (None, line.queue)), key=lambda line: line.entered_at)
        first = nsmallest(MOST_ITEMS, asked, key=lambda item: router.urgency(item, now_s))
        items = ([self._chosen_for(item, at) for item in first] + others)[:MOST_ITEMS]
        mentioned = {login for item in items for login in (*item.offered_to, item.preferred) if login is not None}
        return Waiting(
            at=at,
            queues=self._queues(since, at),
            items=items,
            more=len(asked) + len(others) - len(items),
            names={login: self.name(login) for login in sorted(mentioned)},
        )

    def line(self, item_id: str, at: datetime) -> ItemLine | None:
        """One that waits or is being offered."""
        item, caller = self.dispatcher.router.items.get(item_id), self.dispatcher.callers.get(item_id)
        if item is not None:
            return self._chosen_for(item, at)
        return None if caller is None else self._held(caller, at)

    def name(self, login: str) -> str:
        operator = self.dispatcher.duty.of(login)
        return operator.status.name if operator is not None and operator.status.name else self._name_of(login)

    # --- queues ---------------------------------------------------------------------------------------------------

    def _queues(self, since: Iterable[tuple[str, float]], at: datetime) -> list[QueueLine]:
        """`since`: queue and entry of everybody who waits."""
        waits: dict[str, list[float]] = {}
        for queue, entered_s in since:
            waits.setdefault(queue, []).append(max(0.0, at.timestamp() - entered_s))
        members: dict[str, list[Person]] = {}
        for person in self._on_duty():
            for queue in person.queues:
                members.setdefault(queue, []).append(person)
        plan = self.dispatcher.plan
        return [self._queue(queue, waits.get(queue, []), members.get(queue, []), at) for queue in plan.queues]

    def _queue(self, queue: str, waits: list[float], on_duty: list[Person], at: datetime) -> QueueLine:
        setting, doors = self.dispatcher.plan.queues[queue], self.dispatcher.doors
        is_open = doors.is_open(queue, at)
        return QueueLine(
            queue=queue,
            title=self._title_of(queue),
            mode=setting.mode,
            open=is_open,
            changes_at=doors.next_closing(queue, at) if is_open else doors.next_opening(queue, at),
            waiting=len(waits),
            longest_wait_s=max(waits, default=None),
            answer_within_s=setting.answer_within_s,
            ready=sum(person.can_take(setting.channel) for person in on_duty),
            staffed=len(on_duty),
        )

    def _on_duty(self) -> list[Person]:
        """Who is signed in and on shift, at the extension that counts."""
        duty, people = self.dispatcher.duty, self.dispatcher.router.staff.people
        return [people[one.login] for one in duty.operators.values() if one.on_shift and duty.offered_work(one)]

    # --- items ----------------------------------------------------------------------------------------------------

    def _chosen_for(self, item: Item, at: datetime) -> ItemLine:
        """One whose operator Meridian chooses."""
        router, now_s = self.dispatcher.router, at.timestamp()
        line, offer, told = router.line_of(item), router.offers.get(item.item_id), self._caller(item.item_id)
        return ItemLine(
            item_id=item.item_id,
            card_id=told.card_id,
            client=told.name,
            number=told.number,
            number_text=self._readable(told.number),
            vip=told.vip,
            queue=item.queue,
            channel=line.policy.channel,
            entered_at=datetime.fromtimestamp(item.entered_s, at.tzinfo),
            waited_s=now_s - item.entered_s,
            score=router.score(item, now_s),
            step=line.effective + 1,
            steps=len(line.steps),
            requirement=str(line.requirement),
            state="waiting" if offer is None else "offered",
            offered_to=[] if offer is None else sorted(offer.waiting_for),
            preferred=item.preferred,
            raised=self.dispatcher.raised.get(item.item_id, 0.0),
        )

    def _held(self, caller: Caller, at: datetime) -> ItemLine | None:
        """One for whom Meridian chooses nobody, now or ever; None: they don't wait, or it does."""
        if caller.call_id in self.dispatcher.router.items:
            return None
        held: Held | None = None
        if caller.by_pbx is not None:
            queue, entered_at = caller.by_pbx
        elif caller.queue is not None and caller.entered_at is not None:
            queue, entered_at = caller.queue, caller.entered_at
            held = "phone" if caller.rung_by_others else "door" if caller.sent_to else "line"
        else:
            return None
        told = self._caller(caller.call_id)
        return ItemLine(
            item_id=caller.call_id,
            card_id=told.card_id,
            client=told.name,
            number=told.number,
            number_text=self._readable(told.number),
            vip=told.vip,
            queue=queue,
            channel="voice",
            entered_at=entered_at,
            waited_s=max(0.0, (at - entered_at).total_seconds()),
            state="offered" if held == "phone" else "waiting",
            held=held,
        )

    def _caller(self, item_id: str) -> Told:
        caller = self.dispatcher.callers.get(item_id)
        if caller is None:
            return self._told_of(item_id) or NOBODY
        vip = caller.client is not None and caller.client.vip
        return Told(caller.call_id, caller.name, caller.number, vip=vip)
