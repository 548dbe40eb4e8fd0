"""Routes of the door: sign in, sign out, who am I, a ticket for the socket."""

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from core.model import Role
from web.access import COOKIE, Door, Operator
from web.people import SignedIn
from web.settings import WebSettings

router = APIRouter(prefix="/api", tags=["session"])


class SignIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    login: str = Field(min_length=1, max_length=100)
    password: str = Field(min_length=1, max_length=200)
    extension: str | None = Field(default=None, max_length=40)


class Me(BaseModel):
    user_id: str
    login: str
    name: str
    role: Role
    site: str
    extension: str | None
    language: str | None


class Ticket(BaseModel):
    ticket: str
    life_s: float


@router.post("/session", status_code=201)
async def sign_in(asked: SignIn, request: Request, response: Response, door: Door) -> Me:
    """Sign in with name, password and the extension that you sit at (yours, when left out)."""
    settings: WebSettings = request.app.state.settings
    token, who = await door.sign_in(
        login=asked.login,
        password=asked.password,
        extension=asked.extension,
        address=request.client.host if request.client else "",
    )
    secure = request.url.scheme == "https" if settings.secure_cookies is None else settings.secure_cookies
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(settings.session_hours * 3600),
        httponly=True,
        samesite="strict",
        secure=secure,
        path="/",
    )
    return _me(who)


@router.delete("/session", status_code=204)
async def sign_out(who: Operator, response: Response, door: Door) -> None:
    """Sign out: the session ends, and with it every socket that it opened."""
    await door.sign_out(who)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", path="/")


@router.get("/me")
async def me(who: Operator) -> Me:
    """Who is signed in here."""
    return _me(who)


@router.post("/socket-ticket", status_code=201)
async def socket_ticket(who: Operator, request: Request, door: Door) -> Ticket:
    """A ticket for one socket, good once and soon. It goes into the subprotocol list as `ticket.<ticket>`."""
    settings: WebSettings = request.app.state.settings
    return Ticket(ticket=door.ticket(who), life_s=settings.ticket_s)


def _me(who: SignedIn) -> Me:
    return Me(
        user_id=who.user_id,
        login=who.login,
        name=who.name,
        role=who.role,
        site=who.site,
        extension=who.extension,
        language=who.language,
    )
