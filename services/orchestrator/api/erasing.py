# SPDX-License-Identifier: Apache-2.0
"""The endpoint by which a person's data is erased."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from services.orchestrator.api.dependencies import SessionId, key_of
from services.orchestrator.api.views import Body, Person
from services.orchestrator.commands.erase_session import (
    EraseSessionCommand,
    EraseSessionHandler,
    Erasure,
)
from services.orchestrator.store.idempotency import IdempotencyKey

KeyOf = Annotated[IdempotencyKey | None, Depends(key_of)]


class ErasureOrder(Body):
    """Who has a session erased, and why; both are kept, so they must not say what is erased."""

    by: Person = "anonymous"
    reason: str = Field(default="", max_length=200, description="kept for ever: name no person")


class ErasureView(BaseModel):
    """What was erased; ``forks`` began with what was said in the session, and still have it."""

    session_id: str
    erased_at: datetime | None
    last_sequence: int
    forks: list[str]

    @classmethod
    def of(cls, erasure: Erasure) -> "ErasureView":
        """Return a view of an erasure."""
        session = erasure.session
        return cls(
            session_id=session.id,
            erased_at=session.erased_at,
            last_sequence=session.last_sequence,
            forks=list(erasure.forks),
        )


def erasing_router(erase: EraseSessionHandler) -> APIRouter:
    """Return the endpoint of erasing."""
    router = APIRouter(prefix="/sessions/{session_id}", tags=["sessions"])

    @router.post("/erase")
    async def erase_session(
        session_id: SessionId, key: KeyOf, body: ErasureOrder | None = None
    ) -> ErasureView:
        """Erase all that was said in a session, here and in every service, for good.

        Numbers, ids, times and proofs stay. It is refused while a turn is not finished.
        """
        order = body or ErasureOrder()
        return ErasureView.of(
            await erase.handle(
                EraseSessionCommand(
                    session_id=session_id, by=order.by, reason=order.reason, key=key
                )
            )
        )

    return router
