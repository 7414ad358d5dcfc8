# SPDX-License-Identifier: Apache-2.0
"""Checks at the start that the tables are there and that the role may use them."""

from sqlalchemy import text

from services.persistence.tables import metadata
from shared.database import Database
from shared.errors import ConfigurationError
from shared.health import Readiness

_TABLES = text(
    "SELECT c.relname AS name, has_table_privilege(c.oid, 'SELECT') AS usable"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = :schema AND c.relkind IN ('r', 'p')"
)


class SchemaCheck:
    """A part that only starts: better one message now than a dead letter for every event."""

    name = "schema"

    def __init__(self, database: Database) -> None:
        self._database = database

    async def start(self) -> None:
        """Return if every table is there.

        Raises:
            ConfigurationError: one is missing, or not for this role; the message says what to do.
        """
        async with self._database.connect() as connection:
            rows = await connection.execute(_TABLES, {"schema": metadata.schema})
            usable = {row.name: row.usable for row in rows}
        for table in metadata.sorted_tables:
            if table.name not in usable:
                raise ConfigurationError(
                    f"the table {table.fullname} is missing: run `python -m deploy.migrations`"
                    " with the DATABASE_URL of the owner of the database"
                )
            if not usable[table.name]:
                raise ConfigurationError(
                    f"this role may not use the table {table.fullname}: DATABASE_URL has to be"
                    f" that of the role {metadata.schema}"
                )

    async def stop(self) -> None:
        """Return at once: there is nothing to stop."""

    async def readiness(self) -> Readiness:
        """Return ready: it was checked at the start."""
        return Readiness(ready=True)
