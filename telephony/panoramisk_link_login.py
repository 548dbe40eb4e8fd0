"""From an open connection to a session that may ask and hears only what is used: login, rights, event mask, filters."""

import asyncio
import logging
import re
from hashlib import md5

from core.errors import Unavailable
from telephony.link_state import LinkRefused, LinkState
from telephony.making import USED_EVENTS
from telephony.panoramisk_link_session import AmiSession
from telephony.pbx_settings import AmiAccount, PbxSettings
from telephony.snapshot import LIST_EVENTS
from telephony.wire import Headers

log = logging.getLogger(__name__)

EVENT_MASK = "system,call,agent,user"
LIFE_EVENTS = frozenset({"FullyBooted", "Shutdown"})
WANTED_EVENTS = USED_EVENTS | LIFE_EVENTS
READ_EVENTS = WANTED_EVENTS | LIST_EVENTS
"""What is parsed at all, where the PBX can't or may not filter."""


async def log_in(session: AmiSession, account: AmiAccount, settings: PbxSettings, *, events: str) -> None:
    """LinkRefused(BAD_CREDENTIALS) when the PBX says no."""
    try:
        answer = await session.ask(await _credentials(session, account, settings, events))
    except Unavailable as silent:
        if session.greeting:
            raise
        where = f"{settings.host}:{settings.port}"
        raise Unavailable(
            f"{where} doesn't greet as Asterisk's manager does; check host, port and whether that port wants tls = true."
        ) from silent
    if answer.get("Response") != "Success":
        raise LinkRefused(
            LinkState.BAD_CREDENTIALS,
            f"The PBX refuses the AMI account {account.user!r} ({answer.get('Message', 'no reason given')}): check user, "
            f"secret and permit/deny in manager.conf, and our configuration.",
        )


async def _credentials(
    session: AmiSession, account: AmiAccount, settings: PbxSettings, events: str
) -> list[tuple[str, str]]:
    login = [("Action", "Login"), ("Username", account.user), ("Events", events)]
    if not settings.md5_login:
        return [*login, ("Secret", account.secret)]
    challenge = await session.ask([("Action", "Challenge"), ("AuthType", "MD5")])
    if "Challenge" not in challenge:
        raise LinkRefused(
            LinkState.BAD_CREDENTIALS,
            f"The PBX offers no MD5 login ({challenge.get('Message', '')}); set md5_login = false, and use TLS.",
        )
    key = md5((challenge["Challenge"] + account.secret).encode(), usedforsecurity=False).hexdigest()
    return [*login, ("AuthType", "MD5"), ("Key", key)]


async def allowed_actions(session: AmiSession) -> Headers:
    """The actions that this account may use, with their synopses."""
    return await session.ask([("Action", "ListCommands")])


async def hear_only_what_is_used(session: AmiSession) -> None:
    """Have the PBX filter; where it can't or we may not, everything of the mask comes and we skip it unparsed."""
    version = (await session.ask([("Action", "CoreSettings")])).get("AsteriskVersion", "")
    for criteria in filters(version):
        answer = await session.ask([("Action", "Filter"), ("Operation", "Add"), *criteria])
        if answer.get("Response") != "Success":
            log.info("no event filter: %s", answer.get("Message"), extra={"action": "filter_refused"})
            break
    await session.ask([("Action", "Events"), ("EventMask", EVENT_MASK)])


def filters(version: str) -> list[list[tuple[str, str]]]:
    """Filter actions' headers: by name where this Asterisk has that (20.9, 21.4, 22), else one regular expression."""
    if _filters_by_name(version):
        return [[("MatchCriteria", f"action(include),name({name})")] for name in sorted(WANTED_EVENTS)]
    return [[("Filter", f"^Event: ({'|'.join(sorted(WANTED_EVENTS))})[[:space:]]")]]


def _filters_by_name(version: str) -> bool:
    found = re.match(r"(?:certified[-/])?(\d+)\.(\d+)", version)
    if found is None:
        return False
    release = (int(found[1]), int(found[2]))
    return release >= (22, 0) or (21, 4) <= release < (22, 0) or (20, 9) <= release < (21, 0)


async def wait_for(*events: asyncio.Event, at_most_s: float) -> None:
    """Until one of the events is set or the time is over."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=at_most_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
