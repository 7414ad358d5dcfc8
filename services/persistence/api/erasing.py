# SPDX-License-Identifier: Apache-2.0
"""Erasing of imported sessions over HTTP."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from services.persistence.api.parameters import Name, SessionId
from services.persistence.store.erasing import Erasure
from services.persistence.store.import_erasing import ImportErasing
from services.persistence.views.erasures import ErasedImport
from shared.http.openapi import problem

Reason = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]*$")]


class ErasureOrder(BaseModel):
    """Who has a session erased, and why; both are kept, so they must not say what is erased."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: Name = "anonymous"
    reason: Reason = ""


def add_erasing_routes(router: APIRouter, erasing: ImportErasing) -> None:
    """Add the route of erasing to ``router``."""

    @router.post(
        "/sessions/{session_id}/erase",
        tags=["history"],
        responses={409: problem("The session is of this installation: its orchestrator erases.")},
    )
    async def erase_session(
        session_id: SessionId, body: ErasureOrder | None = None
    ) -> ErasedImport:
        """Erase all that was said in a session that is here by import alone, for good.

        Numbers, ids and times stay, and an import brings nothing back. One that also came over a
        topic here is refused: the orchestrator erases it, in every service.
        """
        order = body or ErasureOrder()
        erased = await erasing.erase(
            Erasure(session_id=session_id, by=order.by, reason=order.reason)
        )
        return ErasedImport.model_validate(erased)
