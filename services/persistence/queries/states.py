# SPDX-License-Identifier: Apache-2.0
"""The state of a session at a point, in time that does not grow with its history."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.projections.sessions import SESSIONS
from services.persistence.queries.archives import require_whole
from services.persistence.queries.streams import StreamQueries
from services.persistence.state import SessionState, evolve
from services.persistence.store.snapshots import Snapshots
from services.persistence.tables import stored
from shared.database import Database
from shared.errors import DecodingError
from shared.eventstore import Until
from shared.eventstore.arrangement import Head
from shared.eventstore.reader import EventReader
from shared.eventstore.replay import Prefix
from shared.http import Problem


class StateQueries:
    """States: the last snapshot before a point, and the events from there to the point."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams = StreamQueries(database)
        self._snapshots = Snapshots(database)
        self._reader = EventReader(stored)

    async def at(self, session_id: str, point: int | datetime | None) -> SessionState:
        """Return the state at an event, at a moment, or now.

        Raises:
            Problem: the session is not known, not there yet, or did not exist then; or the events
                to the point are in the archive.
        """
        async with self._database.connect() as connection:
            head = await self._streams.head(connection, session_id)
            if not head.highest:
                raise self._streams.unknown(session_id)
            if not head.version:
                raise self._streams.not_yet(session_id, head)
            if isinstance(point, int) and point > head.version:
                raise _beyond(session_id, head, point)
            state = await self._snapshots.before(connection, session_id, point)
            last = point if isinstance(point, int) else head.version
            async with _readable(connection, session_id, state.sequence + 1, last):
                state = await self._fold(connection, session_id, state, point)
        if not state.rows.of(SESSIONS):
            raise Problem(404, "Not there yet", f"session {session_id!r} began after {point}")
        return state

    async def kept(self, session_id: str, state: SessionState, until: int) -> SessionState:
        """Take the events up to one into ``state``, which forgets none of what they bring.

        Raises:
            Problem: some of them cannot be read, or are in the archive.
        """
        async with self._database.connect() as connection:
            pages = self._reader.pages(connection, session_id, state.sequence, last=until)
            async with (
                _readable(connection, session_id, state.sequence + 1, until),
                aclosing(pages),
            ):
                async for page in pages:
                    for each in page:
                        state = state.keep(each.event())
        return state

    async def _fold(
        self, connection: AsyncConnection, session_id: str, state: SessionState, until: Until
    ) -> SessionState:
        prefix = Prefix(until, state.sequence)
        last = until if isinstance(until, int) else None
        pages = self._reader.pages(connection, session_id, state.sequence, last=last)
        async with aclosing(pages):
            async for page in pages:
                for stored_event in prefix.take(page):
                    state = evolve(state, stored_event.event())
                if prefix.ended:
                    break
        return state


def _beyond(session_id: str, head: Head, point: int) -> Problem:
    detail = f"session {session_id!r} is known without a gap up to event {head.version}"
    return Problem(404, "Not there yet", f"{detail}, not up to {point}")


@asynccontextmanager
async def _readable(
    connection: AsyncConnection, session_id: str, first: int, last: int
) -> AsyncGenerator[None]:
    """Say of events that cannot be read in which file they are, or else what is wrong."""
    try:
        yield
    except DecodingError as error:
        await require_whole(connection, session_id, first, last)
        raise Problem(409, "Cannot be read", f"session {session_id!r}: {error}") from error
