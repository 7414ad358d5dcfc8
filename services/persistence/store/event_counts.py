# SPDX-License-Identifier: Apache-2.0
"""Counts events by type as they are stored.

Counts are kept by topic and partition, which one consumer reads at a time, so that consumers do
not wait for each other.
"""

from collections import Counter
from collections.abc import Iterable

from sqlalchemy import BigInteger, Integer, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.tables import event_counts
from shared.eventstore.columns import Types, parameters, rows
from shared.eventstore.entries import Entry

_TYPES: Types = {
    "topic": Text(),
    "partition": Integer(),
    "type": Text(),
    "events": BigInteger(),
}


class EventCounts:
    """The table ``event_counts``."""

    def __init__(self) -> None:
        new = insert(event_counts).from_select(list(_TYPES), select(rows(_TYPES)))
        self._add = new.on_conflict_do_update(
            index_elements=event_counts.primary_key.columns.keys(),
            set_={"events": event_counts.c.events + new.excluded.events},
        )

    async def add(self, connection: AsyncConnection, stored: Iterable[Entry]) -> None:
        """Count events that were just stored."""
        added = Counter((each.topic or "", each.partition or 0, each.type) for each in stored)
        if added:
            values = [(*key, number) for key, number in sorted(added.items())]
            await connection.execute(self._add, parameters(_TYPES, values))
