# SPDX-License-Identifier: Apache-2.0
"""The event store inside one process: for tests, and for programs that need no database."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from shared.clock import Clock, SystemClock
from shared.events import Event, Topics
from shared.eventstore.appending import Appending, StoredAt
from shared.eventstore.arrangement import Head, arrange, unbroken
from shared.eventstore.conflicts import (
    Conflict,
    ConflictKind,
    EventConflictError,
    StreamConflictError,
)
from shared.eventstore.entries import Entry, Place
from shared.eventstore.intake import entries_of
from shared.eventstore.replay import Prefix
from shared.eventstore.store import Reducer, State, Until
from shared.eventstore.stored_event import StoredEvent
from shared.messaging.records import Delivery


class InMemoryEventStore:
    """An event store that forgets everything with the process."""

    def __init__(self, *, topics: Topics | None = None, clock: Clock | None = None) -> None:
        self._topics = topics or Topics()
        self._clock = clock or SystemClock()
        self._entries: dict[Place, Entry] = {}
        self._ids: dict[UUID, StoredAt] = {}
        self._streams: dict[str, dict[int, StoredEvent]] = defaultdict(dict)

    async def append(
        self, events: Event | Sequence[Event], expected_version: int | None = None
    ) -> int:
        """Add events of one aggregate at the end of its stream; return its version."""
        appending = Appending.of(events, expected_version)
        done = appending.done_at(self._ids, self._topics)
        if done is not None:
            return done
        head = self._head(appending.aggregate_id)
        if head.highest != head.version:
            raise StreamConflictError.gap(appending.aggregate_id, version=head.version)
        if appending.expected not in (None, head.version):
            raise StreamConflictError.version(
                appending.aggregate_id, actual=head.version, expected=appending.expected
            )
        self._add(appending.entries(head.version, self._topics))
        return head.version + len(appending.events)

    async def record(self, deliveries: Sequence[Delivery]) -> None:
        """Add events as they arrive from Kafka."""
        arrangement = arrange(entries_of(deliveries), self._entries)
        if arrangement.conflicts:
            raise EventConflictError(arrangement.conflicts)
        self._add(arrangement.fresh)

    async def version(self, aggregate_id: str) -> int:
        """Return the number of the last event before any gap."""
        return self._head(aggregate_id).version

    async def get_events(self, aggregate_id: str, from_version: int = 0) -> list[StoredEvent]:
        """Return what came after version ``from_version``, by sequence."""
        stream = self._streams.get(aggregate_id, {})
        return [stream[sequence] for sequence in sorted(stream) if sequence > from_version]

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
        state = initial
        for stored in Prefix(until, after).take(await self.get_events(aggregate_id, after)):
            state = reducer(state, stored.event())
        return state

    def _head(self, aggregate_id: str) -> Head:
        sequences = sorted(self._streams.get(aggregate_id, {}))
        return Head(unbroken(0, sequences), sequences[-1] if sequences else 0)

    def _add(self, entries: Sequence[Entry]) -> None:
        taken = [entry for entry in entries if entry.event_id in self._ids]
        if taken:
            raise EventConflictError(
                [Conflict(ConflictKind.ID_REUSED, entry, entry.event_id) for entry in taken]
            )
        for entry in entries:
            stored = StoredEvent.of(entry, recorded_at=self._clock.now())
            self._streams[entry.aggregate_id][entry.sequence] = stored
            self._entries[entry.place] = entry
            self._ids[entry.event_id] = StoredAt(entry.place, entry.digest)
