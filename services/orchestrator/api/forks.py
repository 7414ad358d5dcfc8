# SPDX-License-Identifier: Apache-2.0
"""Endpoints of forks."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.orchestrator.agents import UnknownAgentError
from services.orchestrator.api.accepting import Accepting
from services.orchestrator.api.dependencies import SessionId, key_of
from services.orchestrator.api.messages import check_content
from services.orchestrator.api.views import NewFork, SessionView
from services.orchestrator.commands.fork_session import ForkSessionCommand, ForkSessionHandler
from services.orchestrator.domain.forking import ForkPoint, UnforkableError
from services.orchestrator.store.forks import forks_of
from services.orchestrator.store.idempotency import IdempotencyKey
from services.orchestrator.store.sessions import find_session
from shared.database import Database
from shared.errors import ConfigurationError
from shared.http import Problem


def forks_router(
    database: Database, fork: ForkSessionHandler, *, max_length: int, accept: Accepting
) -> APIRouter:
    """Return the endpoints of forks."""
    router = APIRouter(prefix="/sessions/{session_id}", tags=["sessions"])

    @router.post("/fork", status_code=201, dependencies=[Depends(accept)])
    async def fork_session(
        session_id: SessionId,
        key: Annotated[IdempotencyKey | None, Depends(key_of)],
        body: NewFork | None = None,
    ) -> SessionView:
        """Begin a new session with the past of this one, up to a point.

        The past is copied and nothing of it is done again. With a message, the fork goes on with
        it; without one, it goes on with what was in hand at the point, if anything was.
        """
        body = body or NewFork.model_validate({})
        if body.message is not None:
            check_content(body.message, max_length)
        try:
            return SessionView.of(await fork.handle(_command(session_id, body, key)))
        except UnknownAgentError as error:
            raise Problem(422, "Unknown agent", str(error)) from error
        except ConfigurationError as error:
            raise Problem(422, "Unknown model", str(error)) from error
        except UnforkableError as error:
            raise Problem(422, "Cannot fork there", str(error)) from error

    @router.get("/forks")
    async def get_forks(
        session_id: SessionId, limit: Annotated[int, Query(ge=1, le=500)] = 100
    ) -> list[SessionView]:
        """List the sessions that were forked from this one, oldest first."""
        await find_session(database, session_id)
        async with database.connect() as connection:
            found = await forks_of(connection, session_id, limit=limit)
        return [SessionView.of(each) for each in found]

    return router


def _command(session_id: str, body: NewFork, key: IdempotencyKey | None) -> ForkSessionCommand:
    return ForkSessionCommand(
        session_id=session_id,
        forked_by=body.forked_by,
        point=ForkPoint(
            sequence=body.sequence, before_turn=body.before_turn, after_turn=body.after_turn
        ),
        reason=body.reason,
        message=body.message,
        agent=body.agent,
        model=body.model,
        title=body.title,
        with_files=body.workspace == "auto",
        key=key,
    )
