# SPDX-License-Identifier: Apache-2.0
"""Forks over HTTP."""

from fastapi import APIRouter

from services.persistence.api.parameters import SessionId
from services.persistence.queries.forks import ForkQueries
from services.persistence.views.forks import ForkTree


def add_fork_routes(router: APIRouter, forks: ForkQueries) -> None:
    """Add the routes of forks to ``router``."""

    @router.get("/sessions/{session_id}/forks", tags=["history"])
    async def get_forks(session_id: SessionId) -> ForkTree:
        """Return all sessions that began with the past of this one, or of what it began with."""
        return await forks.tree(session_id)
