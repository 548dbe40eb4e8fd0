"""What a route asks for when it needs to know who is asking: `who: Operator`, `who: Supervisor`, `who: Admin`."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request

from core.errors import Forbidden
from core.model import Role
from web.accounts import Accounts
from web.people import SignedIn

COOKIE = "meridian_session"


def accounts_of(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


async def signed_in(request: Request) -> SignedIn:
    """The person behind the session cookie; 401 without."""
    return await accounts_of(request).who(request.cookies.get(COOKIE))


def at_least(role: Role) -> Callable[[Request], Awaitable[SignedIn]]:
    """A dependency that lets nobody below `role` pass, and writes down who tried."""

    async def check(request: Request) -> SignedIn:
        who = await signed_in(request)
        if not who.is_at_least(role):
            accounts = accounts_of(request)
            await accounts.refused_access(who, f"{request.method} {request.url.path}")
            raise Forbidden(f"This needs the role {role}; you are signed in as {who.role}.")
        return who

    return check


Operator = Annotated[SignedIn, Depends(signed_in)]
Supervisor = Annotated[SignedIn, Depends(at_least(Role.SUPERVISOR))]
Admin = Annotated[SignedIn, Depends(at_least(Role.ADMIN))]
Door = Annotated[Accounts, Depends(accounts_of)]
