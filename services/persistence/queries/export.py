# SPDX-License-Identifier: Apache-2.0
"""Exports a session as lines, a page of events at a time."""

from collections.abc import AsyncGenerator

from services.persistence.exchange import Lines, end, exported, manifest
from services.persistence.queries.streams import StreamQueries
from services.persistence.store.archived import is_archived
from services.persistence.store.origins import Origins
from services.persistence.tables import stored
from shared.clock import Clock
from shared.database import Database
from shared.eventstore.reader import EventReader
from shared.http import Problem


class ExportQueries:
    """Sessions in the form in which they go elsewhere."""

    def __init__(self, database: Database, clock: Clock, *, installation: str = "") -> None:
        self._database = database
        self._clock = clock
        self._installation = installation
        self._origins = Origins()
        self._streams = StreamQueries(database)
        self._reader = EventReader(stored)

    async def export(self, session_id: str) -> AsyncGenerator[bytes]:
        """Return the lines of a session, up to the last event before a gap.

        Raises:
            Problem: the session is not known, or some of its events are archived.
        """
        head = await self._streams.require(session_id)
        if not head.version:
            raise self._streams.not_yet(session_id, head)
        async with self._database.connect() as connection:
            if await is_archived(connection, session_id):
                detail = f"a part of session {session_id!r} is in the archive; read it there"
                raise Problem(409, "Archived", detail)
        return self._lines(session_id, head.version)

    async def _lines(self, session_id: str, last: int) -> AsyncGenerator[bytes]:
        lines = Lines()
        erased_at = await self._streams.erased_at(session_id)
        yield lines.line(
            manifest(
                session_id,
                events=last,
                exported_at=self._clock.now(),
                installation=self._installation,
                erased_at=erased_at,
            )
        )
        async with self._database.connect() as connection:
            async for page in self._reader.pages(connection, session_id, last=last):
                origins = await self._origins.of(connection, page)
                for each in page:
                    if each.archived:
                        raise Problem(409, "Archived", f"event {each.sequence} is archived")
                    yield lines.line(exported(each, origins.get(each.sequence)))
        yield lines.line(end(last))
