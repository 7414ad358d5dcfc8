# SPDX-License-Identifier: Apache-2.0
"""The endpoint of messages."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response

from services.orchestrator.api.accepting import Accepting
from services.orchestrator.api.dependencies import SessionId, Wait, key_of
from services.orchestrator.api.sse import STREAM, wants_stream
from services.orchestrator.api.streamed_answer import streamed_answer
from services.orchestrator.api.turn_views import turn_view
from services.orchestrator.api.views import NewMessage, TurnView
from services.orchestrator.commands.send_message import SendMessageCommand, SendMessageHandler
from services.orchestrator.live import SessionFeed
from services.orchestrator.store.idempotency import IdempotencyKey
from services.orchestrator.turns.finished import FinishedTurns
from services.orchestrator.turns.toolbox import TakenNameError
from shared.database import Database
from shared.http import Problem

RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The turn, which has ended; or what happens in it, until it has ended.",
        "model": TurnView,
        "content": STREAM,
    },
}


def messages_router(
    database: Database,
    send: SendMessageHandler,
    finished: FinishedTurns,
    feed: SessionFeed,
    *,
    max_length: int,
    accept: Accepting,
) -> APIRouter:
    """Return the endpoint of messages."""
    router = APIRouter(prefix="/sessions/{session_id}", tags=["messages"])

    @router.post(
        "/messages",
        status_code=202,
        dependencies=[Depends(accept)],
        response_model=TurnView,
        responses=RESPONSES,
    )
    async def send_message(
        session_id: SessionId,
        body: NewMessage,
        request: Request,
        response: Response,
        key: Annotated[IdempotencyKey | None, Depends(key_of)],
        wait: Wait = 0,
    ) -> TurnView | Response:
        """Accept a message; 202 means that it is stored and will be answered.

        With ``wait``, answer 200 with the reply if it is there in time. With ``Accept:
        text/event-stream``, send the events of the turn and the text of the answer as they are
        made, and at last the turn; whoever is cut off goes on with the events of the session.
        """
        check_content(body.content, max_length)
        command = SendMessageCommand(
            session_id=session_id, content=body.content, client_tools=body.client_tools, key=key
        )
        try:
            if wants_stream(request):
                return await streamed_answer(database, feed, send, command)
            turn = await send.handle(command)
        except TakenNameError as error:
            raise Problem(422, "Invalid request", f"body.client_tools: {error}") from error
        if wait:
            turn = await finished.wait(turn.id, limit=timedelta(seconds=wait))
        if turn.state.ended:
            response.status_code = 200
        return await turn_view(database, turn)

    return router


def check_content(content: str, max_length: int) -> None:
    """Return if the content can be a message.

    Raises:
        Problem: it is too long, or there is nothing in it.
    """
    if len(content) > max_length:
        raise Problem(
            413, "Content Too Large", f"a message may have at most {max_length} characters"
        )
    if not content.strip():
        raise Problem(422, "Invalid request", "body.content: a message needs more than blanks")
