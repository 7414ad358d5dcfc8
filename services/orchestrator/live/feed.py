# SPDX-License-Identifier: Apache-2.0
"""Tells readers that something happened in their session, whichever replica did it."""

import asyncio
import logging
from collections import defaultdict
from datetime import timedelta

from services.orchestrator.domain.turn import Turn
from services.orchestrator.live.watch import Piece, Watch
from services.orchestrator.models import TextListener
from services.orchestrator.store.events import last_sequences
from shared.database import Database
from shared.errors import TransientError
from shared.health import Readiness
from shared.messaging.guard import PROBING
from shared.notifications import Notifications

logger = logging.getLogger(__name__)

POLL = timedelta(seconds=1)
"""How often to look for what was not announced."""


class TooManyReadersError(TransientError):
    """This replica has as many readers as it may have."""


class SessionFeed:
    """Wakes the readers of a session.

    What this process records is told directly; what another one records is announced by PostgreSQL.
    As an announcement can be lost, one query now and then asks for all sessions that are watched.
    Text that a model is writing goes to the readers in the process that asks the model.
    """

    name = "event feed"

    def __init__(self, database: Database, *, channel: str, capacity: int) -> None:
        self._database = database
        self._capacity = capacity
        self._notifications = Notifications(database, {channel: self.tell})
        self._watches: dict[str, set[Watch]] = defaultdict(set)
        self._seen: dict[str, int] = {}
        self._count = 0
        self._draining = False
        self._task: asyncio.Task[None] | None = None

    def tell(self, session_id: str) -> None:
        """Say that something was recorded in a session."""
        for watch in self._watches.get(session_id, ()):
            watch.wake()

    def text_listener(self, turn: Turn, *, step: int) -> TextListener | None:
        """Return what takes the text of one answer as it is written; None if nobody reads it."""
        if not any(watch.wants_text for watch in self._watches.get(turn.session_id, ())):
            return None
        offset = 0

        async def listen(text: str) -> None:
            nonlocal offset
            piece = Piece(turn_id=turn.id, step=step, agent=turn.agent, offset=offset, text=text)
            offset += len(text)
            for watch in self._watches.get(turn.session_id, ()):
                watch.add(piece)

        return listen

    def open(self, session_id: str, *, text: bool) -> Watch:
        """Begin to follow a session; whoever opens a watch closes it.

        Raises:
            TooManyReadersError: there are as many readers as this replica may have.
        """
        if self._draining:
            raise TooManyReadersError("the server stops")
        if self._count >= self._capacity:
            raise TooManyReadersError(f"{self._count} streams are open here, the most there may be")
        watch = Watch(session_id, text=text)
        self._watches[session_id].add(watch)
        self._count += 1
        return watch

    def close(self, watch: Watch) -> None:
        """Follow no more; closing twice does no harm."""
        watches = self._watches.get(watch.session_id, set())
        if watch not in watches:
            return
        watches.remove(watch)
        self._count -= 1
        if not watches:
            del self._watches[watch.session_id]
            self._seen.pop(watch.session_id, None)

    def drain(self) -> None:
        """Have all readers leave, and take no more."""
        self._draining = True
        for watch in [each for group in self._watches.values() for each in group]:
            watch.close()

    async def start(self) -> None:
        """Begin to listen for what other replicas record."""
        self._task = asyncio.create_task(self._run(), name="event feed")

    async def stop(self) -> None:
        """End all streams and stop listening."""
        self.drain()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._notifications.close()

    async def readiness(self) -> Readiness:
        """Tell whether readers are woken; a database that is down is told elsewhere."""
        running = self._task is not None and not self._task.done()
        return Readiness(ready=running, reason="" if running else "the event feed does not run")

    async def _run(self) -> None:
        failures = 0
        while True:
            try:
                await self._notifications.listen()
                await self._look()
                failures, delay = 0, POLL
            except TransientError as error:
                failures += 1
                delay = PROBING.delay(attempt=failures)
                logger.warning("event feed waits", extra={"reason": str(error)})
            await asyncio.sleep(delay.total_seconds())

    async def _look(self) -> None:
        if not self._watches:
            return
        async with self._database.connect() as connection:
            found = await last_sequences(connection, list(self._watches))
        for session_id, last in found.items():
            if self._seen.get(session_id) != last and session_id in self._watches:
                self._seen[session_id] = last
                self.tell(session_id)
