"""Since when callers of ACD queues wait. QueueStatus tells only since when they stand in the present slice of their wait
(telephony/dialplan.py), so their channels are asked, each for its own variable: in a list a caller could put one there."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.errors import ContactCentreError
from telephony.offer_commands import AskEntered, AskEpoch
from telephony.panoramisk_link_session import AmiSession
from telephony.wire import Headers

_MOST_ASKED = 2_000


async def waiting_since(session: AmiSession, entries: Sequence[Headers], at: datetime) -> dict[str, datetime]:
    """By Uniqueid, for those callers who have an entry time of their own. By the PBX's clock, told in ours."""
    uniqueids = [entry["Uniqueid"] for entry in entries if entry.get("Event") == "QueueEntry" and "Uniqueid" in entry]
    if not uniqueids:
        return {}
    epoch = await _asked(session, AskEpoch())
    asked = await asyncio.gather(*(_entered(session, uniqueid) for uniqueid in uniqueids[:_MOST_ASKED]))
    if epoch is None:
        return {}
    return {
        uniqueid: at - timedelta(seconds=epoch - entered)
        for uniqueid, entered in zip(uniqueids, asked, strict=False)
        if entered is not None and 0 <= epoch - entered < _LONGEST_S
    }


_LONGEST_S = 7 * 86_400


async def _entered(session: AmiSession, uniqueid: str) -> int | None:
    try:
        question = AskEntered(uniqueid=uniqueid)
    except ContactCentreError:
        return None  # no Uniqueid that Asterisk would have made
    return await _asked(session, question)


async def _asked(session: AmiSession, question: AskEntered | AskEpoch) -> int | None:
    value = (await session.ask(question.headers())).get("Value", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 12 else None
