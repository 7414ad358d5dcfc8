# SPDX-License-Identifier: Apache-2.0
"""The tables of an event store; a service that has one keeps it in its own schema.

What an event is (its place, id, digest and cause) is kept for ever in ``events``, whose keys hold
that it is there once. What it says is in ``records``, partitioned by month, so that old months can
be archived and dropped; PostgreSQL could not keep the keys of ``events`` unique over partitions.

The role of the service may insert and select both, and nothing else; streams it also updates.
Identifiers are in the collation ``C``: bytes compare faster than words of some language, and sort
here as they do in Python.
"""

from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSON

IDENTIFIER = Text(collation="C")


@dataclass(frozen=True, slots=True)
class EventTables:
    """Every event, the record that brought it, and how far each stream goes."""

    events: Table
    records: Table
    streams: Table


def event_tables(metadata: MetaData, schema: str) -> EventTables:
    """Declare the tables of an event store in ``schema``."""
    events = Table(
        "events",
        metadata,
        Column("aggregate_id", IDENTIFIER, primary_key=True),
        Column("sequence", BigInteger, primary_key=True, autoincrement=False),
        Column("event_id", Uuid, nullable=False),
        Column("type", IDENTIFIER, nullable=False),
        Column("correlation_id", IDENTIFIER, nullable=False),
        Column("causation_id", Uuid),
        Column("occurred_at", DateTime(timezone=True), nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=func.now()),
        Column("topic", Text),
        Column("partition", Integer),
        Column("offset", BigInteger),
        Column("timestamp", BigInteger),
        Column("digest", LargeBinary, nullable=False),
        UniqueConstraint("event_id", name="events_event_id"),
        schema=schema,
    )
    Index("events_correlation_id", events.c.correlation_id)
    records = Table(
        "records",
        metadata,
        Column("aggregate_id", IDENTIFIER, primary_key=True),
        Column("sequence", BigInteger, primary_key=True, autoincrement=False),
        Column("recorded_at", DateTime(timezone=True), primary_key=True, server_default=func.now()),
        Column("key", LargeBinary),
        Column("value", LargeBinary, nullable=False),
        Column("headers", JSON, nullable=False),
        Column("erased_at", DateTime(timezone=True)),
        schema=schema,
        postgresql_partition_by="RANGE (recorded_at)",
    )
    streams = Table(
        "streams",
        metadata,
        Column("aggregate_id", IDENTIFIER, primary_key=True),
        Column("version", BigInteger, nullable=False, server_default="0"),
        Column("highest", BigInteger, nullable=False, server_default="0"),
        Column("erased", Boolean, nullable=False, server_default="false"),
        schema=schema,
    )
    Index(
        "streams_with_gaps",
        streams.c.aggregate_id,
        postgresql_where=text("highest > version"),
    )
    return EventTables(events=events, records=records, streams=streams)
