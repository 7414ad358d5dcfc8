# SPDX-License-Identifier: Apache-2.0
"""Verifies sessions: bytes against their digests, read models and snapshots against events."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Select, Table, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.comparison import Folding, Recorded, by_key
from services.persistence.projections import READ_MODELS, Key
from services.persistence.queries.archives import require_whole
from services.persistence.queries.cursor import read_name, write_name
from services.persistence.queries.streams import StreamQueries
from services.persistence.snapshot_check import RecordedSnapshot, SnapshotFolding
from services.persistence.tables import (
    metadata,
    sessions,
    snapshots as snapshots_table,
    stored,
    streams,
)
from services.persistence.views.verification import (
    Altered,
    Verification,
    divergence_view,
    snapshot_view,
    unverifiable,
)
from services.persistence.views.view import Page
from shared.database import Database
from shared.errors import DecodingError
from shared.events import Event
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

    async def page(self, *, cursor: str | None, limit: int) -> Page[Verification]:
        """Return what does not agree in the next sessions, in the order of their ids.

        A session of which there are rows and no events is among them.
        """
        async with self._database.connect() as connection:
            query = _sessions(read_name(cursor), limit + 1)
            found: list[str] = list(await connection.scalars(query))
        items = [await self._any(session_id) for session_id in found[:limit]]
        following = write_name(found[limit - 1]) if len(found) > limit else None
        return Page[Verification](items=items, next=following)

    async def verify(self, session_id: str) -> Verification:
        """Return what does not agree, as of one moment, however much comes in meanwhile.

        Raises:
            Problem: the session is not known, or some of its events cannot be read.
        """
        await self._streams.require(session_id)
        return await self._verify(session_id)

    async def _any(self, session_id: str) -> Verification:
        try:
            return await self._verify(session_id)
        except Problem as problem:
            return unverifiable(session_id, problem.detail)

    async def _verify(self, session_id: str) -> Verification:
        folding, snapshots, altered = Folding(), SnapshotFolding(), list[Altered]()
        async with self._database.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            head = await self._streams.head(connection, session_id)
            await require_whole(connection, session_id, last=head.version)
            async for page in self._reader.pages(connection, session_id, last=head.version):
                recorded_snapshots = await _snapshots(connection, page)
                for each in page:
                    event = _event(each)
                    altered.extend(_altered(each, event))
                    folding.take(event)
                    snapshots.take(event, recorded_snapshots)
            recorded = await self._recorded(connection, session_id)
        found = folding.divergences(recorded)
        return Verification(
            session_id=session_id,
            sequence=folding.sequence,
            verified=not found and not altered and not snapshots.divergences,
            divergences=len(found),
            first=divergence_view(found[0]) if found else None,
            items=[divergence_view(each) for each in found[:SHOWN]],
            snapshots=snapshots.compared,
            snapshot_divergences=[snapshot_view(each) for each in snapshots.divergences[:SHOWN]],
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


def _event(stored_event: StoredEvent) -> Event:
    try:
        return stored_event.decoded()
    except DecodingError as error:
        detail = f"event {stored_event.sequence} cannot be read: {error}"
        raise Problem(409, "Cannot be verified", detail) from error


async def _snapshots(
    connection: AsyncConnection, page: Sequence[StoredEvent]
) -> dict[int, RecordedSnapshot]:
    """Return the snapshots after events of a page, so that few are held at a time."""
    first, last = page[0], page[-1]
    columns = (snapshots_table.c[name] for name in ("sequence", "fold", "latest_at", "state"))
    query = select(*columns).where(
        snapshots_table.c.aggregate_id == first.aggregate_id,
        snapshots_table.c.sequence.between(first.sequence, last.sequence),
    )
    rows = (await connection.execute(query)).mappings()
    return {row["sequence"]: RecordedSnapshot(**row) for row in rows}


def _sessions(after: str, limit: int) -> Select[*tuple[Any, ...]]:
    stored_ids = select(streams.c.aggregate_id).where(
        streams.c.aggregate_id > after, streams.c.aggregate_id.not_like("service:%")
    )
    shown_ids = select(sessions.c.session_id).where(sessions.c.session_id > after)
    both = union(stored_ids, shown_ids).subquery()
    return select(both.c.aggregate_id).order_by(both.c.aggregate_id).limit(limit)


def _altered(each: StoredEvent, decoded: Event) -> list[Altered]:
    """Return the event if it is not as it came: its bytes, where nobody erased them, or a column.

    Everything else reads columns, which say again what is in the headers.
    """
    came = each.erased_at or sha256(each.value).digest() == each.digest
    if came and _by_columns(each) == decoded:
        return []
    return [Altered(sequence=each.sequence, event_id=each.event_id)]


def _by_columns(each: StoredEvent) -> Event | None:
    try:
        return each.event()
    except DecodingError:
        return None
