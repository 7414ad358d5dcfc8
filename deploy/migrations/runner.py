# SPDX-License-Identifier: Apache-2.0
"""Brings a database to the newest schema: ``python -m deploy.migrations``."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from shared.database import database_errors

HERE = Path(__file__).parent


async def upgrade(database_url: str) -> None:
    """Create or bring up to date every schema, as the owner of the database.

    Raises:
        DependencyDownError: the database cannot be reached.
    """
    url = make_url(database_url).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        async with database_errors(), engine.begin() as connection:
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(HERE))
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")


def run(database_url: str) -> None:
    """Bring the database up to date, from a program that is not asynchronous."""
    asyncio.run(upgrade(database_url))
