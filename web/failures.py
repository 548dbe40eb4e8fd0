"""Errors -> HTTP: one table from the code of an error to a status, one shape for every answer that isn't one."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.errors import Conflict, ContactCentreError, Forbidden, NotFound, Rejected, Unavailable

log = logging.getLogger(__name__)


class SignedOut(Rejected):
    """Nobody is signed in under this session."""

    code = "signed_out"


class TooMany(Rejected):
    """Asked too often; `retry_s` says when it may be tried again."""

    code = "too_many"

    def __init__(self, message: str, *, retry_s: float) -> None:
        super().__init__(message)
        self.retry_s = retry_s


_STATUS: tuple[tuple[type[ContactCentreError], int], ...] = (
    (SignedOut, 401),
    (TooMany, 429),
    (Forbidden, 403),
    (Rejected, 400),
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
)
_CODES = {404: "not_found", 405: "not_allowed", 413: "too_large"}


def status_of(error: ContactCentreError) -> int:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def answer(status: int, code: str, message: str, *, retry_s: float | None = None) -> JSONResponse:
    """{code, message} and nothing else."""
    headers = {} if retry_s is None else {"Retry-After": str(max(1, round(retry_s)))}
    return JSONResponse({"code": code, "message": message}, status_code=status, headers=headers)


def install(app: FastAPI) -> None:
    """Give `app` the table."""
    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[JSONResponse]]] = {
        ContactCentreError: _ours,
        RequestValidationError: _invalid,
        HTTPException: _http,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


async def _ours(_request: Request, error: ContactCentreError) -> JSONResponse:
    retry_s = error.retry_s if isinstance(error, TooMany) else None
    return answer(status_of(error), error.code, str(error), retry_s=retry_s)


async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:]) or "body"
    return answer(422, "invalid", f"{where}: {first['msg']}")


async def _http(_request: Request, error: HTTPException) -> JSONResponse:
    return answer(error.status_code, _CODES.get(error.status_code, "error"), str(error.detail))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("request failed", exc_info=error, extra={"action": "request_failed", "path": request.url.path})
    return answer(500, "internal", "Something went wrong on our side; the log of the service has the details.")
