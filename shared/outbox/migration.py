# SPDX-License-Identifier: Apache-2.0
"""The outbox as a step of a migration, for every service that has one."""

from sqlalchemy import Connection, MetaData, insert, text

from shared.outbox.tables import SHARDS, outbox_tables


def create_outbox(connection: Connection, *, schema: str, role: str) -> None:
    """Create the tables of an outbox in ``schema`` and let ``role`` work with them."""
    metadata = MetaData()
    tables = outbox_tables(metadata, schema)
    metadata.create_all(connection)
    connection.execute(insert(tables.shards), [{"shard": shard} for shard in range(SHARDS)])
    for table in (tables.records, tables.shards, tables.relays):
        connection.execute(
            text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table.fullname} TO {role}")
        )
