# SPDX-License-Identifier: Apache-2.0
"""Takes out of archived months what was said in sessions that were erased since."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import select, update

from deploy.archive.manifest import Summary
from deploy.archive.month import Month
from services.persistence.tables import archives, streams
from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.events.content import without_content
from shared.eventstore.archive import read_archive, writing
from shared.eventstore.headers import headers_from_json, headers_to_json
from shared.eventstore.stored_event import StoredEvent
from shared.messaging.erasing import known_headers


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveErasing:
    """Rewrites files; the only ones that ever are."""

    database: Database
    directory: Path
    clock: Clock = field(default_factory=SystemClock)

    async def erase(self) -> dict[str, int]:
        """Return how many events were erased in which month; twice erases nothing more.

        Raises:
            AlteredArchiveError: a file is not as it was written; it stays as it is.
            OSError: a file is not in the directory.
        """
        async with self.database.connect() as connection:
            erased = set(
                await connection.scalars(select(streams.c.aggregate_id).where(streams.c.erased))
            )
            files = (await connection.execute(select(archives.c.month, archives.c.file))).all()
        found: dict[str, int] = {}
        for month, file in sorted(files):
            count = await self._rewrite(Month.parse(month), self.directory / file, erased)
            if count:
                found[month] = count
        return found

    async def _rewrite(self, month: Month, file: Path, erased: set[str]) -> int:
        draft, now = self.directory / f".{month}.draft", self.clock.now()
        draft.unlink(missing_ok=True)
        summary, count = Summary(), 0
        with writing(draft, str(month)) as writer:
            for each in read_archive(file):
                left = _blank(each, now) if each.aggregate_id in erased else each
                count += left != each
                writer.add(left)
                summary.add(left)
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


def _blank(stored: StoredEvent, now: datetime) -> StoredEvent:
    value = without_content(stored.value)
    headers = headers_to_json(known_headers(headers_from_json(stored.headers_json)))
    if (value, headers) == (stored.value, stored.headers_json):
        return stored
    digest = os.urandom(len(stored.digest))  # by that of what came, guesses could be tested
    return stored._replace(value=value, headers_json=headers, digest=digest, erased_at=now)
