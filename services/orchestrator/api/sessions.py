# SPDX-License-Identifier: Apache-2.0
"""Endpoints of sessions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.orchestrator.agents import UnknownAgentError
from services.orchestrator.api.accepting import Accepting
from services.orchestrator.api.dependencies import (
    SessionId,
    cursor_of,
    key_of,
    place_of,
    require_text,
)
from services.orchestrator.api.views import (
    AgentChange,
    NewSession,
    Person,
    Reason,
    SessionPage,
    SessionView,
    Signature,
)
from services.orchestrator.commands.create_session import (
    CreateSessionCommand,
    CreateSessionHandler,
)
from services.orchestrator.commands.end_session import EndSessionCommand, EndSessionHandler
from services.orchestrator.commands.switch_agent import SwitchAgentCommand, SwitchAgentHandler
from services.orchestrator.domain.session import SessionState
from services.orchestrator.store.idempotency import IdempotencyKey
from services.orchestrator.store.sessions import find_session, list_sessions
from services.orchestrator.turns.toolbox import TakenNameError
from shared.database import Database
from shared.http import Problem

KeyOf = Annotated[IdempotencyKey | None, Depends(key_of)]


def sessions_router(
    database: Database,
    create: CreateSessionHandler,
    switch: SwitchAgentHandler,
    end: EndSessionHandler,
    *,
    accept: Accepting,
) -> APIRouter:
    """Return the endpoints of sessions."""
    router = APIRouter(prefix="/sessions", tags=["sessions"])

    @router.post("", status_code=201, dependencies=[Depends(accept)])
    async def create_session(body: NewSession, key: KeyOf) -> SessionView:
        """Begin a conversation."""
        try:
            session = await create.handle(
                CreateSessionCommand(
                    created_by=body.created_by,
                    title=body.title,
                    agent=body.agent,
                    budget=body.budget,
                    client_tools=body.client_tools,
                    key=key,
                )
            )
        except UnknownAgentError as error:
            raise Problem(422, "Unknown agent", str(error)) from error
        except TakenNameError as error:
            raise Problem(422, "Invalid request", f"body.client_tools: {error}") from error
        return SessionView.of(session)

    @router.get("")
    async def get_sessions(
        state: SessionState | None = None,
        cursor: Annotated[str | None, Query(max_length=500)] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
    ) -> SessionPage:
        """List sessions, the latest changed first."""
        found = await list_sessions(database, state=state, after=place_of(cursor), limit=limit + 1)
        page = found[:limit]
        more = len(found) > limit
        return SessionPage(
            sessions=[SessionView.of(session) for session in page],
            next_cursor=cursor_of(page[-1].updated_at, page[-1].id) if more else None,
        )

    @router.get("/{session_id}")
    async def get_session(session_id: SessionId) -> SessionView:
        """Return one session."""
        return SessionView.of(await find_session(database, session_id))

    @router.post("/{session_id}/agent")
    async def switch_agent(session_id: SessionId, body: AgentChange, key: KeyOf) -> SessionView:
        """Have another agent go on, from the next turn."""
        command = SwitchAgentCommand(
            session_id=session_id, to_agent=body.agent, reason=body.reason, key=key
        )
        try:
            return SessionView.of(await switch.handle(command))
        except UnknownAgentError as error:
            raise Problem(422, "Unknown agent", str(error)) from error

    @router.post("/{session_id}/complete")
    async def complete_session(
        session_id: SessionId, key: KeyOf, body: Signature | None = None
    ) -> SessionView:
        """End a conversation; what is unfinished is cancelled."""
        ending = body or Signature()
        command = EndSessionCommand(
            session_id=session_id, how="complete", by=ending.by, reason=ending.reason, key=key
        )
        return SessionView.of(await end.handle(command))

    @router.delete("/{session_id}", status_code=204)
    async def delete_session(
        session_id: SessionId,
        by: Annotated[Person, Query(description="who deletes it")] = "anonymous",
        reason: Annotated[Reason, Query(description="why")] = "",
    ) -> None:
        """Delete a session and its files; its events stay in the history."""
        require_text(by, reason)
        await end.handle(
            EndSessionCommand(session_id=session_id, how="delete", by=by, reason=reason)
        )

    return router
