# SPDX-License-Identifier: Apache-2.0
"""Endpoints of messages and the turns that answer them."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from services.orchestrator.api.dependencies import RecordId, SessionId, key_of
from services.orchestrator.api.views import NewMessage, TurnView
from services.orchestrator.commands.send_message import SendMessageCommand, SendMessageHandler
from services.orchestrator.domain.turn import Turn, TurnState
from services.orchestrator.store.approvals import ApprovalState, approvals_of
from services.orchestrator.store.idempotency import IdempotencyKey
from services.orchestrator.store.sessions import find_session
from services.orchestrator.store.turns import find_turn, turns_of
from services.orchestrator.turns.finished import FinishedTurns
from shared.database import Database
from shared.errors import NotFoundError
from shared.http import Problem

Wait = Annotated[
    float, Query(ge=0, le=300, description="seconds to wait for the answer, 0 for none")
]


def messages_router(
    database: Database,
    send: SendMessageHandler,
    finished: FinishedTurns,
    *,
    max_length: int,
) -> APIRouter:
    """Return the endpoints of messages and turns."""
    router = APIRouter(prefix="/sessions/{session_id}", tags=["messages"])

    async def view(turn: Turn) -> TurnView:
        if turn.state is not TurnState.WAITING:
            return TurnView.of(turn)
        async with database.connect() as connection:
            waiting = await approvals_of(connection, turn.session_id, state=ApprovalState.OPEN)
        return TurnView.of(turn, [each for each in waiting if each.turn_id == turn.id])

    @router.post("/messages", status_code=202)
    async def send_message(
        session_id: SessionId,
        body: NewMessage,
        response: Response,
        key: Annotated[IdempotencyKey | None, Depends(key_of)],
        wait: Wait = 0,
    ) -> TurnView:
        """Accept a message; 202 means that it is stored and will be answered.

        With ``wait``, answer 200 with the reply if it is there in time.
        """
        _check(body.content, max_length)
        command = SendMessageCommand(session_id=session_id, content=body.content, key=key)
        turn = await send.handle(command)
        if wait:
            turn = await finished.wait(turn.id, limit=timedelta(seconds=wait))
        if turn.state.ended:
            response.status_code = 200
        return await _view(database, turn)

    @router.get("/turns")
    async def get_turns(
        session_id: SessionId, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[TurnView]:
        """List the last turns of a session, oldest first."""
        await find_session(database, session_id)
        async with database.connect() as connection:
            found = await turns_of(connection, session_id, limit=limit)
        return [await _view(database, turn) for turn in found]

    @router.get("/turns/{turn_id}")
    async def get_turn(session_id: SessionId, turn_id: RecordId, wait: Wait = 0) -> TurnView:
        """Return a turn; with ``wait``, when it has ended or waits for a person."""
        async with database.connect() as connection:
            turn = await find_turn(connection, turn_id)
        if turn.session_id != session_id:
            raise NotFoundError(f"session {session_id!r} has no turn {turn_id!r}")
        if wait:
            turn = await finished.wait(turn.id, limit=timedelta(seconds=wait))
        return await _view(database, turn)

    return router


def _check(content: str, max_length: int) -> None:
    if len(content) > max_length:
        raise Problem(
            413, "Content Too Large", f"a message may have at most {max_length} characters"
        )
    if not content.strip():
        raise Problem(422, "Invalid request", "body.content: a message needs more than blanks")


async def _view(database: Database, turn: Turn) -> TurnView:
    if turn.state is not TurnState.WAITING:
        return TurnView.of(turn)
    async with database.connect() as connection:
        waiting = await approvals_of(connection, turn.session_id, state=ApprovalState.OPEN)
    return TurnView.of(turn, [each for each in waiting if each.turn_id == turn.id])
