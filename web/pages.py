"""The pages and their files. No build step, no template: what is in static/ is what the browser gets."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

STATIC = Path(__file__).parent / "static"
_PAGES = {
    "/": "operator.html",
    "/signin": "signin.html",
    "/cards": "cards.html",
    "/waiting": "waiting.html",
    "/plan": "plan.html",
    "/docs": "docs.html",
}


class _Files(StaticFiles):
    """Files that the browser may keep but must ask about: a new version is there at the next load."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = "no-cache"
        return response


def install(app: FastAPI) -> None:
    """Give `app` its pages."""
    routes = APIRouter(include_in_schema=False)
    for path, file in _PAGES.items():
        routes.add_api_route(path, _page(file), methods=["GET"], response_class=FileResponse)
    routes.add_api_route("/favicon.ico", _page("icon.svg"), methods=["GET"], response_class=FileResponse)
    app.include_router(routes)
    app.mount("/static", _Files(directory=STATIC), name="static")


def _page(file: str) -> Callable[[], Awaitable[FileResponse]]:
    async def page() -> FileResponse:
        return FileResponse(STATIC / file, headers={"cache-control": "no-cache"})

    return page
