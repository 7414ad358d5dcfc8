# SPDX-License-Identifier: Apache-2.0
"""Rebuilds of the read models over HTTP."""

from fastapi import APIRouter

from services.persistence.queries.rebuilds import RebuildQueries
from services.persistence.views.rebuilds import RebuildView


def add_rebuild_routes(router: APIRouter, rebuilds: RebuildQueries) -> None:
    """Add the routes of rebuilds to ``router``."""

    @router.post("/rebuilds", status_code=202, tags=["rebuilds"])
    async def begin_rebuild() -> RebuildView:
        """Build all read models again beside the live ones, compare them, and swap them."""
        return await rebuilds.begin()

    @router.get("/rebuilds", tags=["rebuilds"])
    async def list_rebuilds() -> list[RebuildView]:
        """Return the last rebuilds, the newest first."""
        return await rebuilds.last()
