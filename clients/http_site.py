"""Clients and cards of one's own site only: another site's is 404 like one that isn't, and the attempt is written down."""

import contextlib
from collections.abc import AsyncIterator

from clients.ports import ClientDirectory
from core.errors import NotFound
from web.accounts import Accounts
from web.people import SignedIn


@contextlib.asynccontextmanager
async def own_site_only(
    directory: ClientDirectory, who: SignedIn, door: Accounts, *client_ids: str | None, card_id: str | None = None
) -> AsyncIterator[None]:
    """Around what may raise NotFound for one of these ids."""
    try:
        yield
    except NotFound:
        asked = [("client", client_id) for client_id in client_ids if client_id]
        for what, thing_id in [*asked, *([("card", card_id)] if card_id else [])]:
            whose = await (
                directory.home_of(card_id=thing_id) if what == "card" else directory.home_of(client_id=thing_id)
            )
            if whose is not None and whose != who.site:
                await door.refused_access(who, f"{what} {thing_id} of site {whose}")
        raise
