# SPDX-License-Identifier: Apache-2.0
"""The event store in PostgreSQL."""

from collections.abc import Sequence
from contextlib import aclosing
from uuid import UUID

import asyncpg

from shared.database import Database
from shared.events import Event, Topics
from shared.eventstore.appender import Appender
from shared.eventstore.appending import Appending, StoredAt
from shared.eventstore.conflicts import (
    Conflict,
    ConflictKind,
    EventConflictError,
    StreamConflictError,
)
from shared.eventstore.intake import entries_of
from shared.eventstore.reader import EventReader
from shared.eventstore.replay import Prefix
from shared.eventstore.store import Reducer, State, Until
from shared.eventstore.stored_event import StoredEvent
from shared.eventstore.streams import Streams
from shared.eventstore.tables import EventTables
from shared.eventstore.writer import EventWriter
from shared.messaging.records import Delivery
from shared.telemetry.database import POSTGRESQL, client_span
from shared.telemetry.tracing import Tracing


class PostgresEventStore:
    """An event store in the tables of a service."""

    def __init__(
        self,
        database: Database,
        tables: EventTables,
        *,
        topics: Topics | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self._database = database
        self._topics = topics or Topics()
        self._appender = Appender(tables)
        self._streams = Streams(tables)
        self._reader = EventReader(tables)
        self._tracing = tracing or Tracing.off()
        self._target = tables.events.fullname
        self._writer = EventWriter(database, tables, self._tracing)

    async def append(
        self, events: Event | Sequence[Event], expected_version: int | None = None
    ) -> int:
        """Add events of one aggregate at the end of its stream; return its version."""
        appending = Appending.of(events, expected_version)
        version = appending.expected
        if version is None:
            version = await self._end(appending)
        while not await self._insert(appending, version):
            done = await self._done_at(appending)
            if done is not None:
                return done
            actual = await self._end(appending)
            if appending.expected is not None:
                raise StreamConflictError.version(
                    appending.aggregate_id, actual=actual, expected=version
                )
            version = actual
        return version + len(appending.events)

    async def record(self, deliveries: Sequence[Delivery]) -> None:
        """Add events as they arrive from Kafka."""
        await self._writer.write(entries_of(deliveries))

    async def version(self, aggregate_id: str) -> int:
        """Return the number of the last event before any gap."""
        async with self._database.connect() as connection:
            return (await self._streams.head(connection, aggregate_id)).version

    async def get_events(self, aggregate_id: str, from_version: int = 0) -> list[StoredEvent]:
        """Return what came after version ``from_version``, by sequence."""
        async with self._database.connect() as connection:
            return await self._reader.after(connection, aggregate_id, from_version)

    async def replay_events(
        self,
        aggregate_id: str,
        until: Until = None,
        *,
        reducer: Reducer[State],
        initial: State,
        after: int = 0,
    ) -> State:
        """Return the state at a point of the stream."""
        state, prefix = initial, Prefix(until, after)
        last = until if isinstance(until, int) else None
        async with (
            self._database.connect() as connection,
            aclosing(self._reader.pages(connection, aggregate_id, after, last=last)) as pages,
        ):
            async for page in pages:
                for stored in prefix.take(page):
                    state = reducer(state, stored.event())
                if prefix.ended:
                    break
        return state

    async def _end(self, appending: Appending) -> int:
        async with self._database.connect() as connection:
            head = await self._streams.head(connection, appending.aggregate_id)
        if head.highest != head.version:
            raise StreamConflictError.gap(appending.aggregate_id, version=head.version)
        return head.version

    async def _insert(self, appending: Appending, version: int) -> bool:
        entries = appending.entries(version, self._topics)
        span = client_span(
            self._tracing, system=POSTGRESQL, operation="INSERT", target=self._target
        )
        try:
            with span:
                async with self._database.driver() as driver:
                    return await self._appender.insert(driver, entries, version=version)
        except asyncpg.UniqueViolationError as error:
            stored = await self._find(appending)
            if appending.done_at(stored, self._topics) is not None:
                return False
            raise EventConflictError(
                [
                    Conflict(ConflictKind.ID_REUSED, entry, entry.event_id)
                    for entry in entries
                    if entry.event_id in stored
                ]
            ) from error

    async def _done_at(self, appending: Appending) -> int | None:
        return appending.done_at(await self._find(appending), self._topics)

    async def _find(self, appending: Appending) -> dict[UUID, StoredAt]:
        ids = [event.event_id for event in appending.events]
        async with self._database.connect() as connection:
            return await self._appender.find(connection, ids)
