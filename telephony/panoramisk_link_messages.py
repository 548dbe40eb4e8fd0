"""Asks which messages callers have left of late: our dialplan keeps the last ones in Asterisk's database, since they come when
nobody else is there, Meridian included."""

from collections.abc import Sequence

from telephony.dialplan import MESSAGES_FAMILY
from telephony.panoramisk_link_session import AmiSession
from telephony.wire import Headers


async def kept_messages(session: AmiSession, allowed: Headers) -> Sequence[Headers]:
    """The entries; none where this account may not ask, or Asterisk is older than the question (20)."""
    if "DBGetTree" not in allowed:
        return ()
    return (await session.ask_list([("Action", "DBGetTree"), ("Family", MESSAGES_FAMILY)])).items
