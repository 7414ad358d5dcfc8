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
        "UPDATE persistence.{table} SET sequence = sequence",
        "DELETE FROM persistence.{table}",
        "SELECT FROM persistence.{table} FOR UPDATE",
        "TRUNCATE persistence.{table}",
        "DROP TABLE persistence.{table}",
        "ALTER TABLE persistence.{table} ADD COLUMN remark text",
    ],
)
@pytest.mark.parametrize("table", ["events", "records"])
async def test_stored_events_cannot_be_changed(
    service: SqlConnection, table: str, statement: str
) -> None:
    """Holds what the role is granted: widen a grant in the migration, and this fails."""
    count = f"SELECT count(*) FROM persistence.{table}"  # noqa: S608
    stored = await service.fetchval(count)

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute(statement.format(table=table))

    assert await service.fetchval(count) == stored > 0


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM persistence_months.records_other",
        "UPDATE persistence_months.records_other SET value = ''",
        "DROP SCHEMA persistence_months CASCADE",
        "CREATE TABLE persistence.another ()",
        "INSERT INTO persistence.erasures SELECT",
    ],
)
async def test_there_is_no_way_round(service: SqlConnection, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute(statement)


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
