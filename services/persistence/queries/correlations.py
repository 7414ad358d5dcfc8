# SPDX-License-Identifier: Apache-2.0
"""All that belongs to one correlation, and what is wrong with it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.causality import Caused, causal_tree
from services.persistence.queries.streams import StreamQueries
from services.persistence.store.anomalies import DISCARDED, DUPLICATE
from services.persistence.tables import anomalies, events, stored
from services.persistence.views.timeline import (
    Anomaly,
    CorrelationTree,
    StreamGaps,
    TreeLine,
    line,
)
from shared.database import Database, among
from shared.eventstore import StoredEvent
from shared.eventstore.columns import Types, parameters, rows
from shared.eventstore.reader import EventReader, read
from shared.eventstore.tables import IDENTIFIER
from shared.http import Problem

_PLACE: Types = {"aggregate_id": IDENTIFIER, "sequence": BigInteger()}


class CorrelationQueries:
    """What one request, or whatever else had a correlation id, led to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._streams = StreamQueries(database)
        self._reader = EventReader(stored)

    async def tree(self, correlation_id: str, *, limit: int) -> CorrelationTree:
        """Return the events of a correlation below their causes.

        Raises:
            Problem: nothing is stored of it.
        """
        async with self._database.connect() as connection:
            found = await self._events(connection, correlation_id, limit + 1)
            if not found:
                detail = f"nothing is stored of correlation {correlation_id!r}"
                raise Problem(404, "Unknown correlation", detail)
            shown = found[:limit]
            elsewhere = await self._elsewhere(connection, shown)
            noted = await self._anomalies(connection, shown)
        tree = causal_tree(shown, elsewhere)
        return CorrelationTree(
            correlation_id=correlation_id,
            events=[_tree_line(each) for each in tree.events],
            truncated=len(found) > limit,
            orphans=[each.stored.event_id for each in tree.events if each.orphan],
            cycles=[list(cycle) for cycle in tree.cycles],
            gaps=await self._gaps(shown),
            duplicates=[each for each in noted if each.kind == DUPLICATE],
            discarded=[each for each in noted if each.kind == DISCARDED],
            conflicts=[each for each in noted if each.kind not in (DUPLICATE, DISCARDED)],
        )

    async def _events(
        self, connection: AsyncConnection, correlation_id: str, limit: int
    ) -> list[StoredEvent]:
        query = (
            self._reader.query()
            .where(events.c.correlation_id == correlation_id)
            .order_by(events.c.aggregate_id, events.c.sequence)
            .limit(limit)
        )
        return await read(connection, query)

    async def _elsewhere(
        self, connection: AsyncConnection, shown: Sequence[StoredEvent]
    ) -> set[UUID]:
        """Return the causes that are stored, but not among the events shown."""
        known = {each.event_id for each in shown}
        causes = [each.causation_id for each in shown if each.causation_id not in known]
        wanted = [cause for cause in causes if cause]
        query = select(events.c.event_id).where(among(events.c.event_id, wanted))
        return set(await connection.scalars(query))

    async def _anomalies(
        self, connection: AsyncConnection, shown: Sequence[StoredEvent]
    ) -> list[Anomaly]:
        """Return what came again at the places of these events, or contradicted them."""
        place = rows(_PLACE)
        query = (
            select(anomalies)
            .join(
                place,
                (place.c.aggregate_id == anomalies.c.aggregate_id)
                & (place.c.sequence == anomalies.c.sequence),
            )
            .order_by(anomalies.c.aggregate_id, anomalies.c.sequence, anomalies.c.kind)
        )
        places = parameters(_PLACE, [(each.aggregate_id, each.sequence) for each in shown])
        return [Anomaly.model_validate(row) for row in await connection.execute(query, places)]

    async def _gaps(self, shown: Sequence[StoredEvent]) -> list[StreamGaps]:
        streams = sorted({each.aggregate_id for each in shown})
        found = await self._streams.gaps_of(streams)
        return [StreamGaps(aggregate_id=each, gaps=gaps) for each, gaps in sorted(found.items())]


def _tree_line(caused: Caused) -> TreeLine:
    shown = line(caused.stored, depth=caused.depth)
    values: dict[str, Any] = {**shown.model_dump(), "orphan": caused.orphan}
    return TreeLine.model_validate(values)
