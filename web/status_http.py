"""Routes for the machines that watch us: alive, ready, metrics. They say nothing about people or calls."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Response
from fastapi.responses import PlainTextResponse

from runtime.metrics import Registry

Check = Callable[[], str | None]


def router(checks: Mapping[str, Check], registry: Registry) -> APIRouter:
    """`checks`: name -> a look at live state that returns what is wrong, or None."""
    routes = APIRouter(tags=["status"])

    @routes.get("/healthz")
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @routes.get("/readyz")
    async def readyz(response: Response) -> dict[str, str]:
        """Whether all that the work needs is there; 503 with the reasons when not."""
        results = {name: check() for name, check in checks.items()}
        if any(results.values()):
            response.status_code = 503
        return {name: wrong or "ok" for name, wrong in results.items()}

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> PlainTextResponse:
        """Prometheus' text form."""
        return PlainTextResponse(registry.text(), media_type="text/plain; version=0.0.4")

    return routes
