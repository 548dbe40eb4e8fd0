"""The one ASGI application: routes of the rooms, the door, pages, errors, behind the guard. No business rules."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp

from runtime.metrics import Registry
from web import failures, pages, session_http, status_http
from web.accounts import Accounts
from web.guard import Guard
from web.settings import WebSettings
from web.status_http import Check

VERSION = "0.1.0"


def create_app(
    *,
    settings: WebSettings,
    accounts: Accounts,
    registry: Registry,
    checks: Mapping[str, Check],
    routers: Sequence[APIRouter],
) -> ASGIApp:
    """Everything behind the port. `routers` are what the features offer (their http.py and ws.py)."""
    app = FastAPI(
        title="Meridian",
        version=VERSION,
        description="Cards, clients and calls of a contact centre. Errors are `{code, message}`.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.accounts = accounts
    app.state.settings = settings
    failures.install(app)
    for router in (session_http.router, status_http.router(checks, registry), *routers):
        app.include_router(router)
    pages.install(app)
    return Guard(app, settings)
