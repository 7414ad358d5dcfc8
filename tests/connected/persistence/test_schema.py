# SPDX-License-Identifier: Apache-2.0
"""The migration makes the tables that the service declares."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from services.persistence.tables import SCHEMA, metadata
from tests.support.databases import MigratedDatabase

pytestmark = pytest.mark.connected


OF_THE_BUS = "in_hand"


def concerned(name: str | None, kind: str, _: object) -> bool:
    return name == SCHEMA if kind == "schema" else name != OF_THE_BUS


def differences(connection: Connection) -> list[Any]:
    options: dict[str, Any] = {
        "include_schemas": True,
        "include_name": concerned,
        "compare_server_default": True,
    }
    context = MigrationContext.configure(connection, opts=options)
    found: Any = compare_metadata(context, metadata)
    return list(found)


async def test_the_tables_are_as_declared(migrated_database: MigratedDatabase) -> None:
    url = make_url(migrated_database.admin_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(differences)
    await engine.dispose()

    assert found == []
