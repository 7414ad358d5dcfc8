# SPDX-License-Identifier: Apache-2.0
"""The tables of an outbox; each service that has one keeps it in its own schema."""

from dataclasses import dataclass

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    func,
    text,
)

SHARDS = 16
"""In how many parts relays share the work; an aggregate is always in the same one."""


@dataclass(frozen=True, slots=True)
class OutboxTables:
    """The records to publish, and which relay publishes which shard."""

    records: Table
    shards: Table
    relays: Table

    @property
    def channel(self) -> str:
        """Return the name of the channel on which new records are announced."""
        return f"{self.records.schema}_outbox"


def outbox_tables(metadata: MetaData, schema: str) -> OutboxTables:
    """Declare the tables of an outbox in ``schema``."""
    records = Table(
        "outbox",
        metadata,
        Column("position", BigInteger, Identity(always=True), primary_key=True),
        Column("shard", SmallInteger, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", LargeBinary),
        Column("value", LargeBinary),
        Column("headers", ARRAY(LargeBinary), nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("published_at", DateTime(timezone=True)),
        Column("cluster_id", Text),
        schema=schema,
    )
    Index(
        "outbox_pending",
        records.c.shard,
        records.c.position,
        postgresql_where=text("published_at IS NULL"),
    )
    Index("outbox_recorded_at", records.c.recorded_at)
    shards = Table(
        "outbox_shards",
        metadata,
        Column("shard", SmallInteger, primary_key=True, autoincrement=False),
        Column("owner", Text),
        Column("lease_until", DateTime(timezone=True)),
        schema=schema,
    )
    relays = Table(
        "outbox_relays",
        metadata,
        Column("owner", Text, primary_key=True),
        Column("lease_until", DateTime(timezone=True), nullable=False),
        schema=schema,
    )
    return OutboxTables(records=records, shards=shards, relays=relays)
