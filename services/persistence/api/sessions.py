# SPDX-License-Identifier: Apache-2.0
"""Sessions and their parts over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from services.persistence.api.parameters import Cursor, Limit, Name, SessionId
from services.persistence.queries.forks import ForkQueries
from services.persistence.queries.imports import ImportQueries
from services.persistence.queries.parts import PartQueries
from services.persistence.queries.sessions import SessionQueries
from services.persistence.queries.streams import StreamQueries
from services.persistence.views.read_models import (
    Approval,
    Message,
    Session,
    SessionDetail,
    ToolCall,
    Turn,
)
from services.persistence.views.view import Page


def add_session_routes(
    router: APIRouter,
    *,
    sessions: SessionQueries,
    parts: PartQueries,
    streams: StreamQueries,
    imports: ImportQueries,
    forks: ForkQueries,
) -> None:
    """Add the routes of sessions to ``router``."""

    @router.get("/sessions", tags=["sessions"])
    async def list_sessions(
        state: Annotated[Name | None, Query()] = None,
        agent: Annotated[Name | None, Query(description="who is in charge now")] = None,
        created_by: Annotated[Name | None, Query()] = None,
        forked_from: Annotated[Name | None, Query(description="a session")] = None,
        since: Annotated[AwareDatetime | None, Query(description="created from then on")] = None,
        until: Annotated[AwareDatetime | None, Query(description="created before")] = None,
        q: Annotated[Name | None, Query(description="words looked for in the messages")] = None,
        limit: Limit = 50,
        cursor: Cursor = None,
    ) -> Page[Session]:
        """Return sessions, the newest first."""
        return await sessions.page(
            state=state,
            agent=agent,
            created_by=created_by,
            forked_from=forked_from,
            since=since,
            until=until,
            text=q,
            cursor=cursor,
            limit=limit,
        )

    @router.get("/sessions/{session_id}", tags=["sessions"])
    async def get_session(session_id: SessionId) -> SessionDetail:
        """Return a session: what it came to, whether anything is missing, and its forks."""
        found = await sessions.find(session_id)
        beside = {"imports": await imports.of(session_id), "forks": await forks.of(session_id)}
        return found.model_copy(update=beside)

    @router.get("/sessions/{session_id}/messages", tags=["sessions"])
    async def list_messages(
        session_id: SessionId, limit: Limit = 100, cursor: Cursor = None
    ) -> Page[Message]:
        """Return the messages of a session in order."""
        await streams.require(session_id)
        return await parts.messages(session_id, cursor=cursor, limit=limit)

    @router.get("/sessions/{session_id}/turns", tags=["sessions"])
    async def list_turns(
        session_id: SessionId, limit: Limit = 100, cursor: Cursor = None
    ) -> Page[Turn]:
        """Return the turns of a session in order."""
        await streams.require(session_id)
        return await parts.turns(session_id, cursor=cursor, limit=limit)

    @router.get("/sessions/{session_id}/tool-calls", tags=["sessions"])
    async def list_tool_calls(
        session_id: SessionId, limit: Limit = 100, cursor: Cursor = None
    ) -> Page[ToolCall]:
        """Return the tool calls of a session in order."""
        await streams.require(session_id)
        return await parts.tool_calls(session_id, cursor=cursor, limit=limit)

    @router.get("/sessions/{session_id}/approvals", tags=["sessions"])
    async def list_approvals(
        session_id: SessionId, limit: Limit = 100, cursor: Cursor = None
    ) -> Page[Approval]:
        """Return the approvals of a session in order."""
        await streams.require(session_id)
        return await parts.approvals(session_id, cursor=cursor, limit=limit)
