# SPDX-License-Identifier: Apache-2.0
"""Takes in sessions from other installations: whole, or not at all."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import asyncpg
from pydantic_core import from_json
from sqlalchemy import exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.exchange import Arrival, Manifest, arrival
from services.persistence.store.announcements import UNTOLD, announce
from services.persistence.store.data_errors import data_errors
from services.persistence.store.erasing import Erasure
from services.persistence.store.import_conflicts import ImportConflictError, require_equal
from services.persistence.store.origins import Origins
from services.persistence.store.persistence_store import PersistenceStore
from services.persistence.store.spool import Spool
from services.persistence.tables import imports, stored
from shared.database import Database
from shared.errors import TransientError
from shared.events import HistoryImported
from shared.eventstore.arrangement import Head
from shared.eventstore.streams import Streams

SLICE = 500
"""How many events are in hand at a time, however long the session is."""

Outcome = Literal["imported", "extended", "unchanged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A checked export, and who brings it."""

    manifest: Manifest
    digest: str
    spool: Spool
    imported_by: str
    reason: str

    def slices(self) -> Iterator[list[Arrival]]:
        """Give the events in order."""
        for lines in self.spool.slices(SLICE):
            yield [arrival(self.manifest.session_id, from_json(line)) for line in lines]


@dataclass(frozen=True, slots=True)
class Found:
    """How much of an export is here already, and how it came."""

    head: Head
    present: int
    imported: bool


class Importing:
    """Brings sessions in, beside those of this installation.

    What is here stays as it is. An export of what is here already changes nothing; one that has
    more of a session that was imported before adds to it.
    """

    def __init__(self, database: Database, store: PersistenceStore) -> None:
        self._database = database
        self._store = store
        self._streams = Streams(stored)
        self._origins = Origins()

    async def plan(self, incoming: Incoming) -> tuple[Outcome, int]:
        """Return what ``store`` would do, and to how many events, without doing it.

        Raises:
            ImportConflictError: it would refuse.
        """
        session_id = incoming.manifest.session_id
        async with self._database.connect() as connection:
            head = await self._streams.head(connection, session_id)
            found = await self._find(connection, incoming, head)
        return _outcome(incoming.manifest, found), incoming.manifest.events - found.present

    async def store(self, incoming: Incoming) -> tuple[Outcome, int]:
        """Take in what is not here yet; return what was done, and to how many events.

        Raises:
            ImportConflictError: another session is here by that id, or its events are elsewhere.
            PermanentError: the database does not take the data.
        """
        session_id = incoming.manifest.session_id
        with data_errors(), _races():
            async with self._database.begin() as connection:
                head = (await self._streams.lock(connection, [session_id]))[session_id]
                found = await self._find(connection, incoming, head)
                outcome = _outcome(incoming.manifest, found)
                if outcome != "unchanged":
                    await self._add(connection, incoming, found)
                if outcome == "imported" and incoming.manifest.erased_at:
                    await self._remember_erased(connection, incoming)
        return outcome, incoming.manifest.events - found.present

    async def _find(self, connection: AsyncConnection, incoming: Incoming, head: Head) -> Found:
        """Compare the whole export with what is here."""
        session_id, present = incoming.manifest.session_id, 0
        for some in incoming.slices():
            entries = [each.entry for each in some]
            known = await self._store.writer.stored(connection, entries) if head.highest else {}
            for entry in entries:
                if entry.place in known:
                    require_equal(entry, known[entry.place], erased=head.erased)
                    present += 1
            await self._require_unused(connection, some)
        imported = await connection.scalar(
            select(exists().where(imports.c.aggregate_id == session_id))
        )
        return Found(head, present, bool(imported))

    async def _require_unused(self, connection: AsyncConnection, some: Iterable[Arrival]) -> None:
        reused = await self._store.writer.reused_ids(connection, [each.entry for each in some])
        if reused:
            raise ImportConflictError(reused[0].entry.sequence, "event_id", str(reused[0]))

    async def _add(self, connection: AsyncConnection, incoming: Incoming, found: Found) -> None:
        manifest = incoming.manifest
        for some in incoming.slices():
            fresh = [each for each in some if each.entry.sequence > found.head.version]
            if fresh:
                await self._store.add(connection, [(each.entry, each.event) for each in fresh])
                await self._origins.add(connection, fresh)
        await connection.execute(
            insert(imports).values(
                aggregate_id=manifest.session_id,
                first_sequence=found.head.version + 1,
                last_sequence=manifest.events,
                digest=incoming.digest,
                installation=manifest.installation,
                exported_at=manifest.exported_at,
                imported_by=incoming.imported_by,
                reason=incoming.reason,
            )
        )
        await announce(
            connection,
            HistoryImported(
                aggregate_id=UNTOLD,
                operator=incoming.imported_by,
                reason=incoming.reason,
                imported_session_id=manifest.session_id,
                events=manifest.events - found.head.version,
                digest=incoming.digest,
            ),
        )

    async def _remember_erased(self, connection: AsyncConnection, incoming: Incoming) -> None:
        """Have an export from before it was erased there bring nothing back here."""
        session_id = incoming.manifest.session_id
        head = await self._streams.head(connection, session_id)
        if not head.erased:  # as it is if the order was among the events
            erasure = Erasure(
                session_id=session_id,
                by=incoming.imported_by,
                reason="it came erased from where it was exported",
            )
            await self._store.erasing.erase(connection, erasure)


def _outcome(manifest: Manifest, found: Found) -> Outcome:
    if found.present == manifest.events:
        return "unchanged"
    if not found.head.highest:
        return "imported"
    if found.imported and found.head.version == found.head.highest == found.present:
        return "extended"
    raise ImportConflictError(
        found.head.version + 1,
        "sequence",
        f"session {manifest.session_id!r} is one of this installation, with"
        f" {found.present} of the {manifest.events} events of the export: none is added to it",
    )


@contextmanager
def _races() -> Generator[None]:
    """Have it tried again when an id of the export was just stored elsewhere by somebody else."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        raise TransientError("an event of the export is just being stored elsewhere") from error
