"""Changes that wait to be stored, in order; of one card's states only the latest. Pure."""

from collections.abc import Iterable
from itertools import count

from callcards.ports import Change
from core.effects import SaveCard


class Pending:
    """`put_at` is any steady clock's reading; `oldest_at` is that of the longest waiting change."""

    def __init__(self) -> None:
        self._changes: dict[str | int, tuple[Change, float]] = {}
        self._numbers = count()

    def __len__(self) -> int:
        return len(self._changes)

    @property
    def oldest_at(self) -> float | None:
        return next((put_at for _, put_at in self._changes.values()), None)

    def put(self, change: Change, put_at: float) -> None:
        """A later state of a card takes the place of the earlier one, so that nothing overtakes the card's beginning."""
        if not isinstance(change, SaveCard):
            self._changes[next(self._numbers)] = (change, put_at)
            return
        waiting = self._changes.get(change.card.card_id)
        if waiting is None:
            self._changes[change.card.card_id] = (change, put_at)
        elif isinstance(waiting[0], SaveCard) and waiting[0].card.revision <= change.card.revision:
            self._changes[change.card.card_id] = (change, waiting[1])

    def take_all(self) -> list[Change]:
        taken = [change for change, _ in self._changes.values()]
        self._changes.clear()
        return taken

    def put_back(self, changes: Iterable[Change], put_at: float) -> None:
        """In front of everything that came since."""
        since = list(self._changes.values())
        self._changes.clear()
        for change in changes:
            self.put(change, put_at)
        for change, at in since:
            self.put(change, at)
