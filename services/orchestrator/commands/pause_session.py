# SPDX-License-Identifier: Apache-2.0
"""Pause a session, and let it go on."""

from dataclasses import dataclass

from services.orchestrator.domain.session import Session
from services.orchestrator.store.idempotency import IdempotencyKey, earlier_subject, remember
from services.orchestrator.store.signals import announce_work
from services.orchestrator.store.work import UnitOfWork
from services.orchestrator.turns.engine import TurnEngine
from shared.events import SessionUpdatedEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseSessionCommand:
    """Pause a session, or let it go on."""

    session_id: str
    paused: bool
    by: str
    reason: str = ""
    key: IdempotencyKey | None = None


class PauseSessionHandler:
    """Keeps turns waiting for as long as a person wants, also over restarts."""

    def __init__(self, work: UnitOfWork, engine: TurnEngine) -> None:
        self._work = work
        self._engine = engine

    async def handle(self, command: PauseSessionCommand) -> Session:
        """Return the session; nothing happens if it is so already.

        A call in hand is finished and recorded; the next one is not begun before the session goes
        on.

        Raises:
            NotFoundError: there is no such session.
            ConflictError: the session has ended.
        """
        async with self._work.session(command.session_id) as work:
            if await earlier_subject(work.connection, command.key):
                return work.session
            work.session.require_active()
            await remember(work.connection, command.key, subject=work.session.id)
            if work.session.paused != command.paused:
                state = "paused" if command.paused else "active"
                said = ": ".join(filter(None, (command.by, command.reason)))
                await work.publish(
                    SessionUpdatedEvent(session_id=work.session.id, state=state, reason=said)
                )
                work.change(paused=command.paused)
            if not command.paused:
                await announce_work(work.connection)
        self._engine.look()
        return work.session
