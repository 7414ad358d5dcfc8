# SPDX-License-Identifier: Apache-2.0
"""Where events that came from elsewhere were recorded there."""

from collections.abc import Iterable, Sequence

from sqlalchemy import BigInteger, DateTime, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.exchange import Arrival, Origin
from services.persistence.tables import origins
from shared.eventstore import StoredEvent
from shared.eventstore.columns import Types, parameters, rows
from shared.eventstore.entries import Coordinates

_TYPES: Types = {
    "aggregate_id": Text(),
    "sequence": BigInteger(),
    "topic": Text(),
    "partition": BigInteger(),
    "offset": BigInteger(),
    "timestamp": BigInteger(),
    "recorded_at": DateTime(timezone=True),
}


class Origins:
    """The table ``origins``; most sessions have nothing in it."""

    def __init__(self) -> None:
        self._insert = insert(origins).from_select(list(_TYPES), select(rows(_TYPES)))

    async def add(self, connection: AsyncConnection, arrivals: Iterable[Arrival]) -> None:
        """Note where these events come from."""
        values = [
            (
                *each.entry.place,
                *(each.origin.coordinates or (None, None, None)),
                each.origin.timestamp,
                each.origin.recorded_at,
            )
            for each in arrivals
        ]
        if values:
            await connection.execute(self._insert, parameters(_TYPES, values))

    async def of(
        self, connection: AsyncConnection, events: Sequence[StoredEvent]
    ) -> dict[int, Origin]:
        """Return the origins of those of ``events``, all of one session, that have one."""
        if not events:
            return {}
        first, last = events[0], events[-1]
        query = select(origins).where(
            origins.c.aggregate_id == first.aggregate_id,
            origins.c.sequence.between(first.sequence, last.sequence),
        )
        return {
            row.sequence: Origin(
                coordinates=Coordinates(row.topic, row.partition, row.offset)
                if row.topic
                else None,
                timestamp=row.timestamp,
                recorded_at=row.recorded_at,
            )
            for row in await connection.execute(query)
        }
