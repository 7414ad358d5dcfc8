# SPDX-License-Identifier: Apache-2.0
"""Writes a month into a file, reads it back, and only then takes it out of the database."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from sqlalchemy import func, select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.archive import partitions
from deploy.archive.manifest import Manifest, Summary, file_of
from deploy.archive.month import Month
from services.persistence.store.snapshots import Snapshots
from services.persistence.tables import archives, records, stored
from shared.database import Database
from shared.errors import AgentRuntimeError
from shared.eventstore.archive import (
    AlteredArchiveError,
    contents_of,
    read_archive,
    writing,
)
from shared.eventstore.reader import EventReader, read
from shared.eventstore.stored_event import StoredEvent

PAGE = 1_000


class CannotArchiveError(AgentRuntimeError):
    """The month stays in the database; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archiving:
    """Archives months into a directory, as the owner of the database."""

    database: Database
    directory: Path

    async def archive(self, month: Month) -> Manifest:
        """Move a month into a file, and return what is in it.

        What is written has to be readable again and to be what the database has, event by event,
        before anything is dropped. Until the transaction has committed, the database has it all.

        Raises:
            CannotArchiveError: nothing was dropped.
            OSError: the directory cannot be written.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        draft = self.directory / f".{month}.draft"
        draft.unlink(missing_ok=True)
        async with self.database.begin() as connection:
            await partitions.lock(connection, month)
            await self._require_fit(connection, month)
            summary = await self._write(connection, month, draft)
            self._read_back(draft, summary)
            await self._keep_states(connection, month)
            manifest = self._keep(month, draft, summary)
            await self._note(connection, month, manifest)
            await partitions.drop(connection, month)
        return manifest

    async def _require_fit(self, connection: AsyncConnection, month: Month) -> None:
        away = select(archives.c.file).where(
            archives.c.month == str(month), archives.c.restored_at.is_(None)
        )
        file: str | None = await connection.scalar(away)
        if file:
            raise CannotArchiveError(
                f"{month} is in {file} already, which would be written over: what is in the"
                " database of that month came after it"
            )
        behind = await partitions.streams_behind_a_gap(connection, month)
        if behind:
            raise CannotArchiveError(
                f"{month} has events that wait for others in {', '.join(behind)}: redrive or"
                " discard what is missing there (agentctl dlq list), then archive again"
            )

    async def _keep_states(self, connection: AsyncConnection, month: Month) -> None:
        """Take a snapshot of each session after its last event of the month, to go on from."""
        snapshots = Snapshots(self.database)
        for session_id, last in (await partitions.last_events(connection, month)).items():
            await snapshots.take_at(connection, session_id, last)

    async def _write(self, connection: AsyncConnection, month: Month, draft: Path) -> Summary:
        summary = Summary()
        with writing(draft, str(month)) as writer:
            async for each in _events(connection, month):
                if not each.erased_at and sha256(each.value).digest() != each.digest:
                    raise CannotArchiveError(
                        f"event {each.sequence} of {each.aggregate_id} has other bytes than came:"
                        f" look into it first (agentctl history verify {each.aggregate_id})"
                    )
                writer.add(each)
                summary.add(each)
            summary.digest = writer.digest
        return summary

    def _read_back(self, draft: Path, summary: Summary) -> None:
        """Read the file as it is on the disk; it has to say what the database said."""
        again = Summary()
        for each in read_archive(draft):
            again.add(each)
        if again.content != summary.content or again.events != summary.events:
            raise CannotArchiveError(f"{draft} does not say what was written: is the disk sound?")

    def _keep(self, month: Month, draft: Path, summary: Summary) -> Manifest:
        """Have the draft be the file of its month, unless that says the same already."""
        final = self.directory / file_of(month)
        if _says(final, summary.digest):
            draft.unlink()
        else:
            draft.replace(final)
        manifest = summary.manifest(month, final)
        manifest.write(self.directory)
        return manifest

    async def _note(self, connection: AsyncConnection, month: Month, manifest: Manifest) -> None:
        noted = {
            "file": manifest.file,
            "events": manifest.events,
            "digest": manifest.digest,
            "begins_at": month.begins,
            "ends_at": month.ends,
            "archived_at": func.now(),
            "restored_at": None,
        }
        await connection.execute(
            insert(archives)
            .values(month=str(month), **noted)
            .on_conflict_do_update(index_elements=[archives.c.month], set_=noted)
        )


def _says(file: Path, digest: str) -> bool:
    try:
        return contents_of(file).digest == digest
    except (FileNotFoundError, AlteredArchiveError):
        return False


async def _events(connection: AsyncConnection, month: Month) -> AsyncGenerator[StoredEvent]:
    """Give the events of a month by stream and number, a page at a time."""
    place = tuple_(records.c.aggregate_id, records.c.sequence)
    query = (
        EventReader(stored)
        .query()
        .where(records.c.recorded_at >= month.begins, records.c.recorded_at < month.ends)
        .order_by(records.c.aggregate_id, records.c.sequence)
        .limit(PAGE)
    )
    page = query
    while found := await read(connection, page):
        for each in found:
            yield each
        page = query.where(place > (found[-1].aggregate_id, found[-1].sequence))
