# SPDX-License-Identifier: Apache-2.0
"""The endpoints by which a service is watched: alive, making progress, and in figures."""

import asyncio
from collections.abc import Callable, Sequence

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from shared.health import Component

Figures = Callable[[str], tuple[bytes, str]]


class Health(BaseModel):
    """The answer of a service that is alive."""

    status: str
    service: str
    version: str


def health_router(
    *, service: str, version: str, components: Sequence[Component], figures: Figures
) -> APIRouter:
    """Return ``/healthz``, ``/readyz`` and ``/metrics``."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def healthz() -> Health:
        """Answer as long as the process is alive."""
        return Health(status="alive", service=service, version=version)

    @router.get("/readyz")
    async def readyz() -> JSONResponse:
        """Answer 200 if every part makes progress, and otherwise 503 with the reasons."""
        states = {each.name: await each.readiness() for each in components}
        reasons = {name: state.reason for name, state in states.items() if not state.ready}
        return JSONResponse(
            {"status": "waiting" if reasons else "ready", "service": service, "reasons": reasons},
            status_code=503 if reasons else 200,
        )

    @router.get("/metrics", response_class=Response)
    async def metrics(request: Request) -> Response:
        """Answer in the text format of Prometheus."""
        body, content_type = await asyncio.to_thread(figures, request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    return router
