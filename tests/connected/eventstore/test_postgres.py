# SPDX-License-Identifier: Apache-2.0
"""The event store in PostgreSQL keeps the promises of every event store, as the service's role."""

from collections.abc import AsyncGenerator

import pytest

from services.persistence.tables import stored
from shared.database import Database
from shared.eventstore import EventStore, PostgresEventStore
from shared.settings import DatabaseSettings
from tests.contract.event_store import EventStoreContract
from tests.support.databases import MigratedDatabase


@pytest.mark.connected
class TestPostgresEventStore(EventStoreContract):
    @pytest.fixture
    async def database(self, migrated_database: MigratedDatabase) -> AsyncGenerator[Database]:
        url = migrated_database.url("persistence")
        database = Database(DatabaseSettings.model_validate({"url": url}))
        yield database
        await database.stop()

    @pytest.fixture
    def store(self, database: Database) -> EventStore:
        return PostgresEventStore(database, stored)
