# SPDX-License-Identifier: Apache-2.0
"""Contexts over HTTP."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from services.agent_context.context import Context
from services.agent_context.reader import Reader
from services.agent_context.store import ContextStore, Stored
from shared.http import Problem

MAX_WAIT_SECONDS = 30
RETRY_AFTER_SECONDS = 1

SessionId = Annotated[str, Path(min_length=1, max_length=200)]
AtLeast = Annotated[int, Query(ge=0, description="the sequence that the reader needs")]
Wait = Annotated[float, Query(ge=0, le=MAX_WAIT_SECONDS, description="seconds to wait for it")]


class Counts(BaseModel):
    """What was applied, to compare with other services; waiting events are not among ``events``."""

    sessions: int
    events: int
    pending: int
    pending_sessions: int


def context_router(store: ContextStore, reader: Reader) -> APIRouter:
    """Return what agents and people can ask."""
    router = APIRouter(prefix="/v1", tags=["context"])

    @router.get(
        "/sessions/{session_id}/context",
        response_model=Context,
        responses={
            404: {"description": "nothing is known of the session"},
            409: {"description": "not yet: the context is behind `at_least`; try again"},
        },
    )
    async def context(session_id: SessionId, at_least: AtLeast = 0, wait: Wait = 0) -> Response:
        """Return the context of a session, with the sequence that the reader needs or a later one.

        The body is the context byte for byte as it is kept; `ETag` is its sequence.
        """
        found = await reader.read(
            session_id, at_least=max(1, at_least), within=timedelta(seconds=wait)
        )
        if found.sequence < max(1, at_least):
            raise _behind(found, at_least)
        return Response(
            found.document,
            media_type="application/json",
            headers={"ETag": f'"{found.sequence}"', "Cache-Control": "no-store"},
        )

    @router.get("/counts")
    async def counts() -> Counts:
        """Tell how much was applied, and how much waits for events before it."""
        found = await store.counts()
        return Counts(
            sessions=found.sessions,
            events=found.events,
            pending=found.waiting,
            pending_sessions=found.waiting_sessions,
        )

    return router


def _behind(found: Stored, at_least: int) -> Problem:
    """Return why there is no context: a reader that names a sequence knows that the session is."""
    if not (found.sequence or found.waiting or at_least):
        return Problem(404, "Unknown session", f"nothing is known of session {found.session_id!r}")
    return Problem(
        409,
        "Not yet",
        f"the context of session {found.session_id!r} is at {found.sequence}, not yet at"
        f" {max(1, at_least)}",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
        sequence=found.sequence,
    )
