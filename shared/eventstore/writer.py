# SPDX-License-Identifier: Apache-2.0
"""Adds batches of events to PostgreSQL: each event once, whole batches or nothing."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import BigInteger, Select, Table, Uuid, any_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.clock import Clock, SystemClock
from shared.database import Database
from shared.eventstore.arrangement import Arrangement, arrange
from shared.eventstore.columns import Types, array, parameters, rows
from shared.eventstore.conflicts import Conflict, ConflictKind, EventConflictError
from shared.eventstore.entries import (
    EVENT_COLUMNS,
    RECORD_COLUMNS,
    Coordinates,
    Entry,
    Place,
)
from shared.eventstore.streams import Advance, Streams
from shared.eventstore.tables import IDENTIFIER, EventTables
from shared.telemetry.database import POSTGRESQL, client_span
from shared.telemetry.tracing import Tracing

_PLACE: Types = {"aggregate_id": IDENTIFIER, "sequence": BigInteger()}


@dataclass(frozen=True, slots=True)
class StoredKey:
    """What has to be known of a stored event to compare another with it."""

    event_id: UUID
    type: str
    digest: bytes
    coordinates: Coordinates | None


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch, which streams grew, and which of them were ``erased`` before."""

    arrangement: Arrangement
    advances: Sequence[Advance]
    erased: frozenset[str] = frozenset()


Then = Callable[[AsyncConnection, Written], Awaitable[None]]
"""What else is to happen in the transaction."""


class EventWriter:
    """Adds events in one transaction, together with what follows from them.

    New events are copied, which is the fastest way in. Only those that may be known already, by
    how far their stream goes, are looked up first.
    """

    def __init__(
        self,
        database: Database,
        tables: EventTables,
        tracing: Tracing,
        clock: Clock | None = None,
    ) -> None:
        self._database = database
        self._tables = tables
        self._known = _select_known(tables.events)
        self._by_id = _select_by_id(tables.events)
        self._streams = Streams(tables)
        self._tracing = tracing
        self._clock = clock or SystemClock()

    async def write(self, entries: Sequence[Entry], then: Then | None = None) -> Written:
        """Add what is new of ``entries``, and do ``then`` in the same transaction.

        Raises:
            EventConflictError: some contradict what is stored; nothing was written.
        """
        try:
            async with self._database.begin() as connection:
                written = await self.add(connection, entries)
                if then:
                    await then(connection, written)
        except asyncpg.UniqueViolationError as error:
            async with self._database.connect() as connection:
                conflicts = await self.reused_ids(connection, entries)
            if not conflicts:
                raise
            raise EventConflictError(conflicts) from error
        return written

    async def add(self, connection: AsyncConnection, entries: Sequence[Entry]) -> Written:
        """Add what is new of ``entries`` in the transaction of the caller.

        Raises:
            EventConflictError: some contradict what is stored.
            asyncpg.UniqueViolationError: an id is stored elsewhere; the transaction has failed.
        """
        heads = await self._streams.lock(connection, {entry.aggregate_id for entry in entries})
        erased = frozenset(stream for stream, head in heads.items() if head.erased)
        if erased:
            entries = self._without_content(entries, erased)
        doubtful = [each for each in entries if each.sequence <= heads[each.aggregate_id].highest]
        arrangement = arrange(entries, await self.stored(connection, doubtful))
        if arrangement.conflicts:
            raise EventConflictError(arrangement.conflicts)
        await self._copy(connection, arrangement.fresh)
        advances = await self._streams.advance(connection, heads, arrangement.fresh)
        return Written(arrangement, advances, erased)

    def _without_content(self, entries: Sequence[Entry], erased: frozenset[str]) -> list[Entry]:
        """Return the rows of events; of erased streams, what they say is never written down."""
        now = self._clock.now()
        return [
            each.without_content(now) if each.aggregate_id in erased else each for each in entries
        ]

    async def stored(
        self, connection: AsyncConnection, entries: Sequence[Entry]
    ) -> dict[Place, StoredKey]:
        """Return what is stored at the places of ``entries``."""
        if not entries:
            return {}
        wanted = parameters(_PLACE, [entry.place for entry in entries])
        found = await connection.execute(self._known, wanted)
        return {
            Place(row.aggregate_id, row.sequence): StoredKey(
                row.event_id,
                row.type,
                row.digest,
                Coordinates(row.topic, row.partition, row.offset) if row.topic else None,
            )
            for row in found
        }

    async def _copy(self, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
        """Copy rows; the lock of the streams before has begun the transaction of the driver."""
        if not entries:
            return
        driver: Any = (await connection.get_raw_connection()).driver_connection
        for table, columns, values in (
            (self._tables.events, EVENT_COLUMNS, _event_values),
            (self._tables.records, RECORD_COLUMNS, _record_values),
        ):
            with client_span(
                self._tracing, system=POSTGRESQL, operation="COPY", target=table.fullname
            ):
                await driver.copy_records_to_table(
                    table.name,
                    schema_name=table.schema,
                    columns=columns,
                    records=map(values, entries),
                )

    async def reused_ids(
        self, connection: AsyncConnection, entries: Sequence[Entry]
    ) -> list[Conflict]:
        """Return which of ``entries`` have the id of an event that is stored elsewhere."""
        ids = {"event_ids": [entry.event_id for entry in entries]}
        found = await connection.execute(self._by_id, ids)
        places = {row.event_id: Place(row.aggregate_id, row.sequence) for row in found}
        return [
            Conflict(ConflictKind.ID_REUSED, entry, entry.event_id)
            for entry in entries
            if places.get(entry.event_id, entry.place) != entry.place
        ]


_event_values = itemgetter(*map(Entry._fields.index, EVENT_COLUMNS))
_record_values = itemgetter(*map(Entry._fields.index, RECORD_COLUMNS))


def _select_known(events: Table) -> Select[*tuple[Any, ...]]:
    wanted = rows(_PLACE)
    columns = ("aggregate_id", "sequence", "event_id", "type", "digest")
    return select(*(events.c[name] for name in (*columns, *Coordinates._fields))).join(
        wanted,
        (wanted.c.aggregate_id == events.c.aggregate_id) & (wanted.c.sequence == events.c.sequence),
    )


def _select_by_id(events: Table) -> Select[*tuple[Any, ...]]:
    return select(events.c.event_id, events.c.aggregate_id, events.c.sequence).where(
        events.c.event_id == any_(array("event_ids", Uuid()))
    )
