# SPDX-License-Identifier: Apache-2.0
"""Receives exports of other installations, and says which sessions came that way."""

from collections.abc import AsyncIterable

from sqlalchemy import select

from services.persistence.exchange import AlteredExportError, Manifest, Reading
from services.persistence.store.importing import Importing, Incoming
from services.persistence.store.spool import Spool, spool
from services.persistence.tables import imports
from services.persistence.views.imports import Imported, ImportResult
from shared.database import Database


class ImportQueries:
    """Imports: nothing is written before the last line of an export was found to be right."""

    def __init__(self, database: Database, importing: Importing) -> None:
        self._database = database
        self._importing = importing

    async def receive(
        self, pieces: AsyncIterable[bytes], *, imported_by: str, reason: str, dry_run: bool
    ) -> ImportResult:
        """Take in the session whose export arrives in ``pieces``.

        Raises:
            AlteredExportError: a line is not as it was written; it names the first.
            ImportConflictError: another session is here by that id.
        """
        with spool() as lines:
            manifest, digest = await _checked(pieces, lines)
            incoming = Incoming(
                manifest=manifest,
                digest=digest,
                spool=lines,
                imported_by=imported_by,
                reason=reason,
            )
            work = self._importing.plan if dry_run else self._importing.store
            outcome, added = await work(incoming)
        return ImportResult(
            session_id=manifest.session_id,
            outcome=outcome,
            dry_run=dry_run,
            events=manifest.events,
            added=added,
            installation=manifest.installation,
            exported_at=manifest.exported_at,
            digest=digest,
        )

    async def of(self, session_id: str) -> list[Imported]:
        """Return the imports of a session, the first of them first; one from here has none."""
        query = select(imports).where(imports.c.aggregate_id == session_id).order_by(imports.c.id)
        async with self._database.connect() as connection:
            return [Imported.model_validate(row) for row in await connection.execute(query)]


async def _checked(pieces: AsyncIterable[bytes], lines: Spool) -> tuple[Manifest, str]:
    """Read all of it, also after a bad line: who sends is to hear which one it was."""
    reading, bad = Reading(), list[AlteredExportError]()
    async for piece in pieces:
        if bad:
            continue
        try:
            lines.add(reading.take(piece))
        except AlteredExportError as error:
            bad.append(error)
    if bad:
        raise bad[0]
    last, manifest = reading.finish()
    lines.add(last)
    return manifest, reading.digest
