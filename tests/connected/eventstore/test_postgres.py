# SPDX-License-Identifier: Apache-2.0
"""The event store in PostgreSQL keeps the promises of every event store, as the service's role."""

from collections.abc import AsyncGenerator

import pytest
from sqlalchemy import text

from services.persistence.tables import stored
from shared.database import Database
from shared.eventstore import EventStore, PostgresEventStore
from shared.settings import DatabaseSettings
from tests.contract.event_store import EventStoreContract, written
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

    async def test_appending_goes_on_when_the_server_has_closed_the_connections(
        self, database: Database, store: EventStore, stream: str
    ) -> None:
        """Safeguard: a connection of the driver that is lost is thrown away, not handed out."""
        async with database.driver(), database.driver():
            pass  # the pool has two from now on
        async with database.connect() as connection:
            await connection.execute(_CLOSE_OTHERS)

        async with database.driver() as one, database.driver() as other:
            lost = [one.is_closed(), other.is_closed()]
        versions = [await store.append(written(stream)) for _ in range(3)]

        assert lost == [False, False]
        assert versions == [1, 2, 3]


_CLOSE_OTHERS = text(
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
