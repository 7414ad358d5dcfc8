# SPDX-License-Identifier: Apache-2.0
"""How far each stream goes, in PostgreSQL."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.eventstore.arrangement import Head, unbroken
from shared.eventstore.columns import parameters
from shared.eventstore.entries import Entry
from shared.eventstore.stream_statements import MOVED, START, StreamStatements
from shared.eventstore.tables import EventTables


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
        self._statements = StreamStatements(tables)

    async def head(self, connection: AsyncConnection, aggregate_id: str) -> Head:
        """Return how far a stream goes, without locking it."""
        found = await connection.execute(self._statements.head, {"aggregate_id": aggregate_id})
        row = found.one_or_none()
        return Head(row.version, row.highest, row.erased) if row else Head()

    async def lock(
        self, connection: AsyncConnection, aggregate_ids: Iterable[str]
    ) -> dict[str, Head]:
        """Return how far streams go, and lock them; always in one order, so nobody deadlocks."""
        ids = {"aggregate_ids": sorted(aggregate_ids)}
        await connection.execute(self._statements.begin, ids)
        found = await connection.execute(self._statements.lock, ids)
        return {row.aggregate_id: Head(row.version, row.highest, row.erased) for row in found}

    async def advance(
        self, connection: AsyncConnection, heads: Mapping[str, Head], fresh: Sequence[Entry]
    ) -> list[Advance]:
        """Move the heads of locked streams past the events just added; return whose run grew."""
        moved = _moved(heads, fresh)
        joined = {
            aggregate_id: heads[aggregate_id].version
            for aggregate_id, head in moved.items()
            if head.version > heads[aggregate_id].version < heads[aggregate_id].highest
        }
        for aggregate_id, version in (await self._joined(connection, joined)).items():
            moved[aggregate_id] = Head(version, moved[aggregate_id].highest)
        if moved:
            values = [(key, head.version, head.highest) for key, head in moved.items()]
            await connection.execute(self._statements.move, parameters(MOVED, values))
        return [
            Advance(aggregate_id, heads[aggregate_id].version, head.version)
            for aggregate_id, head in moved.items()
            if head.version > heads[aggregate_id].version
        ]

    async def _joined(
        self, connection: AsyncConnection, versions: Mapping[str, int]
    ) -> dict[str, int]:
        """Return the ends of the runs that continue where later events waited."""
        if not versions:
            return {}
        values = parameters(START, list(versions.items()))
        found = await connection.execute(self._statements.joined, values)
        return {row.aggregate_id: row.version for row in found}


def _moved(heads: Mapping[str, Head], fresh: Sequence[Entry]) -> dict[str, Head]:
    added = defaultdict[str, list[int]](list)
    for entry in fresh:
        added[entry.aggregate_id].append(entry.sequence)
    moved: dict[str, Head] = {}
    for aggregate_id, sequences in added.items():
        head = heads[aggregate_id]
        sequences.sort()
        version = unbroken(head.version, (each for each in sequences if each > head.version))
        moved[aggregate_id] = Head(version, max(head.highest, sequences[-1]))
    return moved
