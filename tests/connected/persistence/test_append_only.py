# SPDX-License-Identifier: Apache-2.0
"""What the database itself refuses to whoever has the password of this service."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest

from deploy.embedded.sql import SqlConnection, connected
from services.persistence.tables import metadata
from tests.support.conversations import conversation
from tests.support.databases import MigratedDatabase
from tests.support.history import TestHistory

pytestmark = pytest.mark.connected


@pytest.fixture
async def service(
    history: TestHistory, migrated_database: MigratedDatabase
) -> AsyncGenerator[SqlConnection]:
    """A connection in the role of the service, to a database with events in it."""
    await history.take(*conversation())
    async with connected(migrated_database.url("persistence")) as connection:
        yield connection


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE persistence.events SET value = value",
        "DELETE FROM persistence.events",
        "SELECT FROM persistence.events FOR UPDATE",
        "TRUNCATE persistence.events",
        "DROP TABLE persistence.events",
        "ALTER TABLE persistence.events ADD COLUMN remark text",
        "CREATE TABLE persistence.another ()",
    ],
)
async def test_stored_events_cannot_be_changed(service: SqlConnection, statement: str) -> None:
    stored = await service.fetchval("SELECT count(*) FROM persistence.events")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute(statement)

    assert await service.fetchval("SELECT count(*) FROM persistence.events") == stored > 0


@pytest.mark.parametrize("table", [each.name for each in metadata.sorted_tables])
async def test_nothing_can_be_deleted(service: SqlConnection, table: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute(f"DELETE FROM persistence.{table}")  # noqa: S608


async def test_no_other_service_can_even_look(migrated_database: MigratedDatabase) -> None:
    others = set(migrated_database.passwords) - {"persistence"}
    assert others
    for other in others:
        async with connected(migrated_database.url(other)) as stranger:
            for table in metadata.sorted_tables:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await stranger.execute(f"SELECT FROM {table.fullname}")
