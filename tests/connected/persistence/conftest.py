# SPDX-License-Identifier: Apache-2.0
"""The persistence service on a database of its own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from deploy.archive.archiving import Archiving
from shared.database import Database
from shared.settings import DatabaseSettings
from tests.support.databases import MigratedDatabase
from tests.support.history import TestHistory, history_on


@pytest.fixture
async def history(migrated_database: MigratedDatabase) -> AsyncGenerator[TestHistory]:
    async with history_on(migrated_database) as history:
        yield history


@pytest.fixture
async def owner(migrated_database: MigratedDatabase) -> AsyncGenerator[Database]:
    """Give the database as its owner has it."""
    database = Database(DatabaseSettings.model_validate({"url": migrated_database.admin_url}))
    yield database
    await database.stop()


@pytest.fixture
def archiving(owner: Database, tmp_path: Path) -> Archiving:
    return Archiving(database=owner, directory=tmp_path / "archive")
