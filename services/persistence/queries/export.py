# SPDX-License-Identifier: Apache-2.0
"""Exports a session as lines, a page of events at a time, and has told who took them."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from services.persistence.exchange import Lines, end, exported, manifest
from services.persistence.queries.archives import require_whole
from services.persistence.queries.streams import StreamQueries
from services.persistence.store.announcements import UNTOLD, announce
from services.persistence.store.origins import Origins
from services.persistence.tables import stored
from shared.clock import Clock
from shared.database import Database
from shared.events import HistoryExported
from shared.eventstore.reader import EventReader
from shared.http import Problem

SALT_BYTES = 16
"""So much in the first line that nobody can guess: by the digest of an export that was told, and
all else that is known of an erased session, a short text could be found by trying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """Who takes a session out, and why."""

    session_id: str
    by: str
    reason: str


class Export:
    """A session on its way out; the first line, one for each of its events, and the end.

    It is told before the end goes out, so none is whole that was not told of. One that is given up
    before is told as that when it is closed, with the events that went out.
    """

    def __init__(
        self, database: Database, taking: Taking, first: Mapping[str, Any], *, last: int
    ) -> None:
        self._database = database
        self._taking = taking
        self._last = last
        self._origins = Origins()
        self._reader = EventReader(stored)
        self._written = Lines()
        self._first = first
        self._events = 0
        self._told = False
        self._lines = self._write()

    @property
    def lines(self) -> AsyncGenerator[bytes]:
        """Return the lines; to be read once, and then to be closed by ``close``."""
        return self._lines

    async def close(self) -> None:
        """Tell of what went out, if that was not told.

        Raises:
            DependencyDownError: the database does not answer.
        """
        await self._lines.aclose()
        if self._events:
            await self._tell(complete=False)

    async def _write(self) -> AsyncGenerator[bytes]:
        yield self._written.line(self._first)
        async with self._database.connect() as connection:
            pages = self._reader.pages(connection, self._taking.session_id, last=self._last)
            async with aclosing(pages):
                async for page in pages:
                    origins = await self._origins.of(connection, page)
                    for each in page:
                        if each.archived:
                            raise Problem(409, "Archived", f"event {each.sequence} is archived")
                        self._events += 1
                        yield self._written.line(exported(each, origins.get(each.sequence)))
        ending = self._written.line(end(self._last))
        await self._tell(complete=True)
        yield ending

    async def _tell(self, *, complete: bool) -> None:
        if self._told:
            return
        async with self._database.begin() as connection:
            await announce(
                connection,
                HistoryExported(
                    aggregate_id=UNTOLD,
                    operator=self._taking.by,
                    reason=self._taking.reason,
                    exported_session_id=self._taking.session_id,
                    events=self._events,
                    digest=self._written.digest,
                    complete=complete,
                ),
            )
        self._told = True


class ExportQueries:
    """Sessions in the form in which they go elsewhere."""

    def __init__(self, database: Database, clock: Clock, *, installation: str = "") -> None:
        self._database = database
        self._clock = clock
        self._installation = installation
        self._streams = StreamQueries(database)

    async def export(self, taking: Taking) -> Export:
        """Return a session on its way out, up to the last event before a gap; to be closed.

        Raises:
            Problem: the session is not known, or some of its events are archived.
        """
        session_id = taking.session_id
        head = await self._streams.require(session_id)
        if not head.version:
            raise self._streams.not_yet(session_id, head)
        async with self._database.connect() as connection:
            await require_whole(connection, session_id, last=head.version)
        first = manifest(
            session_id,
            events=head.version,
            exported_at=self._clock.now(),
            installation=self._installation,
            erased_at=await self._streams.erased_at(session_id),
            salt=token_hex(SALT_BYTES),
        )
        return Export(self._database, taking, first, last=head.version)
