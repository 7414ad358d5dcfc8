# SPDX-License-Identifier: Apache-2.0
"""End a session: complete it, or delete it."""

from dataclasses import dataclass
from typing import Literal

from services.orchestrator.domain.session import Session, SessionState
from services.orchestrator.store.idempotency import (
    IdempotencyKey,
    earlier_subject,
    remember,
)
from services.orchestrator.store.work import SessionWork
from services.orchestrator.turns.cancelling import cancel_turns
from services.orchestrator.turns.engine import TurnEngine
from services.orchestrator.turns.resources import Resources
from shared.errors import ConflictError
from shared.events import ConversationCompleted, SessionDeleted


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

    def __init__(self, resources: Resources, engine: TurnEngine) -> None:
        self._resources = resources
        self._engine = engine

    async def handle(self, command: EndSessionCommand) -> Session:
        """Return the ended session.

        Raises:
            NotFoundError: there is no such session.
            ConflictError: it has ended already.
        """
        async with self._resources.work.session(command.session_id) as work:
            if await earlier_subject(work.connection, command.key):
                return work.session
            await remember(work.connection, command.key, subject=command.session_id)
            if work.session.state is SessionState.DELETED:
                raise ConflictError("the session is deleted already")
            if command.how == "complete":
                work.session.require_active()
            reason = command.reason or command.how
            cancelled = await cancel_turns(self._resources, work, by=command.by, reason=reason)
            await self._end(work, command)
        self._engine.stop_turns([turn.id for turn in cancelled])
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
