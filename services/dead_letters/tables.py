# SPDX-License-Identifier: Apache-2.0
"""The tables of the schema ``dead_letters``; deploy/migrations creates them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    Uuid,
)

from shared.outbox import outbox_tables

SCHEMA = "dead_letters"

metadata = MetaData(schema=SCHEMA)

letters = Table(
    "letters",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("identity", LargeBinary, nullable=False, unique=True),
    Column("content", LargeBinary, nullable=False),
    Column("status", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("service", Text),
    Column("service_version", Text),
    Column("consumer_group", Text),
    Column("kind", Text, nullable=False),
    Column("error_class", Text),
    Column("cause_class", Text),
    Column("error_message", Text),
    Column("stack", Text),
    Column("fingerprint", Text, nullable=False),
    Column("origin_topic", Text),
    Column("origin_partition", Integer),
    Column("origin_offset", BigInteger),
    Column("origin_timestamp", DateTime(timezone=True)),
    Column("attempts", Integer),
    Column("first_failed_at", DateTime(timezone=True), nullable=False),
    Column("failed_at", DateTime(timezone=True), nullable=False),
    Column("event_id", Text),
    Column("event_type", Text),
    Column("session_id", Text),
    Column("correlation_id", Text),
    Column("aggregate_id", Text),
    Column("sequence", BigInteger),
    Column("occurred_at", DateTime(timezone=True)),
    Column("key", LargeBinary),
    Column("value", LargeBinary),
    Column("deliveries", Integer, nullable=False),
    Column("redrive_count", Integer, nullable=False),
    Column("redrive_id", Uuid),
    Column("received_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("letter_id", Uuid, ForeignKey(letters.c.id), nullable=False),
    Column("topic", Text, nullable=False),
    Column("partition", Integer, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("timestamp", BigInteger, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("received_at", DateTime(timezone=True), nullable=False),
)
"""Every record that was on the dead letter topic; its key and value are those of the letter."""

actions = Table(
    "actions",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("letter_id", Uuid, ForeignKey(letters.c.id), nullable=False),
    Column("action", Text, nullable=False),
    Column("operator", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("redrive_id", Uuid),
    Column("redrive_count", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("idempotency_key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("answered_at", DateTime(timezone=True), nullable=False),
)
"""What was answered under an idempotency key, so that the same key gets the same answer."""

sequences = Table(
    "sequences",
    metadata,
    Column("aggregate_id", Text, primary_key=True),
    Column("last", BigInteger, nullable=False),
)
"""The number of the last event of an aggregate; its row is the lock of the aggregate."""

outbox = outbox_tables(metadata, SCHEMA)
