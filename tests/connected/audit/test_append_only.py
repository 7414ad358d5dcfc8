# SPDX-License-Identifier: Apache-2.0
"""What the database itself refuses to whoever has the password of this service."""

from collections.abc import AsyncGenerator

import asyncpg
import pytest

from deploy.embedded.sql import SqlConnection, connected
from tests.support.audit_service import AuditUnderTest, records
from tests.support.databases import MigratedDatabase

pytestmark = pytest.mark.connected

APPEND_ONLY = {"logs": "origin", "entries": "timestamp", "nodes": "hash", "checkpoints": "note"}
TABLES = (*APPEND_ONLY, "contents", "heads", "counts")


@pytest.fixture
async def service(
    audit: AuditUnderTest, migrated_database: MigratedDatabase
) -> AsyncGenerator[SqlConnection]:
    """A connection in the role of the service, to a database with logs in it."""
    await audit.log(records(0, 300))
    await audit.sign()
    async with connected(migrated_database.url("audit")) as connection:
        yield connection


@pytest.mark.parametrize("table", APPEND_ONLY)
async def test_what_was_logged_cannot_be_changed(service: SqlConnection, table: str) -> None:
    assert await service.fetchval(f"SELECT count(*) FROM audit.{table}")  # noqa: S608

    for statement in (
        "UPDATE {table} SET {column} = {column}",
        "DELETE FROM {table}",
        "TRUNCATE {table}",
        "DROP TABLE {table}",
        "ALTER TABLE {table} ADD COLUMN remark text",
        "ALTER TABLE {table} DISABLE TRIGGER ALL",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await service.execute(
                statement.format(table=f"audit.{table}", column=APPEND_ONLY[table])
            )


async def test_contents_can_be_erased_and_not_replaced(
    service: SqlConnection,
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute("UPDATE audit.contents SET value = 'a lie'")

    assert await service.execute("DELETE FROM audit.contents WHERE position < 7") == "DELETE 7"


async def test_no_other_service_can_even_look(migrated_database: MigratedDatabase) -> None:
    others = set(migrated_database.passwords) - {"audit"}
    assert others
    for other in others:
        async with connected(migrated_database.url(other)) as stranger:
            for table in TABLES:
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await stranger.execute(f"SELECT FROM audit.{table}")
