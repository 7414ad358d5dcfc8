# SPDX-License-Identifier: Apache-2.0
"""The event store inside one process keeps the promises of every event store."""

import pytest

from shared.eventstore import EventStore, InMemoryEventStore
from tests.contract.event_store import EventStoreContract


class TestInMemoryEventStore(EventStoreContract):
    @pytest.fixture
    def store(self) -> EventStore:
        return InMemoryEventStore()
