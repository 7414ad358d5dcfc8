# SPDX-License-Identifier: Apache-2.0
"""Stores batches of events, and what follows from them, in one transaction."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.projections import Rows, project
from services.persistence.store.anomalies import Anomalies
from services.persistence.store.data_errors import data_errors
from services.persistence.store.discards import Discards, entries_of_stand_ins
from services.persistence.store.erasing import Erasing, orders
from services.persistence.store.event_counts import EventCounts
from services.persistence.store.read_models import ReadModels
from services.persistence.store.rebuilding import rebuilt_among
from services.persistence.tables import NEXT, stored
from shared.database import Database
from shared.events import Event
from shared.eventstore import EventConflictError, StoredEvent
from shared.eventstore.arrangement import stands_in
from shared.eventstore.entries import Entry, Place
from shared.eventstore.intake import entries_of
from shared.eventstore.reader import EventReader
from shared.eventstore.streams import Advance
from shared.eventstore.writer import EventWriter, Written
from shared.messaging import Delivery
from shared.telemetry.tracing import Tracing

SLICE = 1_000
"""How many events of a session are read and projected at a time when a gap closes."""

Arrived = dict[Place, Event]


class PersistenceStore:
    """Every event, and the read models that follow from them.

    An event is stored as soon as it comes. It is projected when all before it in its session are,
    which is decided by its number alone.
    """

    def __init__(self, database: Database, tracing: Tracing) -> None:
        self._database = database
        self.writer = EventWriter(database, stored, tracing)
        self._reader = EventReader(stored)
        self._read_models = ReadModels()
        self._next = ReadModels(NEXT)
        self._counts = EventCounts()
        self._anomalies = Anomalies()
        self._discards = Discards(database)
        self.erasing = Erasing(self._read_models)

    async def apply(self, deliveries: Sequence[Delivery]) -> int:
        """Store and project all deliveries, each at most once ever, or none of them.

        Return how many were stored before, or came after their place was passed over.

        Raises:
            EventConflictError: some contradict what is stored, which is noted.
            PermanentError: some cannot be stored.
        """
        stand_ins = await self._discards.among(deliveries)
        entries = [*entries_of_stand_ins(stand_ins), *entries_of(deliveries)]
        came: dict[Place, Event] = {
            Place(each.event.aggregate_id, each.event.sequence): each.event
            for each in deliveries
            if each.event
        }
        came.update(stand_ins)
        try:
            with data_errors():
                written = await self.writer.write(entries, then=partial(self._follow, came))
        except EventConflictError as error:
            async with self._database.begin() as connection:
                await self._anomalies.conflicts(connection, error.conflicts)
            raise
        return written.arrangement.dropped

    async def add(
        self, connection: AsyncConnection, arrivals: Sequence[tuple[Entry, Event]]
    ) -> None:
        """Store and project events in the transaction of the caller, who has looked what is there.

        Raises:
            EventConflictError: some contradict what is stored.
        """
        written = await self.writer.add(connection, [entry for entry, _ in arrivals])
        await self._follow({entry.place: event for entry, event in arrivals}, connection, written)

    async def _follow(self, came: Arrived, connection: AsyncConnection, written: Written) -> None:
        rows, projected = Rows(), 0
        grown = [advance.aggregate_id for advance in written.advances]
        rebuilt = await rebuilt_among(connection, grown)
        fresh = written.arrangement.fresh
        arrived = {each.place: _event(each, came) for each in fresh}
        for advance in written.advances:
            async for events in self._slices(connection, advance, arrived):
                for event in events:
                    project(event, rows)
                projected += len(events)
                if projected >= SLICE:
                    await self._apply(connection, rows, rebuilt)
                    rows, projected = Rows(), 0
        await self._apply(connection, rows, rebuilt)
        await self._counts.add(connection, (each for each in fresh if not stands_in(each)))
        await self._anomalies.duplicates(connection, written.arrangement.duplicates)
        await self._anomalies.discards(
            connection, ((each, arrived[each.place]) for each in fresh if stands_in(each))
        )
        for erasure in orders(arrived.values()):
            if erasure.session_id not in written.erased:
                await self.erasing.erase(connection, erasure)

    async def _apply(self, connection: AsyncConnection, rows: Rows, rebuilt: set[str]) -> None:
        """Bring changes into the read models, and into those that are built beside them."""
        await self._read_models.apply(connection, rows)
        if rebuilt:
            await self._next.apply(connection, rows.only(rebuilt))

    async def _slices(
        self, connection: AsyncConnection, advance: Advance, arrived: Arrived
    ) -> AsyncIterator[list[Event]]:
        """Give the events by which a stream grew: those of the batch, and those that waited."""
        for before in range(advance.before, advance.after, SLICE):
            places = [
                Place(advance.aggregate_id, sequence)
                for sequence in range(before + 1, min(before + SLICE, advance.after) + 1)
            ]
            known = {place: arrived[place] for place in places if place in arrived}
            if len(known) < len(places):
                waiting = await self._reader.after(
                    connection, advance.aggregate_id, before, last=places[-1].sequence
                )
                known |= {
                    Place(each.aggregate_id, each.sequence): each.event()
                    for each in waiting
                    if Place(each.aggregate_id, each.sequence) not in known
                }
            yield [known[place] for place in places]


def _event(entry: Entry, came: Arrived) -> Event:
    """Return the event of a row: as it came, or without what was erased on its way in."""
    if entry.erased_at is None:
        return came[entry.place]
    return StoredEvent.of(entry, recorded_at=entry.erased_at).event()
