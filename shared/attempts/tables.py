# SPDX-License-Identifier: Apache-2.0
"""The table of what consumers have in hand; each service has one in its own schema."""

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Integer,
    MetaData,
    Table,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


def in_hand_table(metadata: MetaData, schema: str) -> Table:
    """Declare the table in ``schema``."""
    return Table(
        "in_hand",
        metadata,
        Column("topic", Text, primary_key=True),
        Column("partition", Integer, primary_key=True, autoincrement=False),
        Column("position", BigInteger, nullable=False),
        Column("begun", Integer, nullable=False),
        Column("alone", Integer, nullable=False),
        Column("failed", JSONB, nullable=False),
        Column("saved_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        schema=schema,
    )


def create_in_hand(connection: Connection, *, schema: str, role: str) -> None:
    """Create the table in ``schema`` and let ``role`` work with it."""
    table = in_hand_table(MetaData(), schema)
    table.create(connection)
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE ON {table.fullname} TO {role}"))
