# SPDX-License-Identifier: Apache-2.0
"""How far streams go, and what is missing in them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.store.anomalies import DISCARDED
from services.persistence.tables import anomalies, erasures, events, streams
from services.persistence.views.view import Gap
from shared.database import Database, among
from shared.eventstore.arrangement import Head
from shared.http import Problem

MAX_GAPS = 100
"""How many gaps of a stream are named."""


class StreamQueries:
    """Streams of events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def require(self, aggregate_id: str) -> Head:
        """Return how far a stream goes.

        Raises:
            Problem: nothing is stored of it.
        """
        async with self._database.connect() as connection:
            head = await self.head(connection, aggregate_id)
        if not head.highest:
            raise self.unknown(aggregate_id)
        return head

    async def head(self, connection: AsyncConnection, aggregate_id: str) -> Head:
        """Return how far a stream goes, also one of which nothing is stored."""
        query = select(streams.c.version, streams.c.highest).where(
            streams.c.aggregate_id == aggregate_id
        )
        row = (await connection.execute(query)).one_or_none()
        return Head(row.version, row.highest) if row else Head()

    def unknown(self, aggregate_id: str) -> Problem:
        """Return the problem of a session of which nothing is stored."""
        return Problem(404, "Unknown session", f"nothing is stored of session {aggregate_id!r}")

    async def version(self, connection: AsyncConnection, aggregate_id: str) -> int:
        """Return up to which event a stream has no gap, as ``connection`` sees it."""
        query = select(streams.c.version).where(streams.c.aggregate_id == aggregate_id)
        version: int = (await connection.execute(query)).scalar_one()
        return version

    def not_yet(self, aggregate_id: str, head: Head) -> Problem:
        """Return the problem of a session whose first event has not come."""
        return Problem(
            404,
            "Not there yet",
            f"events up to {head.highest} of session {aggregate_id!r} are stored, but event"
            f" {head.version + 1} is missing",
        )

    async def erased_at(self, aggregate_id: str) -> datetime | None:
        """Return when what a stream says was erased here; None if it was not."""
        query = select(func.min(erasures.c.erased_at)).where(
            erasures.c.aggregate_id == aggregate_id
        )
        async with self._database.connect() as connection:
            moment: datetime | None = await connection.scalar(query)
        return moment

    async def gaps(self, aggregate_id: str) -> list[Gap]:
        """Return what is missing in a stream before its last event, the first gaps of it."""
        return (await self.gaps_of([aggregate_id])).get(aggregate_id, [])

    async def discarded(self, aggregate_id: str, *, until: int) -> list[int]:
        """Return which numbers up to ``until`` were passed over, the first of them."""
        query = (
            select(anomalies.c.sequence)
            .where(
                anomalies.c.aggregate_id == aggregate_id,
                anomalies.c.sequence <= until,
                anomalies.c.kind == DISCARDED,
            )
            .order_by(anomalies.c.sequence)
            .limit(MAX_GAPS)
        )
        async with self._database.connect() as connection:
            return list(await connection.scalars(query))

    async def gaps_of(self, aggregate_ids: Sequence[str]) -> dict[str, list[Gap]]:
        """Return what is missing in each of these streams that misses something."""
        previous = func.lag(events.c.sequence, 1, streams.c.version).over(
            partition_by=events.c.aggregate_id, order_by=events.c.sequence
        )
        neighbours = (
            select(
                events.c.aggregate_id, previous.label("previous"), events.c.sequence.label("next")
            )
            .join(streams, streams.c.aggregate_id == events.c.aggregate_id)
            .where(
                among(events.c.aggregate_id, aggregate_ids),
                streams.c.highest > streams.c.version,
                events.c.sequence > streams.c.version,
            )
            .subquery()
        )
        query = (
            select(neighbours)
            .where(neighbours.c.next > neighbours.c.previous + 1)
            .order_by(neighbours.c.aggregate_id, neighbours.c.next)
            .limit(MAX_GAPS)
        )
        found: dict[str, list[Gap]] = {}
        async with self._database.connect() as connection:
            for row in await connection.execute(query):
                gap = Gap(first=row.previous + 1, last=row.next - 1)
                found.setdefault(row.aggregate_id, []).append(gap)
        return found
