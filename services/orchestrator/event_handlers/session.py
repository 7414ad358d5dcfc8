# SPDX-License-Identifier: Apache-2.0
"""Reacts to the end of sessions."""

import asyncio

from services.orchestrator.domain.session import SessionState
from services.orchestrator.store.erasing import erase_content
from services.orchestrator.turns.cancelling import cancel_turns
from services.orchestrator.turns.resources import Resources
from shared.errors import NotFoundError
from shared.events import ConversationCompleted, SessionDeleted, SessionErased, SessionExpired
from shared.messaging import EventBus


class SessionEventHandler:
    """Cleans up after sessions that have ended; doing it twice does no harm."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    def subscribe(self, bus: EventBus) -> None:
        """Subscribe to what this handler reacts to."""
        bus.subscribe(ConversationCompleted, handler=self.on_ended)
        bus.subscribe(SessionExpired, handler=self.on_ended)
        bus.subscribe(SessionExpired, handler=self.on_given_up)
        bus.subscribe(SessionDeleted, handler=self.on_given_up)
        bus.subscribe(SessionErased, handler=self.on_erased)

    async def on_ended(self, event: ConversationCompleted | SessionExpired) -> None:
        """Cancel what is unfinished; the files of the session stay."""
        try:
            async with self._resources.work.session(event.session_id) as work:
                await cancel_turns(
                    self._resources, work, by="system", reason="the session has ended"
                )
        except NotFoundError:
            return

    async def on_given_up(self, event: SessionDeleted | SessionExpired) -> None:
        """Remove the files of a session that has gone here too, whoever says so."""
        try:
            async with self._resources.work.session(event.session_id) as work:
                gone = work.session.state in {SessionState.DELETED, SessionState.EXPIRED}
        except NotFoundError:
            return
        if gone:
            await asyncio.to_thread(self._resources.workspaces.remove, event.session_id)

    async def on_erased(self, event: SessionErased) -> None:
        """Erase once more: what another replica had in hand may have been written meanwhile."""
        try:
            async with self._resources.work.session(event.session_id) as work:
                if work.session.erased_at is None:
                    return
                await erase_content(work.connection, work.session.id)
        except NotFoundError:
            return
        await asyncio.to_thread(self._resources.workspaces.remove, event.session_id)
