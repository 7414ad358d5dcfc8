# SPDX-License-Identifier: Apache-2.0
"""Verifies a session: its bytes against their digests, its read models against its events."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.comparison import Folding, Recorded, by_key
from services.persistence.projections import READ_MODELS, Key
from services.persistence.queries.streams import StreamQueries
from services.persistence.tables import metadata, stored
from services.persistence.views.verification import Altered, Verification, divergence_view
from shared.database import Database
from shared.errors import DecodingError
from shared.eventstore import StoredEvent
from shared.eventstore.reader import EventReader
from shared.http import Problem

SHOWN = 100
"""How many divergences are told; how many there are is always told."""


class VerificationQueries:
    """Folds recorded events again. It reads and compares, and changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams = StreamQueries(database)
        self._reader = EventReader(stored)

    async def verify(self, session_id: str) -> Verification:
        """Return what does not agree, as of one moment, however much comes in meanwhile.

        Raises:
            Problem: the session is not known, or some of its events cannot be read.
        """
        head = await self._streams.require(session_id)
        folding, altered = Folding(), list[Altered]()
        async with self._database.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            version = await self._streams.version(connection, session_id)
            async for page in self._reader.pages(connection, session_id, last=version):
                for each in page:
                    altered.extend(_altered(each))
                    _fold(folding, each)
            recorded = await self._recorded(connection, session_id)
        found = folding.divergences(recorded)
        return Verification(
            session_id=session_id,
            sequence=folding.sequence,
            verified=not found and not altered,
            divergences=len(found),
            first=divergence_view(found[0]) if found else None,
            items=[divergence_view(each) for each in found[:SHOWN]],
            altered=altered[:SHOWN],
            gaps=await self._streams.gaps(session_id) if head.highest > head.version else [],
        )

    async def _recorded(self, connection: AsyncConnection, session_id: str) -> Recorded:
        found: dict[str, Mapping[Key, Mapping[str, Any]]] = {}
        for model in READ_MODELS:
            table: Table = metadata.tables[f"{metadata.schema}.{model.name}"]
            rows = await connection.execute(select(table).where(table.c.session_id == session_id))
            found[model.name] = by_key(model, [dict(row) for row in rows.mappings()])
        return found


def _fold(folding: Folding, stored_event: StoredEvent) -> None:
    try:
        folding.take(stored_event.event())
    except DecodingError as error:
        detail = f"event {stored_event.sequence} cannot be read: {error}"
        raise Problem(409, "Cannot be verified", detail) from error


def _altered(each: StoredEvent) -> list[Altered]:
    """Return the event if its bytes are not those that came, and nobody erased them."""
    if each.erased_at or each.archived or sha256(each.value).digest() == each.digest:
        return []
    return [Altered(sequence=each.sequence, event_id=each.event_id)]
