# SPDX-License-Identifier: Apache-2.0
"""Endpoints of the calls that wait for people."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.orchestrator.api.dependencies import RecordId, SessionId, key_of
from services.orchestrator.api.views import ApprovalView, Decision
from services.orchestrator.commands.decide_approval import (
    DecideApprovalCommand,
    DecideApprovalHandler,
)
from services.orchestrator.store.approvals import (
    ApprovalState,
    approvals_of,
    open_approvals,
)
from services.orchestrator.store.idempotency import IdempotencyKey
from services.orchestrator.store.sessions import find_session
from services.orchestrator.tools import ToolError
from shared.database import Database
from shared.http import Problem


def approvals_router(database: Database, decide: DecideApprovalHandler) -> APIRouter:
    """Return the endpoints of approvals."""
    router = APIRouter(tags=["approvals"])

    @router.get("/approvals")
    async def get_open_approvals(
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
    ) -> list[ApprovalView]:
        """List the calls of all sessions that wait for a person, those that expire first first."""
        async with database.connect() as connection:
            found = await open_approvals(connection, limit=limit)
        return [ApprovalView.of(approval) for approval in found]

    @router.get("/sessions/{session_id}/approvals")
    async def get_approvals(
        session_id: SessionId, state: ApprovalState | None = None
    ) -> list[ApprovalView]:
        """List the calls of a session that wait, or waited, for a person."""
        await find_session(database, session_id)
        async with database.connect() as connection:
            found = await approvals_of(connection, session_id, state=state)
        return [ApprovalView.of(approval) for approval in found]

    @router.post("/sessions/{session_id}/approvals/{approval_id}")
    async def decide_approval(
        session_id: SessionId,
        approval_id: RecordId,
        body: Decision,
        key: Annotated[IdempotencyKey | None, Depends(key_of)],
    ) -> ApprovalView:
        """Approve, edit or reject a call, once."""
        command = DecideApprovalCommand(
            session_id=session_id,
            approval_id=approval_id,
            decision=body.decision,
            decided_by=body.decided_by,
            reason=body.reason,
            arguments_digest=body.arguments_digest,
            arguments=body.arguments,
            key=key,
        )
        try:
            return ApprovalView.of(await decide.handle(command))
        except ToolError as error:
            raise Problem(422, "Invalid request", f"body.arguments: {error}") from error

    return router
