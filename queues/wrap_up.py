"""The work after one conversation: how long it may last, when it may end, how often it may be prolonged. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.desk import QueueSettings, WrapUpMode

_LIMITED = (WrapUpMode.LIMITED, WrapUpMode.MANDATORY_LIMITED)
_MANDATORY = (WrapUpMode.MANDATORY, WrapUpMode.MANDATORY_LIMITED)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapUp:
    """`until` None: it has no limit, or hasn't begun yet. `disposed`: the operator's verdict is on the card."""

    card_id: str
    queue: str | None
    settings: QueueSettings
    extensions_left: int
    disposed: bool = False
    begun: bool = False
    until: datetime | None = None

    @property
    def may_end(self) -> bool:
        """May the operator end it now?"""
        return self.disposed or self.settings.wrap_up not in _MANDATORY

    @property
    def may_be_longer(self) -> bool:
        return self.until is not None and self.extensions_left > 0

    def begin(self, at: datetime) -> "WrapUp":
        """The phone is silent: the time runs from here, once."""
        if self.begun:
            return self
        limit = timedelta(seconds=self.settings.wrap_up_s)
        return replace(self, begun=True, until=at + limit if self.settings.wrap_up in _LIMITED else None)

    def longer(self) -> "WrapUp":
        """Prolonged once more, if it may be."""
        if self.until is None or self.extensions_left < 1:
            return self
        until = self.until + timedelta(seconds=self.settings.extension_s)
        return replace(self, until=until, extensions_left=self.extensions_left - 1)

    def over(self, at: datetime) -> bool:
        return self.until is not None and self.until <= at


def wrap_up_after(card_id: str, queue: str | None, settings: QueueSettings, *, disposed: bool) -> WrapUp | None:
    """What follows a conversation with a client; None where the queue wants none."""
    if settings.wrap_up is WrapUpMode.NONE:
        return None
    return WrapUp(
        card_id=card_id, queue=queue, settings=settings, extensions_left=settings.extensions, disposed=disposed
    )
