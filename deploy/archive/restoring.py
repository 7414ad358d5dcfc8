# SPDX-License-Identifier: Apache-2.0
"""Puts an archived month back into the database, as it was or not at all."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.archive import attaching, partitions
from deploy.archive.month import Month
from deploy.archive.stayed import erased_sessions, left_of, pages, stayed
from services.persistence.tables import archives
from shared.database import Database
from shared.errors import AgentRuntimeError
from shared.eventstore.archive import AlteredArchiveError, Contents, contents_of, read_archive
from shared.eventstore.entries import Place
from shared.eventstore.stored_event import StoredEvent

_CALLED = re.compile(r"records-(\d{4}-\d{2})\.jsonl\.gz")


class CannotRestoreError(AgentRuntimeError):
    """Nothing was put back; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A month that is back, and of how many of its events the content was erased meanwhile."""

    month: Month
    events: int
    erased: int


@dataclass(frozen=True, slots=True)
class Restoring:
    """Restores months from their files, as the owner of the database."""

    database: Database

    async def restore(self, file: Path) -> Restored:
        """Put a month back in one transaction, while others write and read.

        The file has to be the one that was written here, and each event in it the one that stayed.
        What was erased since comes back without its content.

        Raises:
            CannotRestoreError: nothing was put back.
            OSError: the file cannot be read.
        """
        contents = _checked(file)
        month = Month.parse(contents.month)
        async with self.database.begin() as connection:
            await self._require_noted(connection, month, file, contents)
            erased = await erased_sessions(connection)
            await attaching.build(connection, month)
            blanked = await self._fill(connection, month, file, erased, contents)
            await attaching.gather(connection, month)
            await self._require_none_erased_since(connection, month, erased)
            await attaching.attach(connection, month)
            await connection.execute(
                update(archives)
                .where(archives.c.month == str(month))
                .values(restored_at=func.now())
            )
        return Restored(month, contents.events, blanked)

    async def _require_noted(
        self, connection: AsyncConnection, month: Month, file: Path, contents: Contents
    ) -> None:
        """Refuse what is not the file of a month that is away; keep others off that month."""
        query = select(archives).where(archives.c.month == str(month)).with_for_update()
        noted = (await connection.execute(query)).one_or_none()
        called = _CALLED.fullmatch(file.name)
        if called and called[1] != str(month):
            raise CannotRestoreError(
                f"{file} is called like that of {called[1]}, but has the events of {month}"
            )
        if noted is None:
            raise CannotRestoreError(
                f"{month} was never archived from this database: {file} is of another one"
            )
        if noted.restored_at:
            raise CannotRestoreError(f"{month} is in the database already")
        if month in await partitions.months(connection):
            raise CannotRestoreError(
                f"a part of {month} is in the database, in {partitions.table_of(month).fullname},"
                " which was made after the month was archived: detach that table first"
            )
        if noted.digest != contents.digest:
            raise CannotRestoreError(
                f"{file} is not the file of {month} that was written last for this database:"
                f" its digest is {contents.digest}, and {noted.digest} is noted"
            )

    async def _fill(
        self,
        connection: AsyncConnection,
        month: Month,
        file: Path,
        erased: Mapping[str, datetime],
        contents: Contents,
    ) -> int:
        """Copy what the events say; return of how many the content was taken out on the way."""
        count, again = 0, Contents()
        for page in pages(read_archive(file, again)):
            left = _left(page, await stayed(connection, page), erased)
            count += sum(one != other for one, other in zip(page, left, strict=True))
            await attaching.copy(connection, month, left)
        if again != contents:
            raise CannotRestoreError(f"{file} was written anew meanwhile: try again")
        return count

    async def _require_none_erased_since(
        self, connection: AsyncConnection, month: Month, before: Mapping[str, datetime]
    ) -> None:
        """Hold off erasures until the month is back, when they find it; none may be in between."""
        erased = await attaching.hold_erased(connection, month)
        if not erased <= before.keys():
            raise CannotRestoreError(f"a session of {month} was erased meanwhile: try again")


def _checked(file: Path) -> Contents:
    try:
        return contents_of(file)
    except AlteredArchiveError as error:
        raise CannotRestoreError(f"{file} is not as it was written: {error}") from error


def _left(
    page: Iterable[StoredEvent],
    here: Mapping[Place, Row[Any]],
    erased: Mapping[str, datetime],
) -> list[StoredEvent]:
    """Return the events of a page as they have to be now, if each is the one that stayed."""
    found: list[StoredEvent] = []
    for each in page:
        row, at = here.get(Place(each.aggregate_id, each.sequence)), erased.get(each.aggregate_id)
        left = left_of(each, row.digest, at) if row and at else each
        if row is None or not _is_same(left, row, erased=bool(at)):
            raise CannotRestoreError(
                f"event {each.sequence} of {each.aggregate_id} is not the one that was archived:"
                " was the database restored from a backup of another time?"
            )
        found.append(left)
    return found


def _is_same(each: StoredEvent, row: Row[Any], *, erased: bool) -> bool:
    """Compare with the columns of ``events``, in whose order a stored event begins."""
    said = tuple(row)
    return each[: len(said) - 1] == said[:-1] and (erased or each.digest == row.digest)
