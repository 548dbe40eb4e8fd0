"""Where a page of cards ends, as the text that a browser hands back."""

from datetime import datetime

from callcards.ports import Before
from core.errors import Rejected


def cursor(started_at: datetime, card_id: str) -> str:
    return f"{started_at.isoformat()}~{card_id}"


def before(text: str) -> Before:
    """Rejected for anything that `cursor` didn't write."""
    at, separator, card_id = text.partition("~")
    try:
        started_at = datetime.fromisoformat(at.replace(" ", "+"))
    except ValueError as error:
        raise Rejected("This page doesn't exist: start again without `before`.", code="bad_cursor") from error
    if not separator or started_at.tzinfo is None:
        raise Rejected("This page doesn't exist: start again without `before`.", code="bad_cursor")
    return Before(started_at=started_at, card_id=card_id)
