# SPDX-License-Identifier: Apache-2.0
"""Endpoints by which a person steers what is going on in a session."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.orchestrator.api.dependencies import SessionId, key_of
from services.orchestrator.api.views import Cancellation, SessionView, Signature, TurnView
from services.orchestrator.commands.cancel_turns import CancelTurnsCommand, CancelTurnsHandler
from services.orchestrator.commands.pause_session import PauseSessionCommand, PauseSessionHandler
from services.orchestrator.store.idempotency import IdempotencyKey

KeyOf = Annotated[IdempotencyKey | None, Depends(key_of)]


def steering_router(cancel: CancelTurnsHandler, pause: PauseSessionHandler) -> APIRouter:
    """Return the endpoints of steering."""
    router = APIRouter(prefix="/sessions/{session_id}", tags=["steering"])

    @router.post("/cancel")
    async def cancel_turns(
        session_id: SessionId, key: KeyOf, body: Cancellation | None = None
    ) -> list[TurnView]:
        """Stop the turns of a session, at whichever replica, and return them; the session goes on.

        A call of a model is cut off; what a tool in hand has done is recorded as unknown.
        """
        said = body or Cancellation()
        turns = await cancel.handle(
            CancelTurnsCommand(
                session_id=session_id,
                by=said.by,
                reason=said.reason,
                turn_id=said.turn_id,
                key=key,
            )
        )
        return [TurnView.of(turn) for turn in turns]

    @router.post("/pause")
    async def pause_session(
        session_id: SessionId, key: KeyOf, body: Signature | None = None
    ) -> SessionView:
        """Begin no further call until the session is resumed, also over restarts."""
        return await _set(session_id, key, body, paused=True)

    @router.post("/resume")
    async def resume_session(
        session_id: SessionId, key: KeyOf, body: Signature | None = None
    ) -> SessionView:
        """Go on where the session was paused."""
        return await _set(session_id, key, body, paused=False)

    async def _set(
        session_id: str, key: IdempotencyKey | None, body: Signature | None, *, paused: bool
    ) -> SessionView:
        said = body or Signature()
        command = PauseSessionCommand(
            session_id=session_id, paused=paused, by=said.by, reason=said.reason, key=key
        )
        return SessionView.of(await pause.handle(command))

    return router
