# SPDX-License-Identifier: Apache-2.0
"""A service that could not store anything does not start."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from services.persistence.store import SchemaCheck
from shared.database import Database
from shared.errors import ConfigurationError
from shared.settings import DatabaseSettings
from tests.support.databases import MigratedDatabase

pytestmark = pytest.mark.connected


@asynccontextmanager
async def check_of(url: str) -> AsyncGenerator[SchemaCheck]:
    database = Database(DatabaseSettings.model_validate({"url": url}))
    try:
        yield SchemaCheck(database)
    finally:
        await database.stop()


async def test_a_migrated_database_is_fit(migrated_database: MigratedDatabase) -> None:
    async with check_of(migrated_database.url("persistence")) as check:
        await check.start()

        assert (await check.readiness()).ready


async def test_a_database_without_tables_is_not(database_url: str) -> None:
    async with check_of(database_url) as check:
        with pytest.raises(ConfigurationError, match=r"run `python -m deploy\.migrations`"):
            await check.start()


async def test_neither_is_the_role_of_another_service(migrated_database: MigratedDatabase) -> None:
    async with check_of(migrated_database.url("audit")) as check:
        with pytest.raises(ConfigurationError, match="of the role persistence"):
            await check.start()
