# SPDX-License-Identifier: Apache-2.0
"""How far each stream goes, in PostgreSQL."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, any_, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore.arrangement import Head, unbroken
from shared.eventstore.columns import Types, array, rows
from shared.eventstore.entries import Entry
from shared.eventstore.tables import IDENTIFIER, EventTables


@dataclass(frozen=True, slots=True)
class Advance:
    """A stream whose unbroken run became longer: from ``before`` to ``after``."""

    aggregate_id: str
    before: int
    after: int


class Streams:
    """The heads of streams.

    Whoever adds to a stream holds the lock of its head, so the events of one stream are added, and
    what follows from them is done, by one process at a time.
    """

    def __init__(self, tables: EventTables) -> None:
        self._events = tables.events
        self._streams = tables.streams

    async def head(self, connection: AsyncConnection, aggregate_id: str) -> Head:
        """Return how far a stream goes, without locking it."""
        streams = self._streams
        found = await connection.execute(
            select(streams.c.version, streams.c.highest).where(
                streams.c.aggregate_id == aggregate_id
            )
        )
        row = found.one_or_none()
        return Head(row.version, row.highest) if row else Head()

    async def lock(
        self, connection: AsyncConnection, aggregate_ids: Iterable[str]
    ) -> dict[str, Head]:
        """Return how far streams go, and lock them; always in one order, so nobody deadlocks."""
        ids = array(sorted(aggregate_ids), IDENTIFIER)
        streams = self._streams
        await connection.execute(
            insert(streams)
            .from_select(["aggregate_id"], select(func.unnest(ids)))
            .on_conflict_do_nothing()
        )
        found = await connection.execute(
            select(streams)
            .where(streams.c.aggregate_id == any_(ids))
            .order_by(streams.c.aggregate_id)
            .with_for_update()
        )
        return {row.aggregate_id: Head(row.version, row.highest) for row in found}

    async def advance(
        self, connection: AsyncConnection, heads: Mapping[str, Head], fresh: Sequence[Entry]
    ) -> list[Advance]:
        """Move the heads of locked streams past the events just added; return whose run grew."""
        added = defaultdict[str, list[int]](list)
        for entry in fresh:
            added[entry.aggregate_id].append(entry.sequence)
        moved: dict[str, Head] = {}
        joined: dict[str, int] = {}
        for aggregate_id, sequences in added.items():
            head = heads[aggregate_id]
            sequences.sort()
            version = unbroken(head.version, (each for each in sequences if each > head.version))
            moved[aggregate_id] = Head(version, max(head.highest, sequences[-1]))
            if version > head.version and head.highest > head.version:
                joined[aggregate_id] = head.version
        for aggregate_id, version in (await self._joined(connection, joined)).items():
            moved[aggregate_id] = Head(version, moved[aggregate_id].highest)
        await self._move(connection, moved)
        return [
            Advance(aggregate_id, heads[aggregate_id].version, head.version)
            for aggregate_id, head in moved.items()
            if head.version > heads[aggregate_id].version
        ]

    async def _joined(
        self, connection: AsyncConnection, versions: Mapping[str, int]
    ) -> dict[str, int]:
        """Return the ends of runs that were added to streams where later events waited."""
        if not versions:
            return {}
        events = self._events
        types: Types = {"aggregate_id": IDENTIFIER, "version": BigInteger()}
        start = rows(types, list(versions.items()))
        number = func.row_number().over(
            partition_by=events.c.aggregate_id, order_by=events.c.sequence
        )
        tail = (
            select(
                events.c.aggregate_id,
                events.c.sequence,
                (events.c.sequence - number == start.c.version).label("unbroken"),
            )
            .join(start, start.c.aggregate_id == events.c.aggregate_id)
            .where(events.c.sequence > start.c.version)
            .subquery()
        )
        found = await connection.execute(
            select(tail.c.aggregate_id, func.max(tail.c.sequence))
            .where(tail.c.unbroken)
            .group_by(tail.c.aggregate_id)
        )
        return {row[0]: row[1] for row in found}

    async def _move(self, connection: AsyncConnection, heads: Mapping[str, Head]) -> None:
        if not heads:
            return
        streams = self._streams
        types: Types = {
            "aggregate_id": IDENTIFIER,
            "version": BigInteger(),
            "highest": BigInteger(),
        }
        values = [(key, head.version, head.highest) for key, head in heads.items()]
        new = rows(types, values)
        await connection.execute(
            update(streams)
            .where(streams.c.aggregate_id == new.c.aggregate_id)
            .values(version=new.c.version, highest=new.c.highest)
        )
