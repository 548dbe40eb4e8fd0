"""What people ask of the live routing."""

from dataclasses import dataclass

from core.events import Event

MOST_POINTS = 1_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityAsked(Event):
    """A supervisor, `by` login, gives an item points of its own in place of those they gave it before. It keeps its age."""

    item_id: str
    offset: float
    by: str
