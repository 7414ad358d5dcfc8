# SPDX-License-Identifier: Apache-2.0
"""Reacts to the end of sessions."""

import asyncio

from services.orchestrator.commands.end_session import cancel_turns
from services.orchestrator.domain.session import SessionState
from services.orchestrator.store.work import UnitOfWork
from services.orchestrator.tools import Workspaces
from shared.errors import NotFoundError
from shared.events import ConversationCompleted, SessionDeleted, SessionExpired
from shared.messaging import EventBus


class SessionEventHandler:
    """Cleans up after sessions that have ended; doing it twice does no harm."""

    def __init__(self, work: UnitOfWork, workspaces: Workspaces) -> None:
        self._work = work
        self._workspaces = workspaces

    def subscribe(self, bus: EventBus) -> None:
        """Subscribe to what this handler reacts to."""
        bus.subscribe(ConversationCompleted, handler=self.on_ended)
        bus.subscribe(SessionExpired, handler=self.on_ended)
        bus.subscribe(SessionDeleted, handler=self.on_deleted)

    async def on_ended(self, event: ConversationCompleted | SessionExpired) -> None:
        """Cancel what is unfinished; the files of the session stay."""
        try:
            async with self._work.session(event.session_id) as work:
                await cancel_turns(work, by="system", reason="the session has ended")
        except NotFoundError:
            return

    async def on_deleted(self, event: SessionDeleted) -> None:
        """Remove the files of a session that is deleted here too, whoever says so."""
        try:
            async with self._work.session(event.session_id) as work:
                deleted = work.session.state is SessionState.DELETED
        except NotFoundError:
            return
        if deleted:
            await asyncio.to_thread(self._workspaces.remove, event.session_id)
