# SPDX-License-Identifier: Apache-2.0
"""Takes out of archived months what was said in sessions that were erased since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update

from deploy.archive.manifest import Summary
from deploy.archive.month import Month
from deploy.archive.stayed import erased_sessions, left_of, pages, stayed
from services.persistence.tables import archives
from shared.database import Database
from shared.eventstore.archive import read_archive, writing
from shared.eventstore.entries import Place
from shared.eventstore.stored_event import StoredEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveErasing:
    """Rewrites files; the only ones that ever are."""

    database: Database
    directory: Path

    async def erase(self) -> dict[str, int]:
        """Return how many events were erased in which month; twice erases nothing more.

        Raises:
            AlteredArchiveError: a file is not as it was written; it stays as it is.
            OSError: a file is not in the directory.
        """
        async with self.database.connect() as connection:
            erased = await erased_sessions(connection)
            files = (await connection.execute(select(archives.c.month, archives.c.file))).all()
        found: dict[str, int] = {}
        for month, file in sorted(files):
            count = await self._rewrite(Month.parse(month), self.directory / file, erased)
            if count:
                found[month] = count
        return found

    async def _rewrite(self, month: Month, file: Path, erased: Mapping[str, datetime]) -> int:
        draft = self.directory / f".{month}.draft"
        draft.unlink(missing_ok=True)
        summary, count = Summary(), 0
        with writing(draft, str(month)) as writer:
            for page in pages(read_archive(file)):
                left = await self._left(page, erased)
                count += sum(one != other for one, other in zip(page, left, strict=True))
                for each in left:
                    writer.add(each)
                    summary.add(each)
            summary.digest = writer.digest
        if not count:
            draft.unlink()
            return 0
        manifest = summary.manifest(month, draft)
        async with self.database.begin() as connection:
            await connection.execute(
                update(archives)
                .where(archives.c.month == str(month))
                .values(digest=manifest.digest)
            )
            draft.replace(file)
            manifest.write(self.directory)
        return count

    async def _left(
        self, page: list[StoredEvent], erased: Mapping[str, datetime]
    ) -> list[StoredEvent]:
        """Return the events of a page as they have to be now."""
        concerned = [each for each in page if each.aggregate_id in erased]
        if not concerned:
            return page
        async with self.database.connect() as connection:
            here = await stayed(connection, concerned)
        seals = {place: row.digest for place, row in here.items()}
        return [
            left_of(each, seals.get(place, each.digest), erased[each.aggregate_id])
            if (place := Place(each.aggregate_id, each.sequence)).aggregate_id in erased
            else each
            for each in page
        ]
