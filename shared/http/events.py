# SPDX-License-Identifier: Apache-2.0
"""The endpoint that describes the events of this installation."""

from typing import Any

from fastapi import APIRouter

from shared.events import Topics
from shared.messaging.asyncapi import asyncapi_document


def events_router(*, version: str, topics: Topics) -> APIRouter:
    """Return ``/asyncapi.json``."""
    router = APIRouter(tags=["events"])

    @router.get("/asyncapi.json")
    async def asyncapi() -> dict[str, Any]:
        """Describe every topic and every event on it, as AsyncAPI 3."""
        return asyncapi_document(version=version, topics=topics)

    return router
