"""What is told of callbacks within the routing: what persons want, what stands in the queues, whose phone was picked up."""

from dataclasses import dataclass

from core.callback import Callback
from core.events import Event
from core.model import Choice
from routing.callback_states import Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbacksLoaded(Event):
    """Once, at our start: those that were open when we stopped."""

    callbacks: tuple[Callback, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackWished(Event):
    """A person asks for one by hand. `number` is E.164."""

    callback_id: str
    pbx: str
    queue: str
    number: str
    name: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackOrdered(Event):
    """A person says what becomes of one: Moment.CANCEL, AGAIN or SETTLED. `callback` as the record has it, where it is closed."""

    callback: Callback
    moment: Moment
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTaken(Event):
    """This operator shall have it: chosen for it (`choice`: why), or took it by hand."""

    callback_id: str
    agent: str
    login: str
    choice: Choice | None = None

    @property
    def by_hand(self) -> bool:
        return self.choice is None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackWaits(Event):
    """It waits in its queue, in its old place: for the first time, or again after an operator missed it."""

    callback: Callback


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackWaitsNoMore(Event):
    callback_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPickedUp(Event):
    """The operator has picked up, and the client is being called."""

    callback_id: str
    login: str
