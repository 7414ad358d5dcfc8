# SPDX-License-Identifier: Apache-2.0
from collections.abc import AsyncGenerator

import pytest
from pydantic import SecretStr
from sqlalchemy import MetaData, text

from shared.database import Database
from shared.outbox import Outbox, outbox_tables
from shared.outbox.migration import create_outbox
from shared.settings import DatabaseSettings

SCHEMA = "sample"


@pytest.fixture
async def database(database_url: str) -> AsyncGenerator[Database]:
    """A database with an outbox in it."""
    database = Database(DatabaseSettings(url=SecretStr(database_url)))
    async with database.begin() as connection:
        await connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
        await connection.run_sync(
            lambda sync: create_outbox(sync, schema=SCHEMA, role="CURRENT_USER")
        )
    yield database
    await database.stop()


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(outbox_tables(MetaData(), SCHEMA))
