"""The waiting room as supervisors see it: the queues, who waits in them in which order, who stands ready. Pure; reads the
dispatcher between steps, changes nothing. Why somebody still waits is board_why.py's matter.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

from core.model import AgentState
from routing.callers import Caller
from routing.dispatcher import Dispatcher
from routing.lines import Item
from routing.on_duty import Operator
from routing.settings import Mode

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
    """`items`: the most urgent first. `names` of the logins that are told."""

    at: datetime
    queues: list[QueueLine]
    items: list[ItemLine]
    names: dict[str, str]


class Told(NamedTuple):
    """Who it is that waits; `card_id` of the conversation, where there is one."""

    card_id: str | None
    name: str
    number: str
    vip: bool = False


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

    def waiting(self, at: datetime) -> Waiting:
        items = self._items(at)
        mentioned = {login for item in items for login in (*item.offered_to, item.preferred) if login is not None}
        return Waiting(
            at=at,
            queues=[self._queue(queue, items, at) for queue in self.dispatcher.plan.queues],
            items=items,
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

    def _queue(self, queue: str, items: Iterable[ItemLine], at: datetime) -> QueueLine:
        setting, doors = self.dispatcher.plan.queues[queue], self.dispatcher.doors
        waits = [item.waited_s for item in items if item.queue == queue]
        is_open = doors.is_open(queue, at)
        on_duty = [one for one in self._members(queue) if one.on_shift]
        return QueueLine(
            queue=queue,
            title=self._title_of(queue),
            mode=setting.mode,
            open=is_open,
            changes_at=doors.next_closing(queue, at) if is_open else doors.next_opening(queue, at),
            waiting=len(waits),
            longest_wait_s=max(waits, default=None),
            answer_within_s=setting.answer_within_s,
            ready=sum(self._free(one, setting.channel) for one in on_duty),
            staffed=len(on_duty),
        )

    def _members(self, queue: str) -> list[Operator]:
        """The operators of the queue who are signed in, at the extension that counts."""
        duty = self.dispatcher.duty
        people = self.dispatcher.router.staff.people
        return [
            one
            for one in duty.operators.values()
            if one.status.state is not AgentState.SIGNED_OUT
            and duty.offered_work(one)
            and queue in people[one.login].queues
        ]

    def _free(self, operator: Operator, channel: str) -> bool:
        return self.dispatcher.router.staff.people[operator.login].can_take(channel)

    # --- items ----------------------------------------------------------------------------------------------------

    def _items(self, at: datetime) -> list[ItemLine]:
        router, now_s = self.dispatcher.router, at.timestamp()
        chosen = sorted(router.items.values(), key=lambda item: router.urgency(item, now_s))
        held = (self._held(c, at) for c in self.dispatcher.callers.values() if c.call_id not in router.items)
        others = sorted((line for line in held if line is not None), key=lambda line: line.entered_at)
        return [self._chosen_for(item, at) for item in chosen] + others

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
        """One for whom Meridian chooses nobody, now or ever; None: they don't wait."""
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
