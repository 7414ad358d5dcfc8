# SPDX-License-Identifier: Apache-2.0
"""End a session: complete it, or delete it."""

from dataclasses import dataclass
from typing import Literal

from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.domain.turn import TurnState
from services.orchestrator.store.approvals import ApprovalState, approvals_of, change_approval
from services.orchestrator.store.idempotency import (
    IdempotencyKey,
    earlier_subject,
    remember,
)
from services.orchestrator.store.turns import change_turn, unfinished
from services.orchestrator.store.work import SessionWork, UnitOfWork
from shared.errors import ConflictError
from shared.events import ConversationCompleted, SessionDeleted, TurnCancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class EndSessionCommand:
    """Complete or delete a session; whatever is unfinished in it is cancelled."""

    session_id: str
    how: Literal["complete", "delete"]
    by: str
    reason: str = ""
    key: IdempotencyKey | None = None


class EndSessionHandler:
    """Ends sessions."""

    def __init__(self, work: UnitOfWork) -> None:
        self._work = work

    async def handle(self, command: EndSessionCommand) -> Session:
        """Return the ended session.

        Raises:
            NotFoundError: there is no such session.
            ConflictError: it has ended already.
        """
        async with self._work.session(command.session_id) as work:
            if await earlier_subject(work.connection, command.key):
                return work.session
            await remember(work.connection, command.key, subject=command.session_id)
            if work.session.state is SessionState.DELETED:
                raise ConflictError("the session is deleted already")
            if command.how == "complete":
                work.session.require_active()
            await cancel_turns(work, by=command.by, reason=command.reason or command.how)
            await self._end(work, command)
        return work.session

    async def _end(self, work: SessionWork, command: EndSessionCommand) -> None:
        session = work.session
        if command.how == "delete":
            await work.publish(
                SessionDeleted(session_id=session.id, deleted_by=command.by, reason=command.reason)
            )
            work.change(state=SessionState.DELETED)
            return
        await work.publish(
            ConversationCompleted(
                session_id=session.id,
                total_messages=session.message_count,
                duration_seconds=max(0.0, (work.now - session.created_at).total_seconds()),
            )
        )
        work.change(state=SessionState.COMPLETED)


async def cancel_turns(work: SessionWork, *, by: str, reason: str) -> None:
    """Cancel whatever is unfinished in a session, with the questions that it asked."""
    for approval in await approvals_of(work.connection, work.session.id, state=ApprovalState.OPEN):
        await change_approval(
            work.connection, approval.id, state=ApprovalState.CANCELLED, decided_at=work.now
        )
    for turn in await unfinished(work.connection, work.session.id):
        await work.publish(
            TurnCancelled(
                session_id=turn.session_id, turn_id=turn.id, cancelled_by=by, reason=reason
            )
        )
        await change_turn(
            work.connection,
            turn.id,
            state=TurnState.CANCELLED,
            ended_at=work.now,
            last_sequence=work.session.last_sequence,
            lease_owner=None,
            lease_until=None,
        )
