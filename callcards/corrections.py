"""What people type over each other on one card: when a typist's view was stale, and which lines its history keeps. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

# A page saves while its operator types. Saves of one person with shorter gaps are one session of typing, and one line.
_SESSION = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardChange:
    """One person's session of typing in one field: `at` is when its last word came. Values as text, "" for none."""

    change_id: str
    card_id: str
    at: datetime
    by: str
    field: str
    before: str
    after: str


def continued(last: CardChange | None, *, by: str, at: datetime) -> bool:
    """Is what `by` typed at `at` still the session of the field's last line?"""
    return last is not None and last.by == by and abs(at - last.at) <= _SESSION


def is_stale(base: datetime | None, notes_changed_at: datetime | None) -> bool:
    """Did somebody change the notes after what the typist saw (`base`; None: a card with nothing on it)?"""
    if notes_changed_at is None:
        return False
    return base is None or notes_changed_at > base


def both_kept(theirs: str, ours: str) -> str:
    """Two people's notes as one, nothing lost and nothing doubled."""
    if ours in theirs:
        return theirs
    return ours if theirs in ours else f"{theirs}\n{ours}"


def touched(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(field, before, after) of what differs."""
    return [(field, before.get(field, ""), text) for field, text in after.items() if before.get(field, "") != text]
