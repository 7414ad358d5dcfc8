# SPDX-License-Identifier: Apache-2.0
"""Verification over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.persistence.api.parameters import Cursor, SessionId
from services.persistence.queries.verification import VerificationQueries
from services.persistence.views.verification import Verification
from services.persistence.views.view import Page

AtOnce = Annotated[int, Query(ge=1, le=50, description="how many at most")]


def add_verification_routes(router: APIRouter, verification: VerificationQueries) -> None:
    """Add the routes that compare what is recorded to ``router``."""

    @router.get("/sessions/{session_id}/verification", tags=["history"])
    async def verify_session(session_id: SessionId) -> Verification:
        """Fold the recorded events again and tell what is recorded otherwise."""
        return await verification.verify(session_id)

    @router.get("/verifications", tags=["history"])
    async def verify_sessions(limit: AtOnce = 20, cursor: Cursor = None) -> Page[Verification]:
        """Verify all sessions, page by page, in the order of their ids."""
        return await verification.page(cursor=cursor, limit=limit)
