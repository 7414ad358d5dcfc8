# SPDX-License-Identifier: Apache-2.0
"""What every event store promises."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from shared.events import Event
from shared.eventstore.stored_event import StoredEvent
from shared.messaging.records import Delivery

State = TypeVar("State")
Reducer = Callable[[State, Event], State]
"""Takes the state and the next event, and returns the state after it."""

Until = datetime | int | None
"""A point of a stream: up to a moment, up to an event (inclusive), or up to its end."""


class EventStore(Protocol):
    """Streams of events, one for each aggregate, to which events are only ever added.

    An event has one place, ``(aggregate_id, sequence)``, and one id, and is stored once however
    often it comes. Its bytes and headers are kept as they are. The *version* of a stream is the
    number of its last event before any gap.
    """

    async def append(
        self, events: Event | Sequence[Event], expected_version: int | None = None
    ) -> int:
        """Add events of one aggregate at the end of its stream, all or none; return its version.

        Events without a number get the next ones. Appending the same events again, as a caller
        does who does not know whether they arrived, changes nothing and returns the same.

        Raises:
            StreamConflictError: the stream is not at ``expected_version`` (or not just before the
                number that the events already have), or misses an event.
            EventConflictError: an event id is taken.
        """
        ...

    async def record(self, deliveries: Sequence[Delivery]) -> None:
        """Add events as they arrive from Kafka, all or none.

        They belong at the places they name, whatever is missing before them; what is known already
        is dropped.

        Raises:
            EventConflictError: another event has the place, or the event has other bytes.
            PermanentError: a delivery holds no event, or one without a place.
        """
        ...

    async def version(self, aggregate_id: str) -> int:
        """Return the number of the last event before any gap; 0 for a stream that is empty."""
        ...

    async def get_events(self, aggregate_id: str, from_version: int = 0) -> list[StoredEvent]:
        """Return what came after version ``from_version``, by sequence, also behind a gap."""
        ...

    async def replay_events(
        self,
        aggregate_id: str,
        until: Until = None,
        *,
        reducer: Reducer[State],
        initial: State,
        after: int = 0,
    ) -> State:
        """Return the state at a point of the stream, from the events before any gap.

        ``initial`` is the state after the event ``after``, from which the fold goes on.

        Up to a moment means: up to the first event that happened later. Clocks differ, so an event
        behind that one is not in it either, whatever time it bears.
        """
        ...
