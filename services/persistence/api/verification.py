# SPDX-License-Identifier: Apache-2.0
"""Verification over HTTP."""

from fastapi import APIRouter

from services.persistence.api.parameters import SessionId
from services.persistence.queries.verification import VerificationQueries
from services.persistence.views.verification import Verification


def add_verification_routes(router: APIRouter, verification: VerificationQueries) -> None:
    """Add the routes that compare what is recorded to ``router``."""

    @router.get("/sessions/{session_id}/verification", tags=["history"])
    async def verify_session(session_id: SessionId) -> Verification:
        """Fold the recorded events again and tell what is recorded otherwise."""
        return await verification.verify(session_id)
