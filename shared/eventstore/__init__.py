# SPDX-License-Identifier: Apache-2.0
"""The event store: streams of events that only grow, and the states they lead to."""

from shared.eventstore.conflicts import (
    Conflict,
    ConflictKind,
    EventConflictError,
    StreamConflictError,
)
from shared.eventstore.in_memory import InMemoryEventStore
from shared.eventstore.postgres import PostgresEventStore
from shared.eventstore.store import EventStore, Reducer, Until
from shared.eventstore.stored_event import StoredEvent
from shared.eventstore.tables import EventTables, event_tables

__all__ = [
    "Conflict",
    "ConflictKind",
    "EventConflictError",
    "EventStore",
    "EventTables",
    "InMemoryEventStore",
    "PostgresEventStore",
    "Reducer",
    "StoredEvent",
    "StreamConflictError",
    "Until",
    "event_tables",
]
