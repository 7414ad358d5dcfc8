# SPDX-License-Identifier: Apache-2.0
"""Endpoints of turns."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from services.orchestrator.api.dependencies import RecordId, SessionId, Wait
from services.orchestrator.api.turn_views import turn_view
from services.orchestrator.api.views import TurnView
from services.orchestrator.store.sessions import find_session
from services.orchestrator.store.turns import find_turn, turns_of
from services.orchestrator.turns.finished import FinishedTurns
from shared.database import Database
from shared.errors import NotFoundError


def turns_router(database: Database, finished: FinishedTurns) -> APIRouter:
    """Return the endpoints of turns."""
    router = APIRouter(prefix="/sessions/{session_id}", tags=["turns"])

    @router.get("/turns")
    async def get_turns(
        session_id: SessionId, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[TurnView]:
        """List the last turns of a session, oldest first."""
        await find_session(database, session_id)
        async with database.connect() as connection:
            found = await turns_of(connection, session_id, limit=limit)
        return [await turn_view(database, turn) for turn in found]

    @router.get("/turns/{turn_id}")
    async def get_turn(session_id: SessionId, turn_id: RecordId, wait: Wait = 0) -> TurnView:
        """Return a turn; with ``wait``, when it has ended or waits for a person."""
        async with database.connect() as connection:
            turn = await find_turn(connection, turn_id)
        if turn.session_id != session_id:
            raise NotFoundError(f"session {session_id!r} has no turn {turn_id!r}")
        if wait:
            turn = await finished.wait(turn.id, limit=timedelta(seconds=wait))
        return await turn_view(database, turn)

    return router
