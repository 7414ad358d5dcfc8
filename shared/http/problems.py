# SPDX-License-Identifier: Apache-2.0
"""Errors over HTTP as RFC 9457 problem details."""

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.errors import (
    AgentRuntimeError,
    ConflictError,
    DependencyDownError,
    NotFoundError,
    TransientError,
)
from shared.scrubbing import scrub

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5


class Problem(AgentRuntimeError):
    """What is wrong with a request, as the client will read it."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        **extra: Any,
    ) -> None:
        super().__init__(detail or title)
        self.status = status
        self.title = title
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra


def problem_response(problem: Problem) -> JSONResponse:
    """Return the response that describes ``problem``."""
    body: dict[str, Any] = {"type": "about:blank", "title": problem.title, "status": problem.status}
    if problem.detail:
        body["detail"] = problem.detail
    return JSONResponse(
        {**body, **problem.extra},
        status_code=problem.status,
        headers=problem.headers,
        media_type=MEDIA_TYPE,
    )


def install_problems(app: FastAPI) -> None:
    """Have every error of ``app`` answered with problem details."""

    async def on_problem(_: Request, error: Exception) -> JSONResponse:
        return problem_response(as_problem(error))

    for kind in (Problem, AgentRuntimeError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, on_problem)


def as_problem(error: Exception) -> Problem:
    """Return what a client is told of an error; what it is not told is logged."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _validation(error)
        case HTTPException():
            title = HTTPStatus(error.status_code).phrase
            detail = "" if error.detail == title else str(error.detail)
            return Problem(error.status_code, title, detail, headers=error.headers)
        case NotFoundError():
            return Problem(404, "Not Found", str(error))
        case ConflictError():
            return Problem(409, "Conflict", str(error))
        case DependencyDownError() | TransientError():
            logger.warning("request refused", extra={"reason": str(error)})
            return Problem(
                503,
                "Service Unavailable",
                "a server that this request needs does not answer; try again",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        case _:
            logger.error("request failed", exc_info=error)
            return Problem(500, "Internal Server Error", "the error is in the log of the service")


def _validation(error: RequestValidationError) -> Problem:
    problems = [
        {"where": ".".join(str(part) for part in each["loc"]), "problem": scrub(each["msg"])}
        for each in error.errors()[:20]
    ]
    malformed = any(each["type"] == "json_invalid" for each in error.errors())
    detail = "; ".join(f"{each['where']}: {each['problem']}" for each in problems)
    status, title = (400, "Malformed JSON") if malformed else (422, "Invalid request")
    return Problem(status, title, detail, errors=problems)
